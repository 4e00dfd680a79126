"""Which hidden cells have room, proven by movements that keep every equation.

One linear program asks for as many cells at once as a neighbourhood holds: whatever it moves far
enough is settled. Only what is left goes to programs of its own.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sekisho.errors import CancelledError, fault
from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, sparse_rows
from sekisho.lanes.statistics.disclosure.equations import Problem, components, restrict
from sekisho.lanes.statistics.disclosure.local import ball
from sekisho.lanes.statistics.disclosure.solver import Program, solve
from sekisho.lanes.statistics.finished.system import System
from sekisho.ports import Watch


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts as disclosed: knowing a cell to within `percent`."""

    percent: float = 10.0
    floor: float = 0.0
    """What everybody knows no cell lies below; -inf where figures may be negative."""


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """Sides of cells that no movement has proven yet, and cells that some movement moved.

    Shape: (n,) each; changed in place.
    """

    above: Bools
    below: Bools
    moved: Bools

    def count(self, cells: Ints) -> int:
        """How many sides of some cells are open."""
        return int(self.above[cells].sum() + self.below[cells].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """A table that fits what is shown, far from its edges. Shape: (n,) each."""

    point: Floats
    asked: Bools
    solved: Bools
    programs: int


_TOGETHER = 4000
"""Unknown cells of small components that share one program."""


def points(system: System, ends: tuple[Floats, Floats], asked: Bools) -> Inside:
    """Such a table for some cells, whole components of them: the smallest room is made large."""
    low, high = ends
    width = system.rows.shape[1]
    point, solved, programs = low.copy(), np.zeros(width, dtype=bool), 0
    label = components(system.rows)
    # A component of which some cells are decided is asked whole: equations need all of them.
    wanted = np.zeros(int(label.max(initial=-1)) + 1, dtype=bool)
    wanted[label[asked]] = True
    whole = np.flatnonzero(wanted[label])
    order = whole[np.argsort(label[whole], kind="stable")]
    for cells in _batches(order, label):
        found, more = _inside(system, cells, label[cells], (low[cells], high[cells]))
        programs += more
        if found is None and np.unique(label[cells]).size > 1:
            for each in np.unique(label[cells]):
                part = cells[label[cells] == each]
                one, more = _inside(system, part, label[part], (low[part], high[part]))
                programs += more
                if one is not None:
                    point[part], solved[part] = one, True
        elif found is not None:
            point[cells], solved[cells] = found, True
    return Inside(point, wanted[label], solved, programs)


def _batches(order: Ints, label: Ints) -> list[Ints]:
    """Cells sorted by component, cut between components into parts of about equal size."""
    if not order.size:
        return []
    edges = np.flatnonzero(np.diff(label[order], prepend=-1))
    cuts, start = [], 0
    for edge in edges.tolist():
        if edge - start >= _TOGETHER:
            cuts.append(edge)
            start = edge
    return [each for each in np.split(order, cuts) if each.size]


_SMALL = 0.01


def _inside(
    system: System, cells: Ints, label: Ints, ends: tuple[Floats, Floats]
) -> tuple[Floats | None, int]:
    """Values of some components as far from their bounds as can be; None where there are none.

    A cell that is forced to its bound would hold every other one there: such cells are found by a
    second program, which lets each leave its bound by a little, and left out of the measure.
    Returns: the values, and how many programs were solved.
    """
    low, high = ends
    base = np.maximum(low, -1e12)
    wide = np.isinf(high) | (high - base > 1e-4)
    _, group = np.unique(label, return_inverse=True)
    group = group.astype(np.int64)
    found = _pushed(system, cells, (base, high, wide), group)
    if found is None:
        return None, 1
    count = cells.size
    stuck = found[count:] < 1e-9
    if not stuck.any():
        return found[:count], 1
    each = np.arange(count)
    little = _pushed(system, cells, (base, high, wide), each, most=_SMALL)
    if little is None:
        return found[:count], 2
    wide &= ~stuck[group] | (little[count:] > _SMALL / 2)
    again = _pushed(system, cells, (base, high, wide), group)
    return (found if again is None else again)[:count], 3


def _pushed(
    system: System,
    cells: Ints,
    ends: tuple[Floats, Floats, Bools],
    group: Ints,
    most: float | None = None,
) -> Floats | None:
    """The program: cells of a group leave their lower bounds by at least the group's room."""
    base, high, wide = ends
    columns = sparse.csc_array(system.rows[:, cells])
    touched = np.unique(columns.indices)
    part = sparse.csr_array(system.rows[touched])[:, cells]
    count, height = cells.size, touched.size
    if most is None:
        most = max(1.0, float(np.median(np.abs(system.high[touched])))) if height else 1.0
    free = int(wide.sum())
    here = np.arange(free)
    groups = int(group.max()) + 1
    away = sparse_rows(np.ones(free), here, np.flatnonzero(wide), (free, count))
    room = sparse_rows(-np.ones(free), here, group[wide], (free, groups))
    above = sparse.hstack([part, sparse.csr_array((height, groups))])
    matrix = sparse.csc_array(sparse.vstack([above, sparse.hstack([away, room])]))
    answer = solve(
        Program(
            np.append(np.zeros(count), -np.ones(groups)),
            np.append(base, np.zeros(groups)),
            np.append(high, np.full(groups, most)),
            np.append(system.low[touched], base[wide]),
            np.append(system.high[touched], np.full(free, np.inf)),
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data.astype(np.float64),
        ),
        presolve=True,
    )
    return answer.point if answer.optimal else None


def movements(
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


def without_room(
    system: System,
    inside: Inside,
    ends: tuple[Floats, Floats],
    aim: tuple[Asked, Bools],
    watch: Watch,
) -> tuple[Bools, Bools, int]:
    """Cells without proof of enough room on both sides, cells that can move; programs solved."""
    asked, wanted = aim
    ask = inside.solved & wanted
    levels = asked.percent / 100 * np.abs(inside.point)
    problem = movements(system, inside.point, levels, ask, ends)
    short = ask & ((problem.down[: ask.size] < levels) | (problem.up[: ask.size] < levels))
    sides = np.append(ask & ~short, np.zeros(problem.size - ask.size, dtype=bool))
    left = Open(sides, sides.copy(), np.zeros(problem.size, dtype=bool))
    programs = sum(_settle_together(problem, size, left, watch) for size in _BALLS)
    open_ = (left.above | left.below)[: ask.size] | short
    return open_, left.moved[: ask.size], programs


_BALLS = (3000, 10_000)
_PASSES = 8
_WORTH = 0.02
"""A program is solved again while it settles at least this share of what it asked for."""


def _settle_together(problem: Problem, size: int, left: Open, watch: Watch) -> int:
    """Settle sides of cells by programs that ask for all pending ones of a neighbourhood.

    Changes the masks in place; returns how many programs were solved.
    """
    everything = np.ones(problem.size, dtype=bool)
    programs, total = 0, left.count(np.flatnonzero(everything))
    tried = np.zeros(problem.size, dtype=bool)
    price = np.ones(problem.size)
    while True:
        ready = np.flatnonzero((left.above | left.below) & ~tried)
        if not ready.size:
            return programs
        if watch.cancelled():
            raise CancelledError(fault("disclosure.cancelled", stage="audit"))
        done = total - left.count(np.flatnonzero(everything))
        watch.progress("finished.phase-room", done, total)
        cells, _ = ball(problem, (everything, everything, price), int(ready[0]), size)
        part = restrict(problem, cells)
        for _ in range(_PASSES):
            asked = left.count(cells)
            gain = 0
            for sign, pending in ((1.0, left.above), (-1.0, left.below)):
                if pending[cells].any():
                    programs += 1
                    gain += _settle(part, cells, sign, left)
            if gain <= _WORTH * asked:
                break
        tried[cells] = True


_GIVING_WAY = 0.05


def _settle(part: Problem, cells: Ints, sign: float, left: Open) -> int:
    """One program over a neighbourhood: move as many pending cells to their level as can be."""
    pending = np.flatnonzero((left.above if sign > 0 else left.below)[cells])
    level = (part.high if sign > 0 else part.low)[pending]
    count, asks = part.size, pending.size
    # sign * z_j - level_j * (t_j - s_j) >= 0, 0 <= t <= 1, s >= 0: the sum of t less a little of s
    # is made large, so that a few cells give way where the others then reach their level.
    reach = sparse_rows(np.full(asks, sign), np.arange(asks), pending, (asks, count))
    share = sparse.csr_array(sparse.diags_array(np.maximum(level, 1e-9)))
    above_rows = sparse.hstack([part.rows, sparse.csr_array((part.rows.shape[0], 2 * asks))])
    matrix = sparse.csc_array(sparse.vstack([above_rows, sparse.hstack([reach, -share, share])]))
    zero = np.zeros(part.rows.shape[0])
    answer = solve(
        Program(
            np.concatenate([np.zeros(count), -np.ones(asks), np.full(asks, _GIVING_WAY)]),
            np.append(-part.down, np.zeros(2 * asks)),
            np.concatenate([part.up, np.ones(asks), np.full(asks, np.inf)]),
            np.append(zero, np.zeros(asks)),
            np.append(zero, np.full(asks, np.inf)),
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data.astype(np.float64),
        )
    )
    if not answer.optimal:
        return 0
    return _credit(part, cells, answer.point[:count], left)


_RESIDUAL = 1e-6
_MOVED = 1e-4


def _credit(part: Problem, cells: Ints, move: Floats, left: Open) -> int:
    """Settle every side that a movement, or its reverse as far as it may go, reaches."""
    scale = max(1.0, float(np.abs(move).max(initial=0.0)))
    if np.abs(part.rows @ move).max(initial=0.0) > _RESIDUAL * scale:
        return 0
    with np.errstate(divide="ignore", invalid="ignore"):
        back = np.where(move > 0, part.down / move, np.where(move < 0, part.up / -move, np.inf))
    reverse = -move * min(1e6, float(np.nanmin(back, initial=np.inf)))
    highest, lowest = np.maximum(move, reverse), np.minimum(move, reverse)
    high_met = left.above[cells] & (highest >= part.high * (1 - 1e-7))
    low_met = left.below[cells] & (-lowest >= part.low * (1 - 1e-7))
    left.above[cells[high_met]] = False
    left.below[cells[low_met]] = False
    left.moved[cells[highest - lowest > _MOVED * scale]] = True
    return int(high_met.sum() + low_met.sum())
