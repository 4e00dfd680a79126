"""The one door to HiGHS: a program in arrays goes in, a solution in arrays comes out.

Every run is repeatable: one thread, no clock, presolve and seed set explicitly, limits counted in
iterations or nodes. HiGHS lets go of the interpreter lock while it works, so several programs may
be solved at once from threads.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_COLUMNWISE = 1
_PRIMAL = 4
_MINIMISE = 1
_MAX_ITERATIONS = 5_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise cost @ x with row_lower <= A x <= row_upper and lower <= x <= upper.

    A is held by columns: entries start[j] to start[j + 1] of `index` (rows) and `value`.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: Ints
    index: Ints
    value: Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """What came out; `optimal` is False when no feasible point was found."""

    optimal: bool
    objective: float
    point: Floats
    row_dual: Floats
    column_dual: Floats
    bound: float
    iterations: int = 0
    proven: bool = field(default=True)


def _model(program: Program, *, whole: bool, presolve: bool = True) -> highspy.Highs:
    highs = highspy.Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("presolve", "on" if presolve else "off"),
        ("solver", "choose" if whole else "simplex"),
        ("random_seed", 0),
        ("primal_feasibility_tolerance", 1e-9),
        ("simplex_iteration_limit", _MAX_ITERATIONS),
    ):
        highs.setOptionValue(name, value)
    n, m = program.cost.size, program.row_lower.size
    kind = np.full(n, int(whole), dtype=np.int32)
    highs.passModel(
        n,
        m,
        program.index.size,
        _COLUMNWISE,
        _MINIMISE,
        0.0,
        program.cost,
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        program.start,
        program.index,
        program.value,
        kind,
    )
    return highs


def solve(program: Program, *, presolve: bool = True) -> Solution:
    """Solve a linear program with a cold dual simplex.

    Presolve pays for itself only where there are many more equations than cells.

    Shape: n columns, m rows; every array is finite or infinite in the way HiGHS expects.
    """
    highs = _model(program, whole=False, presolve=presolve)
    highs.run()
    return _solution(highs)


def _solution(highs: highspy.Highs) -> Solution:
    optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    found, info = highs.getSolution(), highs.getInfo()
    empty = np.empty(0)
    return Solution(
        optimal,
        float(info.objective_function_value) if optimal else float("inf"),
        np.asarray(found.col_value) if optimal else empty,
        np.asarray(found.row_dual) if optimal else empty,
        np.asarray(found.col_dual) if optimal else empty,
        float(info.objective_function_value) if optimal else float("inf"),
        int(info.simplex_iteration_count),
        proven=optimal,
    )


def solver_for(program: Program) -> Callable[[Floats], Solution]:
    """A call that solves the same program again for another cost, from where it stood last.

    Pays for itself up to some thousands of columns; beyond, a cold start with presolve is faster.
    """
    highs = _model(program, whole=False)
    columns = np.arange(program.cost.size, dtype=np.int32)

    def solved(cost: Floats) -> Solution:
        highs.changeColsCost(columns.size, columns, cost)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            highs.clearSolver()
            return solve(replace(program, cost=cost))
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("simplex_strategy", _PRIMAL)
        return _solution(highs)

    return solved


def interior(program: Program) -> Solution:
    """A feasible point far from the edges, by an interior point method without a vertex after it.

    Means something only where the cost is zero; only `optimal` and `point` are filled.
    """
    highs = _model(program, whole=False, presolve=False)
    for name, value in (("solver", "ipm"), ("run_crossover", "off")):
        highs.setOptionValue(name, value)
    highs.run()
    optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    empty = np.empty(0)
    point = np.asarray(highs.getSolution().col_value) if optimal else empty
    return Solution(optimal, 0.0, point, empty, empty, 0.0, proven=optimal)


def solve_whole(program: Program, *, nodes: int, start: Floats | None = None) -> Solution:
    """Solve a program in whole numbers by branch and cut, up to a number of nodes.

    Returns: the best point found with the proven lower bound; `proven` when they meet.
    """
    highs = _model(program, whole=True)
    highs.setOptionValue("mip_max_nodes", nodes)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 1e-6)
    if start is not None:
        known = highspy.HighsSolution()
        known.col_value = start.tolist()
        highs.setSolution(known)
    highs.run()
    info = highs.getInfo()
    proven = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    found = proven or info.primal_solution_status == highspy.kSolutionStatusFeasible
    point = np.asarray(highs.getSolution().col_value) if found else np.empty(0)
    value = float(info.objective_function_value) if found else float("inf")
    return Solution(
        found, value, point, np.empty(0), np.empty(0), float(info.mip_dual_bound), proven=proven
    )
