"""A workbook before it has a format: sheets of cells, whose text is text and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Value = str | Decimal | date | None
"""What one cell holds; text is never a formula, a link or a number."""

MOST_CHARACTERS = 32_767
"""Characters of a cell, counted as UTF-16 has them; spreadsheet programs cut what is longer."""
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384


@dataclass(frozen=True, slots=True)
class BookSheet:
    """One sheet; the first rows are its head."""

    name: str
    rows: tuple[tuple[Value, ...], ...]
    head_rows: int = 1
    widths: tuple[int, ...] = ()
    """In characters, one a column."""
    choices: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    """(first row, column), counted from 0, -> what to choose from in that column downwards."""
    choices_last_row: int = 1_000
    """Down to which row of the sheet the choices are offered."""
    quiet_rows: tuple[int, ...] = ()
    """Rows that programs read and people need not."""


@dataclass(frozen=True, slots=True)
class Book:
    """A whole workbook. The date is its own: the same book gives the same bytes."""

    title: str
    on: date
    sheets: tuple[BookSheet, ...]


def characters(text: str) -> int:
    """How long a text is as spreadsheet programs count it."""
    return len(text) + sum(each > "\uffff" for each in text)


def pieces_of(text: str) -> list[str]:
    """The text in pieces that fit into a cell each; joined they are the text again."""
    if characters(text) <= MOST_CHARACTERS:
        return [text]
    pieces: list[str] = []
    most = MOST_CHARACTERS // 2
    for start in range(0, len(text), most):
        pieces.append(text[start : start + most])
    return pieces
