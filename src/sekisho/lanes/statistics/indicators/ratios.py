"""A ratio of two numbers that may both carry an error, with Fieller's interval."""

import math
from dataclasses import dataclass

from sekisho.lanes.statistics.indicators.series import Known
from sekisho.model.indicator import NotEstimable

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio with its 95 % interval; no interval where both numbers are without error."""

    value: float
    low: float | None = None
    high: float | None = None


def ratio_of(number: Known, base: Known, at: str) -> Ratio | NotEstimable:
    """How many times the base a number is; the two errors are taken as independent.

    A base of 0, or one whose own interval holds 0, gives no ratio: no interval of finite length
    would hold the true ratio in 95 of 100 cases.

    Source: E. C. Fieller, "Some problems in interval estimation", JRSS B 16 (1954).
    """
    if base.value == 0:
        return NotEstimable("indicators.base-zero", {"at": at})
    if abs(base.value) <= Z_95 * base.error:
        return NotEstimable("indicators.base-not-clear", {"at": at})
    value = number.value / base.value
    if not number.error and not base.error:
        return Ratio(value)
    share = (Z_95 * base.error / base.value) ** 2
    spread = (1 - share) * number.error**2 + value**2 * base.error**2
    half = Z_95 * math.sqrt(spread) / (abs(base.value) * (1 - share))
    centre = value / (1 - share)
    return Ratio(value, centre - half, centre + half)
