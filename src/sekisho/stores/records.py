"""The state of the record lane, behind the RecordStore port.

All that hangs on one consent changes in one transaction: nobody can fetch what is being withdrawn,
nor withdraw what is being fetched, and of two that try at once one comes first for everybody.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from sekisho.errors import Conflict, SekishoError, UsageError, fault
from sekisho.model.consent import Consent, ConsentEvent, Subject
from sekisho.model.dossier import Dossier, DossierChange, FactOnFile, SpentChallenge
from sekisho.model.entry import Entry
from sekisho.model.transfer import Recall, Transfer, TransferEvent
from sekisho.ports.records import Wanted
from sekisho.stores import duty_rows, log_rows, record_batches, record_rows, subject_rows
from sekisho.stores.record_tables import consents, recalls, subjects, transfers
from sekisho.terms import CONSENT_TRANSITIONS, TRANSFER_TRANSITIONS, ConsentState, TransferState

FIRST_TRANSFER_STATES = (
    TransferState.REQUESTED,
    TransferState.OFFERED,
    TransferState.REFUSED,
)
"""A sender's offer begins at `offered`, or ends at once at `refused`."""

_State = TypeVar("_State", ConsentState, TransferState)
_Event = TypeVar("_Event", bound=ConsentEvent | TransferEvent)


class Transactions(Protocol):
    """How the store opens a transaction that writes; what is said when a row exists."""

    def __call__(self, taken: str = ..., /) -> AbstractContextManager[Connection]: ...


class SqlRecords:
    """Subjects, consents and transfers of one store; a store hands it out."""

    def __init__(
        self,
        change: Transactions,
        look: Callable[[], AbstractContextManager[Connection]],
        shred: Callable[[], None],
    ) -> None:
        self._changing = change
        self._look = look
        self._shred = shred

    def add_subject(self, subject: Subject, entry: Entry) -> int:
        """Take in a subject; Conflict when the id is in use."""
        with self._changing("store.subject-exists") as connection:
            index = log_rows.append(connection, entry)
            subject_rows.insert_subject(connection, subject)
        return index

    def change_subject(
        self, subject_id: str, judge: Callable[[Subject], tuple[Subject, Entry]]
    ) -> Subject:
        """What `judge` makes of the subject as it stands; NotFound without such a subject."""
        with self._changing("store.subject-exists") as connection:
            log_rows.lock(connection)
            changed, entry = judge(subject_rows.needed(connection, subject_id))
            log_rows.append(connection, entry)
            subject_rows.rewrite_subject(connection, changed)
        return changed

    def destroy_subject(
        self,
        subject_id: str,
        at: datetime,
        judge: Callable[[Subject, Sequence[Consent]], Entry],
        spent: SpentChallenge | None = None,
    ) -> int:
        """Destroy secrets and every number that ties a row of the subject to the log.

        `judge` makes the entry of the subject and its consents as they stand; nobody changes them
        meanwhile.

        Raises: whatever `judge` raises; NotFound; Conflict when it is done already, or a challenge
        was spent before. Then nothing changed.
        """
        with self._changing("store.challenge-spent") as connection:
            log_rows.lock(connection)
            subject = subject_rows.needed(connection, subject_id)
            own = record_rows.find_consents(connection, consents.c.subject == subject_id)
            index = log_rows.append(connection, judge(subject, own))
            if spent is not None:
                record_rows.spend(connection, spent)
            subject_rows.destroy(connection, subject_id, at)
            record_rows.unlink(connection, subject_id)
        self._shred()
        return index

    def subject(self, subject_id: str) -> Subject | None:
        """The subject of that id."""
        with self._look() as connection:
            return subject_rows.find_subject(connection, subject_id)

    def subject_by_secret(self, secret_hash: bytes) -> Subject | None:
        """Whose secret in force has this hash."""
        with self._look() as connection:
            return subject_rows.subject_of_secret(connection, secret_hash)

    def subjects(self, holder: str) -> list[Subject]:
        """The subjects of a holder, in the order in which they were registered."""
        with self._look() as connection:
            return subject_rows.find_subjects(connection, subjects.c.holder == holder)

    def add_consent(self, consent: Consent, entry: Entry) -> Consent:
        """Take in a consent that is asked for; Conflict when it was asked for before."""
        if consent.state is not ConsentState.REQUESTED:
            raise Conflict(fault("store.record-state", state=consent.state.value))
        with self._changing("store.request-exists") as connection:
            index = log_rows.append(connection, entry)
            kept = replace(consent, events=_indexed(consent.events, index))
            record_rows.insert_consent(connection, kept, consent.events[0].at)
        return kept

    def consent(self, consent_id: str) -> Consent | None:
        """The consent of that id."""
        with self._look() as connection:
            return record_rows.find_consent(connection, consent_id)

    def consents(self, subject: str | None = None, holder: str | None = None) -> list[Consent]:
        """Consents in the order in which they were asked for."""
        where = [consents.c.subject == subject] if subject is not None else []
        where += [consents.c.holder == holder] if holder is not None else []
        with self._look() as connection:
            return record_rows.find_consents(connection, *where)

    def ended_consents(self, at: datetime) -> list[str]:
        """Ids of consents whose end has come and is not written down yet."""
        with self._look() as connection:
            return record_rows.ended_consents(connection, at)

    def consent_by_request(self, requested_by: str, request: str) -> Consent | None:
        """The consent that a participant asked for with a request id of its own."""
        where = (consents.c.requested_by == requested_by, consents.c.request == request)
        with self._look() as connection:
            found = record_rows.find_consents(connection, *where)
        return found[0] if found else None

    def dossier(self, consent_id: str) -> Dossier | None:
        """A consent with all that hangs on it."""
        with self._look() as connection:
            if record_rows.find_consent(connection, consent_id) is None:
                return None
            return record_rows.find_dossier(connection, consent_id)

    def change(
        self,
        consent_id: str,
        judge: Callable[[Dossier], DossierChange],
        transfer: str | None = None,
    ) -> Dossier:
        """What `judge` makes of the dossier as it stands; nobody else changes it meanwhile.

        With `transfer` the dossier holds that one transfer alone, for a consent with many.

        Raises: whatever `judge` raises; NotFound; Conflict when a transition is not in its table or
        a challenge was spent before; UsageError when a change has no entry. Then nothing changed.
        """
        with self._changing("store.request-exists") as connection:
            log_rows.lock(connection)
            before = record_rows.find_dossier(connection, consent_id, transfer)
            asked = judge(before)
            _check(before, asked)
            indices = [log_rows.append(connection, each) for each in asked.entries]
            if asked.spent is not None:
                record_rows.spend(connection, asked.spent)
            _write(connection, asked, indices)
            return record_rows.find_dossier(connection, consent_id, transfer)

    def change_all(self, wanted: Sequence[Wanted]) -> list[Dossier | SekishoError]:
        """Many dossiers after their changes, in one transaction; what a judge raised instead.

        Raises: UsageError when one transfer is wanted twice, or other than transfers would change;
        Conflict when a request is taken. Then nothing changed.
        """
        with self._changing("store.request-exists") as connection:
            log_rows.lock(connection)
            return record_batches.change_all(connection, wanted, _check, _stamped)

    def transfers_of(self, ids: Sequence[str]) -> dict[str, Transfer]:
        """Transfers by their ids; those that there are."""
        with self._look() as connection:
            found = record_rows.find_transfers(connection, transfers.c.id.in_(ids))
        return {each.id: each for each in found}

    def transfer(self, transfer_id: str) -> Transfer | None:
        """The transfer of that id."""
        with self._look() as connection:
            found = record_rows.find_transfers(connection, transfers.c.id == transfer_id)
        return found[0] if found else None

    def transfers(
        self, subject: str | None = None, party: str | None = None, *, open_only: bool = False
    ) -> list[Transfer]:
        """Transfers in the order in which they were begun."""
        with self._look() as connection:
            return record_rows.chosen_transfers(connection, subject, party, open_only=open_only)

    def persons(self, sender: str, recipient: str, *, since: datetime, apart_from: str) -> int:
        """How many subjects' records went, or were to go, from one to the other since then."""
        way = (transfers.c.sender == sender, transfers.c.recipient == recipient)
        with self._look() as connection:
            return record_rows.count_subjects(connection, *way, since=since, apart_from=apart_from)

    def persons_among(
        self, subjects: Sequence[str], sender: str, recipient: str, *, since: datetime
    ) -> set[str]:
        """Those of some subjects whose records went, or were to go, from one to the other."""
        # an expression, which no index holds: the subject's is the one that narrows
        way = (
            transfers.c.sender.concat("") == sender,
            transfers.c.recipient.concat("") == recipient,
        )
        with self._look() as connection:
            return record_rows.subjects_among(connection, subjects, *way, since=since)

    def recalls(self, recipient: str | None = None) -> list[Recall]:
        """Recalls in the order in which they were sent."""
        where = [recalls.c.recipient == recipient] if recipient is not None else []
        with self._look() as connection:
            return record_rows.find_recalls(connection, *where)

    def spend(self, challenge: SpentChallenge) -> None:
        """Remember that a challenge was answered; Conflict when it was before."""
        with self._changing("store.challenge-spent") as connection:
            log_rows.lock(connection)
            record_rows.spend(connection, challenge)

    def put_on_file(self, fact: FactOnFile, entry: Entry) -> int:
        """Write that a fact holds, or no longer holds, between two participants."""
        with self._changing() as connection:
            index = log_rows.append(connection, entry)
            record_rows.insert_fact(connection, fact, index)
        return index

    def on_file(self, programme: str, flow: str, sender: str, recipient: str) -> list[FactOnFile]:
        """The newest statement of each fact."""
        with self._look() as connection:
            return record_rows.current_facts(connection, programme, flow, sender, recipient)


def _check(before: Dossier, asked: DossierChange) -> None:
    """Refuse what no table allows, and what no entry stands for."""
    if asked.consent is not None:
        if not asked.entries:
            raise UsageError(fault("store.entry-each"))
        _same(before.consent.id, asked.consent.id, asked.consent.subject == before.subject.id)
        _moves(before.consent.state, asked.consent.state, CONSENT_TRANSITIONS)
    for transfer, place in asked.transfers:
        _same(before.consent.id, transfer.consent, transfer.subject == before.subject.id)
        old = before.transfer(transfer.id)
        if old is None and transfer.state not in FIRST_TRANSFER_STATES:
            raise Conflict(fault("store.record-state", state=transfer.state.value))
        if old is not None and old.state is not transfer.state:
            _moves(old.state, transfer.state, TRANSFER_TRANSITIONS)
        _has_entry(asked, place, needed=transfer.state is not TransferState.READY)
    for recall, place in asked.recalls:
        old_recall = next((each for each in before.recalls if each.id == recall.id), None)
        _has_entry(asked, place, needed=True)
        if old_recall is not None and old_recall.acknowledged_at is not None:
            raise Conflict(fault("store.recall-done"))


def _same(first: str, second: str, *also: bool) -> None:
    if first != second or not all(also):
        raise Conflict(fault("store.other-dossier"))


def _moves(old: _State, new: _State, table: Mapping[_State, frozenset[_State]]) -> None:
    if new not in table[old]:
        raise Conflict(fault("store.record-state", state=new.value))


def _has_entry(asked: DossierChange, place: int | None, *, needed: bool) -> None:
    stands = place is not None and 0 <= place < len(asked.entries)
    if (needed or place is not None) and not stands:
        raise UsageError(fault("store.entry-each"))


def _write(connection: Connection, asked: DossierChange, indices: Sequence[int]) -> None:
    if asked.consent is not None:
        kept = replace(asked.consent, events=_indexed(asked.consent.events, indices[0]))
        record_rows.update_consent(connection, kept)
    for transfer, place in asked.transfers:
        moved = transfer if place is None else _stamped(transfer, indices[place])
        record_rows.write_transfer(connection, moved)
    for recall, place in asked.recalls:
        index = recall.index if place is None or recall.index is not None else indices[place]
        record_rows.write_recall(connection, replace(recall, index=index))
    for each in asked.brought:
        duty_rows.keep(connection, each)


def _stamped(transfer: Transfer, index: int) -> Transfer:
    return replace(transfer, events=_indexed(transfer.events, index))


def _indexed(events: tuple[_Event, ...], index: int) -> tuple[_Event, ...]:
    """The last event with its entry; earlier ones have theirs."""
    if not events or events[-1].index is not None:
        raise UsageError(fault("store.entry-each"))
    last: _Event = replace(events[-1], index=index)
    return (*events[:-1], last)
