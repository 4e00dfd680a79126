"""A smaller pattern inside a protected one.

The pattern is built again from nothing, in another order, allowed to hide only what is hidden
already. It can only get lighter, and each pass ends with certificates of its own.
"""

from dataclasses import dataclass, replace

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Bools, Ints
from sekisho.lanes.statistics.disclosure.construct import Pattern, Workers, construct, mapped
from sekisho.lanes.statistics.disclosure.contributors import Insiders, restricted
from sekisho.lanes.statistics.disclosure.direction import Search
from sekisho.lanes.statistics.disclosure.equations import Problem, restrict
from sekisho.lanes.statistics.disclosure.harden import Hardened, harden

ORDERS = ("ascending", "random", "noisy", "random")


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A repeatable source of orders: the same seed gives the same orders for ever."""

    generator: np.random.Generator

    def order(self, problem: Problem, kind: str) -> Ints:
        """The cells in an order: falling, ascending, random, or falling with noise."""
        level = np.maximum(problem.high, problem.low)
        if kind == "random":
            return self.generator.permutation(problem.size)
        if kind == "noisy":
            level = level * np.exp(self.generator.normal(0.0, 1.0, problem.size))
        key = level if kind == "ascending" else -level
        return np.argsort(key, kind="stable")


def weight_of(problem: Problem, hidden: Bools) -> float:
    """What a pattern costs: the weight of what it hides besides unsafe and never published."""
    return float(problem.weight[hidden & ~(problem.unsafe | problem.hidden)].sum())


def shrink(
    search: Search, pattern: Pattern, orders: tuple[str, ...], draw: Draw, staff: Workers
) -> Pattern:
    """The lightest pattern that passes in these orders find inside a complete one."""
    best = pattern
    for number, kind in enumerate(orders):
        tried = rebuilt(search, best, kind, draw, staff)
        best = lighter(search.problem, best, tried)
        staff.report("shrink", number + 1, len(orders))
    return best


def shrink_hardened(
    search: Search,
    hardened: Hardened,
    people: Insiders,
    orders: tuple[str, ...],
    means: tuple[Draw, Workers],
) -> Hardened:
    """The same for a pattern that holds against contributors: each pass hardens what it built."""
    draw, staff = means
    best, problem = hardened, search.problem
    for kind in orders if people.size else ():
        kept = np.flatnonzero(best.pattern.hidden)
        within = _within(search, kept)
        own = restricted(people, kept, problem.size)
        order = draw.order(within.problem, kind)
        built = construct(within, order, staff, stage="shrink")
        tried = harden(within, built, own, staff)
        whole = widened(tried.pattern, kept, problem.size)
        pattern = lighter(problem, best.pattern, whole)
        unmet = tuple(replace(each, cell=int(kept[each.cell])) for each in tried.unmet)
        if pattern.hidden is whole.hidden and len(unmet) <= len(best.unmet):
            best = Hardened(pattern, unmet)
    return best


def _within(search: Search, kept: Ints) -> Search:
    inner = restrict(search.problem, kept)
    return replace(search, problem=inner, price=search.price[kept], allowed=search.allowed[kept])


def rebuilt(search: Search, pattern: Pattern, kind: str, draw: Draw, staff: Workers) -> Pattern:
    """The pattern built again inside itself, certificates included."""
    kept = np.flatnonzero(pattern.hidden)
    within = _within(search, kept)
    result = construct(within, draw.order(within.problem, kind), staff, stage="shrink")
    return widened(result, kept, search.problem.size)


def widened(pattern: Pattern, kept: Ints, size: int) -> Pattern:
    """A pattern over some of the cells as a pattern over all of them."""

    def spread(part: Bools) -> Bools:
        out = np.zeros(size, dtype=bool)
        out[kept] = part
        return out

    return Pattern(
        spread(pattern.hidden),
        tuple(mapped(each, kept) for each in pattern.directions),
        spread(pattern.open_above),
        spread(pattern.open_below),
        pattern.programs,
    )


def lighter(problem: Problem, best: Pattern, tried: Pattern) -> Pattern:
    """The lighter of two patterns, with the programs of both counted; ties go to the newer."""
    programs = best.programs + tried.programs
    weights = weight_of(problem, tried.hidden), weight_of(problem, best.hidden)
    keep_tried = tried.complete and weights[0] <= weights[1] * (1 + 1e-12)
    return replace(tried if keep_tried else best, programs=programs)
