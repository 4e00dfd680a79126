"""One file of a programme folder as read: values, places, faults."""

from dataclasses import dataclass
from typing import Any

from sekisho.errors import Fault, Place

KeyPath = tuple[str | int, ...]
"""Keys and indices from the top of a file to a value."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one file declares, and where."""

    file: str
    values: dict[str, Any]
    places: dict[KeyPath, tuple[int, int]]
    """Path of keys and indices -> line and column, from 1."""
    faults: tuple[Fault, ...]
    left_out: str = ""
    """The statements that could not be read: what they mention may not be called missing."""

    def place(self, path: KeyPath = ()) -> Place:
        """Where a value stands, or the nearest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return Place(self.file, line, column)
