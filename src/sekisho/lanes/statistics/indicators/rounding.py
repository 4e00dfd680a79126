"""Figures as they are written: rounded once, at the end, half to even."""

import math
from collections.abc import Callable
from decimal import Decimal

from sekisho.model.indicator import Estimate, NotEstimable

DECIMALS = 2
MOST = 1e15
"""Beyond this a figure would have more digits than anybody counted, and says nothing."""
Scale = Callable[[float], float]


def estimate(
    value: float, low: float | None = None, high: float | None = None, decimals: int = DECIMALS
) -> Estimate | NotEstimable:
    """A figure with so many decimals; its interval, too; or why it would say nothing."""
    ends = (value, *(each for each in (low, high) if each is not None))
    if not all(abs(each) < MOST for each in ends):
        return NotEstimable("indicators.too-wide")
    return Estimate(
        written(value, decimals),
        None if low is None else written(low, decimals),
        None if high is None else written(high, decimals),
    )


def grown(logarithm: float) -> float:
    """The number of a natural logarithm; what is too large to write stays too large."""
    return math.exp(min(logarithm, 700.0))


def written(value: float, decimals: int) -> Decimal:
    """A number with so many decimals, and no minus before 0."""
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals))
    return rounded or abs(rounded)
