"""A sheet of a file as people see it: rows of text, merged cells, indents."""

from collections.abc import Sequence
from dataclasses import dataclass

Texts = tuple[tuple[str, ...], ...]
Span = tuple[int, int, int, int]
"""A merged cell: first row, first column, last row, last column, all inside."""

TYPED = "\x1f"
"""Stands before a number that the file holds as a number: it is read as it is, in no style."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; every row has the same length."""

    name: str
    rows: Texts
    indents: tuple[tuple[int, ...], ...] = ()
    """How far each text is moved in, by the file's own word or by leading blanks."""
    concealed: tuple[str, ...] = ()
    """What the file holds and does not show: codes of `sheet`, `rows`, `columns`, `comments`."""


def sheet(
    name: str,
    rows: Sequence[Sequence[str]],
    merged: Sequence[Span] = (),
    indents: Sequence[tuple[int, int, int]] = (),
    concealed: Sequence[str] = (),
) -> Sheet:
    """A sheet with rows of one length; the text of a merged cell stands in each of its parts.

    `indents` are (row, column, steps) that a file declares beside leading blanks.
    """
    width = max((len(row) for row in rows), default=0)
    filled = [[*row, *[""] * (width - len(row))] for row in rows]
    for top, left, bottom, right in merged:
        for r in range(top, min(bottom, len(filled) - 1) + 1):
            for c in range(left, min(right, width - 1) + 1):
                filled[r][c] = filled[top][left]
    depth = _Depths()
    moved = [[depth[text] for text in row] for row in filled]
    for row, column, steps in indents:
        moved[row][column] += 2 * steps
    texts = tuple(tuple(row) for row in filled)
    return Sheet(name, texts, tuple(tuple(row) for row in moved), tuple(concealed))


class _Depths(dict[str, int]):
    """How far a text is moved in; each text is looked at once."""

    def __missing__(self, text: str) -> int:
        self[text] = found = _indent(text)
        return found


def _indent(text: str) -> int:
    if text[:1].isalnum():
        return 0
    wide = text.replace("\u3000", "  ").replace("\u00a0", " ").replace("\t", "    ")
    return len(wide) - len(wide.lstrip(" "))


def column_name(number: int) -> str:
    """A, B, ... Z, AA, ... as spreadsheets name columns; 0 is A."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
