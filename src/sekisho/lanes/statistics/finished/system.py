"""Several tables as one system: unknown cells, and the equations in which they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sekisho.lanes.statistics.disclosure.cells import Bools, Ints, Rows, sparse_rows
from sekisho.lanes.statistics.finished.arrays import ABSENT, HIDDEN, Array, Exact, Lines
from sekisho.lanes.statistics.finished.quotients import Line, Side
from sekisho.lanes.statistics.finished.ratios import Quotient


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """One table with its sums, and what was found out about it."""

    array: Array
    lines: tuple[Lines, ...]
    shown_only: bool
    """Totals add up shown cells alone; they are taken as unknown."""
    absent_zero: bool

    @property
    def rounded(self) -> bool:
        """Some sums hold but for rounding."""
        return any(lines.claim.near for lines in self.lines)

    def unknown(self) -> Bools:
        """Flat mask of the cells whose value an attacker does not read."""
        state = self.array.state.ravel()
        unknown: Bools = state == HIDDEN
        if not self.absent_zero:
            unknown = unknown | (state == ABSENT)
        if self.shown_only:
            for each in self.lines:
                touched = unknown[each.parts].any(axis=1)
                unknown = unknown.copy()
                unknown[each.total[touched]] = True
        return unknown


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """Equations between unknown cells: low <= rows @ x <= high, in whole numbers of `1 / grain`.

    Shape: rows (m, n); `cell` and `table` (n,) say which flat cell of which table an unknown is
    (its first, where several tables print it); `line` (m,) numbers the equation for messages.
    """

    rows: Rows
    columns: sparse.csc_array
    low: Exact
    high: Exact
    grain: int
    table: Ints
    cell: Ints
    lines: Ints
    """(m, 3): table, sum, line of each equation."""
    step: float
    quotients: tuple[Line, ...] = ()
    echoes: tuple[tuple[int, Line], ...] = ()
    """(unknown, line): a hidden ratio, and what it is the ratio of."""
    shown: tuple[tuple[int, int, int, int], ...] = ()
    """(table, cell, other table, its cell): hidden in one table, printed in the other."""


@dataclass(frozen=True, slots=True)
class Same:
    """Cells of two tables that are one: flat indices, side by side."""

    first: int
    second: int
    cells: tuple[Ints, Ints]


def build(
    given: Sequence[Given], same: Sequence[Same], quotients: Sequence[Quotient] = ()
) -> System:
    """One system over all tables; a cell that one table shows is known in all of them."""
    start = np.concatenate(([0], np.cumsum([g.array.values.size for g in given]))).astype(np.int64)
    root = _joined(int(start[-1]), start, same)
    values, unknown = _facts(given, start, root)
    names = np.flatnonzero(root == np.arange(root.size))
    open_ = names[unknown[names]]
    column = np.full(root.size, -1, dtype=np.int64)
    column[open_] = np.arange(open_.size)
    grain = 2 if any(each.rounded for each in given) else 1
    parts = _equations(given, start, root, (values, column), grain)
    rows, low, high, lines = _compact(parts, open_.size)
    table = np.searchsorted(start, open_, side="right") - 1
    told, echoes = _told(quotients, (start, root), (values, column), grain)
    return System(
        rows,
        sparse.csc_array(rows),
        low,
        high,
        grain,
        table,
        open_ - start[table],
        lines,
        max((g.array.step for g in given), default=1.0),
        told,
        echoes,
        _shown_elsewhere(given, start, root) if same else (),
    )


def _told(
    quotients: Sequence[Quotient], of: tuple[Ints, Ints], known: tuple[Exact, Ints], grain: int
) -> tuple[tuple[Line, ...], tuple[tuple[int, Line], ...]]:
    """What printed ratios say of unknown cells, and what hidden ones are the ratio of."""
    start, root = of
    values, column = known
    told, echoes = [], []

    def side(place: tuple[int, int]) -> Side:
        at = int(root[int(start[place[0]]) + place[1]])
        unknown = int(column[at])
        return Side(unknown, 0 if unknown >= 0 else int(values[at]) * grain)

    for each in quotients:
        part, base = side(each.part), side(each.base)
        low, high = each.low or 0, each.high or 0
        line = Line(part, base, low, high, each.scale, each.unit * grain, each.ratio)
        ratio = side(each.ratio).unknown
        if each.low is None and ratio >= 0:
            echoes.append((ratio, line))
        elif each.low is not None and max(part.unknown, base.unknown) >= 0:
            told.append(line)
    return tuple(told), tuple(echoes)


def _shown_elsewhere(
    given: Sequence[Given], start: Ints, root: Ints
) -> tuple[tuple[int, int, int, int], ...]:
    """Hidden cells that another table prints."""
    printed: dict[int, tuple[int, int]] = {}
    for number, each in enumerate(given):
        cells = np.flatnonzero(~each.unknown())
        for cell, at in zip(cells.tolist(), root[start[number] + cells].tolist(), strict=True):
            printed.setdefault(at, (number, cell))
    return tuple(
        (number, cell, *printed[at])
        for number, each in enumerate(given)
        for cell in np.flatnonzero(each.array.state.ravel() == HIDDEN).tolist()
        if (at := int(root[start[number] + cell])) in printed
    )


def _joined(size: int, start: Ints, same: Sequence[Same]) -> Ints:
    """For each cell the smallest cell that is the same one."""
    if not same:
        return np.arange(size)
    first = np.concatenate([start[s.first] + s.cells[0] for s in same])
    second = np.concatenate([start[s.second] + s.cells[1] for s in same])
    links = sparse.coo_array(
        (np.ones(first.size, dtype=np.int8), (first, second)), shape=(size, size)
    )
    _, group = sparse.csgraph.connected_components(links, directed=False)
    least = np.full(int(group.max()) + 1, size)
    np.minimum.at(least, group, np.arange(size))
    return least[group]


def _facts(given: Sequence[Given], start: Ints, root: Ints) -> tuple[Exact, Bools]:
    """For each cell's root: a value that is shown somewhere, and whether none is."""
    wide = any(each.array.values.dtype == object for each in given)
    values: Exact = np.zeros(root.size, dtype=object if wide else np.int64)
    unknown = np.ones(root.size, dtype=bool)
    for number, each in enumerate(given):
        shown = np.flatnonzero(~each.unknown())
        at = root[start[number] + shown]
        values[at] = each.array.values.ravel()[shown]
        unknown[at] = False
    return values, unknown


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The equations of one sum: entries of the unknowns, and what the known ones leave."""

    row: Ints
    column: Ints
    sign: Ints
    rest: Exact
    slack: Ints
    names: Ints


def _equations(
    given: Sequence[Given], start: Ints, root: Ints, known: tuple[Exact, Ints], grain: int
) -> list[_Part]:
    values, column = known
    parts = []
    for table, each in enumerate(given):
        # Half the smallest difference that is printed, for each figure that is shown.
        half = round(each.array.step * grain / 2) if each.rounded else 0
        for place, lines in enumerate(each.lines):
            cells = np.concatenate([lines.total[:, None], lines.parts], axis=1)
            sign = np.ones(cells.shape[1], dtype=np.int64)
            sign[0] = -1
            at = root[start[table] + cells]
            of = column[at]
            kept = np.flatnonzero((of >= 0).any(axis=1))
            of, at = of[kept], at[kept]
            open_ = of >= 0
            rest = -(np.where(open_, 0, values[at]) * sign).sum(axis=1) * grain
            slack = half * (~open_).sum(axis=1)
            row, entry = np.nonzero(open_)
            names = np.stack([np.full(kept.size, table), np.full(kept.size, place), kept], axis=1)
            parts.append(_Part(row, of[row, entry], sign[entry], rest, slack, names))
    return parts


def _compact(parts: Sequence[_Part], width: int) -> tuple[Rows, Exact, Exact, Ints]:
    offset = np.concatenate(([0], np.cumsum([part.rest.size for part in parts]))).astype(np.int64)
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return sparse.csr_array((0, width), dtype=np.int64), empty, empty, empty.reshape(0, 3)
    row = np.concatenate([part.row + offset[n] for n, part in enumerate(parts)])
    column = np.concatenate([part.column for part in parts])
    sign = np.concatenate([part.sign for part in parts])
    rest = np.concatenate([part.rest for part in parts])
    slack = np.concatenate([part.slack for part in parts])
    rows = sparse_rows(sign, row, column, (rest.size, width))
    rows.eliminate_zeros()
    return rows, rest - slack, rest + slack, np.concatenate([part.names for part in parts])
