"""The state of the record lane, as the gate asks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sekisho.errors import SekishoError
from sekisho.model.consent import Consent, Subject
from sekisho.model.dossier import Dossier, DossierChange, FactOnFile, SpentChallenge
from sekisho.model.entry import Entry
from sekisho.model.transfer import Recall, Transfer


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change of what hangs on one transfer of a consent, as one of many."""

    consent: str
    transfer: str
    judge: Callable[[Dossier], DossierChange]


class RecordStore(Protocol):
    """Subjects, consents and transfers. Every change commits with its entries, or not at all."""

    def add_subject(self, subject: Subject, entry: Entry) -> int: ...
    def change_subject(
        self, subject_id: str, judge: Callable[[Subject], tuple[Subject, Entry]]
    ) -> Subject:
        """What `judge` makes of the subject as it stands, in one transaction."""
        ...

    def destroy_subject(
        self,
        subject_id: str,
        at: datetime,
        judge: Callable[[Subject, Sequence[Consent]], Entry],
        spent: SpentChallenge | None = None,
    ) -> int:
        """Destroy secrets and every number that ties a row of the subject to the log.

        `judge` makes the entry of subject and consents as they stand, in the same transaction.
        """
        ...

    def subject(self, subject_id: str) -> Subject | None: ...
    def subject_by_secret(self, secret_hash: bytes) -> Subject | None:
        """Whose secret in force has this hash; a former one finds nobody."""
        ...

    def subjects(self, holder: str) -> list[Subject]: ...
    def add_consent(self, consent: Consent, entry: Entry) -> Consent:
        """`Conflict` when the same participant asked with the same request before."""
        ...

    def consent(self, consent_id: str) -> Consent | None: ...
    def consents(self, subject: str | None = None, holder: str | None = None) -> list[Consent]: ...
    def ended_consents(self, at: datetime) -> list[str]:
        """Ids of consents whose end has come and is not written down yet."""
        ...

    def consent_by_request(self, requested_by: str, request: str) -> Consent | None: ...
    def dossier(self, consent_id: str) -> Dossier | None: ...
    def change(
        self,
        consent_id: str,
        judge: Callable[[Dossier], DossierChange],
        transfer: str | None = None,
    ) -> Dossier:
        """What `judge` makes of the dossier as it stands; nobody else changes it meanwhile.

        With `transfer` the dossier holds that one transfer alone, for a consent with many.

        Raises: whatever `judge` raises, NotFound, Conflict when a transition is not in its table
        or a challenge was spent before; then nothing changed.
        """
        ...

    def change_all(self, wanted: Sequence[Wanted]) -> list[Dossier | SekishoError]:
        """Many dossiers after their changes, in one transaction; what a judge raised instead.

        Each holds its one transfer alone, and only transfers change.
        """
        ...

    def transfers_of(self, ids: Sequence[str]) -> dict[str, Transfer]: ...
    def transfer(self, transfer_id: str) -> Transfer | None: ...
    def transfers(
        self, subject: str | None = None, party: str | None = None, *, open_only: bool = False
    ) -> list[Transfer]:
        """Transfers in order; `party` sends or receives; open ones still leave something to do."""
        ...

    def persons(self, sender: str, recipient: str, *, since: datetime, apart_from: str) -> int:
        """How many subjects' records went, or were to go, from one to the other since then."""
        ...

    def persons_among(
        self, subjects: Sequence[str], sender: str, recipient: str, *, since: datetime
    ) -> set[str]:
        """Those of some subjects whose records went, or were to go, from one to the other."""
        ...

    def recalls(self, recipient: str | None = None) -> list[Recall]: ...
    def spend(self, challenge: SpentChallenge) -> None:
        """Remember that a challenge was answered; `Conflict` when it was before."""
        ...

    def put_on_file(self, fact: FactOnFile, entry: Entry) -> int: ...
    def on_file(self, programme: str, flow: str, sender: str, recipient: str) -> list[FactOnFile]:
        """The newest statement of each fact."""
        ...
