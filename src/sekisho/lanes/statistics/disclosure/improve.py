"""Lighter patterns by starting again with other prices.

Each round makes what is hidden now cheaper by a factor and shakes all prices, builds a pattern from
nothing, shrinks it, and keeps it when it is lighter.
"""

from dataclasses import replace

import numpy as np

from sekisho.lanes.statistics.disclosure.construct import Workers
from sekisho.lanes.statistics.disclosure.contributors import Insiders
from sekisho.lanes.statistics.disclosure.direction import Search
from sekisho.lanes.statistics.disclosure.harden import Hardened
from sekisho.lanes.statistics.disclosure.shrink import Draw, build, lighter, shrink

_FACTORS = (0.3, 0.5, 0.7, 0.9)
_SHAKES = (0.1, 0.3)
_ORDERS = ("falling", "ascending", "noisy", "random")


def improve(
    search: Search,
    hardened: Hardened,
    people: Insiders,
    rounds: int,
    means: tuple[Draw, Workers],
) -> Hardened:
    """The lightest pattern found in a number of rounds; never heavier than the given one."""
    best, (draw, staff) = hardened, means
    for number in range(rounds):
        factor = _FACTORS[number % len(_FACTORS)]
        shake = _SHAKES[number // len(_FACTORS) % len(_SHAKES)]
        noise = np.exp(draw.generator.normal(0.0, shake, search.problem.size))
        shaken = search.price * np.where(best.pattern.hidden, factor, 1.0) * noise
        order = draw.order(search.problem, _ORDERS[number % len(_ORDERS)])
        tried = build(replace(search, price=shaken), people, order, staff, stage="improve")
        tried = shrink(search, tried, people, ("ascending", "random"), means)
        best = lighter(search.problem, best, tried)
        staff.report("improve", number + 1, rounds)
    return best
