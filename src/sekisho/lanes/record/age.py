"""Until when a guardian speaks for a child: to the day on which the child decides itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sekisho.errors import Fault, fault
from sekisho.model.consent import Consent
from sekisho.model.record_flow import RecordFlow


def age_faults(
    flow: RecordFlow, of_age_on: date | None, at: datetime, *, age_reached: bool | None
) -> Iterator[Fault]:
    """What a holder leaves unsaid, or contradicts, about the age of whom it asks."""
    if flow.age_of_consent is None:
        return
    if age_reached is None:
        yield fault("records.age-unknown", age=flow.age_of_consent)
    elif not age_reached and of_age_on is None:
        yield fault("records.of-age-unknown", age=flow.age_of_consent)
    elif not age_reached and of_age_on is not None and of_age(of_age_on) <= at:
        yield fault("records.of-age-past", age=flow.age_of_consent)


def of_age(day: date) -> datetime:
    """The first moment at which it is that day anywhere: from then on no guardian speaks."""
    return datetime.combine(day, time(), UTC) - timedelta(hours=14)


def ended_by_age(consent: Consent, at: datetime) -> bool:
    """Whether a guardian gave a consent and the subject decides themselves by now: it is over."""
    said, day = consent.expression, consent.of_age_on
    if said is None or said.by != "guardian" or day is None:
        return False
    return of_age(day) <= at
