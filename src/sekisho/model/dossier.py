"""Everything that hangs on one consent, and a change of it that commits whole or not at all."""

from dataclasses import dataclass
from datetime import datetime

from sekisho.model.consent import Consent, Subject
from sekisho.model.duty import Brought
from sekisho.model.entry import Entry
from sekisho.model.transfer import Recall, Transfer


@dataclass(frozen=True, slots=True)
class Dossier:
    """One consent with its subject, transfers and recalls, as they stand in one transaction."""

    subject: Subject
    consent: Consent
    transfers: tuple[Transfer, ...] = ()
    recalls: tuple[Recall, ...] = ()

    def transfer(self, transfer_id: str) -> Transfer | None:
        """The transfer of that id, if it is one of this consent."""
        return next((each for each in self.transfers if each.id == transfer_id), None)


@dataclass(frozen=True, slots=True)
class SpentChallenge:
    """A challenge that was answered: it opens nothing a second time."""

    digest: str
    """SHA-256 of the challenge, hexadecimal."""
    at: datetime
    until: datetime
    """When it would have run out anyway; then it need not be remembered."""


@dataclass(frozen=True, slots=True)
class DossierChange:
    """What becomes of a dossier, with the entries that say so.

    A number beside a transfer or recall is the place in `entries` of the entry that covers it; a
    changed consent is covered by the first one. Only a transfer that turns `ready` needs none.
    """

    entries: tuple[Entry, ...] = ()
    consent: Consent | None = None
    transfers: tuple[tuple[Transfer, int | None], ...] = ()
    recalls: tuple[tuple[Recall, int | None], ...] = ()
    spent: SpentChallenge | None = None
    brought: tuple[Brought, ...] = ()
    """Flows that were allowed, with their duties; their entries follow those above."""


@dataclass(frozen=True, slots=True)
class FactOnFile:
    """A fact about one way between two participants that somebody answers for, with its source."""

    programme: str
    flow: str
    sender: str
    recipient: str
    name: str
    """As the rule packs call it, e.g. `contract.scc`."""
    holds: bool
    source: str
    """The document or record that shows it."""
    answers: str
    """Who answers for it."""
    until: datetime | None = None
