"""The steps to a pattern: construct, shrink, improve, prove, harden, shrink again."""

from dataclasses import dataclass, replace

import numpy as np

from sekisho.errors import CancelledError, Refused, fault
from sekisho.lanes.statistics.disclosure.cells import Ints
from sekisho.lanes.statistics.disclosure.construct import Pattern, Workers, construct
from sekisho.lanes.statistics.disclosure.contributors import Insiders
from sekisho.lanes.statistics.disclosure.direction import Search
from sekisho.lanes.statistics.disclosure.equations import Merged, Problem, restrict
from sekisho.lanes.statistics.disclosure.exact import components, optimum
from sekisho.lanes.statistics.disclosure.harden import Hardened, harden
from sekisho.lanes.statistics.disclosure.improve import improve
from sekisho.lanes.statistics.disclosure.shrink import (
    ORDERS,
    Draw,
    lighter,
    rebuilt,
    shrink,
    shrink_hardened,
    weight_of,
)

_JITTER = 1e-3
_AUTOMATIC = 40_000
_MOST_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try, in rounds and never in seconds, so that the same input ends the same way.

    `shrink` and `improve` count passes; improve None means more on small tables, fewer on large.
    `exact` is the size in unknowns up to which a component is solved with proof, within
    `exact_rounds` of cuts. `threads` changes the time and nothing else. `seed` settles ties; kept
    secret, it keeps others from replaying the choice. With `keep_protected` a cancel that comes
    after a protected pattern exists returns that pattern.
    """

    shrink: int = 4
    improve: int | None = None
    exact: int = 600
    exact_rounds: tuple[int, int] = (40, 40)
    threads: int = 1
    seed: int = 0
    keep_protected: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A pattern that holds, and a proven lower bound for its weight (0 when none was sought)."""

    hardened: Hardened
    bound: float


def seek(merged: Merged, inside: Insiders, effort: Effort, staff: Workers) -> Outcome:
    """The lightest pattern that this effort finds.

    Raises: Refused naming the cells that nothing can protect; CancelledError.
    """
    problem = merged.problem
    draw = Draw(np.random.default_rng(effort.seed))
    price = problem.weight * (1 + _JITTER * draw.generator.random(problem.size))
    search = Search(problem, price, np.ones(problem.size, dtype=bool))
    pattern = construct(search, draw.order(problem, "falling"), staff, stage="construct")
    _refuse_open(merged, pattern)
    best = Outcome(Hardened(pattern, ()), 0.0) if not inside.size else None
    try:
        pattern = shrink(search, pattern, orders(effort.shrink), draw, staff)
        best = best and Outcome(Hardened(pattern, ()), 0.0)
        pattern = improve(search, pattern, _rounds(effort, problem), draw, staff)
        pattern, bound = _proved(search, pattern, effort, (draw, staff))
        best = Outcome(harden(search, pattern, inside, staff), bound)
        passes = orders(effort.shrink)
        smaller = shrink_hardened(search, best.hardened, inside, passes, (draw, staff))
        return replace(best, hardened=smaller)
    except CancelledError:
        if effort.keep_protected and best is not None:
            return best
        raise


def orders(passes: int) -> tuple[str, ...]:
    """The orders of a number of shrink passes."""
    return tuple(ORDERS[number % len(ORDERS)] for number in range(passes))


def _rounds(effort: Effort, problem: Problem) -> int:
    if effort.improve is not None:
        return effort.improve
    return min(_MOST_ROUNDS, _AUTOMATIC // max(problem.size, 1)) if problem.unsafe.any() else 0


def _refuse_open(merged: Merged, pattern: Pattern) -> None:
    missing = pattern.open_above | pattern.open_below
    if missing.any():
        cells = np.flatnonzero(merged.spread(missing))
        raise Refused(*(fault("disclosure.cannot-protect", cell=int(cell)) for cell in cells))


def _proved(
    search: Search, pattern: Pattern, effort: Effort, means: tuple[Draw, Workers]
) -> tuple[Pattern, float]:
    """The pattern with small components at their optimum, and the sum of proven bounds."""
    problem, total = search.problem, 0.0
    label = components(problem)
    for number in np.unique(label[problem.unsafe]).tolist():
        inside = np.flatnonzero(label == number)
        if inside.size <= effort.exact:
            pattern, bound = _proved_part(search, pattern, (inside, effort), means)
            total += bound
    return pattern, total


def _proved_part(
    search: Search, pattern: Pattern, part: tuple[Ints, Effort], means: tuple[Draw, Workers]
) -> tuple[Pattern, float]:
    (inside, effort), (draw, staff) = part, means
    small = restrict(search.problem, inside)
    now = weight_of(small, pattern.hidden[inside])
    found = optimum(small, small.weight, now, effort.exact_rounds, staff)
    pattern = replace(pattern, programs=pattern.programs + found.programs)
    if found.hidden is None:
        return pattern, found.bound
    wished = pattern.hidden.copy()
    wished[inside] = found.hidden
    tried = rebuilt(search, replace(pattern, hidden=wished), "falling", draw, staff)
    return lighter(search.problem, pattern, tried), found.bound
