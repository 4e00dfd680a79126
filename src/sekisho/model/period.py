"""A day, month, quarter or year as a table writes it, and as a number that can be counted on."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

_WRITTEN = re.compile(r"(\d{4})(?:-?Q([1-4])|-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


class Step(StrEnum):
    """How far it is from one time of a series to the next."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_A_YEAR = {Step.MONTH: 12, Step.QUARTER: 4, Step.YEAR: 1}
DAYS_A_YEAR = 365.2425


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One time of a series; two of the same step lie `number` apart in whole steps."""

    step: Step
    number: int

    def __str__(self) -> str:
        if self.step is Step.DAY:
            return date.fromordinal(self.number).isoformat()
        year, part = divmod(self.number, _A_YEAR[self.step])
        if self.step is Step.MONTH:
            return f"{year:04}-{part + 1:02}"
        return f"{year:04}-Q{part + 1}" if self.step is Step.QUARTER else f"{year:04}"

    def later(self, steps: int) -> "Period":
        """The time so many steps later."""
        return Period(self.step, self.number + steps)

    @property
    def weekday(self) -> int | None:
        """0 for Monday; None where the step is no day."""
        return date.fromordinal(self.number).weekday() if self.step is Step.DAY else None

    def year_before(self) -> "Period | None":
        """The same time a year before; None on the 29th of February."""
        if self.step is not Step.DAY:
            return self.later(-_A_YEAR[self.step])
        day = date.fromordinal(self.number)
        if (day.month, day.day) == (2, 29):
            return None
        return Period(Step.DAY, day.replace(year=day.year - 1).toordinal())

    def years_since(self, earlier: "Period") -> float:
        """Years from an earlier time of the same step."""
        steps = self.number - earlier.number
        return steps / (DAYS_A_YEAR if self.step is Step.DAY else _A_YEAR[self.step])


def time_of(written: str, step: Step | None) -> Period | None:
    """As `period_of`; a first day is its month, quarter or year where steps of that are asked."""
    found = period_of(written)
    if found is None or step is None or found.step is step:
        return found
    if found.step is not Step.DAY:
        return None
    day = date.fromordinal(found.number)
    parts = 12 // _A_YEAR[step]
    if day.day != 1 or (day.month - 1) % parts:
        return None
    return Period(step, day.year * _A_YEAR[step] + (day.month - 1) // parts)


@lru_cache(maxsize=4096)
def period_of(written: str) -> Period | None:
    """What a table wrote as a day, month, quarter or year; None for anything else.

    A time of day or a zone is none of these: which day it is would depend on who reads it.
    """
    found = _WRITTEN.fullmatch(written)
    if found is None or found[1] == "0000":
        return None
    year, quarter, month, day = (int(each) if each else 0 for each in found.groups())
    if found[4]:
        try:
            return Period(Step.DAY, date(year, month, day).toordinal())
        except ValueError:
            return None
    if found[3]:
        return Period(Step.MONTH, year * 12 + month - 1) if 1 <= month <= 12 else None
    return Period(Step.QUARTER, year * 4 + quarter - 1) if quarter else Period(Step.YEAR, year)
