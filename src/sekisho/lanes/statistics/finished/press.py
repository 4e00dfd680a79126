"""Programs that each press many cells of a neighbourhood away from where they are.

What movements by chance did not prove wide is asked for together: as many cells as can be shall
reach what is missing on one side.
"""

import numpy as np
from scipy import sparse

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, sparse_rows
from sekisho.lanes.statistics.disclosure.equations import Problem, restrict
from sekisho.lanes.statistics.disclosure.local import ball
from sekisho.lanes.statistics.disclosure.solver import Program, solve
from sekisho.lanes.statistics.finished.centre import Centre, stop_if_cancelled
from sekisho.lanes.statistics.finished.frame import Frame, Judge, moving
from sekisho.lanes.statistics.finished.sway import RESIDUAL, Reach, farthest_share
from sekisho.ports import Watch

_BALLS = (3000,)
_PASSES = 6
_WORTH = 0.3
"""A program is solved again while it settles at least this share of what it asked for."""
_GIVING_WAY = 0.05
_MARGIN = 1e-6


def press(
    frame: Frame, inside: Centre, aim: tuple[Judge, Bools], reach: Reach, watch: Watch
) -> int:
    """Widen what is proven, neighbourhood by neighbourhood; returns how many programs it took."""
    judge, wanted = aim
    problem = moving(frame, inside.point)
    programs = 0
    for size in _BALLS:
        tried = ~(wanted & inside.solved)
        total = int(wanted.sum())
        while True:
            ready = np.flatnonzero(reach.pending(frame, judge, wanted) & ~tried)
            if not ready.size:
                break
            stop_if_cancelled(watch)
            watch.progress("finished.phase-room", total - ready.size, total)
            cells, _ = ball(
                problem, (~tried | inside.solved, wanted, np.ones(frame.size)), int(ready[0]), size
            )
            programs += _settle(frame, (problem, inside.point), cells, (judge, wanted), reach)
            tried[cells] = True
    return programs


def _settle(
    frame: Frame,
    around: tuple[Problem, Floats],
    cells: Ints,
    aim: tuple[Judge, Bools],
    reach: Reach,
) -> int:
    """Programs over one neighbourhood while they settle something; returns how many."""
    judge, wanted = aim
    problem, point = around
    part = restrict(problem, cells)
    for number in range(_PASSES):
        pending = np.flatnonzero(reach.pending(frame, judge, wanted)[cells])
        if not pending.size:
            return number
        at = cells[pending]
        signs, levels = _missing(frame, judge, reach, at, (point[at], number))
        move = _pressed(part, pending, signs, levels)
        if move is not None:
            _credit(part, (cells, point[cells]), move, reach)
        left = int(reach.pending(frame, judge, wanted)[at].sum())
        if move is None or (number % 2 and at.size - left <= _WORTH * at.size):
            return number + 1
    return _PASSES


def _missing(
    frame: Frame, judge: Judge, reach: Reach, at: Ints, where: tuple[Floats, int]
) -> tuple[Floats, Floats]:
    """In which direction each cell is to move, and how far from its point."""
    point, number = where
    share = min(judge.percent / 100, 1 - 1e-9)
    low, high = reach.low[at], reach.high[at]
    least = (judge.step if judge.rounded else 1e-3) / frame.unit[at] * 1.01 + _MARGIN
    little = _MARGIN * np.maximum(1.0, np.abs(high))
    up = np.maximum(low * (1 + share) / (1 - share), low * (1 - share) / (1 + share)) + little
    down = np.minimum(high * (1 - share) / (1 + share), high * (1 + share) / (1 - share)) - little
    up, down = np.maximum(up, low + least), np.minimum(down, high - least)
    rise, fall = frame.high[at] - point, point - frame.low[at]
    above, below = up - point, point - down
    with np.errstate(divide="ignore", invalid="ignore"):
        upwards = np.where(np.isinf(rise), 0.0, above / rise)
        downwards = np.where(np.isinf(fall), 0.0, below / fall)
    signs = np.where(upwards < downwards, 1.0, -1.0)
    if number % 2:
        signs = -signs
    level = np.where(signs > 0, above, below)
    # Where one side cannot do it alone, each goes most of its way.
    return signs, np.minimum(level, 0.98 * np.where(signs > 0, rise, fall)) + 1e-12


def _pressed(part: Problem, pending: Ints, signs: Floats, level: Floats) -> Floats | None:
    """One program: as many pending cells as can be reach their level, others give way a little."""
    count, asks = part.size, pending.size
    # sign_j * z_j - level_j * (t_j - s_j) >= 0, 0 <= t <= 1, s >= 0: the sum of t less a little of
    # s is made large, so that a few cells give way where the others then reach their level.
    reach = sparse_rows(signs, np.arange(asks), pending, (asks, count))
    share = sparse.csr_array(sparse.diags_array(np.maximum(level, 1e-9)))
    above = sparse.hstack([part.rows, sparse.csr_array((part.rows.shape[0], 2 * asks))])
    matrix = sparse.csc_array(sparse.vstack([above, sparse.hstack([reach, -share, share])]))
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
    return answer.point[:count] if answer.optimal else None


def _credit(part: Problem, where: tuple[Ints, Floats], move: Floats, reach: Reach) -> None:
    """Take a movement, and its reverse as far as it may go, as two more tables that fit."""
    cells, point = where
    if np.abs(part.rows @ move).max(initial=0.0) > RESIDUAL * max(1.0, float(np.abs(move).max())):
        return
    one = np.zeros(move.size, dtype=np.int64)
    reach.add(cells, point + np.clip(move, -part.down, part.up))
    share = float(farthest_share(-move, part.down, part.up, one, 1)[0])
    reach.add(cells, point - move * min(share, 1e6))
