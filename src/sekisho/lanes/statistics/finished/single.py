"""The interval of cells that nothing cheaper decided, one by one.

In a component of some thousands of cells a program goes on from where the one before it stopped.
In larger ones a neighbourhood stands for the whole: what moves while all around stays put is wide,
and what is narrow by the equations inside alone is narrow for good.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, Rows
from sekisho.lanes.statistics.disclosure.local import ball
from sekisho.lanes.statistics.disclosure.solver import Program, Solution, solver_for
from sekisho.lanes.statistics.finished.centre import Centre, stop_if_cancelled
from sekisho.lanes.statistics.finished.frame import Frame, Judge, cut, moving
from sekisho.lanes.statistics.finished.sway import RESIDUAL, Reach
from sekisho.ports import Watch

_AT_ONCE = 5000
"""Components up to this size are worked on as a whole."""
_BALLS = (1500, 6000)
_ENDLESS = 1e10
_MOST_LARGE = 6
_LARGE = 20_000
"""So many cells of larger components, up to this size, are worked out over everything."""
Multipliers = dict[int, float]


@dataclass(frozen=True, slots=True, eq=False)
class Narrowed:
    """Intervals made as narrow as each verdict needs, and the programs solved.

    Shape: low, high, sharp (n,). `proofs`: for a known column, equations of the system with
    multipliers that bound it below and above.
    """

    low: Floats
    high: Floats
    sharp: Bools
    programs: int
    proofs: dict[int, tuple[Multipliers, Multipliers]]


def narrowed(
    frame: Frame, inside: Centre, aim: tuple[Judge, Bools, bool], reach: Reach, watch: Watch
) -> Narrowed:
    """Work out columns that are wanted until each is decided, or each sharp if all are asked for.

    Over a whole component the interval is sharp, and the tables at its ends fit.
    """
    judge, wanted, all_sharp = aim
    low, high = frame.low.copy(), frame.high.copy()
    found = Narrowed(low, high, np.zeros(frame.size, dtype=bool), 0, {})
    work = _Work(frame, inside.point, judge, reach, found, watch, all_sharp)
    size = np.bincount(frame.label, minlength=1)[frame.label]
    small = wanted & (size <= _AT_ONCE)
    programs = 0
    for label in np.unique(frame.label[work.open(small)]).tolist():
        programs += _component(work, np.flatnonzero(frame.label == label), small)
    for around in _BALLS:
        programs += _neighbourhoods(work, wanted & ~small, around)
    for target in work.open(wanted & ~small & (size <= _LARGE))[:_MOST_LARGE].tolist():
        columns = np.flatnonzero(frame.label == frame.label[target])
        programs += _component(work, columns, np.arange(frame.size) == target)
    return Narrowed(low, high, found.sharp, programs, found.proofs)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What is worked on, and what has been found so far."""

    frame: Frame
    point: Floats
    judge: Judge
    reach: Reach
    found: Narrowed
    watch: Watch
    all_sharp: bool

    def open(self, wanted: Bools) -> Ints:
        """Wanted columns that are not decided: known, narrow and not known, or wide."""
        frame, judge, reach, found = self.frame, self.judge, self.reach, self.found
        if self.all_sharp:
            return np.flatnonzero(wanted & ~found.sharp)
        low, high = found.low * frame.unit, found.high * frame.unit
        known = judge.is_known(low, high)
        moves = ~judge.is_known(reach.low * frame.unit, reach.high * frame.unit)
        settled = known | (judge.is_narrow(low, high) & moves)
        return np.flatnonzero(wanted & ~settled & reach.pending(frame, judge, wanted))

    def is_open(self, column: int) -> bool:
        """Whether one column is not decided."""
        mine = np.zeros(self.frame.size, dtype=bool)
        mine[column] = True
        return bool(self.open(mine).size)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some columns with equations among them, and whether these are all that touch them."""

    columns: Ints
    rows: Rows
    equations: Ints
    rest: Floats
    whole: bool
    fits: bool
    """Whether a point of this part, with all others at the centre, fits what is shown."""


def _component(work: _Work, columns: Ints, wanted: Bools) -> int:
    """Work out some columns of a component; returns how many programs that took."""
    rows, touched = cut(work.frame, columns)
    part = _Part(columns, rows, touched, work.frame.rest[touched], whole=True, fits=True)
    mine = np.zeros(work.frame.size, dtype=bool)
    mine[columns] = wanted[columns]
    return _asked(work, part, mine)


def _neighbourhoods(work: _Work, wanted: Bools, size: int) -> int:
    """Work out columns in neighbourhoods of one size; returns how many programs that took."""
    frame = work.frame
    problem = moving(frame, work.point)
    everything, price = np.ones(frame.size, dtype=bool), np.ones(frame.size)
    left, programs = wanted.copy(), 0
    while (ready := work.open(left)).size:
        columns, _ = ball(problem, (everything, everything, price), int(ready[0]), size)
        mine = np.zeros(frame.size, dtype=bool)
        mine[columns] = left[columns]
        left[columns] = False
        rows, touched = cut(frame, columns)
        held = rows @ work.point[columns]
        programs += _asked(work, _Part(columns, rows, touched, held, whole=False, fits=True), mine)
        inner = np.diff(frame.rows[touched].indptr) == np.diff(rows.indptr)
        within = sparse.csr_array(rows[np.flatnonzero(inner)])
        kept = touched[inner]
        part = _Part(columns, within, kept, frame.rest[kept], whole=False, fits=False)
        programs += _asked(work, part, mine)
    return programs


def _asked(work: _Work, part: _Part, wanted: Bools) -> int:
    """Both ends of the wanted columns that are not decided; returns how many programs."""
    left = work.open(wanted)
    if not left.size:
        return 0
    solved = solver_for(_program(work.frame, part))
    programs = 0
    while left.size:
        stop_if_cancelled(work.watch)
        total = work.frame.size
        work.watch.progress("finished.phase-single", total - left.size, total)
        target = int(left[0])
        at = int(np.searchsorted(part.columns, target))
        answers: list[Solution] = []
        for sign in (1.0, -1.0):
            cost = np.zeros(part.columns.size)
            cost[at] = -sign
            answers.append(solved(cost))
            programs += 1
            _credit(work, part, answers[-1])
            if not (part.whole and work.all_sharp) and not work.is_open(target):
                break
        if len(answers) > 1:
            _written(work, part, target, answers)
        wanted = wanted.copy()
        wanted[target] = False
        left = work.open(wanted)
    return programs


def _credit(work: _Work, part: _Part, answer: Solution) -> None:
    """Take a solution as one more table that fits, where it is one."""
    if not part.fits or not answer.optimal:
        return
    off = np.abs(part.rows @ answer.point - part.rest).max(initial=0.0)
    if off <= RESIDUAL and np.abs(answer.point).max(initial=0.0) < 0.1 * _ENDLESS:
        work.reach.add(part.columns, answer.point)


def _written(work: _Work, part: _Part, target: int, answers: Sequence[Solution]) -> None:
    """Write both ends of a column down, where the equations of the part prove them."""
    frame, found = work.frame, work.found
    if not all(answer.optimal for answer in answers) or (part.fits and not part.whole):
        return
    at = int(np.searchsorted(part.columns, target))
    above, below = (float(answer.point[at]) for answer in answers)
    if above < 0.9 * _ENDLESS:
        found.high[target] = min(found.high[target], above)
    if below > -0.9 * _ENDLESS:
        found.low[target] = min(max(found.low[target], below), found.high[target])
    found.sharp[target] |= part.whole
    one = slice(target, target + 1)
    unit = frame.unit[one]
    if work.judge.is_known(found.low[one] * unit, found.high[one] * unit)[0]:
        below_by, above_by = (
            {
                int(frame.equations[part.equations[n]]): float(sign * answer.row_dual[n])
                for n in np.flatnonzero(np.abs(answer.row_dual) > _LITTLE).tolist()
            }
            for answer, sign in ((answers[1], 1.0), (answers[0], -1.0))
        )
        found.proofs[target] = (below_by, above_by)


_LITTLE = 1e-7


def _program(frame: Frame, part: _Part) -> Program:
    matrix = part.rows.tocsc()
    return Program(
        np.zeros(part.columns.size),
        np.maximum(frame.low[part.columns], -_ENDLESS),
        np.minimum(frame.high[part.columns], _ENDLESS),
        part.rest,
        part.rest,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float64),
    )
