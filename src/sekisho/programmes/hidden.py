"""Invisible and control characters that a declaration spells as an escape, such as `\\u202e`."""

from collections.abc import Iterator
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.programmes.declaration import Declaration, KeyPath
from sekisho.programmes.folder import FORBIDDEN


def hidden_faults(read: Declaration) -> Iterator[Fault]:
    """A fault for every key and text of a file that holds such a character."""
    ahead: list[tuple[Any, KeyPath]] = [(read.values, ())]
    while ahead:
        value, path = ahead.pop()
        texts: list[str] = []
        if isinstance(value, dict):
            ahead += [(each, (*path, key)) for key, each in value.items()]
            texts = list(value)
        elif isinstance(value, list):
            ahead += [(each, (*path, number)) for number, each in enumerate(value)]
        elif isinstance(value, str):
            texts = [value]
        for text in texts:
            found = FORBIDDEN.search(text)
            if found:
                point = f"U+{ord(found[0]):04X}"
                yield fault("programme.control-character", read.place(path), point=point)
