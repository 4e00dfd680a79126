"""The steps to a pattern: construct, shrink, improve, prove, harden, shrink again."""

from dataclasses import dataclass, replace

import numpy as np

from sekisho.errors import CancelledError, Refused, fault
from sekisho.lanes.statistics.disclosure.cells import Ints
from sekisho.lanes.statistics.disclosure.construct import Pattern, Workers, construct
from sekisho.lanes.statistics.disclosure.contributors import Insiders
from sekisho.lanes.statistics.disclosure.direction import Search
from sekisho.lanes.statistics.disclosure.equations import Merged, Problem, components, restrict
from sekisho.lanes.statistics.disclosure.exact import optimum
from sekisho.lanes.statistics.disclosure.harden import Hardened, harden, tolled
from sekisho.lanes.statistics.disclosure.improve import improve
from sekisho.lanes.statistics.disclosure.shrink import (
    ORDERS,
    Draw,
    lighter,
    rebuilt,
    shrink,
    weight_of,
)

_JITTER = 1e-3
_AUTOMATIC = 5_000
_LARGE = 3_000
_MOST_ROUNDS = 12


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
    means, passes = (draw, staff), orders(effort.shrink)
    plain = tolled(search, inside)
    pattern = construct(plain, draw.order(problem, "falling"), staff, stage="construct")
    _refuse_open(merged, pattern)
    best = None if inside.size else Outcome(Hardened(pattern, ()), 0.0)
    try:
        best = Outcome(harden(plain, pattern, inside, staff), 0.0)
        best = replace(best, hardened=shrink(search, best.hardened, inside, passes, means))
        rounds = _rounds(effort, problem)
        best = replace(best, hardened=improve(search, best.hardened, inside, rounds, means))
        return _proved(search, best.hardened, inside, effort, means)
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
    small = problem.unsafe.any() and problem.size <= _LARGE
    return min(_MOST_ROUNDS, _AUTOMATIC // problem.size) if small else 0


def _refuse_open(merged: Merged, pattern: Pattern) -> None:
    missing = pattern.open_above | pattern.open_below
    if missing.any():
        cells = np.flatnonzero(merged.spread(missing))
        raise Refused(*(fault("disclosure.cannot-protect", cell=int(cell)) for cell in cells))


def _proved(
    search: Search,
    hardened: Hardened,
    inside: Insiders,
    effort: Effort,
    means: tuple[Draw, Workers],
) -> Outcome:
    """The pattern with small components at their optimum, and the sum of proven bounds.

    Against contributors no optimum is sought: their levels would need cuts of their own.
    """
    problem = search.problem
    best = Outcome(hardened, 0.0)
    if not effort.exact or inside.size:
        return best
    label = components(problem.rows)
    for number in np.unique(label[problem.unsafe]).tolist():
        part = np.flatnonzero(label == number)
        if part.size <= effort.exact:
            best = _proved_part(search, best, (part, inside, effort), means)
    return best


def _proved_part(
    search: Search,
    best: Outcome,
    within: tuple[Ints, Insiders, Effort],
    means: tuple[Draw, Workers],
) -> Outcome:
    part, inside, effort = within
    small = restrict(search.problem, part)
    pattern = best.hardened.pattern
    now = weight_of(small, pattern.hidden[part])
    found = optimum(small, small.weight, now, effort.exact_rounds, means[1])
    counted = replace(pattern, programs=pattern.programs + found.programs)
    best = Outcome(replace(best.hardened, pattern=counted), best.bound + found.bound)
    if found.hidden is None:
        return best
    wished = pattern.hidden.copy()
    wished[part] = found.hidden
    tried = rebuilt(search, wished, inside, "falling", means)
    return replace(best, hardened=lighter(search.problem, best.hardened, tried))
