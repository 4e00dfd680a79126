"""What changed when a policy began: an interrupted time series, against groups without it.

The difference between a group and the mean of the groups compared with is fitted by

    d(t) = a + b t + weekday + level [t >= T] + slope (t - T) [t >= T] + rest(t)

so that everything that moves all groups alike falls out, and a trend that the groups did not share
before is taken as going on. The effect is the mean of level + slope (t - T) over the times since T.
Without a trend b and slope are left out: the effect is the change of the mean difference, and the
trend that was there before is shown beside it, since it speaks against such a comparison.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.indicators.ratios import Z_95
from sekisho.lanes.statistics.indicators.regress import Fit, Floats, fit, interval_of
from sekisho.lanes.statistics.indicators.rounding import estimate, grown
from sekisho.lanes.statistics.indicators.series import Known, Series
from sekisho.model.indicator import Estimate, Figure, NotEstimable, Policy
from sekisho.model.period import Period, period_of

FEWEST = 8
"""Times that are needed before the policy, and as many since."""
FEWEST_WEEKDAYS = 14
MOST_TIMES = 1000
"""Nearly three years of days: a fit takes time with the third power of its times."""
All = Mapping[str, Series | NotEstimable]


@dataclass(frozen=True, slots=True)
class _Path:
    """The numbers of one group over the whole span, with the variances of their errors."""

    values: Floats
    variances: Floats


@dataclass(frozen=True, slots=True)
class _Study:
    """What is looked at: which times, and what is compared with."""

    how: Policy
    times: tuple[Period, ...]
    compared: _Path


def policy_effects(how: Policy, every: All) -> Iterator[Figure]:
    """Effect, level, slope and trend before for each group that has the policy."""
    study = _study(how, every)
    for group, began in how.dates:
        found = study if isinstance(study, NotEstimable) else _effect(study, every, group, began)
        if isinstance(found, NotEstimable):
            yield Figure(group, began, "effect", found)
        else:
            yield from (Figure(group, began, what, each) for what, each in found.items())


def _study(how: Policy, every: All) -> _Study | NotEstimable:
    first, last = period_of(how.first), period_of(how.last)
    if first is None or last is None:
        return NotEstimable("indicators.unread-time")
    if last.number - first.number >= MOST_TIMES:
        return NotEstimable("indicators.too-many-times", {"most": MOST_TIMES})
    times = tuple(Period(first.step, n) for n in range(first.number, last.number + 1))
    paths = []
    for group in how.comparison:
        path = _path(how, every, group, times)
        if isinstance(path, NotEstimable):
            return path
        paths.append(path)
    if not paths:
        nothing = np.zeros(len(times))
        return _Study(how, times, _Path(nothing, nothing))
    values = np.mean([each.values for each in paths], axis=0)
    variances = np.sum([each.variances for each in paths], axis=0) / len(paths) ** 2
    return _Study(how, times, _Path(values, variances))


def _path(how: Policy, every: All, group: str, times: Sequence[Period]) -> _Path | NotEstimable:
    """Every number of a group over the span: one that is missing or hidden is not made up."""
    series = every.get(group)
    if series is None:
        return NotEstimable("indicators.no-group", {"group": group})
    if isinstance(series, NotEstimable):
        return series
    known: list[Known] = []
    for period in times:
        found = series.at(period)
        if isinstance(found, NotEstimable):
            return _of(group, found)
        if how.scale == "percent" and found.value <= Z_95 * found.error:
            return _of(group, NotEstimable("indicators.not-positive", {"at": str(period)}))
        known.append(found)
    values = np.array([each.value for each in known])
    errors = np.array([each.error for each in known])
    if how.scale == "percent":
        return _Path(np.log(values), (errors / values) ** 2)
    return _Path(values, errors**2)


def _of(group: str, reason: NotEstimable) -> NotEstimable:
    """A reason with the group that it is about, where there are several."""
    if not group:
        return reason
    return NotEstimable(f"{reason.code}-of", {**reason.fields, "group": group})


def _effect(
    study: _Study, every: All, group: str, began: str
) -> dict[str, Estimate | NotEstimable] | NotEstimable:
    start = period_of(began)
    if start is None:
        return NotEstimable("indicators.unread-time")
    before = sum(each.number < start.number for each in study.times)
    later = len(study.times) - before
    if not before or not later or start.step is not study.times[0].step:
        return NotEstimable("indicators.date-outside", {"at": began})
    least = FEWEST_WEEKDAYS if study.how.weekdays else FEWEST
    if min(before, later) < least:
        there = {"before": before, "since": later, "least": least}
        return NotEstimable("indicators.too-few-around", there)
    path = _path(study.how, every, group, study.times)
    if isinstance(path, NotEstimable):
        return path
    difference = path.values - study.compared.values
    errors = path.variances + study.compared.variances
    since = np.array([float(each.number - start.number) for each in study.times])
    return dict(_figures(study, since, difference, errors))


def _figures(
    study: _Study, since: Floats, difference: Floats, errors: Floats
) -> Iterator[tuple[str, Estimate | NotEstimable]]:
    """Effect and trend before; where a trend goes on, the change of level and of slope, too."""
    held = (since >= 0).astype(float)
    constant = np.ones(len(since))
    weekdays = _weekdays(study)
    if study.how.trend:
        columns = np.column_stack([held, held * since, since, constant, *weekdays])
        middle = float(since.max()) / 2
        wanted = {"effect": (1.0, middle, 0.0), "level": (1.0, 0.0, 0.0)}
        wanted |= {"slope": (0.0, 1.0, 0.0), "before": (0.0, 0.0, 1.0)}
        yield from _fitted(study, columns, (difference, errors), wanted)
        return
    columns = np.column_stack([held, constant, *weekdays])
    yield from _fitted(study, columns, (difference, errors), {"effect": (1.0,)})
    early = since < 0
    columns = np.column_stack([since, constant, *weekdays])[early]
    yield from _fitted(study, columns, (difference[early], errors[early]), {"before": (1.0,)})


def _weekdays(study: _Study) -> list[Floats]:
    """A column for each weekday but Monday, where weekdays have levels of their own."""
    if not study.how.weekdays:
        return []
    found = np.array([each.weekday or 0 for each in study.times])
    return [(found == each).astype(float) for each in range(1, 7)]


def _fitted(
    study: _Study,
    columns: Floats,
    numbers: tuple[Floats, Floats],
    wanted: Mapping[str, tuple[float, ...]],
) -> Iterator[tuple[str, Estimate | NotEstimable]]:
    """Each wanted sum of the first coefficients, with its interval."""
    values, errors = numbers
    fitted = fit(values, columns)
    noise = _noise_alone(columns, errors)
    for what, first in wanted.items():
        weights = np.array([*first, *([0.0] * (columns.shape[1] - len(first)))])
        yield what, _figure(fitted, noise, weights, study.how.scale)


def _noise_alone(columns: Floats, variances: Floats) -> Floats:
    """Covariance of the coefficients if the published numbers' own errors were all there is."""
    inverse = np.linalg.pinv(columns.T @ columns)
    return np.asarray(inverse @ (columns.T * variances) @ columns @ inverse, dtype=np.float64)


def _figure(fitted: Fit, noise: Floats, weights: Floats, scale: str) -> Estimate | NotEstimable:
    """One figure: never surer than the errors of the published numbers allow."""
    least = math.sqrt(max(float(weights @ noise @ weights), 0.0))
    ends = interval_of(fitted, weights, least)
    if scale == "percent":
        ends = tuple(100 * (grown(each) - 1) for each in ends)  # type: ignore[assignment]
    return estimate(*ends)
