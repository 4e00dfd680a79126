"""A trend through the past, carried on: a projection with the interval of a single future value."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.indicators.regress import t_95
from sekisho.lanes.statistics.indicators.rounding import estimate, grown
from sekisho.lanes.statistics.indicators.series import Known, Series
from sekisho.model.indicator import Figure, NotEstimable, Projection
from sekisho.model.period import Period, period_of

FEWEST = 4
MOST_AHEAD = 400


@dataclass(frozen=True, slots=True)
class _Line:
    """A fitted line with what its interval needs."""

    intercept: float
    slope: float
    middle: float
    spread: float
    scatter: float
    """Residual variance around the line."""
    noise: float
    """Mean variance of the published numbers' own errors."""
    many: int

    def at(self, time: float) -> tuple[float, float, float]:
        """The value with the ends of its interval.

        The future value scatters as the past did, and the line itself is uncertain. Where the
        published numbers carry errors larger than the scatter seen, the line is as uncertain as
        those errors make it.
        """
        value = self.intercept + self.slope * (time - self.middle)
        leverage = 1 / self.many + (time - self.middle) ** 2 / self.spread
        variance = max(self.scatter, self.noise) * leverage + self.scatter
        half = t_95(self.many - 2) * math.sqrt(variance)
        return value, value - half, value + half


def projections(how: Projection, series: Series, decimals: int) -> Iterator[Figure]:
    """The values from after the last number until the end, each with its interval."""
    until = period_of(how.until)
    times = series.within(
        period_of(how.first) if how.first else None, period_of(how.last) if how.last else None
    )
    found = _line(how, series, times)
    if until is None or (times and times[-1].number >= until.number):
        found = NotEstimable("indicators.nothing-ahead", {"at": how.until})
    elif times and until.number - times[-1].number > MOST_AHEAD:
        found = NotEstimable("indicators.too-far-ahead", {"most": MOST_AHEAD})
    elif times and until.step is not times[0].step:
        found = NotEstimable("indicators.times-of-two-kinds", {"at": how.until})
    if isinstance(found, NotEstimable) or until is None:
        problem = (
            found if isinstance(found, NotEstimable) else NotEstimable("indicators.unread-time")
        )
        yield Figure(series.group, "", "value", problem)
        return
    for number in range(times[-1].number + 1, until.number + 1):
        value, low, high = found.at(number)
        if how.model == "compound":
            value, low, high = grown(value), grown(low), grown(high)
        at = str(Period(until.step, number))
        yield Figure(series.group, at, "value", estimate(value, low, high, decimals + 1))


def _line(how: Projection, series: Series, times: list[Period]) -> _Line | NotEstimable:
    known: list[tuple[int, Known]] = []
    for each in times:
        number = series.at(each)
        if isinstance(number, NotEstimable):
            return number
        known.append((each.number, number))
    if len(known) < FEWEST:
        return NotEstimable("indicators.too-few-numbers", {"there": len(known), "least": FEWEST})
    values = np.array([k.value for _, k in known])
    errors = np.array([k.error for _, k in known])
    if how.model == "compound":
        if (values <= 0).any():
            return NotEstimable(
                "indicators.not-positive", {"at": str(times[int(np.argmin(values))])}
            )
        values, errors = np.log(values), errors / values
    at = np.array([float(number) for number, _ in known])
    middle = float(at.mean())
    spread = float(((at - middle) ** 2).sum())
    slope = float(((at - middle) * values).sum() / spread)
    rest = values - values.mean() - slope * (at - middle)
    return _Line(
        intercept=float(values.mean()),
        slope=slope,
        middle=middle,
        spread=spread,
        scatter=float((rest**2).sum() / (len(known) - 2)),
        noise=float((errors**2).mean()),
        many=len(known),
    )
