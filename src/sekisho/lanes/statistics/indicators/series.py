"""Readings in order of time, one series a group; or why they are no series."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sekisho.model.indicator import NotEstimable, Reading
from sekisho.model.period import Period, Step, time_of


@dataclass(frozen=True, slots=True)
class Known:
    """A published number with its standard error, both in the table's unit."""

    value: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one group by time; None where a number is hidden."""

    group: str
    points: dict[Period, Known | None]

    @property
    def step(self) -> Step | None:
        """How far it is from one time to the next."""
        return next((each.step for each in self.points), None)

    def at(self, period: Period) -> Known | NotEstimable:
        """The number of a time, or why it is not there."""
        if period not in self.points:
            return NotEstimable("indicators.no-number", {"at": str(period)})
        found = self.points[period]
        return (
            NotEstimable("indicators.hidden-number", {"at": str(period)})
            if found is None
            else found
        )

    def within(self, first: Period | None, last: Period | None) -> list[Period]:
        """The times from first to last, in order."""
        return [
            each
            for each in self.points
            if (first is None or first.number <= each.number)
            and (last is None or each.number <= last.number)
        ]


def series_of(
    readings: Sequence[Reading], step: Step | None = None
) -> dict[str, Series | NotEstimable]:
    """Group -> its series, in order of time; or the first thing that keeps it from being one."""
    grouped: dict[str, list[Reading]] = {}
    for each in readings:
        grouped.setdefault(each.group, []).append(each)
    return {group: _series(group, found, step) for group, found in grouped.items()}


def _series(group: str, readings: list[Reading], step: Step | None) -> Series | NotEstimable:
    points: dict[Period, Known | None] = {}
    for each in readings:
        period = time_of(each.at, step)
        if period is None:
            return NotEstimable("indicators.unread-time")
        if period in points:
            return NotEstimable("indicators.time-twice", {"at": str(period)})
        if points and period.step is not next(iter(points)).step:
            return NotEstimable("indicators.times-of-two-kinds", {"at": str(period)})
        points[period] = _known(each.value, each.standard_error)
    return Series(group, {each: points[each] for each in sorted(points)})


def _known(value: Decimal | None, error: Decimal) -> Known | None:
    return None if value is None else Known(float(value), float(error))
