"""When a form is open, when a reminder is due, and when a request comes round again."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sekisho.model.form import Deadline, Form


class Standing(StrEnum):
    """Whether a form takes submissions."""

    NOT_OPEN = "not-open"
    OPEN = "open"
    LATE = "late"
    """After the deadline of a form that takes late submissions."""
    CLOSED = "closed"


def zone_of(form: Form) -> ZoneInfo:
    """The zone whose clocks a form goes by."""
    return ZoneInfo(form.deadline.zone if form.deadline else "UTC")


def closes_at(deadline: Deadline) -> datetime:
    """The first instant, UTC, that is too late: midnight after the day, on the zone's own clocks.

    Where that midnight is skipped or stands twice (clocks put forward or back), the day has ended
    at the first instant that no clock of the zone calls that day any more.
    """
    midnight = datetime.combine(deadline.day + timedelta(days=1), time(), ZoneInfo(deadline.zone))
    return midnight.astimezone(UTC)


def standing(form: Form, now: datetime) -> Standing:
    """Whether the form takes submissions at this instant."""
    if form.opens is not None:
        opened = datetime.combine(form.opens, time(), zone_of(form))
        if now < opened.astimezone(UTC):
            return Standing.NOT_OPEN
    if form.deadline is None or now < closes_at(form.deadline):
        return Standing.OPEN
    return Standing.LATE if form.deadline.late else Standing.CLOSED


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that is due."""

    participant: str
    form: str
    deadline: Deadline
    days_left: int
    """Whole days from today to the last day, on the zone's clocks; 0 on the last day itself."""


def reminder_due(form: Form, now: datetime) -> int | None:
    """Days left when one of the form's reminders is due; None when none is."""
    if form.deadline is None or standing(form, now) is not Standing.OPEN:
        return None
    left = (form.deadline.day - now.astimezone(zone_of(form)).date()).days
    return left if any(left <= days for days in form.reminders_days) else None


def due_in_round(day: date, every_months: int | None, number: int) -> date:
    """The day on which a round of a request is due; round 1 is due on the declared day.

    A day that a month lacks becomes its last.
    """
    months = (every_months or 0) * (number - 1) + day.month - 1
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
