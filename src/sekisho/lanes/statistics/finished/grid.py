"""Sheets as rectangles of text, and the tables that lie on them.

A long table repeats its texts: each different one is judged once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.finished.readings import (
    Kind,
    Marks,
    Reading,
    Spelling,
    Style,
    folded,
    read_cell,
    spelling_of,
)
from sekisho.lanes.statistics.finished.words import is_total
from sekisho.model.sheet import Sheet, Texts, column_name


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle on a sheet that holds one table, with its place for messages."""

    sheet: str
    top: int
    left: int
    rows: Texts
    indents: tuple[tuple[int, ...], ...]

    def place(self, row: int, column: int) -> str:
        """The cell's address as spreadsheets print it."""
        return f"{column_name(self.left + column)}{self.top + row + 1}"


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where a block's labels end and its numbers begin.

    Shape: `body[r, c]` numbers, in `readings`, the reading of row `head + r`, column `stub + c`.
    """

    block: Block
    head: int
    stub: int
    body: NDArray[np.int32]
    readings: tuple[Reading, ...]
    spelling: Spelling

    def kinds(self, kind: Kind) -> NDArray[np.bool_]:
        """Where the body holds a kind of reading."""
        of = np.array([each.kind is kind for each in self.readings], dtype=bool)
        return np.asarray(of[self.body], dtype=bool)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What texts are by themselves, under given marks; each text is judged once."""

    marks: Marks
    _figures: dict[str, bool] = field(default_factory=dict)
    _hidden: dict[str, bool] = field(default_factory=dict)

    def is_figure(self, text: str) -> bool:
        """A number, in whatever style."""
        found = self._figures.get(text)
        if found is None:
            found = any(read_cell(text, style, self.marks).kind is Kind.NUMBER for style in Style)
            self._figures[text] = found
        return found

    def is_mark(self, text: str) -> bool:
        """A mark for hidden."""
        found = self._hidden.get(text)
        if found is None:
            found = read_cell(text, Style.POINT, self.marks).kind is Kind.HIDDEN
            self._hidden[text] = found
        return found


def blocks_of(given: Sheet, marks: Marks) -> list[Block]:
    """The rectangles that empty rows and columns part; those without a number are notes."""
    found = []
    for top, bottom in _runs([any(map(str.strip, row)) for row in given.rows]):
        part = given.rows[top:bottom]
        used = [any(row[c].strip() for row in part) for c in range(len(part[0]))]
        for left, right in _runs(used):
            rows = tuple(row[left:right] for row in part)
            indents = tuple(row[left:right] for row in given.indents[top:bottom])
            found.append(Block(given.name, top, left, rows, indents))
    lexicon = Lexicon(marks)
    return [each for each in _rejoined(found, given) if _has_numbers(each, lexicon)]


def _rejoined(found: list[Block], given: Sheet) -> list[Block]:
    """Blocks that only an empty column parts are one table when the right one has no labels."""
    out: list[Block] = []
    for each in found:
        before = out[-1] if out else None
        if before and before.top == each.top and not _has_labels(each) and _has_labels(before):
            right = each.left + len(each.rows[0])
            rows = tuple(
                given.rows[before.top + r][before.left : right] for r in range(len(before.rows))
            )
            kept = [c for c in range(len(rows[0])) if any(row[c].strip() for row in rows)]
            indents = tuple(
                tuple(given.indents[before.top + r][before.left + c] for c in kept)
                for r in range(len(rows))
            )
            cut = tuple(tuple(row[c] for c in kept) for row in rows)
            out[-1] = Block(before.sheet, before.top, before.left, cut, indents)
        else:
            out.append(each)
    return out


def _runs(used: Sequence[bool]) -> list[tuple[int, int]]:
    runs, start = [], None
    for at, flag in enumerate([*used, False]):
        if flag and start is None:
            start = at
        elif not flag and start is not None:
            runs.append((start, at))
            start = None
    return runs


def _has_numbers(block: Block, lexicon: Lexicon) -> bool:
    texts = (text for row in block.rows[:60] for text in row if text.strip())
    count = sum(lexicon.is_figure(text) for text in texts)
    return count >= 2 and len(block.rows) >= 2 and len(block.rows[0]) >= 2


def _has_labels(block: Block) -> bool:
    lexicon = Lexicon(Marks())
    first = [row[0] for row in block.rows if row[0].strip()]
    return any(not lexicon.is_figure(text) for text in first[1:] or first)


def is_year(text: str) -> bool:
    """A year, also as 2020年 or FY2020: a label, not a figure."""
    plain = folded(text).lower().removeprefix("fy").removesuffix("年").removesuffix("年度").strip()
    return len(plain) == 4 and plain.isdigit() and 1800 <= int(plain) <= 2200


def lay_out(
    block: Block, marks: Marks, style: Style | None = None, labels: int | None = None
) -> Layout | None:
    """Where labels end and numbers begin; None when the block holds no table.

    `style` says how numbers are written, `labels` how many columns are labels, when declared.
    """
    lexicon = Lexicon(marks)
    stub = labels if labels is not None else _stub_width(block, lexicon)
    head = _head_height(block, stub, lexicon)
    if stub == 0 or stub >= len(block.rows[0]) or head >= len(block.rows):
        return None
    cells = [row[stub:] for row in block.rows[head:]]
    texts = dict.fromkeys(text for row in cells for text in row)
    spelling = spelling_of(texts, marks)
    if style is not None:
        spelling = Spelling(style, sure=True)
    readings = tuple(read_cell(text, spelling.style, marks) for text in texts)
    number = {text: n for n, text in enumerate(texts)}
    body = np.array([[number[text] for text in row] for row in cells], dtype=np.int32)
    return Layout(block, head, stub, body, readings, spelling)


def _stub_width(block: Block, lexicon: Lexicon) -> int:
    """Leading columns that are no figures: less than half of them figures or marks for hidden."""
    body = block.rows[_first_figures(block, lexicon) :]
    for column in range(1, len(block.rows[0])):
        texts = Counter(row[column] for row in body)
        figures = _how_many(texts, filter(lexicon.is_figure, texts))
        every = _how_many(texts, filter(str.strip, texts))
        if figures == every and all(is_year(text) for text in filter(str.strip, texts)):
            continue
        hidden = [text for text in texts if lexicon.is_mark(text)]
        others = (text for text in texts if text.strip() and not lexicon.is_figure(text))
        if any(is_total(text) and not lexicon.is_mark(text) for text in others):
            continue
        clear = figures or any(folded(text).lower() not in _LETTERS for text in hidden)
        if clear and 2 * (figures + _how_many(texts, hidden)) > every:
            return column
    return len(block.rows[0])


def _how_many(texts: Counter[str], of: Iterable[str]) -> int:
    return sum(texts[text] for text in of)


def _first_figures(block: Block, lexicon: Lexicon) -> int:
    """The first row with a figure that is no year, or the second row."""
    for number, row in enumerate(block.rows):
        if any(lexicon.is_figure(text) and not is_year(text) for text in row[1:] if text.strip()):
            return number
    return 1


_LETTERS = frozenset("cdfqsz")
"""Marks that are as likely a label: a column of these alone is one of labels."""


def _head_height(block: Block, stub: int, lexicon: Lexicon) -> int:
    """Rows on top without a figure; a row of years, or of years and words, is a heading too.

    Rows of labels alone just above the first figures are headings of what follows, not of columns.
    """
    named: list[int] = []
    for number, row in enumerate(block.rows):
        texts = [text for text in row[stub:] if text.strip()]
        if _shows_figures(block, number, stub, lexicon) or (named and _is_year_line(row, stub)):
            return named[-1] + 1 if named else number
        if named and texts and all(lexicon.is_mark(text) for text in texts):
            return named[-1] + 1
        if texts:
            named.append(number)
    return len(block.rows)


def _shows_figures(block: Block, number: int, stub: int, lexicon: Lexicon) -> bool:
    figures = [text for text in block.rows[number][stub:] if text.strip()]
    figures = [text for text in figures if lexicon.is_figure(text)]
    if not figures or number + 1 >= len(block.rows):
        return bool(figures)
    return not all(is_year(text) for text in figures) or _years_below(block, number, stub)


def _is_year_line(row: Sequence[str], stub: int) -> bool:
    """Whether a row under a heading looks like years and has a label of its own: figures, then."""
    labelled = any(text.strip() for text in row[:stub])
    return labelled and any(is_year(text) for text in row[stub:])


def _years_below(block: Block, number: int, stub: int) -> bool:
    """Whether the next row, too, looks like years: then they are figures after all."""
    texts = [text for text in block.rows[number + 1][stub:] if text.strip()]
    return bool(texts) and all(is_year(text) for text in texts)
