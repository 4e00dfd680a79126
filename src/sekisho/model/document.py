"""A document for people, before it has a form: title, language, date, and blocks in order.

Text is text: nothing in it is read as markup, by whatever format writes the document.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sekisho.terms import Language

Role = Literal["plain", "strong", "quiet", "item", "code"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cell or paragraph, with what it is there for."""

    text: str
    role: Role = "plain"
    link: str = ""
    """An address (`https://…`) that the line leads to."""
    part: str = ""
    """What it is of an answer; formats that are read back keep it as a style."""


Cell = str | tuple[Line, ...]
"""What stands in one field of a grid: text, or lines."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 stands below the title."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text, with footnotes that stand at its end."""

    text: str
    notes: tuple[str, ...] = ()
    role: Role = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, with points or with numbers."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a header that is repeated on each page."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    numbers: frozenset[int] = frozenset()
    """Columns, counted from 0, that stand to the right."""
    widths: tuple[int, ...] = ()
    """Shares of the width, one a column; empty: as the text needs."""


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Names with what belongs to each."""

    pairs: tuple[tuple[str, str], ...]


Block = Heading | Paragraph | Bullets | Grid | KeyValues


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. The date is the document's own: the same document gives the same bytes."""

    title: str
    language: Language
    on: date
    blocks: tuple[Block, ...]
    author: str = ""
    footer: str = ""
    """Stands at the foot of each page, beside its number."""
    landscape: bool = False
