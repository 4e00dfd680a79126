"""What an attacker infers about each unknown cell, from cheap arguments to dear ones.

Filling in, bounds carried along the equations, elimination, movements that prove room, and single
linear programs only for the cells that are still undecided.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, Rows
from sekisho.lanes.statistics.disclosure.equations import components
from sekisho.lanes.statistics.disclosure.solver import Program, solve
from sekisho.lanes.statistics.finished.room import Asked, points, without_room
from sekisho.lanes.statistics.finished.single import narrowed
from sekisho.lanes.statistics.finished.system import System
from sekisho.ports import Watch

Index = NDArray[np.integer]

_ROUNDS = 30
_EXACT = 1e-6
_CLOSE = 1e-3
_CHECKS_A_PROGRAM = 50
_EVERY = 400
"""Up to so many unknown cells each gets its exact interval; beyond, only the undecided ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Inferred:
    """What follows for each unknown cell.

    Shape: every array is (n,). `low`, `high`: the cell lies between; `sharp` where no narrower
    interval follows. `known`: one value only. `narrow`: within the asked per cent of one
    estimate, or so many are left that not each was worked out: it may be.
    `consistent`: False in components whose figures contradict each other; nothing follows there.
    """

    low: Floats
    high: Floats
    sharp: Bools
    known: Bools
    narrow: Bools
    consistent: Bools
    programs: int


def infer(system: System, asked: Asked, watch: Watch) -> Inferred:
    """Everything that follows from the figures shown."""
    width = system.rows.shape[1]
    low, high, consistent = bounds(system, asked.floor)
    known = consistent & _is_known(system, low, high)
    sharp = known | without_circle(system.rows)
    inside = points(system, (low, high), consistent & ~sharp)
    consistent &= ~(inside.asked & ~inside.solved)
    narrow = _is_narrow(asked, low, high) & consistent & ~known
    open_, moved, more = without_room(system, inside, (low, high), (asked, ~narrow & ~sharp), watch)
    left = np.flatnonzero(open_ | (inside.solved & ~sharp & (width <= _EVERY)))
    left = left[np.argsort(moved[left], kind="stable")]
    enough = max(_EVERY, int(inside.solved.sum()) // _CHECKS_A_PROGRAM)
    left, unproven = left[:enough], left[enough:]
    low, high, sharp, single = narrowed(system, inside, (low, high, sharp), (asked, left), watch)
    known |= consistent & _is_known(system, low, high)
    narrow = _is_narrow(asked, low, high) & consistent & ~known
    programs = inside.programs + more + single
    narrow[unproven] = ~known[unproven]
    return Inferred(low, high, sharp, known & consistent, narrow, consistent, programs)


def _is_narrow(asked: Asked, low: Floats, high: Floats) -> Bools:
    """Cells that one estimate gives to within the asked per cent."""
    return np.isfinite(high - low) & (
        high - low < asked.percent / 100 * np.abs(high + low) - _EXACT
    )


def without_circle(rows: Rows) -> Bools:
    """Cells of components without a circle: there, carrying bounds gives the sharp interval.

    A tree of cells and equations has one edge less than nodes.
    """
    label = components(rows)
    count = int(label.max(initial=-1)) + 1
    cells = np.bincount(label, minlength=count)
    edges = np.bincount(label[rows.indices], minlength=count)
    first = rows.indices[rows.indptr[:-1]] if rows.nnz else np.zeros(0, dtype=np.int64)
    equations = np.bincount(label[first], minlength=count)
    return np.asarray((edges == cells + equations - 1)[label], dtype=bool)


def _is_known(system: System, low: Floats, high: Floats) -> Bools:
    """One value to the last printed digit, or so close that the difference means nothing."""
    width = high - low
    if not _is_rounded(system):
        return width <= _EXACT
    return np.isfinite(width) & ((width <= system.step) | (width <= _CLOSE * np.abs(high)))


def _is_rounded(system: System) -> bool:
    return bool((system.high > system.low).any())


def bounds(system: System, floor: float) -> tuple[Floats, Floats, Bools]:
    """Outer bounds of every cell, carried along the equations, and where they do not cross.

    Shape: low (n,), high (n,), consistent (n,).
    """
    entries = system.rows.tocoo()
    row, column, sign = entries.row, entries.col, entries.data
    width = system.rows.shape[1]
    low, high = np.full(width, floor), np.full(width, np.inf)
    for _ in range(_ROUNDS):
        least = np.where(sign > 0, sign * low[column], sign * high[column])
        most = np.where(sign > 0, sign * high[column], sign * low[column])
        without_least = _others(row, least, system.low.size)
        without_most = _others(row, most, system.low.size)
        above = (system.high[row] - without_least) / sign
        below = (system.low[row] - without_most) / sign
        upper, lower = np.where(sign > 0, above, below), np.where(sign > 0, below, above)
        new_high, new_low = high.copy(), low.copy()
        np.minimum.at(new_high, column, upper)
        np.maximum.at(new_low, column, lower)
        moved = (new_high < high - _EXACT) | (new_low > low + _EXACT)
        low, high = new_low, new_high
        if not moved.any():
            break
    crossed = low > high + 1e-4
    label = components(system.rows)
    bad = np.zeros(int(label.max(initial=-1)) + 1, dtype=bool)
    bad[label[crossed]] = True
    return low, np.maximum(high, low), ~bad[label]


def _others(row: Index, part: Floats, height: int) -> Floats:
    """For each entry the sum of its row's other entries, infinite as soon as one of them is."""
    endless = np.isinf(part)
    finite = np.where(endless, 0.0, part)
    total = np.bincount(row, weights=finite, minlength=height)
    count = np.bincount(row, weights=endless, minlength=height)
    sign = np.sign(part[endless][0]) if endless.any() else 1.0
    rest = total[row] - finite
    return np.where(count[row] - endless > 0, sign * np.inf, rest)


def reasons(system: System, inferred: Inferred, cell: int) -> tuple[int, ...]:
    """A few equations that give a known cell away together: their numbers.

    Multipliers of equations, found by a linear program: first a sum that leaves the cell alone;
    where only signs close the case, one that bounds it from above and one that does from below.
    """
    label = components(system.rows)
    kept = np.flatnonzero(label == label[cell])
    touched = np.unique(sparse.csc_array(system.rows[:, kept]).indices)
    part = sparse.csr_array(sparse.csr_array(system.rows[touched])[:, kept])
    target = (kept == cell).astype(np.float64)
    used = _multipliers(part, (target, target))
    if used is None:
        middle = (system.low[touched] + system.high[touched]) / 2
        room = (system.high[touched] - system.low[touched]).sum() + _NEARLY
        endless = np.full(kept.size, np.inf)
        least, most = inferred.low[cell] - room, inferred.high[cell] + room
        above = _multipliers(part, (target, endless), (middle, -np.inf, most))
        below = _multipliers(part, (-endless, target), (middle, least, np.inf))
        used = np.concatenate([each for each in (above, below) if each is not None] or [_NONE])
    return tuple(int(touched[n]) for n in np.unique(used))


_NEARLY = 1e-3
_NONE = np.zeros(0, dtype=np.int64)


def _multipliers(
    part: Rows,
    ends: tuple[Floats, Floats],
    value: tuple[Floats, float, float] | None = None,
) -> Ints | None:
    """Equations whose weighted sum lies between two rows, with few weights; None without any."""
    across = sparse.csr_array(part.T)
    low, high = ends
    if value is not None:
        across = sparse.csr_array(sparse.vstack([across, sparse.csr_array(value[0][None, :])]))
        low, high = np.append(low, value[1]), np.append(high, value[2])
    matrix = sparse.csc_array(sparse.hstack([across, -across]))
    count = part.shape[0]
    weight = 1.0 + np.diff(part.indptr) * 1e-3
    answer = solve(
        Program(
            np.tile(weight, 2),
            np.zeros(2 * count),
            np.full(2 * count, np.inf),
            low,
            high,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data.astype(np.float64),
        )
    )
    if not answer.optimal:
        return None
    return np.flatnonzero(np.abs(answer.point[:count] - answer.point[count:]) > 1e-7)
