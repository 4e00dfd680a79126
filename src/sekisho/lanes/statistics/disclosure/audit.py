"""The attacker: what anyone can work out from a pattern, found exactly.

Reads what an outsider reads (published values, equations, known bounds) plus, to judge the
outcome, the levels. Three attacks, each stronger than the one before: fill in what an equation
leaves alone, linear algebra, and intervals by linear programming.
"""

from dataclasses import dataclass, replace

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Bools, CellSet, Floats, Ints, Rows
from sekisho.lanes.statistics.disclosure.certificate import Levels
from sekisho.lanes.statistics.disclosure.construct import TOLERANCE, construct, workers
from sekisho.lanes.statistics.disclosure.direction import Search
from sekisho.lanes.statistics.disclosure.equations import Merged, Problem, components, merge
from sekisho.lanes.statistics.disclosure.solver import Program, solve

_PRIME = 2_147_483_629
_DENSE = 2500


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """What an attacker gets: hidden cells known exactly, and levels missed above and below.

    Shape: (n,) masks over the cells; `programs` linear programs were needed.
    """

    known: Bools
    below_upper: Bools
    below_lower: Bools
    programs: int

    @property
    def unprotected(self) -> Bools:
        """Cells whose interval misses a level on either side."""
        return self.below_upper | self.below_lower


def propagated(rows: Rows, hidden: Bools) -> Bools:
    """Hidden cells that filling in equations with one unknown gives away, again and again."""
    pattern = rows.astype(bool).astype(np.int64)
    unknown = hidden.copy()
    while True:
        alone = np.flatnonzero(pattern @ unknown.astype(np.int64) == 1)
        found = np.zeros(hidden.size, dtype=bool)
        if alone.size:
            entries = pattern[alone].indices
            found[entries] = True
            found &= unknown
        if not found.any():
            return hidden & ~unknown
        unknown &= ~found


def determined(rows: Rows, hidden: Bools) -> Bools:
    """Hidden cells that the equations determine, by exact elimination over a prime field.

    A field of two thousand million elements: an integer equation that vanishes in it by accident
    would need a determinant divisible by that prime. Components above 2,500 unknowns are left to
    propagation and to the intervals.
    """
    known = propagated(rows, hidden)
    left = np.flatnonzero(hidden & ~known)
    part = rows[:, left]
    part = part[np.diff(part.indptr) > 0]
    label = components(part)
    for number in range(int(label.max(initial=-1)) + 1):
        inside = np.flatnonzero(label == number)
        if inside.size <= _DENSE:
            block = part[:, inside]
            dense = block[np.diff(block.indptr) > 0].toarray()
            known[left[inside[_pinned(dense)]]] = True
    return known


def _pinned(matrix: Ints) -> Ints:
    """Columns whose unit vector lies in the row space, modulo the prime."""
    work = matrix.astype(np.int64) % _PRIME
    pivots: list[int] = []
    row = 0
    for column in range(work.shape[1]):
        below = np.flatnonzero(work[row:, column])
        if not below.size:
            continue
        chosen = row + int(below[0])
        work[[row, chosen]] = work[[chosen, row]]
        work[row] = work[row] * pow(int(work[row, column]), -1, _PRIME) % _PRIME
        others = np.flatnonzero(work[:, column])
        others = others[others != row]
        work[others] = (work[others] - work[others, column][:, None] * work[row]) % _PRIME
        pivots.append(column)
        row += 1
        if row == work.shape[0]:
            break
    alone = np.count_nonzero(work[:row], axis=1) == 1
    return np.asarray(pivots, dtype=np.int64)[np.flatnonzero(alone)]


def audit(cells: CellSet, levels: Levels, hidden: Bools, *, threads: int = 1) -> Audit:
    """What a pattern gives away, decided for every level of every unsafe cell.

    Exact up to the solver's tolerance: a level is reported missed when no table consistent with
    the publication reaches it, however far the search for one goes.
    """
    fixed = replace(cells, must_publish=~hidden, may_hide=hidden, hidden=hidden)
    merged = merge(fixed, levels.upper, levels.lower)
    problem = merged.problem
    everything = np.ones(problem.size, dtype=bool)
    search = Search(problem, np.ones(problem.size), everything)
    order = np.argsort(-np.maximum(problem.high, problem.low), kind="stable")
    with workers(threads) as staff:
        pattern = construct(search, order, staff, stage="audit", start=everything)
    low = np.minimum(levels.lower, cells.values - cells.lower)
    above = _missed(merged, pattern.open_above, levels.upper, problem.high, 1.0)
    below = _missed(merged, pattern.open_below, low, problem.low, -1.0)
    return Audit(determined(cells.equations, hidden), above, below, pattern.programs)


def _missed(merged: Merged, open_: Bools, level: Floats, asked: Floats, sign: float) -> Bools:
    """Cells whose level is missed: merged cells asked for the largest level among them."""
    at = merged.column
    missed = (level > 0) & ((at < 0) | merged.spread(open_))
    of = np.flatnonzero(missed & (at >= 0))
    milder = of[level[of] < asked[at[of]]]
    reach = {int(k): farthest(merged.problem, int(k), sign) for k in np.unique(at[milder])}
    for cell in milder.tolist():
        missed[cell] = reach[int(at[cell])] < level[cell] * (1 - TOLERANCE)
    return missed


def intervals(cells: CellSet, hidden: Bools, of: Ints) -> Floats:
    """The feasibility interval of each of some cells, by two linear programs a cell.

    Returns: (len(of), 2), lowest and highest value consistent with the publication.
    """
    none = np.zeros(cells.size)
    fixed = replace(cells, must_publish=~hidden, may_hide=hidden, hidden=hidden)
    merged = merge(fixed, none, none)
    out = np.repeat(cells.values[of].astype(np.float64)[:, None], 2, axis=1)
    for place, cell in enumerate(of.tolist()):
        at = int(merged.column[cell])
        if at >= 0:
            out[place, 0] -= farthest(merged.problem, at, -1.0)
            out[place, 1] += farthest(merged.problem, at, 1.0)
    return out


def farthest(problem: Problem, cell: int, sign: float) -> float:
    """How far a cell can move up (sign 1) or down (-1); infinite where nothing holds it."""
    cost = np.zeros(problem.size)
    cost[cell] = -sign
    zero = np.zeros(problem.rows.shape[0])
    columns = problem.columns
    answer = solve(
        Program(
            cost,
            -problem.down,
            problem.up,
            zero,
            zero,
            columns.indptr.astype(np.int32),
            columns.indices.astype(np.int32),
            columns.data,
        )
    )
    return -answer.objective if answer.optimal else np.inf
