"""Variances and standard deviations from their noisy sums, with intervals."""

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from sekisho.lanes.statistics.privacy.after import Row, Value
from sekisho.lanes.statistics.privacy.moments import Moments
from sekisho.lanes.statistics.privacy.uncertainty import Estimate, Interval, quotient

_PARTS = 3


def spread_of(name: str, sums: tuple[Value, ...], of: Moments, row: Row) -> Value:
    """The variance or standard deviation of a group with its interval; no value where the rows may
    be none.

    Around the estimated mean the mean square is a quotient, whose interval is Fieller's; the true
    variance is smaller by the square of how far the mean is off, which Fieller's bounds as well.

    Shape: sums are the three of `moment_amounts`, in squared steps.
    """
    spread = [row.variances[name, part] for part in range(_PARTS)]
    found = _central([float(each.value) for each in sums], spread, of.steps)
    if found is None:
        return Value(None)
    rows, square, low = found
    factor = float(of.step) ** 2
    if of.is_sample:
        if rows <= 1:
            return Value(None)
        factor *= rows / (rows - 1)
    most = factor * of.steps * of.steps / 4
    value, error = max(0.0, square.value) * factor, square.standard_error * factor
    ends = (low * factor, min(max(square.interval.high * factor, value), max(most, value)))
    if of.is_root:
        value, ends = math.sqrt(value), (math.sqrt(ends[0]), math.sqrt(ends[1]))
        error /= 2 * max(value, ends[1] / 4) or 1.0
    shown = Decimal(value).quantize(Decimal(1).scaleb(-of.decimals), ROUND_HALF_UP)
    number = float(shown)
    return Value(
        shown, _own(name, error, row), Interval(min(ends[0], number), max(ends[1], number))
    )


def _own(name: str, error: float, row: Row) -> Mapping[tuple[str, int], float]:
    """A gradient that gives the error, over the first sum: no other number follows from it."""
    return {(name, 0): error / math.sqrt(row.variances[name, 0])}


def _central(
    sums: list[float], spread: list[float], steps: int
) -> tuple[float, Estimate, float] | None:
    """Rows, the mean square around the estimated mean, and how small the variance may be."""
    whole = float(steps) ** 2
    count = [1 / whole] * _PARTS
    total = [0.0, 1 / (2 * steps), 1 / steps]
    rows, amount = _along(count, sums), _along(total, sums)
    mean = _ratio(total, count, sums, spread)
    if mean is None:
        return None
    middle = amount / rows
    around = [c * middle**2 - 2 * middle * t for c, t in zip(count, total, strict=True)]
    around[2] += 1.0
    square = _ratio(around, count, sums, spread)
    if square is None:
        return None
    off = max(mean.interval.high - middle, middle - mean.interval.low)
    return rows, square, max(0.0, square.interval.low - off * off)


def _along(slope: list[float], sums: list[float]) -> float:
    return sum(a * b for a, b in zip(slope, sums, strict=True))


def _ratio(
    above: list[float], below: list[float], sums: list[float], spread: list[float]
) -> Estimate | None:
    """The quotient of two linear functions of the sums with Fieller's interval."""

    def together(one: list[float], other: list[float]) -> float:
        return sum(a * b * v for a, b, v in zip(one, other, spread, strict=True))

    upper, lower = _along(above, sums), _along(below, sums)
    return quotient(
        upper, lower, together(above, above), together(below, below), together(above, below)
    )
