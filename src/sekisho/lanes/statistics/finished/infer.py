"""What an attacker infers about each unknown cell, from cheap arguments to dear ones.

Filling in, bounds carried along the equations, elimination, movements that prove room, and single
linear programs only for the cells that are still undecided.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sekisho.lanes.statistics.disclosure.audit import determined, farthest
from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, Rows, sparse_rows
from sekisho.lanes.statistics.disclosure.construct import construct, workers
from sekisho.lanes.statistics.disclosure.direction import Search
from sekisho.lanes.statistics.disclosure.equations import Problem, components
from sekisho.lanes.statistics.disclosure.solver import Program, solve
from sekisho.lanes.statistics.finished.system import System
from sekisho.ports import Watch

Index = NDArray[np.integer]

_ROUNDS = 30
_EXACT = 1e-6
_CLOSE = 1e-3
_EVERY = 400
"""Up to so many unknown cells each gets its exact interval; beyond, only the undecided ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Inferred:
    """What follows for each unknown cell.

    Shape: every array is (n,). `low`, `high`: the cell lies between; `sharp` where no narrower
    interval follows. `known`: one value only. `narrow`: within the asked per cent of one estimate.
    `consistent`: False in components whose figures contradict each other; nothing follows there.
    """

    low: Floats
    high: Floats
    sharp: Bools
    known: Bools
    narrow: Bools
    consistent: Bools
    programs: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts as disclosed: knowing a cell to within `percent`; threads for the work."""

    percent: float = 10.0
    floor: float = 0.0
    """What everybody knows no cell lies below; -inf where figures may be negative."""
    threads: int = 1


def infer(system: System, asked: Asked, watch: Watch) -> Inferred:
    """Everything that follows from the figures shown."""
    width = system.rows.shape[1]
    low, high, consistent = bounds(system, asked.floor)
    known = consistent & _is_known(system, low, high)
    if not _is_rounded(system):
        known |= consistent & determined(_whole(system.rows), np.ones(width, dtype=bool))
    point, solved, feasible, programs = _points(system, low, high, known & consistent)
    consistent &= feasible
    narrow = consistent & ~known & (high - low < asked.percent / 100 * np.abs(high + low))
    ask = consistent & ~known & ~narrow & solved
    levels = asked.percent / 100 * np.abs(point)
    open_, more = _without_room(system, (point, levels, ask), (low, high), asked, watch)
    programs += more
    sharp = known.copy()
    single = np.flatnonzero(open_ | (consistent & ~known & (width <= _EVERY) & solved))
    for place, cell in enumerate(single.tolist()):
        watch.progress("finished.phase-single", place, single.size)
        ends = _ends(system, (low, high), point, cell)
        low[cell], high[cell] = max(low[cell], ends[0]), min(high[cell], ends[1])
        sharp[cell] = True
        programs += 2
    known |= consistent & _is_known(system, low, high)
    pinned = known & solved & ~_is_known(system, low, high)
    low, high = np.where(pinned, point, low), np.where(pinned, point, high)
    narrow = consistent & ~known & (high - low < asked.percent / 100 * np.abs(high + low) - _EXACT)
    return Inferred(low, high, sharp, known & consistent, narrow, consistent, programs)


def _is_known(system: System, low: Floats, high: Floats) -> Bools:
    """One value to the last printed digit, or so close that the difference means nothing."""
    width = high - low
    if not _is_rounded(system):
        return width <= _EXACT
    return np.isfinite(width) & ((width <= system.step) | (width <= _CLOSE * np.abs(high)))


def _is_rounded(system: System) -> bool:
    return bool((system.high > system.low).any())


def _whole(rows: Rows) -> Rows:
    return sparse.csr_array(rows.astype(np.int64))


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


def _points(
    system: System, low: Floats, high: Floats, known: Bools
) -> tuple[Floats, Bools, Bools, int]:
    """A table that fits what is shown, far from its edges: value, solved, feasible; programs.

    One linear program a component: the smallest room of any cell is made as large as it can be.
    """
    width = system.rows.shape[1]
    point = np.where(known, (low + high) / 2, low)
    solved, feasible = known.copy(), np.ones(width, dtype=bool)
    label = components(system.rows)
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order], prepend=-1))
    programs = 0
    for cells in np.split(order, edges[1:]) if order.size else []:
        if known[cells].all():
            continue
        programs += 1
        found = _inside(system, cells, low[cells], high[cells])
        if found is None:
            feasible[cells] = False
            continue
        point[cells] = found
        solved[cells] = True
    return point, solved, feasible, programs


def _inside(system: System, cells: Ints, low: Floats, high: Floats) -> Floats | None:
    """Values of one component as far from their bounds as can be; None where there are none."""
    columns = sparse.csc_array(system.rows[:, cells])
    touched = np.unique(columns.indices)
    part = sparse.csr_array(system.rows[touched])[:, cells]
    count, height = cells.size, touched.size
    base = np.maximum(low, -1e12)
    wide = np.isinf(high) | (high - base > 1e-4)
    cap = max(1.0, float(np.median(np.abs(system.high[touched])))) if height else 1.0
    free = int(wide.sum())
    here = np.arange(free)
    away = sparse_rows(np.ones(free), here, np.flatnonzero(wide), (free, count))
    room = sparse_rows(-np.ones(free), here, np.zeros(free, dtype=np.int64), (free, 1))
    above = sparse.hstack([part, sparse.csr_array((height, 1))])
    matrix = sparse.csc_array(sparse.vstack([above, sparse.hstack([away, room])]))
    answer = solve(
        Program(
            np.append(np.zeros(count), -1.0),
            np.append(base, 0.0),
            np.append(np.where(np.isinf(high), np.inf, high), cap),
            np.append(system.low[touched], base[wide]),
            np.append(system.high[touched], np.full(free, np.inf)),
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data.astype(np.float64),
        ),
        presolve=True,
    )
    return answer.point[:count] if answer.optimal else None


def _problem(
    system: System, point: Floats, levels: Floats, ask: Bools, ends: tuple[Floats, Floats]
) -> Problem:
    """The system as movements around a point; what rounding leaves open moves, too."""
    slack = np.flatnonzero(system.high > system.low)
    width, extra = system.rows.shape[1], slack.size
    loose = sparse.coo_array(
        (-np.ones(extra), (slack, np.arange(extra))), shape=(system.rows.shape[0], extra)
    )
    rows = sparse.csr_array(sparse.hstack([system.rows, loose])) if extra else system.rows
    now = system.rows @ point
    none = np.zeros(extra)
    low, high = ends
    return Problem(
        sparse.csr_array(rows.astype(np.float64)),
        sparse.csc_array(rows.astype(np.float64)),
        np.append(np.maximum(point - low, 0.0), np.maximum(now - system.low, 0.0)[slack]),
        np.append(np.maximum(high - point, 0.0), np.maximum(system.high - now, 0.0)[slack]),
        np.append(np.where(ask, levels, 0.0), none),
        np.append(np.where(ask, levels, 0.0), none),
        np.ones(width + extra),
        np.ones(width + extra, dtype=bool),
    )


def _without_room(
    system: System,
    aim: tuple[Floats, Floats, Bools],
    ends: tuple[Floats, Floats],
    asked: Asked,
    watch: Watch,
) -> tuple[Bools, int]:
    """Asked cells for which no movement proves enough room on both sides; programs solved."""
    point, levels, ask = aim
    problem = _problem(system, point, levels, ask, ends)
    short = ask & ((problem.down[: ask.size] < levels) | (problem.up[: ask.size] < levels))
    asking = np.append(ask & ~short, np.zeros(problem.size - ask.size, dtype=bool))
    problem = replace(
        problem,
        high=np.where(asking, problem.high, 0.0),
        low=np.where(asking, problem.low, 0.0),
    )
    everything = np.ones(problem.size, dtype=bool)
    search = Search(problem, np.ones(problem.size), everything)
    order = np.argsort(-problem.high, kind="stable")
    with workers(asked.threads, watch.progress, watch.cancelled) as staff:
        pattern = construct(search, order, staff, stage="finished.phase-room", start=everything)
    open_ = (pattern.open_above | pattern.open_below)[: ask.size]
    return open_ | short, pattern.programs


def _ends(
    system: System, ends: tuple[Floats, Floats], point: Floats, cell: int
) -> tuple[float, float]:
    """The sharp interval of one cell, by two linear programs over its component."""
    none = np.zeros(point.size, dtype=bool)
    problem = _problem(system, point, np.zeros(point.size), none, ends)
    label = components(problem.rows)
    kept = np.flatnonzero(label == label[cell])
    columns = sparse.csc_array(problem.columns[:, kept])
    rows = sparse.csr_array(columns)
    rows = sparse.csr_array(rows[np.diff(rows.indptr) > 0])
    part = Problem(
        rows,
        sparse.csc_array(rows),
        problem.down[kept],
        problem.up[kept],
        problem.high[kept],
        problem.low[kept],
        problem.weight[kept],
        problem.hidden[kept],
    )
    at = int(np.searchsorted(kept, cell))
    return point[cell] - farthest(part, at, -1.0), point[cell] + farthest(part, at, 1.0)


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
