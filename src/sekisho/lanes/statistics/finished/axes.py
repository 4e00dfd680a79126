"""From a laid-out block to cells with labels: one axis for each column of labels and each heading.

Labels are taken as printed. A label that stands under another (by indents or a heading of its own)
carries that one in front when the same text occurs twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sekisho.lanes.statistics.finished.grid import Layout
from sekisho.lanes.statistics.finished.readings import Kind, Reading, folded
from sekisho.lanes.statistics.finished.words import ALL, is_total

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a table: its labels in print order, and how far each is moved in."""

    name: str
    codes: tuple[str, ...]
    depth: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A finished table as an attacker reads it.

    Shape: keys hold one code an axis. `places` are cell addresses, for messages to the holder.
    """

    source: str
    axes: tuple[Axis, ...]
    cells: Mapping[Key, Reading]
    places: Mapping[Key, str]
    sure: bool
    """Whether it was certain how numbers are written."""
    repeated: tuple[str, ...] = ()
    """Addresses of cells whose labels occurred before; the first one counts."""


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
    """The cells of a block with their labels."""
    block = layout.block
    rows = _row_lines(layout)
    columns = _column_lines(layout)
    stub_names = [
        _axis_name(block.rows[layout.head - 1][c]) if layout.head else ""
        for c in range(layout.stub)
    ]
    row_axes, row_keys = _axes(rows, _names(stub_names, "rows"))
    head_rows = len(columns[0].labels) if columns else 0
    column_axes, column_keys = _axes(columns, _names([""] * head_rows, "columns"))
    cells: dict[Key, Reading] = {}
    places: dict[Key, str] = {}
    repeated = []
    for line in rows:
        for column in columns:
            key = row_keys[line.number] + column_keys[column.number]
            place = block.place(layout.head + line.number, layout.stub + column.number)
            if key in cells:
                repeated.append(place)
                continue
            cells[key] = layout.body[line.number][column.number]
            places[key] = place
    axes = tuple(row_axes + column_axes)
    return _without_single(
        Labelled(source, axes, cells, places, layout.spelling.sure, tuple(repeated))
    )


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
    marked = _blank_is_a_mark(layout)
    for number in range(len(layout.body)):
        printed = layout.block.rows[layout.head + number][: layout.stub]
        indents = layout.block.indents[layout.head + number][: layout.stub]
        texts = [folded(text) for text in printed]
        filled = next((c for c, text in enumerate(texts) if text), None)
        if filled is None and layout.stub == 1:
            continue
        depth = indents[filled] if filled is not None else 0
        if _is_heading(layout, number, marked=marked):
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


def _blank_is_a_mark(layout: Layout) -> bool:
    """Whether cells are left blank among figures: then a whole blank row may be hidden, too.

    With one column of figures nobody can tell; a blank one counts as hidden.
    """
    used = [
        c
        for c in range(len(layout.body[0]))
        if any(row[c].kind is Kind.NUMBER for row in layout.body)
    ]
    return len(used) == 1 or any(
        any(row[c].kind is Kind.EMPTY for c in used)
        for row in layout.body
        if any(row[c].kind is Kind.NUMBER for c in used)
    )


def _is_heading(layout: Layout, number: int, *, marked: bool) -> bool:
    """A row without any figure or mark; where blanks are marks, only one above indented rows."""
    if any(each.kind is not Kind.EMPTY for each in layout.body[number]):
        return False
    indents = layout.block.indents[layout.head :]
    return not marked or (
        number + 1 < len(layout.body) and indents[number + 1][0] > indents[number][0]
    )


def _column_lines(layout: Layout) -> list[_Line]:
    """Columns with their headings; a heading row with one text throughout says nothing."""
    width = len(layout.body[0])
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
    used = [c for c in range(width) if any(row[c].kind is not Kind.EMPTY for row in layout.body)]
    return [_Line(c, tuple(row[c] for row in heads), 0) for c in used]


def _axes(lines: Sequence[_Line], names: Sequence[str]) -> tuple[list[Axis], dict[int, Key]]:
    """Axes of lines with one or more labels each; nested ones become one axis of paths."""
    if not lines or not lines[0].labels:
        return [], {line.number: () for line in lines}
    groups = _nested(lines)
    axes: list[Axis] = []
    keys: dict[int, Key] = {line.number: () for line in lines}
    for group in groups:
        codes: dict[str, int] = {}
        for line in lines:
            code, depth = _path(line, group)
            codes.setdefault(code, depth)
            keys[line.number] += (code,)
        name = names[group[-1]] if len(group) == 1 else " / ".join(names[c] for c in group)
        axes.append(Axis(name, tuple(codes), tuple(codes.values())))
    return axes, keys


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
        for line in lines:
            inner, outer = line.labels[column], line.labels[column - 1]
            if inner not in (ALL, outer) and not is_total(inner):
                above.setdefault(inner, set()).add(outer)
        inside = bool(above) and all(len(outers) == 1 for outers in above.values())
        several = len({line.labels[column - 1] for line in lines}) > 1
        if inside and several and len(above) > 1:
            groups[-1].append(column)
        else:
            groups.append([column])
    return groups


def _without_single(table: Labelled) -> Labelled:
    """The table without axes that have one code only: they tell cells apart in no way."""
    kept = [n for n, axis in enumerate(table.axes) if len(axis.codes) > 1]
    if len(kept) == len(table.axes) or not kept:
        return table

    def short(key: Key) -> Key:
        return tuple(key[n] for n in kept)

    return Labelled(
        table.source,
        tuple(table.axes[n] for n in kept),
        {short(key): reading for key, reading in table.cells.items()},
        {short(key): place for key, place in table.places.items()},
        table.sure,
        table.repeated,
    )
