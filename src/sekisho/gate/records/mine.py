"""Everything about me: what a subject is told of their own records, consents and transfers.

The view is made for whoever stands for the subject; it changes nothing. Entries of the log are
found in the log itself, which is verified on the way: with the subject's own secret, and nobody
else's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sekisho.errors import SekishoError
from sekisho.gate.admit import installed
from sekisho.gate.duties import duties_of_flow
from sekisho.gate.house import House
from sekisho.gate.logbook import LogBook
from sekisho.gate.records.entries import transfer_values
from sekisho.gate.records.looked import entries_of
from sekisho.gate.records.standing import Standing, demand_act
from sekisho.lanes.record.age import ended_by_age
from sekisho.lanes.record.consent import consent_value, is_open, state_at
from sekisho.lanes.record.proofs import Act
from sekisho.model.actor import Participant
from sekisho.model.consent import Consent, Subject
from sekisho.model.duty import StandingDuty
from sekisho.model.entry import Entry, commit
from sekisho.model.facts import Category
from sekisho.model.mine import Mine, MyConsent, MyEntry, MyTransfer
from sekisho.model.record_flow import RecordCategory, RecordFlow
from sekisho.model.text import Text
from sekisho.model.transfer import Recall, RecallKind, Transfer
from sekisho.terms import ConsentState, ParticipantKind, TransferState
from sekisho.tlog.history import salt_of
from sekisho.tlog.proof import Opening

READ = Act("read")
"""What a subject signs to see everything about themselves."""
MOST_WAYS = 3

_WAITING = frozenset({TransferState.REQUESTED, TransferState.OFFERED, TransferState.READY})
_WITH_SECRET = frozenset({"subject-secret", "subject-key"})


@dataclass(frozen=True, slots=True)
class _Told:
    """What is on file about one subject, with the names that go with it."""

    house: House
    subject: Subject
    consents: Sequence[Consent]
    transfers: Sequence[Transfer]
    recalls: Sequence[Recall]
    participants: dict[str, Participant]

    def party(self, participant: str) -> Participant:
        """A participant; one that is gone keeps its id as its name."""
        name = Text(participant, participant)
        unknown = Participant(participant, name, ParticipantKind.BUSINESS_OPERATOR, "XX")
        return self.participants.get(participant, unknown)

    def flow(self, programme: str, flow: str) -> RecordFlow | None:
        """The flow as the programme declares it today, if it still does."""
        try:
            return installed(self.house, programme).record_flow(flow)
        except SekishoError:
            return None


def mine(house: House, standing: Standing, book: LogBook | None = None) -> Mine:
    """Everything about the subject, now; with the log's book also the entries that concern them.

    Raises: Refused when something else was signed than to read; TamperedError when the log that
    the entries are looked for in does not verify.
    """
    demand_act(standing, READ)
    store, subject = house.store.records, standing.subject
    if standing.spent is not None:
        store.spend(standing.spent)
    consents = store.consents(subject=subject.id)
    dossiers = [store.dossier(each.id) for each in consents]
    told = _Told(
        house,
        subject,
        consents,
        store.transfers(subject=subject.id),
        [each for found in dossiers if found is not None for each in found.recalls],
        {each.id: each for each in house.store.participants()},
    )
    return Mine(
        subject=subject.id,
        holder=told.party(subject.holder),
        at=house.clock.now(),
        consents=tuple(_consent(told, each) for each in told.consents),
        transfers=tuple(_transfer(told, each) for each in told.transfers),
        entries=_entries(told, book, receipts=standing.by in _WITH_SECRET) if book else (),
        log=house.origin,
    )


def _consent(told: _Told, consent: Consent) -> MyConsent:
    flow, now = told.flow(consent.programme, consent.flow), told.house.clock.now()
    gone = Text(consent.flow, consent.flow)
    return MyConsent(
        consent=consent,
        state=state_at(consent, now),
        title=flow.title if flow else gone,
        purpose=flow.description if flow else gone,
        categories=_categories(flow, consent.scope.categories),
        recipients=tuple(told.party(each) for each in consent.scope.recipients),
        can=_can(consent, told),
        of_age=ended_by_age(consent, now),
    )


def _can(consent: Consent, told: _Told) -> tuple[str, ...]:
    now = told.house.clock.now()
    if is_open(consent, now):
        return ("pause", "narrow", "withdraw")
    return {
        ConsentState.REQUESTED: ("give", "withdraw"),
        ConsentState.PAUSED: ("resume", "withdraw"),
    }.get(state_at(consent, now), ())


def _categories(flow: RecordFlow | None, named: Sequence[str]) -> tuple[RecordCategory, ...]:
    """The categories by their ids; one that the flow no longer declares keeps its id as name."""
    known = {each.id: each for each in flow.categories} if flow else {}
    return tuple(
        known.get(each, RecordCategory(each, Text(each, each), (), (), (), Category.ORDINARY))
        for each in named
    )


def _transfer(told: _Told, transfer: Transfer) -> MyTransfer:
    flow, decision = told.flow(transfer.programme, transfer.flow), transfer.decision
    recalls = tuple(each for each in told.recalls if each.transfer == transfer.id)
    ways = [each for each in decision.openings if each.changeable] if decision else []
    return MyTransfer(
        transfer=transfer,
        title=flow.title if flow else Text(transfer.flow, transfer.flow),
        sender=told.party(transfer.sender),
        recipient=told.party(transfer.recipient),
        categories=_categories(flow, transfer.categories),
        declared=flow.categories if flow else (),
        outcome=decision.outcome if decision else None,
        articles=decision.determining if decision else (),
        duties=decision.duties if decision else (),
        standing=_standing(told, transfer),
        ways=tuple(each.changes for each in sorted(ways, key=lambda way: way.cost)[:MOST_WAYS]),
        recalls=recalls,
        can=_can_still(transfer, recalls),
    )


def _standing(told: _Told, transfer: Transfer) -> dict[str, StandingDuty]:
    """How the duties of a transfer stand: of a recurring one the newest round."""
    found = duties_of_flow(told.house, transfer.programme, transfer.id)
    return {each.kept.duty.id: each for each in sorted(found, key=lambda one: one.kept.round)}


def _can_still(transfer: Transfer, recalls: Sequence[Recall]) -> tuple[str, ...]:
    asked = any(each.kind is RecallKind.ERASE for each in recalls)
    if transfer.pick_ups:
        return () if asked else ("erase",)
    return ("stop",) if transfer.state in _WAITING else ()


# -- the log ----------------------------------------------------------------------------------


def _entries(told: _Told, book: LogBook, *, receipts: bool) -> tuple[MyEntry, ...]:
    """The entries that bear the subject's mark, in order; with a receipt for each."""
    secrets = [each for each in (told.subject.secret, *told.subject.former) if each is not None]
    found = entries_of(told.house, secrets, book)
    values = _values(told)
    entries = {}
    for index, entry in found:
        opened = _openings(entry, values.get(index, {}), secrets) if receipts else ()
        receipt = book.receipt(index, opened) if receipts else ""
        day = entry.time.date() if isinstance(entry.time, datetime) else entry.time
        entries[index] = MyEntry(index, entry.kind.value, day, receipt)
    return tuple(entries.values())


def _values(told: _Told) -> dict[int, dict[str, str]]:
    """Index of an entry -> what the node knows that it commits to."""
    found: dict[int, dict[str, str]] = {}
    for consent in told.consents:
        for event in consent.events:
            if event.index is not None:
                found.setdefault(event.index, {})["consent"] = consent_value(consent, event)
    for transfer in told.transfers:
        for step in transfer.events:
            if step.index is not None:
                found.setdefault(step.index, {}).update(transfer_values(transfer, step.kind))
    return found


def _openings(
    entry: Entry, values: dict[str, str], secrets: Sequence[bytes]
) -> tuple[Opening, ...]:
    """What the subject's secret opens of an entry; what does not fit stays closed."""
    found = []
    for field, value in values.items():
        for secret in secrets:
            salt = salt_of(secret, entry.nonce, field)
            if entry.commitments.get(field) == commit(salt, value.encode()):
                found.append(Opening(field, salt, value))
    return tuple(found)
