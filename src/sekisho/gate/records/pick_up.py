"""Picking up: the recipient proves that it asks itself, then state and entry change, then bytes go.

Proof, state and entry commit in one transaction. A withdrawal commits in one of its own over the
same rows, so of the two one comes first for everybody: either the fetch is in the log before the
withdrawal, or nothing is fetched.
"""

import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from sekisho.errors import NotFound, Refused, StorageError, TamperedError, UsageError, fault
from sekisho.gate.house import Call, House
from sekisho.gate.records.challenge import answered, new_challenge
from sekisho.gate.records.entries import transfer_entry
from sekisho.gate.records.flows import flow_of
from sekisho.gate.records.payloads import erasing, remove
from sekisho.gate.records.standing import hexadecimal
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import transfer as lane
from sekisho.lanes.record.proofs import PickUpProof, pick_up_text
from sekisho.lanes.record.transfer import Fetch
from sekisho.model.dossier import Dossier, DossierChange, SpentChallenge
from sekisho.model.entry import EntryKind
from sekisho.model.transfer import Transfer, TransferEvent
from sekisho.people import Action, demand, keys_in_force
from sekisho.terms import TransferState
from sekisho.tlog import keys

_TICKET = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PickedUp:
    """A sealed payload that may be read: what it is, and the open file, which the caller closes."""

    transfer: Transfer
    file: BinaryIO


def challenge(call: Call, transfer_id: str) -> str:
    """A challenge for fetching one transfer; any id gets one, so it tells nothing.

    Raises: NotPermitted to an actor who fetches for nobody.
    """
    demand(call.actor, Action.TRANSFER_FETCH, of=(call.actor.participant,))
    return new_challenge(call.house, _about(transfer_id, call.actor.participant))


def _about(transfer_id: str, recipient: str) -> str:
    return f"pick-up\n{transfer_id}\n{recipient}"


def fetch(call: Call, transfer_id: str, proof: PickUpProof, offset: int = 0) -> PickedUp:
    """A sealed payload, once: its receipt stands in the log before a byte of it leaves.

    The same ticket again within the hour goes on with the same fetch, for a connection that broke.
    `offset` is where reading will begin: one beyond the end is no fetch.

    Raises: UsageError when the offset lies outside; Refused when the proof is wrong, or with the
    reason why nothing may be fetched; NotFound for a transfer that is not the actor's; Conflict
    when the challenge was answered before.
    """
    house, recipient = call.house, call.actor.participant
    demand(call.actor, Action.TRANSFER_FETCH, of=(recipient,))
    spent, key = _proved(house, transfer_id, recipient, proof)
    transfer = _own(house, transfer_id, recipient)
    try:
        _refuse_revoked(house, transfer)
    except Refused:
        house.store.records.spend(spent)
        raise
    size = transfer.sealed.bytes if transfer.sealed else 0
    if offset and not 0 < offset < size:
        raise UsageError(fault("records.offset-form"))
    fetched = Fetch(house.clock.now(), key, sha256(proof.ticket.encode()).hexdigest())
    with ExitStack() as undo:
        file = _open(house, transfer)
        if file is not None:
            undo.callback(file.close)

        def judge(dossier: Dossier) -> DossierChange:
            change = _fetching(house, dossier, transfer_id, fetched, spent)
            if file is None:
                raise StorageError(fault("records.payload-missing"))
            return change

        try:
            dossier = house.store.records.change(transfer.consent, judge, transfer_id)
        except Refused:
            # An answer that was refused once is not kept for a better moment.
            house.store.records.spend(spent)
            raise
        sequence(house)
        undo.pop_all()
    now = dossier.transfer(transfer_id)
    if now is None or file is None:
        raise NotFound(fault("records.no-transfer"))
    return PickedUp(now, file)


def _proved(
    house: House, transfer_id: str, recipient: str, proof: PickUpProof
) -> tuple[SpentChallenge, str]:
    """The challenge as spent, and the key that answered it; before anything is looked up."""
    if not _TICKET.fullmatch(proof.ticket):
        raise UsageError(fault("records.ticket-form"))
    spent = answered(house, proof.challenge, _about(transfer_id, recipient))
    text = pick_up_text(house.origin, transfer_id, recipient, proof.challenge, proof.ticket)
    for key in keys_in_force(house.store, recipient, "sign"):
        if keys.is_signed(key.public_key, hexadecimal(proof.signature), text):
            return spent, key.fingerprint
    raise Refused(fault("records.proof-wrong"))


def _own(house: House, transfer_id: str, recipient: str) -> Transfer:
    transfer = house.store.records.transfer(transfer_id)
    if transfer is None or transfer.recipient != recipient:
        raise NotFound(fault("records.no-transfer"))
    return transfer


def _refuse_revoked(house: House, transfer: Transfer) -> None:
    """Nothing goes out that was sealed for a key which somebody else may have by now."""
    if transfer.sealed is None or not transfer.has_payload:
        return
    known = {each.fingerprint for each in keys_in_force(house.store, transfer.recipient, "seal")}
    if transfer.sealed.sealed_to not in known:
        raise Refused(fault("records.key-revoked"))


def _open(house: House, transfer: Transfer) -> BinaryIO | None:
    """The sealed file, opened before it may be read: a withdrawal afterwards comes afterwards."""
    try:
        file = house.folder.transfer(transfer.id).open("rb")
    except FileNotFoundError:
        return None
    if transfer.sealed is not None and file.seek(0, 2) != transfer.sealed.bytes:
        file.close()
        raise TamperedError(fault("records.payload-missing"))
    file.seek(0)
    return file


def _fetching(
    house: House, dossier: Dossier, transfer_id: str, fetch: Fetch, spent: SpentChallenge
) -> DossierChange:
    transfer = dossier.transfer(transfer_id)
    if transfer is None:
        raise NotFound(fault("records.no-transfer"))
    _programme, flow = flow_of(house, transfer.programme, transfer.flow)
    fetched = lane.fetched(transfer, flow, dossier.consent, fetch)
    if fetched is None:
        return DossierChange(spent=spent)
    entry = transfer_entry(house, dossier.subject, fetched)
    return DossierChange((entry,), transfers=((fetched, 0),), spent=spent)


def acknowledge(call: Call, transfer_id: str, digest: str) -> Transfer:
    """The recipient says that what it received opened whole; then the sealed copy vanishes.

    A flow that lets it be fetched until a time keeps it until then. Twice is once.

    Raises: NotFound; Conflict before it was fetched; Refused when the digest is another.
    """
    demand(call.actor, Action.TRANSFER_FETCH, of=(call.actor.participant,))
    house = call.house
    transfer = _own(house, transfer_id, call.actor.participant)

    def judge(dossier: Dossier) -> DossierChange:
        now = dossier.transfer(transfer_id)
        if now is None or now.acknowledged_at is not None:
            return DossierChange()
        if not now.pick_ups or now.sealed is None:
            raise Refused(fault("records.transfer-state", state=now.state.value))
        if now.sealed.digest != digest:
            raise Refused(fault("records.digest-other"))
        at = house.clock.now()
        event = TransferEvent(now.state, at, None, "acknowledged")
        said = replace(now, acknowledged_at=at, events=(*now.events, event))
        entry = transfer_entry(house, dossier.subject, said, EntryKind.TRANSFER_DELIVERED)
        return DossierChange((entry,), transfers=((said, 0),))

    house.store.records.change(transfer.consent, judge, transfer_id)
    sequence(house)
    return _done_with(house, transfer)


def _done_with(house: House, transfer: Transfer) -> Transfer:
    """Remove what was fetched and acknowledged, where it may be fetched once only."""
    _programme, flow = flow_of(house, transfer.programme, transfer.flow)

    def judge(dossier: Dossier) -> DossierChange:
        now = dossier.transfer(transfer.id)
        if now is None or now.state is not TransferState.FETCHED or not flow.pick_up_once:
            return DossierChange()
        return erasing(house, dossier, [now], "received")

    dossier = house.store.records.change(transfer.consent, judge, transfer.id)
    sequence(house)
    now = dossier.transfer(transfer.id)
    if now is None:
        raise NotFound(fault("records.no-transfer"))
    if not now.has_payload:
        remove(house, now.id)
    return now


def copy_from(picked: PickedUp, target: Path, offset: int = 0) -> int:
    """Copy what was picked up into a file, from a place on; how many bytes there are then.

    Raises: UsageError when the place lies outside.
    """
    size = picked.transfer.sealed.bytes if picked.transfer.sealed else 0
    if not 0 <= offset <= size:
        raise UsageError(fault("records.offset-form"))
    picked.file.seek(offset)
    with target.open("r+b" if offset else "wb") as written:
        written.seek(offset)
        while piece := picked.file.read(1 << 20):
            written.write(piece)
        return written.tell()
