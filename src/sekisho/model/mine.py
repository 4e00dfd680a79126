"""Everything that a node knows about one subject's records, as the subject is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sekisho.model.actor import Participant
from sekisho.model.consent import Consent
from sekisho.model.decision import Change, CitedRule, Duty
from sekisho.model.duty import StandingDuty
from sekisho.model.record_flow import RecordCategory
from sekisho.model.text import Text
from sekisho.model.transfer import Recall, Transfer
from sekisho.terms import ConsentState, Outcome


@dataclass(frozen=True, slots=True)
class MyConsent:
    """One consent with what it means in words, and what the subject can do about it now."""

    consent: Consent
    state: ConsentState
    """As it stands at the moment of the view; past its end it is expired."""
    title: Text
    purpose: Text
    categories: tuple[RecordCategory, ...]
    recipients: tuple[Participant, ...]
    can: tuple[str, ...]
    """Of `give`, `pause`, `resume`, `narrow`, `withdraw`."""
    of_age: bool = False
    """Whether a guardian gave it and the subject decides themselves by now: it is over."""


@dataclass(frozen=True, slots=True)
class MyTransfer:
    """One transfer: what, when, to whom, by which articles, and what the recipient must do."""

    transfer: Transfer
    title: Text
    sender: Participant
    recipient: Participant
    categories: tuple[RecordCategory, ...]
    declared: tuple[RecordCategory, ...]
    """Every category of the flow: what was left out is told in their words."""
    outcome: Outcome | None
    """None: not decided yet."""
    articles: tuple[CitedRule, ...]
    duties: tuple[Duty, ...]
    standing: Mapping[str, StandingDuty]
    """Id of a duty -> how its newest round stands."""
    ways: tuple[tuple[Change, ...], ...]
    """Refused: what would open the way, cheapest first."""
    recalls: tuple[Recall, ...]
    can: tuple[str, ...]
    """Of `stop` (not fetched yet) and `erase` (received)."""


@dataclass(frozen=True, slots=True)
class MyEntry:
    """One entry of the public log that concerns the subject."""

    index: int
    kind: str
    on: date
    receipt: str = ""
    """A tlog-proof with what the subject may open of the entry; anyone can check it."""


@dataclass(frozen=True, slots=True)
class Mine:
    """The whole view, at one moment."""

    subject: str
    holder: Participant
    at: datetime
    consents: tuple[MyConsent, ...]
    transfers: tuple[MyTransfer, ...]
    entries: tuple[MyEntry, ...]
    log: str = ""
    """The origin line of the log."""

    @property
    def shared(self) -> tuple[MyTransfer, ...]:
        """Transfers that reached their recipient."""
        return tuple(each for each in self.transfers if each.transfer.pick_ups)

    @property
    def unanswered(self) -> tuple[tuple[MyTransfer, Recall], ...]:
        """Notices to recipients that nobody has acknowledged yet."""
        return tuple(
            (each, recall)
            for each in self.transfers
            for recall in each.recalls
            if recall.acknowledged_at is None
        )
