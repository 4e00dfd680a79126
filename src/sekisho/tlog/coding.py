"""Standard base64 in its one strict form (RFC 4648, section 4)."""

import base64
import binascii


def to_base64(data: bytes) -> str:
    """The bytes as text."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """The bytes of a text; None when it is not exactly what `to_base64` writes."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return None
    return data if to_base64(data) == text else None
