"""Duties that allowed flows bring, kept until they are done; and what a flow was judged by."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sekisho.model.decision import Duty
from sekisho.model.entry import Entry
from sekisho.model.facts import Facts
from sekisho.terms import Lane


class DutyState(StrEnum):
    """Where a duty stands on a day; only `done` is written down, the rest follows."""

    STANDING = "standing"
    """Due whenever the event occurs that its text names."""
    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    LAPSED = "lapsed"
    """Its flow never took place, or a recurring duty's flow ended."""


@dataclass(frozen=True, slots=True)
class AllowedFlow:
    """A flow that was let through, with the facts that let it: enough to judge it again."""

    id: str
    """Of the release or transfer."""
    lane: Lane
    programme: str
    holder: str
    """The participant that has to do what follows: the sender, or the steward of a release."""
    on: date
    pack_hash: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class KeptDuty:
    """One duty of one flow; a recurring one is a new duty each round."""

    id: str
    flow: str
    lane: Lane
    programme: str
    holder: str
    round: int
    since: date
    duty: Duty
    done_at: datetime | None = None
    done_by: str = ""
    note: str = ""
    index: int | None = None
    """The entry `duty-due`; None in the record lane, where no row is tied to the log."""


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """A duty with the entry that says so."""

    duty: KeptDuty
    entry: Entry


@dataclass(frozen=True, slots=True)
class Brought:
    """What an allowed flow leaves in the store, beside itself."""

    flow: AllowedFlow
    duties: tuple[DutyEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyDone:
    """A duty that is done, and the next round of a recurring one."""

    done: DutyEntry
    follows: DutyEntry | None = None


@dataclass(frozen=True, slots=True)
class StandingDuty:
    """A duty as it stands on a day."""

    kept: KeptDuty
    state: DutyState
