"""Reference numbers: public, impossible to guess, and a slip of the pen is told.

`PX-7K3M-9QWD-2HT5`: letters of the programme's name, eleven random characters (55 bits), and one
that checks the rest. Characters that look alike are one character.
"""

import re
from collections.abc import Callable

from sekisho.errors import UsageError, fault

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""

RANDOM_CHARACTERS = 11
_SHAPE = re.compile(r"([A-Z]{1,3})([0-9A-HJKMNP-TV-Z]{12})")
_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_MODULUS = 0b100101
"""x^5 + x^2 + 1, over which 32 characters are a field."""


def new_reference(programme: str, draw: Callable[[int], int]) -> str:
    """A reference for a programme's submission.

    `draw(n)` gives a random number below n; `secrets.randbelow` outside tests.
    """
    prefix = "".join(part[0] for part in programme.split("-") if part[:1].isalpha())[:3].upper()
    body = "".join(ALPHABET[draw(32)] for _ in range(RANDOM_CHARACTERS))
    return _grouped(prefix, body + _check(prefix, body))


def read_reference(text: str) -> str:
    """The reference that somebody typed: in capitals, grouped, look-alikes set right.

    Raises: UsageError when no reference reads so: one character wrong, or two changed about.
    """
    prefix, body = _split(text.strip().upper())
    if not body or _check(prefix, body[:-1]) != body[-1]:
        raise UsageError(fault("forms.reference-form"))
    return _grouped(prefix, body)


def _split(typed: str) -> tuple[str, str]:
    prefix, dash, rest = typed.partition("-")
    found = _SHAPE.fullmatch(prefix + re.sub(r"[\s-]", "", rest).translate(_LIKE)) if dash else None
    return (found[1], found[2]) if found and found[1] == prefix else ("", "")


def _grouped(prefix: str, body: str) -> str:
    return "-".join([prefix, *(body[at : at + 4] for at in range(0, len(body), 4))])


def _check(prefix: str, body: str) -> str:
    """A weighted sum in the field of 32: no single slip and no swap of two leaves it the same."""
    total, weight = 0, 1
    for character in [*(chr(ord(c) & 31) for c in prefix), *body]:
        value = ord(character) if ord(character) < 32 else ALPHABET.index(character)
        weight = _times(weight, 2)
        total ^= _times(value, weight)
    return ALPHABET[total]


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left <<= 1
        if left & 32:
            left ^= _MODULUS
        right >>= 1
    return product
