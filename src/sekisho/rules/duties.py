"""What an allowed flow brings with it: duties, with the day on which each is due."""

from collections.abc import Collection
from datetime import date, timedelta

from sekisho.model.decision import Duty
from sekisho.rules.compiled import Compiled


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    return date(year, month + 1, 28)


def duties_of(rules: Compiled, through: Collection[str], at: date) -> tuple[Duty, ...]:
    """The duties that follow from the rules through which a flow passed."""
    found = []
    passed = set(through)
    for duty in rules.duties:
        if passed.isdisjoint(duty.follows):
            continue
        due = at + timedelta(days=duty.due_days) if duty.due_days is not None else None
        if due is None and duty.every_months is not None:
            due = months_after(at, duty.every_months)
        made = Duty(duty.id, duty.cited, duty.cited.text, due, duty.every_months, duty.keeps)
        found.append(made)
    return tuple(found)
