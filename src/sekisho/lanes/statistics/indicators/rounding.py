"""Figures as they are written: rounded once, at the end, half to even."""

from collections.abc import Callable
from decimal import Decimal

from sekisho.model.indicator import Estimate

DECIMALS = 2
Scale = Callable[[float], float]


def estimate(
    value: float, low: float | None = None, high: float | None = None, decimals: int = DECIMALS
) -> Estimate:
    """A figure with so many decimals; its interval, too."""
    return Estimate(
        written(value, decimals),
        None if low is None else written(low, decimals),
        None if high is None else written(high, decimals),
    )


def written(value: float, decimals: int) -> Decimal:
    """A number with so many decimals, and no minus before 0."""
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals))
    return rounded or abs(rounded)
