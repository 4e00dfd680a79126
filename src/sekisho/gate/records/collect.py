"""The recipient's side: fetch a sealed record from the sender's node, open it, say that it opened.

Two nodes, one of them ours. A fetch that broke off goes on where it stopped, also after a restart:
the ticket lies beside the part that has arrived.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sekisho.errors import Conflict, NotFound, Refused, StorageError, TamperedError, fault
from sekisho.gate.files import sync_folder
from sekisho.gate.house import Call, House
from sekisho.gate.records.opening import Slip, open_transfer, read_slip
from sekisho.gate.records.own_keys import signing_key
from sekisho.lanes.record.proofs import pick_up_text
from sekisho.people import Action, demand, keys_in_force
from sekisho.ports import Watch
from sekisho.terms import TransferState
from sekisho.tlog import keys

_TRANSFER = re.compile(r"[0-9a-f]{32}")
_TICKET_BYTES = 32
_HASHED = 1 << 20


class Remote(Protocol):
    """The sender's node."""

    def challenge(self, transfer: str) -> str: ...
    def transfer(self, transfer: str) -> dict[str, Any]: ...
    def acknowledge(self, transfer: str, digest: str) -> dict[str, Any]: ...
    def sealed(
        self, transfer: str, proof: Mapping[str, str], offset: int
    ) -> AbstractContextManager[Iterator[bytes]]: ...


@dataclass(frozen=True, slots=True)
class Collected:
    """A record that arrived and opened."""

    transfer: str
    sender: str
    file: Path
    digest: str
    content_type: str


def collect(
    call: Call, remote: Remote, origin: str, transfer: str, target: Path, watch: Watch
) -> Collected:
    """Fetch, open and acknowledge one transfer; the target appears only when all of it is proved.

    `origin` names the node that is meant, as its front page and its log say: what is signed here
    is worth nothing at another one.

    Raises: StorageError when the connection broke (call again within the hour and it goes on) or
    this disk is full; Conflict when the target exists; Refused by the sender's node, or when no
    key here opens it; TamperedError when it is not what was announced or not signed by the sender.
    """
    house, recipient = call.house, call.actor.participant
    demand(call.actor, Action.TRANSFER_FETCH, of=(recipient,))
    if not _TRANSFER.fullmatch(transfer):
        raise NotFound(fault("records.no-transfer"))
    if target.exists():
        raise Conflict(fault("remote.target-exists", file=target.name))
    said = _announced(remote.transfer(transfer))
    if said.recipient != recipient or said.transfer != transfer:
        raise Refused(fault("remote.not-for-us", participant=said.recipient))
    if said.signed_by not in {
        each.fingerprint for each in keys_in_force(house.store, said.sender, "sign")
    }:
        raise Refused(fault("remote.sender-unknown", participant=said.sender))
    part = _fetched(house, remote, _Errand(origin, transfer, recipient, said), watch)
    watch.progress("remote.phase-open", 0, 0)
    open_transfer(call, part, said, target)
    remote.acknowledge(transfer, said.digest)
    part.unlink(missing_ok=True)
    _ticket_file(house, transfer).unlink(missing_ok=True)
    return Collected(transfer, said.sender, target, said.digest, said.content_type)


def _announced(said: Mapping[str, Any]) -> Slip:
    """The slip of what waits; Refused when nothing does."""
    if said.get("slip") is None:
        state = said.get("state")
        known = state if isinstance(state, str) and state in set(TransferState) else "-"
        raise Refused(fault("records.transfer-state", state=known))
    return read_slip(json.dumps(said["slip"]))


# -- fetching ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is fetched, from which node, as whom."""

    origin: str
    transfer: str
    recipient: str
    said: Slip


def _fetched(house: House, remote: Remote, errand: _Errand, watch: Watch) -> Path:
    """The sealed file, whole; gone on with where an earlier try stopped."""
    part = _folder(house) / f"{errand.transfer}.sealed"
    have = part.stat().st_size if part.exists() else 0
    if have > errand.said.bytes:
        part.unlink()
        have = 0
    if have < errand.said.bytes:
        _receive(house, remote, errand, part, watch)
    if part.stat().st_size != errand.said.bytes or _digest(part) != errand.said.digest:
        part.unlink()
        raise TamperedError(fault("remote.digest-other"))
    return part


def _receive(house: House, remote: Remote, errand: _Errand, part: Path, watch: Watch) -> None:
    ticket, challenge = _ticket(house, errand.transfer), remote.challenge(errand.transfer)
    own = signing_key(house, errand.recipient)
    text = pick_up_text(errand.origin, errand.transfer, errand.recipient, challenge, ticket)
    proof = {
        "Challenge": challenge,
        "Ticket": ticket,
        "Signature": keys.signature(own.private, text).hex(),
    }
    have = part.stat().st_size if part.exists() else 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with (
        remote.sealed(errand.transfer, proof, have) as pieces,
        os.fdopen(os.open(part, flags, 0o600), "ab") as written,
    ):
        for piece in pieces:
            if have + len(piece) > errand.said.bytes:
                raise TamperedError(fault("remote.digest-other"))
            _keep(written, piece)
            have += len(piece)
            watch.progress("remote.phase-fetch", have, errand.said.bytes)
        written.flush()
        os.fsync(written.fileno())
    sync_folder(part.parent)
    if have < errand.said.bytes:
        raise StorageError(fault("remote.broke-off"))


def _keep(written: BinaryIO, piece: bytes) -> None:
    try:
        written.write(piece)
        written.flush()
    except OSError as error:
        raise StorageError(fault("remote.not-kept", reason=error.strerror or "-")) from error


def _folder(house: House) -> Path:
    """Where records arrive; nobody else looks into it."""
    folder = house.folder.root / "arriving"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _ticket_file(house: House, transfer: str) -> Path:
    return _folder(house) / f"{transfer}.ticket"


def _ticket(house: House, transfer: str) -> str:
    """The ticket of this fetch: ours alone, and the same after a restart."""
    file = _ticket_file(house, transfer)
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(_TICKET_BYTES))
            opened.flush()
            os.fsync(opened.fileno())
    return file.read_text(encoding="ascii")


def _digest(file: Path) -> str:
    hashed = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_HASHED):
            hashed.update(block)
    return hashed.hexdigest()
