"""From a laid-out block to cells with labels: one axis for each column of labels and each heading.

Labels are taken as printed. A label that stands under another (by indents or a heading of its own)
carries that one in front when the same text occurs twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from sekisho.errors import UsageError, fault
from sekisho.lanes.statistics.finished.grid import Layout
from sekisho.lanes.statistics.finished.readings import Kind, Reading, folded
from sekisho.lanes.statistics.finished.words import ALL, is_total
from sekisho.model.sheet import column_name

Ints = NDArray[np.int64]

MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a table: its labels in print order, and how far each is moved in."""

    name: str
    codes: tuple[str, ...]
    depth: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A finished table as an attacker reads it.

    Shape: (n,) each, one entry a cell: `flat` says where it lies among all combinations of codes,
    the last axis fastest; `reading` numbers what it says in `readings`; `row` and `column` are
    where it stands on the sheet, for messages to the holder.
    """

    source: str
    axes: tuple[Axis, ...]
    flat: Ints
    reading: NDArray[np.int32]
    readings: tuple[Reading, ...]
    row: NDArray[np.int32]
    column: NDArray[np.int32]
    sure: bool
    """Whether it was certain how numbers are written."""
    repeated: tuple[int, str] = (0, "")
    """How many cells have labels that occurred before, and the address of the first of them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many codes each axis has."""
        return tuple(len(axis.codes) for axis in self.axes)

    def place(self, cell: int) -> str:
        """The address of a cell, by its number, as spreadsheets print it."""
        return f"{column_name(int(self.column[cell]))}{int(self.row[cell]) + 1}"


@dataclass(frozen=True, slots=True)
class _Line:
    """One row (or column) of the body: its labels and indent."""

    number: int
    labels: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class _Heading:
    """A row of labels alone, and what has been seen under it."""

    text: str
    depth: int
    indented: bool = False
    totalled: bool = False

    def met(self, depth: int, *, total: bool) -> "_Heading | None":
        """The heading after one more row; None when that row stands under it no longer."""
        if self.indented and depth <= self.depth:
            return None
        if self.totalled and total:
            return None
        return replace(
            self, indented=self.indented or depth > self.depth, totalled=self.totalled or total
        )


def label(layout: Layout, source: str) -> Labelled:
    """The cells of a block with their labels.

    Raises: UsageError when the labels span more than 20,000,000 cells.
    """
    block = layout.block
    rows = _row_lines(layout)
    columns = _column_lines(layout)
    stub_names = [
        _axis_name(block.rows[layout.head - 1][c]) if layout.head else ""
        for c in range(layout.stub)
    ]
    row_axes, row_codes = _axes(rows, _names(stub_names, "rows"))
    head_rows = len(columns[0].labels) if columns else 0
    column_axes, column_codes = _axes(columns, _names([""] * head_rows, "columns"))
    axes = tuple(row_axes + column_axes)
    if prod(len(axis.codes) for axis in axes) > MOST_CELLS:
        raise UsageError(fault("finished.too-large", table=source, most=MOST_CELLS))
    row = np.array([line.number for line in rows], dtype=np.int32)
    column = np.array([line.number for line in columns], dtype=np.int32)
    across = prod(len(axis.codes) for axis in column_axes)
    flat = _ravelled(row_codes, row_axes)[:, None] * across + _ravelled(column_codes, column_axes)
    kept = np.sort(np.unique(flat.ravel(), return_index=True)[1])
    again = np.ones(flat.size, dtype=bool)
    again[kept] = False
    twice = np.flatnonzero(again)
    down, right = np.divmod(np.concatenate([kept, twice[:1]]), max(column.size, 1))
    at = (row[down] + layout.head, column[right] + layout.stub)
    first = block.place(int(at[0][-1]), int(at[1][-1])) if twice.size else ""
    return Labelled(
        source,
        _telling(axes),
        flat.ravel()[kept],
        layout.body[row[down], column[right]][: kept.size],
        layout.readings,
        (at[0] + block.top)[: kept.size],
        (at[1] + block.left)[: kept.size],
        layout.spelling.sure,
        (int(twice.size), first),
    )


def _ravelled(codes: Sequence[Ints], axes: Sequence[Axis]) -> Ints:
    """Where each line lies among all combinations of its axes' codes."""
    out = np.zeros(codes[0].size if codes else 1, dtype=np.int64)
    for axis, code in zip(axes, codes, strict=True):
        out = out * len(axis.codes) + code
    return out


def _axis_name(text: str) -> str:
    return folded(text)[:60]


def _names(given: Sequence[str], plain: str) -> list[str]:
    """Names that differ from each other; `rows`, `columns` where nothing is printed."""
    out: list[str] = []
    for number, name in enumerate(given):
        chosen = name or (plain if len(given) == 1 else f"{plain}-{number + 1}")
        out.append(chosen if chosen not in out else f"{chosen}-{number + 1}")
    return out


def _row_lines(layout: Layout) -> list[_Line]:
    """Rows with figures; a row of labels alone is a heading above the rows that follow."""
    lines: list[_Line] = []
    heading: _Heading | None = None
    above: list[str] = [""] * layout.stub
    blank = layout.kinds(Kind.EMPTY)
    empty = np.all(blank, axis=1).tolist()
    marked = _blank_is_a_mark(layout, blank)
    plain: dict[str, str] = {}
    for number in range(len(layout.body)):
        printed = layout.block.rows[layout.head + number][: layout.stub]
        indents = layout.block.indents[layout.head + number][: layout.stub]
        texts = [_known(text, plain) for text in printed]
        filled = next((c for c, text in enumerate(texts) if text), None)
        if filled is None and layout.stub == 1:
            continue
        depth = indents[filled] if filled is not None else 0
        if empty[number] and _is_heading(layout, number, marked=marked):
            heading = _Heading(texts[filled], depth) if filled is not None else heading
            continue
        for column in range(layout.stub - 1):
            if texts[column]:
                above[column:] = [texts[column], *[""] * (layout.stub - column - 1)]
            elif any(texts[column + 1 :]):
                texts[column] = above[column]
        if heading is not None and layout.stub == 1:
            heading = heading.met(depth, total=is_total(texts[-1]))
            if heading is not None:
                texts[-1] = f"{heading.text} / {texts[-1]}"
        lines.append(_Line(number, tuple(texts), depth))
    return lines


def _known(text: str, plain: dict[str, str]) -> str:
    """A text folded, from what was folded before."""
    found = plain.get(text)
    if found is None:
        found = plain[text] = folded(text)
    return found


def _blank_is_a_mark(layout: Layout, blank: NDArray[np.bool_]) -> bool:
    """Whether cells are left blank among figures: then a whole blank row may be hidden, too.

    With one column of figures nobody can tell; a blank one counts as hidden.
    """
    figures = layout.kinds(Kind.NUMBER)
    used = figures.any(axis=0)
    return bool(used.sum() == 1 or blank[figures.any(axis=1)][:, used].any())


def _is_heading(layout: Layout, number: int, *, marked: bool) -> bool:
    """Whether a blank row is a heading; where blanks are marks, only one above indented rows."""
    indents = layout.block.indents[layout.head :]
    return not marked or (
        number + 1 < len(layout.body) and indents[number + 1][0] > indents[number][0]
    )


def _column_lines(layout: Layout) -> list[_Line]:
    """Columns with their headings; a heading row with one text throughout says nothing."""
    width = layout.body.shape[1]
    heads = [
        [folded(text) for text in layout.block.rows[row][layout.stub :]]
        for row in range(layout.head)
    ]
    heads = [row for row in heads if any(row)]
    for number, row in enumerate(heads[:-1]):
        last = ""
        for column in range(width):
            last = row[column] or last
            heads[number][column] = last
    heads = [row for row in heads if len(set(row)) > 1] or heads[-1:]
    used = np.flatnonzero((~layout.kinds(Kind.EMPTY)).any(axis=0))
    return [_Line(c, tuple(row[c] for row in heads), 0) for c in used.tolist()]


def _axes(lines: Sequence[_Line], names: Sequence[str]) -> tuple[list[Axis], list[Ints]]:
    """Axes of lines with one or more labels each, and the code of each line on each of them.

    Nested columns of labels become one axis of paths.
    """
    if not lines or not lines[0].labels:
        return [], []
    axes: list[Axis] = []
    numbers: list[Ints] = []
    for group in _nested(lines):
        codes: dict[str, int] = {}
        depths: list[int] = []
        paths: dict[tuple[object, ...], int] = {}
        number = np.empty(len(lines), dtype=np.int64)
        for place, line in enumerate(lines):
            printed = (line.depth, *(line.labels[c] for c in group))
            at = paths.get(printed)
            if at is None:
                code, depth = _path(line, group)
                at = paths[printed] = codes.setdefault(code, len(codes))
                if at == len(depths):
                    depths.append(depth)
            number[place] = at
        name = names[group[-1]] if len(group) == 1 else " / ".join(names[c] for c in group)
        axes.append(Axis(name, tuple(codes), tuple(depths)))
        numbers.append(number)
    return axes, numbers


def _path(line: _Line, group: Sequence[int]) -> tuple[str, int]:
    """The code of a line on a nested axis: labels from the widest on, and its depth."""
    parts = [line.labels[c] for c in group]
    while len(parts) > 1 and (parts[-1] == ALL or parts[-1] == parts[-2]):
        parts.pop()
    return " / ".join(parts), line.depth + (len(parts) - 1) * 4


def _nested(lines: Sequence[_Line]) -> list[list[int]]:
    """Columns of labels that belong together: each label of the next stands under one of this."""
    groups = [[0]]
    for column in range(1, len(lines[0].labels)):
        above: dict[str, set[str]] = {}
        pairs = dict.fromkeys((line.labels[column], line.labels[column - 1]) for line in lines)
        for inner, outer in pairs:
            if inner not in (ALL, outer) and not is_total(inner):
                above.setdefault(inner, set()).add(outer)
        inside = bool(above) and all(len(outers) == 1 for outers in above.values())
        several = len({outer for _, outer in pairs}) > 1
        if inside and several and len(above) > 1:
            groups[-1].append(column)
        else:
            groups.append([column])
    return groups


def _telling(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Axes with more than one code, if there are any: the others tell cells apart in no way."""
    return tuple(axis for axis in axes if len(axis.codes) > 1) or axes
