"""An indicator worked out: readings in, figures out; the same for a released or a public table."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sekisho.lanes.statistics.indicators.changes import (
    baseline_changes,
    compound_growth,
    growths,
    indices,
)
from sekisho.lanes.statistics.indicators.policy import policy_effects
from sekisho.lanes.statistics.indicators.series import Series, series_of
from sekisho.lanes.statistics.indicators.trend import projections
from sekisho.model.indicator import (
    Baseline,
    Compound,
    Figure,
    Growth,
    How,
    Index,
    Indicator,
    NotEstimable,
    Policy,
    Reading,
    Result,
)
from sekisho.model.period import Step, time_of


def measure(indicator: Indicator, readings: Sequence[Reading]) -> Result:
    """Every figure of an indicator, or in its place why there is none.

    The same readings give the same figures, byte for byte: nothing is drawn.

    Raises: UsageError when the effect of a policy is asked and statsmodels is not installed.
    """
    step = Step(indicator.step) if indicator.step else None
    how = _in_steps(indicator.how, step)
    every = series_of(readings, step)
    if isinstance(how, Policy):
        figures = tuple(policy_effects(how, every))
    elif not every:
        figures = (Figure("", "", "value", NotEstimable("indicators.no-numbers")),)
    else:
        found = (_figures(how, group, each, _decimals(readings)) for group, each in every.items())
        figures = tuple(figure for group in found for figure in group)
    return Result(indicator, figures, tuple(readings))


def _in_steps(how: How, step: Step | None) -> How:
    """The declaration's own times as months, quarters or years, where the table's are."""
    if step is None:
        return how
    names = [n for n in ("first", "last", "base", "until") if getattr(how, n, None)]
    said: dict[str, Any] = {name: str(time_of(getattr(how, name), step) or "") for name in names}
    if isinstance(how, Policy):
        said["dates"] = tuple((group, str(time_of(on, step) or "")) for group, on in how.dates)
    return replace(how, **said)


def _figures(
    how: How, group: str, series: Series | NotEstimable, decimals: int
) -> Iterator[Figure]:
    if isinstance(series, NotEstimable):
        yield Figure(group, "", "value", series)
    elif isinstance(how, Baseline):
        yield from baseline_changes(how, series)
    elif isinstance(how, Growth):
        yield from growths(how, series)
    elif isinstance(how, Index):
        yield from indices(how, series)
    elif isinstance(how, Compound):
        yield from compound_growth(how, series)
    elif not isinstance(how, Policy):
        yield from projections(how, series, decimals)


def _decimals(readings: Sequence[Reading]) -> int:
    """As many decimals as the published numbers have."""
    held = [-int(r.value.as_tuple().exponent) for r in readings if r.value is not None]
    return max(0, *held, 0)
