"""Bounds carried along the equations, in whole numbers: what follows from each equation by itself.

Only equations with a cell that has moved are looked at again. Nothing is rounded: numbers that do
not fit into 64 bits are Python's own.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sekisho.lanes.statistics.disclosure.cells import Bools, Ints, Rows
from sekisho.lanes.statistics.disclosure.equations import components
from sekisho.lanes.statistics.disclosure.local import gather
from sekisho.lanes.statistics.finished.arrays import Exact
from sekisho.lanes.statistics.finished.ends import NOBODY, Ends
from sekisho.lanes.statistics.finished.quotients import RATIO
from sekisho.lanes.statistics.finished.system import System

_ROUNDS = 200


def at_first(system: System, floor: float) -> Ends:
    """What is known before any equation is read: the floor, or nothing."""
    width = system.rows.shape[1]
    grounded = np.isfinite(floor)
    low = np.full(width, int(floor) * system.grain if grounded else 0, dtype=system.low.dtype)
    return Ends(
        low,
        np.zeros(width, dtype=system.low.dtype),
        np.full(width, grounded),
        np.zeros(width, dtype=bool),
        np.full(width, NOBODY),
        np.full(width, NOBODY),
        np.ones(width, dtype=bool),
    )


def carry(system: System, ends: Ends, moved: Ints | None = None) -> None:
    """Make ends as narrow as the equations do one by one, in place, until nothing moves.

    `moved` are the cells whose ends are new; all equations are read where it is left out.
    """
    rows, columns = system.rows, system.columns
    label = components(rows)
    active = (
        np.arange(rows.shape[0])
        if moved is None
        else np.unique(gather(columns.indptr, columns.indices, moved))
    )
    for _ in range(_ROUNDS):
        active = active[np.diff(rows.indptr)[active] > 0]
        if not active.size:
            return
        fresh = _round(system, ends, active)
        crossed = fresh[ends.has_low[fresh] & ends.has_high[fresh]]
        crossed = crossed[ends.low[crossed] > ends.high[crossed]]
        if crossed.size:
            ends.consistent[np.isin(label, label[crossed])] = False
            fresh = fresh[ends.consistent[fresh]]
        active = np.unique(gather(columns.indptr, columns.indices, fresh))


def _round(system: System, ends: Ends, active: Ints) -> Ints:
    """Read some equations once; returns the cells whose ends moved."""
    rows = system.rows
    column = gather(rows.indptr, rows.indices, active)
    length = np.diff(rows.indptr)[active]
    start = np.cumsum(length) - length
    row = np.repeat(np.arange(active.size), length)
    sign = _gathered(rows, active)
    at = active[row]
    # a * x <= high - (least of the others); a * x >= low - (most of the others)
    under = _others(ends, (column, sign, row, start), least=True)
    over = _others(ends, (column, sign, row, start), least=False)
    above = (system.high[at] - under[0], under[1])
    below = (system.low[at] - over[0], over[1])
    positive = sign > 0
    high = np.where(positive, _floor(above[0], sign), _floor(below[0], sign))
    low = np.where(positive, _ceiling(below[0], sign), _ceiling(above[0], sign))
    high_known = np.where(positive, above[1], below[1])
    low_known = np.where(positive, below[1], above[1])
    up = _lowered(ends, column[high_known], high[high_known], at[high_known])
    down = _raised(ends, column[low_known], low[low_known], at[low_known])
    return np.unique(np.concatenate([up, down]))


def _gathered(rows: Rows, active: Ints) -> Ints:
    begin = rows.indptr[active].astype(np.int64)
    length = rows.indptr[active + 1] - begin
    shift = np.repeat(begin - np.cumsum(length) + length, length)
    return np.asarray(rows.data[shift + np.arange(shift.size)], dtype=np.int64)


def _others(
    ends: Ends, entries: tuple[Ints, Ints, Ints, Ints], *, least: bool
) -> tuple[Exact, Bools]:
    """For each entry the least (or most) of the others in its equation, and whether it has one."""
    column, sign, row, start = entries
    by_low = (sign > 0) == least
    value = np.where(by_low, ends.low[column], ends.high[column]) * sign
    has = np.where(by_low, ends.has_low[column], ends.has_high[column])
    value = np.where(has, value, 0)
    missing = (~has).astype(np.int64)
    total = np.add.reduceat(value, start)
    count = np.add.reduceat(missing, start)
    return total[row] - value, (count[row] - missing) == 0


def _floor(value: Exact, sign: Ints) -> Exact:
    return value // sign


def _ceiling(value: Exact, sign: Ints) -> Exact:
    return -(-value // sign)


def _lowered(ends: Ends, column: Ints, high: Exact, row: Ints) -> Ints:
    """Take upper ends that are lower than what stands; returns the cells that moved."""
    better = ~ends.has_high[column] | (high < ends.high[column])
    column, high, row = column[better], high[better], row[better]
    order = np.lexsort((high, column)) if high.dtype != object else _sorted(column, high)
    column, high, row = column[order], high[order], row[order]
    first = np.flatnonzero(np.diff(column, prepend=-1))
    at = column[first]
    ends.high[at], ends.high_by[at], ends.has_high[at] = high[first], row[first], True
    return at


def _raised(ends: Ends, column: Ints, low: Exact, row: Ints) -> Ints:
    """Take lower ends that are higher than what stands; returns the cells that moved."""
    better = ~ends.has_low[column] | (low > ends.low[column])
    column, low, row = column[better], low[better], row[better]
    order = np.lexsort((-low, column)) if low.dtype != object else _sorted(column, -low)
    column, low, row = column[order], low[order], row[order]
    first = np.flatnonzero(np.diff(column, prepend=-1))
    at = column[first]
    ends.low[at], ends.low_by[at], ends.has_low[at] = low[first], row[first], True
    return at


def _sorted(column: Ints, value: NDArray[np.object_]) -> Ints:
    pairs = sorted(range(column.size), key=lambda n: (int(column[n]), value[n]))
    return np.asarray(pairs, dtype=np.int64)


LOW, HIGH = 0, 1


def traced(system: System, ends: Ends, cell: int, most: int = 12) -> tuple[int, ...]:
    """Equations by which a cell's ends came about."""
    rows = system.rows
    found: dict[int, None] = {}
    queue = [(cell, LOW), (cell, HIGH)]
    seen = set(queue)
    while queue and len(found) < most:
        here, side = queue.pop(0)
        by = int((ends.low_by if side == LOW else ends.high_by)[here])
        if by == NOBODY:
            continue
        found[by] = None
        if by < NOBODY:
            line = system.quotients[RATIO - by]
            sides = [each.unknown for each in (line.part, line.base)]
            nodes = [(n, end) for n in sides if n not in (here, -1) for end in (LOW, HIGH)]
            queue += [node for node in nodes if node not in seen]
            seen.update(nodes)
            continue
        part = slice(rows.indptr[by], rows.indptr[by + 1])
        signs = dict(zip(rows.indices[part].tolist(), rows.data[part].tolist(), strict=True))
        for other, sign in signs.items():
            # An upper end of a positive entry comes from the least of the others.
            least = (side == HIGH) == (signs[here] > 0)
            node = (other, LOW if (sign > 0) == least else HIGH)
            if other != here and node not in seen:
                seen.add(node)
                queue.append(node)
    return tuple(sorted(found))


def without_circle(rows: Rows) -> Bools:
    """Cells of components without a circle: there, carrying bounds gives the sharp interval.

    A tree of cells and equations has one edge less than nodes.
    """
    label = components(rows)
    count = int(label.max(initial=-1)) + 1
    cells = np.bincount(label, minlength=count)
    edges = np.bincount(label[rows.indices], minlength=count)
    held = sparse.csr_array(rows[np.diff(rows.indptr) > 0])
    first = held.indices[held.indptr[:-1]] if held.nnz else np.zeros(0, dtype=np.int64)
    equations = np.bincount(label[first], minlength=count)
    return np.asarray((edges == cells + equations - 1)[label], dtype=bool)
