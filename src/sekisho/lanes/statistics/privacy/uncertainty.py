"""Standard errors and intervals of noisy numbers, and of shares and means made from them."""

import math
from dataclasses import dataclass
from enum import StrEnum

from sekisho.lanes.statistics.privacy.calibrate import normal_quantile

LEVEL = 0.95
NORMAL_REACH = normal_quantile(0.5 + LEVEL / 2)
"""Standard errors from the middle of an interval to its end."""


class Estimable(StrEnum):
    """Whether a quotient has an interval at all."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the number without noise lies, in 95 of 100 releases."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error and its interval, all for the noise alone."""

    value: float
    standard_error: float
    interval: Interval


def rounding_variance(cells: int) -> float:
    """What rounding that many cells to integers adds to the variance of their sum."""
    return cells / 12


def around(value: float, variance: float, *, lowest: float | None = None) -> Interval:
    """The 95 % interval of a value, cut where no value can lie."""
    reach = NORMAL_REACH * math.sqrt(variance)
    low, high = value - reach, value + reach
    if lowest is not None:
        low, high = max(lowest, low), max(lowest, high)
    return Interval(low, high)


def quotient(
    above: float, below: float, variance_above: float, variance_below: float, covariance: float
) -> Estimate | None:
    """A share or mean with Fieller's interval; None when the lower number may be zero.

    Fieller: all q for which above - q * below is not further from 0 than its own error allows.
    """
    square = NORMAL_REACH * NORMAL_REACH
    leading = below * below - square * variance_below
    if leading <= 0:
        return None
    middle = above * below - square * covariance
    last = above * above - square * variance_above
    inside = max(0.0, middle * middle - leading * last)
    low = (middle - math.sqrt(inside)) / leading
    high = (middle + math.sqrt(inside)) / leading
    value = above / below
    spread = variance_above - 2 * value * covariance + value * value * variance_below
    error = math.sqrt(max(0.0, spread)) / abs(below)
    return Estimate(value, error, Interval(min(low, value), max(high, value)))
