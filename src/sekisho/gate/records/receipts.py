"""Receipts: a proof file each for sender, recipient and subject, which open what is theirs.

A receipt of a transfer opens to the two parties what was sealed and under which number; to the
subject also the consent. It is checked offline with the log's public key, for ever.
"""

from sekisho.errors import NotFound, fault
from sekisho.gate.house import Call, House
from sekisho.gate.records.entries import transfer_values
from sekisho.gate.records.standing import Standing
from sekisho.lanes.record.consent import consent_value
from sekisho.model.consent import Subject
from sekisho.model.entry import commit, parse_entry
from sekisho.model.transfer import Transfer, TransferEvent
from sekisho.people import Action, demand
from sekisho.terms import TransferState
from sekisho.tlog.history import salt_of
from sekisho.tlog.proof import Opening

TO_PARTIES = frozenset({"payload", "request"})


ACKNOWLEDGED = "acknowledged"
"""The receipt of what the recipient said, beside those of the states."""


def receipt_for_party(call: Call, transfer_id: str, kind: str) -> str:
    """The receipt of what became of a transfer, for the sender or the recipient.

    `kind` is a state, e.g. `fetched`, or `acknowledged`.

    Raises: NotFound for a transfer that is not the actor's, or when there is no such entry.
    """
    demand(call.actor, Action.TRANSFER_READ, of=(call.actor.participant,))
    store = call.house.store.records
    transfer = store.transfer(transfer_id)
    party = call.actor.participant
    if transfer is None or party not in (transfer.sender, transfer.recipient):
        raise NotFound(fault("records.no-transfer"))
    subject = store.subject(transfer.subject)
    return _receipt(call.house, subject, transfer, kind, TO_PARTIES)


def receipt_for_subject(house: House, standing: Standing, transfer_id: str, kind: str) -> str:
    """The receipt of what became of a transfer, for the subject: it opens everything."""
    transfer = house.store.records.transfer(transfer_id)
    if transfer is None or transfer.subject != standing.subject.id:
        raise NotFound(fault("records.no-transfer"))
    return _receipt(house, standing.subject, transfer, kind, None)


def _receipt(
    house: House,
    subject: Subject | None,
    transfer: Transfer,
    kind: str,
    open_only: frozenset[str] | None,
) -> str:
    found = [
        each
        for each in transfer.events
        if kind == (ACKNOWLEDGED if _is_acknowledged(each) else each.kind.value)
    ]
    if not found or found[-1].index is None:
        raise NotFound(fault("records.no-receipt"))
    values = dict(transfer_values(transfer, found[-1].kind))
    if open_only is not None:
        values = {name: value for name, value in values.items() if name in open_only}
    return _opened(house, subject, found[-1].index, values)


def consent_receipt(house: House, standing: Standing, consent_id: str) -> str:
    """The receipt of a consent's newest change, for the subject or the holder who acts for them."""
    consent = house.store.records.consent(consent_id)
    if consent is None or consent.subject != standing.subject.id:
        raise NotFound(fault("records.no-consent"))
    event = consent.events[-1]
    if event.index is None:
        raise NotFound(fault("records.no-receipt"))
    values = {"consent": consent_value(consent, event)}
    return _opened(house, standing.subject, event.index, values)


def _is_acknowledged(event: TransferEvent) -> bool:
    return (event.kind, event.reason) == (TransferState.FETCHED, ACKNOWLEDGED)


def _opened(house: House, subject: Subject | None, index: int, values: dict[str, str]) -> str:
    """A receipt that opens what the subject's secrets open; under a former one, if need be."""
    ((_index, body),) = house.store.outbox(index, 1)
    entry = parse_entry(body)
    openings = []
    held = [] if subject is None else [subject.secret, *subject.former]
    for secret in [each for each in held if each is not None]:
        openings = [
            Opening(name, salt_of(secret, entry.nonce, name), value)
            for name, value in values.items()
            if name in entry.commitments
        ]
        if all(_fits(entry.commitments[each.field], each) for each in openings):
            return house.log.prove(index, openings)
    return house.log.prove(index)


def _fits(commitment: str, opening: Opening) -> bool:
    return commit(opening.salt, opening.value.encode()) == commitment
