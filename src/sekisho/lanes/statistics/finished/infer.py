"""What an attacker infers about each unknown cell, from cheap arguments to dear ones.

Bounds carried along the equations, in whole numbers; movements by chance that prove room; programs
that press many cells at once; and programs for single cells only where nothing else decided.
"""

from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.finished.carry import at_first, carry, traced, without_circle
from sekisho.lanes.statistics.finished.centre import centre
from sekisho.lanes.statistics.finished.ends import Ends
from sekisho.lanes.statistics.finished.frame import Asked, Frame, Judge, framed
from sekisho.lanes.statistics.finished.press import press
from sekisho.lanes.statistics.finished.proof import settle
from sekisho.lanes.statistics.finished.quotients import tighten
from sekisho.lanes.statistics.finished.single import Narrowed, narrowed
from sekisho.lanes.statistics.finished.sway import Reach, sway
from sekisho.lanes.statistics.finished.system import System
from sekisho.ports import Watch

_SMALL = 400
"""Up to so many unknown cells each gets its exact interval; beyond, only the undecided ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Inferred:
    """What follows for each unknown cell.

    Shape: every array is (n,). `low`, `high`: the cell lies between; `sharp` where no narrower
    interval follows. `known`: one value only. `narrow`: within the asked per cent of one
    estimate, or so large a table that it was not worked out: it may be.
    `consistent`: False in components whose figures contradict each other; nothing follows there.
    `reasons`: the equations that give a known cell away, where a program found them.
    """

    low: Floats
    high: Floats
    sharp: Bools
    known: Bools
    narrow: Bools
    consistent: Bools
    programs: int
    ends: Ends
    reasons: dict[int, tuple[int, ...]]


def infer(system: System, asked: Asked, watch: Watch) -> Inferred:
    """Everything that follows from the figures shown."""
    watch.progress("finished.phase-bounds", 0, 0)
    ends = at_first(system, asked.floor)
    carry(system, ends)
    _with_ratios(system, ends)
    judge = Judge(asked.percent, float(system.step), system.grain > 1)
    width = system.rows.shape[1]
    frame = framed(system, ends, np.ones(width, dtype=bool))
    tree = without_circle(frame.rows)
    sharp = ends.fixed.copy()
    # With ratios beside them, even cells without a circle may hang together.
    sharp[frame.cells] = tree[: frame.cells.size] & (not system.quotients)
    low, high = ends.floats(system.grain)
    open_ = ~sharp & ends.consistent
    if open_.any():
        more = _worked(framed(system, ends, open_), judge, watch)
        programs, reasons = _taken_over(system, ends, more, (low, high, sharp))
        unproven = more.unproven
    else:
        programs, reasons, unproven = 0, {}, np.zeros(0, dtype=np.int64)
    echoed = _echoed(system, (low, high, sharp), judge)
    # INVARIANT: without rounding, known means proven in whole numbers; what only a program says is
    # close (test_finished_oracle: every_weakness_is_found_and_none_where_there_is_none).
    known = ends.consistent & (ends.fixed | (judge.rounded & judge.is_known(low, high)) | echoed)
    narrow = judge.is_narrow(low, high) | judge.is_known(low, high)
    narrow[unproven] = True
    narrow &= ends.consistent & ~known
    return Inferred(low, high, sharp, known, narrow, ends.consistent, programs, ends, reasons)


_RATIO_ROUNDS = 50


def _with_ratios(system: System, ends: Ends) -> None:
    """Carry what printed ratios say along the equations, until nothing moves; in place."""
    for _ in range(_RATIO_ROUNDS if system.quotients else 0):
        moved = tighten(system.quotients, ends)
        if not moved.size:
            return
        carry(system, ends, moved)


def _echoed(system: System, into: tuple[Floats, Floats, Bools], judge: Judge) -> Bools:
    """A hidden ratio follows from what it is the ratio of, in place; which are known by it."""
    low, high, sharp = into
    ratios = np.zeros(low.size, dtype=bool)
    for ratio, line in system.echoes:
        ends = [
            (side.value / system.grain,) * 2
            if side.unknown < 0
            else (float(low[side.unknown]), float(high[side.unknown]))
            for side in (line.part, line.base)
        ]
        (least, most), (base_least, base_most) = ends
        if least >= 0 and base_least > 0:
            low[ratio] = max(low[ratio], line.scale / 2 * least / base_most)
            high[ratio] = min(high[ratio], line.scale / 2 * most / base_least)
            sharp[ratio], ratios[ratio] = False, True
    return ratios & judge.is_known(low, high)


@dataclass(frozen=True, slots=True, eq=False)
class _Worked:
    """What movements and programs found in a frame; `unproven` numbers cells of the system."""

    frame: Frame
    narrowed: Narrowed
    programs: int
    unsolved: Bools
    unproven: Ints


def _worked(frame: Frame, judge: Judge, watch: Watch) -> _Worked:
    wanted = np.arange(frame.size) < frame.cells.size
    all_sharp = int(wanted.sum()) <= _SMALL
    inside = centre(frame, watch)
    reach = Reach(inside.point.copy(), inside.point.copy())
    wanted &= inside.solved
    programs = inside.programs
    if not all_sharp:
        asked = wanted & judge.is_open(frame.low * frame.unit, frame.high * frame.unit)
        sway(frame, inside, (judge, asked), reach, watch)
        programs += press(frame, inside, (judge, asked), reach, watch)
    found = narrowed(frame, inside, (judge, wanted, all_sharp), reach, watch)
    left = wanted & judge.is_open(found.low * frame.unit, found.high * frame.unit)
    unproven = np.flatnonzero(reach.pending(frame, judge, left) & ~found.sharp)
    return _Worked(frame, found, programs + found.programs, ~inside.solved, frame.cells[unproven])


def _taken_over(
    system: System, ends: Ends, more: _Worked, into: tuple[Floats, Floats, Bools]
) -> tuple[int, dict[int, tuple[int, ...]]]:
    """Write what was found into low, high and sharp; prove known cells in whole numbers."""
    low, high, sharp = into
    frame, found = more.frame, more.narrowed
    cells, count = frame.cells, frame.cells.size
    ends.consistent[cells[more.unsolved[:count]]] = False
    unit = frame.unit[:count]
    low[cells] = np.maximum(low[cells], found.low[:count] * unit)
    high[cells] = np.minimum(high[cells], found.high[:count] * unit)
    high[cells] = np.maximum(high[cells], low[cells])
    sharp[cells] |= found.sharp[:count]
    reasons: dict[int, tuple[int, ...]] = {}
    moved = []
    for column, proof in found.proofs.items():
        cell = int(cells[column])
        reasons[cell] = tuple(sorted({*proof[0], *proof[1]}))
        if settle(system, ends, cell, proof):
            moved.append(cell)
    if moved:
        carry(system, ends, np.asarray(moved))
        exact_low, exact_high = ends.floats(system.grain)
        np.maximum(low, exact_low, out=low)
        np.minimum(high, exact_high, out=high)
        sharp |= ends.fixed
    return more.programs, reasons


def reasons(system: System, inferred: Inferred, cell: int) -> tuple[int, ...]:
    """A few equations that give a known cell away together: their numbers."""
    return inferred.reasons.get(cell) or traced(system, inferred.ends, cell)
