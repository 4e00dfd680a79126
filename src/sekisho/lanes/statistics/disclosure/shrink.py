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
from sekisho.lanes.statistics.disclosure.harden import Hardened, harden, tolled

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


def build(search: Search, people: Insiders, order: Ints, staff: Workers, *, stage: str) -> Hardened:
    """A pattern from nothing, constructed in an order and hardened against contributors."""
    search = tolled(search, people)
    return harden(search, construct(search, order, staff, stage=stage), people, staff)


def shrink(
    search: Search,
    hardened: Hardened,
    people: Insiders,
    orders: tuple[str, ...],
    means: tuple[Draw, Workers],
) -> Hardened:
    """The lightest pattern that passes in these orders find inside a complete one."""
    best = hardened
    for number, kind in enumerate(orders):
        tried = rebuilt(search, best.pattern.hidden, people, kind, means)
        best = lighter(search.problem, best, tried)
        means[1].report("shrink", number + 1, len(orders))
    return best


def rebuilt(
    search: Search, hidden: Bools, people: Insiders, kind: str, means: tuple[Draw, Workers]
) -> Hardened:
    """A pattern built again inside these cells only, certificates included."""
    draw, staff = means
    size = search.problem.size
    kept = np.flatnonzero(hidden)
    inner = restrict(search.problem, kept)
    within = replace(search, problem=inner, price=search.price[kept], allowed=search.allowed[kept])
    own = restricted(people, kept, size) if people.size else people
    result = build(within, own, draw.order(inner, kind), staff, stage="shrink")
    unmet = tuple(replace(each, cell=int(kept[each.cell])) for each in result.unmet)
    return Hardened(widened(result.pattern, kept, size), unmet)


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


def lighter(problem: Problem, best: Hardened, tried: Hardened) -> Hardened:
    """The lighter of two patterns, with the programs of both counted; ties go to the newer."""
    programs = best.pattern.programs + tried.pattern.programs
    new, old = weight_of(problem, tried.pattern.hidden), weight_of(problem, best.pattern.hidden)
    sound = tried.pattern.complete and len(tried.unmet) <= len(best.unmet)
    chosen = tried if sound and new <= old * (1 + 1e-12) else best
    return replace(chosen, pattern=replace(chosen.pattern, programs=programs))
