"""Entries of the record lane: they name no party and no person, give the day, and carry a mark.

The mark and every salt come from the subject's own secret: who has it finds and opens what
concerns the subject, and once it is destroyed nobody does.
"""

from dataclasses import dataclass

from sekisho.gate.house import House
from sekisho.lanes.record.consent import consent_value
from sekisho.model.consent import Consent, Subject
from sekisho.model.entry import Entry, EntryKind, new_nonce
from sekisho.model.transfer import Transfer
from sekisho.terms import ConsentState, Lane, Outcome, TransferState
from sekisho.tlog.history import committed, new_secret, subject_mark


@dataclass(frozen=True, slots=True)
class RecordSaid:
    """What an entry of the record lane says beside its kind and whom it concerns."""

    programme: str | None = None
    reason: str = ""
    duty: str = ""
    rules: tuple[str, ...] = ()
    pack: str | None = None
    outcome: Outcome | None = None
    values: tuple[tuple[str, str], ...] = ()
    """(commitment, value): the entry holds what the subject's secret can open."""


def record_entry(
    house: House, kind: EntryKind, subject: Subject | None, said: RecordSaid, *also: bytes
) -> Entry:
    """An entry about a subject; without one, or once the link is destroyed, about nobody.

    Its mark is then that of a secret that nobody has, so that nobody can tell the difference.
    `also` are further secrets whose holders shall find the entry.
    """
    nonce = new_nonce()
    secret = subject.secret if subject is not None and subject.secret is not None else new_secret()
    fields = (("reason", said.reason), ("duty", said.duty))
    return Entry(
        kind=kind,
        time=house.clock.now(),
        programme=said.programme,
        lane=Lane.RECORD,
        outcome=said.outcome,
        rules=said.rules,
        pack=said.pack or None,
        public={name: value for name, value in fields if value},
        commitments={
            name: committed(secret, nonce, name, value.encode()) for name, value in said.values
        },
        subjects=tuple(sorted(subject_mark(each, nonce) for each in (secret, *also))),
        nonce=nonce,
    )


CONSENT_KINDS = {
    ConsentState.REQUESTED: EntryKind.CONSENT_REQUESTED,
    ConsentState.GIVEN: EntryKind.CONSENT_GIVEN,
    ConsentState.PAUSED: EntryKind.CONSENT_PAUSED,
    ConsentState.NARROWED: EntryKind.CONSENT_NARROWED,
    ConsentState.WITHDRAWN: EntryKind.CONSENT_WITHDRAWN,
    ConsentState.EXPIRED: EntryKind.CONSENT_EXPIRED,
}
"""Which entry a consent's new state has; a resumed one has its own."""


def consent_entry(
    house: House, subject: Subject, consent: Consent, kind: EntryKind | None = None
) -> Entry:
    """The entry of a consent's newest event."""
    event = consent.events[-1]
    said = RecordSaid(
        programme=consent.programme,
        reason=event.reason,
        values=(("consent", consent_value(consent, event)),),
    )
    return record_entry(house, kind or CONSENT_KINDS[event.kind], subject, said)


TRANSFER_KINDS = {
    TransferState.REQUESTED: EntryKind.TRANSFER_REQUESTED,
    TransferState.OFFERED: EntryKind.TRANSFER_OFFERED,
    TransferState.REFUSED: EntryKind.TRANSFER_REFUSED,
    TransferState.FETCHED: EntryKind.TRANSFER_FETCHED,
    TransferState.STOPPED: EntryKind.TRANSFER_REFUSED,
    TransferState.EXPIRED: EntryKind.TRANSFER_EXPIRED,
    TransferState.ERASED: EntryKind.TRANSFER_ERASED,
}
"""Which entry a transfer's new state has; `ready` has none, for its own stands by then."""


def transfer_entry(
    house: House, subject: Subject, transfer: Transfer, kind: EntryKind | None = None
) -> Entry:
    """The entry of a transfer's newest event, with the rules that decided."""
    event = transfer.events[-1]
    decided = event.kind in (TransferState.OFFERED, TransferState.REFUSED)
    decision = transfer.decision if decided else None
    said = RecordSaid(
        programme=transfer.programme,
        reason=event.reason,
        rules=decision.rule_ids if decision else (),
        pack=decision.pack_hash if decision else None,
        outcome=decision.outcome if decision else None,
        values=transfer_values(transfer, event.kind),
    )
    return record_entry(house, kind or TRANSFER_KINDS[event.kind], subject, said)


def transfer_values(transfer: Transfer, kind: TransferState) -> tuple[tuple[str, str], ...]:
    """What the entry of an event commits to; a receipt opens to each party what is theirs."""
    values = [("consent", transfer.consent), ("request", transfer.id)]
    decided = kind in (TransferState.OFFERED, TransferState.REFUSED)
    if decided and transfer.decision is not None and transfer.decision.facts_hash:
        values.append(("facts", transfer.decision.facts_hash))
    if kind not in (TransferState.REQUESTED, TransferState.REFUSED) and transfer.sealed is not None:
        values.append(("payload", transfer.sealed.digest))
    return tuple(values)
