"""Planned moments of releases: which there are, and for which of them a release is made."""

import calendar
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count, takewhile
from zoneinfo import ZoneInfo

from sekisho.model.calendar import Calendar, Cycle

_MONTHS = {Cycle.MONTH: 1, Cycle.QUARTER: 3, Cycle.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Slot:
    """A planned moment, and when a release for it is published."""

    moment: datetime
    """As planned, UTC."""
    opens_at: datetime
    """The planned moment, or the one to which it was put off."""


def moments(planned: Calendar) -> Iterator[datetime]:
    """Every planned moment, UTC, earliest first; without an end when it recurs.

    The clocks of the zone count: nine o'clock stays nine o'clock when clocks are put forward. A
    day that a month lacks becomes its last.
    """
    zone = ZoneInfo(planned.zone)
    for number in range(1) if planned.every is Cycle.ONCE else count():
        day = _day(planned.first.date(), planned.every, number)
        local = datetime.combine(day, planned.first.time(), zone)
        yield local.astimezone(UTC)


def _day(first: date, every: Cycle, number: int) -> date:
    if every not in _MONTHS:
        return first + timedelta(weeks=number)
    months = _MONTHS[every] * number + first.month - 1
    year, month = first.year + months // 12, months % 12 + 1
    return date(year, month, min(first.day, calendar.monthrange(year, month)[1]))


def moments_until(planned: Calendar, end: datetime) -> list[datetime]:
    """The planned moments up to an instant, that instant included."""
    return list(takewhile(lambda moment: moment <= end, moments(planned)))


def next_moment(planned: Calendar, now: datetime) -> datetime | None:
    """The first planned moment after now; None when there is none any more."""
    return (
        next((moment for moment in moments(planned) if moment > now), None)
        if (planned.every is not Cycle.ONCE or next(moments(planned)) > now)
        else None
    )


def slot_for(
    planned: Calendar,
    now: datetime,
    taken: Collection[datetime],
    put_off: Mapping[datetime, datetime],
) -> Slot | None:
    """The moment for which a release made now is made; None when every one is taken.

    A moment that has passed without a release comes first: such a release is late, and open at
    once. `taken` are the moments that have a release, `put_off` those with another moment in
    their place.
    """
    past = moments_until(planned, now)
    wanted = [past[-1]] if past else []
    following = next_moment(planned, now)
    wanted += [following] if following is not None else []
    for moment in wanted:
        if moment not in taken:
            return Slot(moment, put_off.get(moment, moment))
    return None
