"""The least costly pattern, with proof, for tables of some hundred cells; a lower bound for others.

A master program chooses cells; for each level, the attacker's own program tells whether the choice
lets the cell move far enough, and if not, its duals are an inequality that every protected pattern
fulfils. The inequalities are collected first on fractional choices, then on whole ones.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.construct import Workers
from sekisho.lanes.statistics.disclosure.equations import Problem
from sekisho.lanes.statistics.disclosure.solver import Program, solve, solve_whole

_WIDE = 1e3
_LITTLE = 1e-7
_NODES = 2_000
_CLOSE = 0.85
_SMALL = 200


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The best pattern that the cuts allow, a proven lower bound, and whether the two meet.

    `hidden` is None when no pattern lighter than the given one was found.
    """

    hidden: Bools | None
    bound: float
    proven: bool
    programs: int


@dataclass(slots=True, eq=False)
class _Cuts:
    """Inequalities coefficient @ choice >= 1, each over a few cells."""

    cells: list[Ints]
    coefficients: list[Floats]

    def add(self, cut: tuple[Ints, Floats] | None, choice: Floats) -> bool:
        """Take in a cut that the choice violates; tell whether it did."""
        if cut is None or float(cut[1] @ choice[cut[0]]) >= 1 - 1e-4:
            return False
        self.cells.append(cut[0])
        self.coefficients.append(cut[1])
        return True


def optimum(
    problem: Problem, weight: Floats, best: float, rounds: tuple[int, int], staff: Workers
) -> Optimum:
    """Seek the least weight of hidden cells, starting from a pattern of weight `best`.

    `rounds` bound the rounds of cuts on fractional and on whole choices. Without a proof the bound
    still holds: every cut is fulfilled by every protected pattern. Whole choices are tried on
    components of up to 200 unknowns, and on others when the fractional bound is within 15%.
    """
    levels = [(int(k), side) for side in (0, 1) for k in np.flatnonzero(_level(problem, side) > 0)]
    cuts = _Cuts([], [])
    fixed = problem.unsafe | problem.hidden
    cost = np.where(fixed, 0.0, weight)
    bound, programs = 0.0, 0
    for whole, most in enumerate(rounds):
        if whole and bound < _CLOSE * best and problem.size > _SMALL:
            break
        for number in range(most):
            answer, choice = _master(problem, cost, fixed, cuts, whole=bool(whole))
            bound = max(bound, answer)
            programs += 1 + len(levels)
            if _settles(cost, bound, best):
                return Optimum(None, best, proven=True, programs=programs)
            see = partial(_cut, problem, choice)
            fresh = sum(cuts.add(cut, choice) for cut in list(staff.map(see, levels)))
            staff.report("exact", number + 1, most)
            if whole and not fresh:
                return Optimum(choice > 0.5, bound, proven=True, programs=programs)
            if not fresh:
                break
    return Optimum(None, bound, proven=False, programs=programs)


def _settles(cost: Floats, bound: float, best: float) -> bool:
    """Whether nothing lighter than `best` is left; whole weights round the bound up."""
    if np.array_equal(cost, np.rint(cost)):
        bound = np.ceil(bound - 1e-6)
    return bool(bound >= best * (1 - 1e-9))


def _level(problem: Problem, side: int) -> Floats:
    return problem.high if side == 0 else problem.low


def _master(
    problem: Problem, cost: Floats, fixed: Bools, cuts: _Cuts, *, whole: bool
) -> tuple[float, Floats]:
    used = np.unique(np.concatenate([*cuts.cells, np.flatnonzero(fixed)]))
    place = np.full(problem.size, -1, dtype=np.int64)
    place[used] = np.arange(used.size)
    count = len(cuts.cells)
    row = np.repeat(np.arange(count), [cells.size for cells in cuts.cells])
    column = place[np.concatenate([*cuts.cells, np.empty(0, dtype=np.int64)])]
    value = np.concatenate([*cuts.coefficients, np.empty(0)])
    order = np.argsort(column, kind="stable")
    start = np.searchsorted(column[order], np.arange(used.size + 1))
    program = Program(
        cost[used],
        fixed[used].astype(np.float64),
        np.ones(used.size),
        np.ones(count),
        np.full(count, np.inf),
        start.astype(np.int32),
        row[order].astype(np.int32),
        value[order],
    )
    answer = solve_whole(program, nodes=_NODES) if whole else solve(program)
    choice = np.zeros(problem.size)
    if answer.optimal:
        choice[used] = np.clip(answer.point, 0.0, 1.0)
    return (answer.bound if whole else answer.objective), choice


def _cut(problem: Problem, choice: Floats, level: tuple[int, int]) -> tuple[Ints, Floats] | None:
    """What the attacker's duals say about a level that the choice does not reach.

    With multipliers p, no movement takes the cell farther than the sum over cells of its room times
    r = unit - p A, positive parts upwards and negative ones downwards; that sum must reach 1.
    """
    cell, side = level
    asked = float(_level(problem, side)[cell])
    down, up = problem.down / asked, problem.up / asked
    if side:
        down, up = up, down
    most, least = np.minimum(up, _WIDE), np.minimum(down, _WIDE)
    cost = np.zeros(problem.size)
    cost[cell] = -1.0
    upper = most * choice
    upper[cell] = min(upper[cell], 1.0)
    columns = problem.columns
    zero = np.zeros(problem.rows.shape[0])
    answer = solve(
        Program(
            cost,
            -least * choice,
            upper,
            zero,
            zero,
            columns.indptr.astype(np.int32),
            columns.indices.astype(np.int32),
            columns.data,
        )
    )
    if not answer.optimal or answer.objective <= -1 + 1e-6:
        return None
    return _inequality(problem, answer.row_dual, cell, (down, up))


def _inequality(
    problem: Problem, dual: Floats, cell: int, room: tuple[Floats, Floats]
) -> tuple[Ints, Floats]:
    down, up = room
    rest = np.asarray(problem.columns.T @ dual)
    rest[cell] += 1.0
    above, below = rest > _LITTLE, rest < -_LITTLE
    reach = np.zeros(problem.size)
    reach[above] = np.minimum(up[above] * rest[above], 1.0)
    reach[below] = np.minimum(down[below] * -rest[below], 1.0)
    reach[cell] = 0.0 if rest[cell] <= _LITTLE else min(reach[cell], 1.0)
    used = np.flatnonzero(reach > 0)
    return used, reach[used]
