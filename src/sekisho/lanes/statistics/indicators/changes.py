"""Change from a baseline, growth, index and compound growth: ratios of two published numbers."""

import math
from collections.abc import Iterator

from sekisho.lanes.statistics.indicators.ratios import Ratio, ratio_of
from sekisho.lanes.statistics.indicators.rounding import Scale, estimate
from sekisho.lanes.statistics.indicators.series import Known, Series
from sekisho.model.indicator import (
    Baseline,
    Compound,
    Estimate,
    Figure,
    Growth,
    Index,
    NotEstimable,
)
from sekisho.model.period import Period, Step, period_of

Found = Estimate | NotEstimable


def baseline_changes(how: Baseline, series: Series) -> Iterator[Figure]:
    """Percent above or below the mean of the same weekday, for each day after the baseline.

    mean_w = mean of the numbers of weekday w from first to last; change = y / mean_w - 1.
    """
    first, last = period_of(how.first), period_of(how.last)
    if series.step is not Step.DAY or last is None:
        yield Figure(series.group, "", "value", NotEstimable("indicators.no-days"))
        return
    usual = {
        weekday: _mean(series, [d for d in series.within(first, last) if d.weekday == weekday])
        for weekday in range(7)
    }
    for day in series.within(last.later(1), period_of(how.until) if how.until else None):
        base = usual[day.weekday or 0]
        found = base if isinstance(base, NotEstimable) else _percent(series, day, base, "baseline")
        yield Figure(series.group, str(day), "value", found)


def _mean(series: Series, days: list[Period]) -> Known | NotEstimable:
    found = [series.at(day) for day in days]
    missing = next((each for each in found if isinstance(each, NotEstimable)), None)
    if missing is not None:
        return missing
    known = [each for each in found if isinstance(each, Known)]
    if not known:
        return NotEstimable("indicators.no-baseline-day")
    error = math.sqrt(sum(each.error**2 for each in known)) / len(known)
    return Known(math.fsum(each.value for each in known) / len(known), error)


def growths(how: Growth, series: Series) -> Iterator[Figure]:
    """Percent more than the time before, or than the same time of the year before."""
    times = list(series.points)
    for period in times:
        before = period.year_before() if how.against == "year" else period.later(-1)
        if before is None or before.number < times[0].number:
            continue
        base = series.at(before)
        found = (
            base if isinstance(base, NotEstimable) else _percent(series, period, base, str(before))
        )
        yield Figure(series.group, str(period), "value", found)


def _percent(series: Series, period: Period, base: Known, base_at: str) -> Found:
    number = series.at(period)
    if isinstance(number, NotEstimable):
        return number
    return _scaled(ratio_of(number, base, base_at), lambda ratio: 100 * (ratio - 1))


def indices(how: Index, series: Series) -> Iterator[Figure]:
    """Every number as percent of the base's, which is exactly 100."""
    base_at = period_of(how.base)
    base = series.at(base_at) if base_at else NotEstimable("indicators.unread-time")
    if isinstance(base, Known):
        usable = ratio_of(base, base, how.base)
        base = usable if isinstance(usable, NotEstimable) else base
    if isinstance(base, NotEstimable):
        yield Figure(series.group, "", "value", base)
        return
    for period in series.points:
        number = series.at(period)
        found: Found
        if isinstance(number, NotEstimable):
            found = number
        elif period == base_at:
            found = estimate(100.0)
        else:
            found = _scaled(ratio_of(number, base, how.base), _hundred)
        yield Figure(series.group, str(period), "value", found)


def _hundred(ratio: float) -> float:
    return 100 * ratio


def compound_growth(how: Compound, series: Series) -> Iterator[Figure]:
    """Percent a year that leads from the first number to the last.

    rate = (last / first) ** (1 / years) - 1; the ends of the ratio's interval go the same way.
    """
    yield Figure(series.group, "", "value", _compound(how, series))


def _compound(how: Compound, series: Series) -> Found:
    first, last = period_of(how.first), period_of(how.last)
    if first is None or last is None:
        return NotEstimable("indicators.unread-time")
    start, end = series.at(first), series.at(last)
    for each in (start, end):
        if isinstance(each, NotEstimable):
            return each
    if not isinstance(start, Known) or not isinstance(end, Known):
        return NotEstimable("indicators.unread-time")
    ratio = ratio_of(end, start, how.first)
    if isinstance(ratio, NotEstimable):
        return ratio
    if ratio.value <= 0 or (ratio.low is not None and ratio.low <= 0):
        return NotEstimable("indicators.not-positive", {"at": how.last})
    years = last.years_since(first)
    return _scaled(ratio, lambda each: 100 * (each ** (1 / years) - 1))


def _scaled(ratio: Ratio | NotEstimable, scale: Scale) -> Found:
    if isinstance(ratio, NotEstimable):
        return ratio
    if ratio.low is None or ratio.high is None:
        return estimate(scale(ratio.value))
    return estimate(scale(ratio.value), scale(ratio.low), scale(ratio.high))
