"""RFC 8785: one value, one sequence of bytes. The only door to the library that writes it."""

from typing import cast

from sekisho.errors import UsageError, fault


def canonical(value: object) -> bytes:
    """A JSON value as its one canonical sequence of bytes.

    Shape: value is made of None, bool, int, float, str, list, tuple and dict with string names.
    Raises: UsageError when RFC 8785 has no bytes for it (an integer beyond 2**53, NaN, a lone
    surrogate, another type).
    Source: RFC 8785, section 3.2.
    """
    import rfc8785

    try:
        return cast("bytes", rfc8785.dumps(value))
    except rfc8785.CanonicalizationError as error:
        raise UsageError(fault("log.not-canonical")) from error
