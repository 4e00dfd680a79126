"""The participant's own private keys: files of mode 0600 in the node's folder of keys.

A key that is replaced stays beside the new one under its fingerprint: what was sealed for it opens
with nothing else.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sekisho.errors import Conflict, Refused, StorageError, fault
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import private_keys
from sekisho.model.entry import EntryKind
from sekisho.people import Action, demand, keys_in_force


@dataclass(frozen=True, slots=True, repr=False)
class OwnKey:
    """A private key with the fingerprint of its public one; it never shows itself."""

    private: bytes
    fingerprint: str


def key_file(house: House, participant: str, purpose: str) -> Path:
    """Where a participant's present private key lies."""
    return house.folder.keys / f"{participant}.{purpose}.key"


def make_key(house: House, participant: str, purpose: str, *, replace: bool = False) -> str:
    """Make a private key and write it, mode 0600; the public key as PEM, to be registered.

    Raises: Conflict when there is one and it is not to be replaced.
    """
    raw = private_keys.new_private_key(purpose)
    file = key_file(house, participant, purpose)
    if replace and file.exists():
        former = read_key_file(file, purpose)
        file.rename(file.with_name(f"{participant}.{purpose}.{former.fingerprint[:16]}.key"))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(fault("records.key-file-exists", file=file.name)) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(private_keys.private_pem(raw, purpose))
        opened.flush()
        os.fsync(opened.fileno())
    return private_keys.public_pem(private_keys.public_key(raw, purpose), purpose)


def read_key_file(file: Path, purpose: str) -> OwnKey:
    """A private key from its file.

    Raises: StorageError when it is missing, readable by others, or no key of that purpose.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise StorageError(fault("records.key-file-readable", file=file.name))
        raw = private_keys.read_private_pem(file.read_text(encoding="utf-8"), purpose)
    except FileNotFoundError:
        raise StorageError(fault("records.key-file-missing", file=file.name)) from None
    except UnicodeDecodeError:
        raw = None
    if raw is None:
        raise StorageError(fault("records.key-file-form", file=file.name, purpose=purpose))
    return OwnKey(raw, sha256(private_keys.public_key(raw, purpose)).hexdigest())


def signing_key(house: House, participant: str) -> OwnKey:
    """The key by which a participant signs, registered and in force.

    Raises: StorageError without a file; Refused when its public key is not in force.
    """
    own = read_key_file(key_file(house, participant, "sign"), "sign")
    known = {each.fingerprint for each in keys_in_force(house.store, participant, "sign")}
    if own.fingerprint not in known:
        raise Refused(fault("records.key-unregistered", participant=participant, purpose="sign"))
    return own


def opening_keys(house: House, participant: str) -> Iterator[OwnKey]:
    """Every private key that opens what is sealed for a participant, the present one first."""
    present = key_file(house, participant, "seal")
    former = sorted(house.folder.keys.glob(f"{participant}.seal.*.key"))
    for file in [present, *former]:
        if file.exists():
            yield read_key_file(file, "seal")


def revoke(call: Call, fingerprint: str) -> int:
    """Let a registered key count no more; what waits sealed for it is not handed out.

    Raises: NotFound, NotPermitted; Conflict when it is revoked already.
    """
    house = call.house
    registered = house.store.keys(None)
    known = next((each for each in registered if each.fingerprint == fingerprint), None)
    owner = known.participant if known is not None else call.actor.participant
    demand(call.actor, Action.KEY_REVOKE, of=(owner,))
    public = (("key", fingerprint), ("change", "revoked"), ("participant", owner))
    entry = entry_of(house, EntryKind.KEY_CHANGED, Said(public=public))
    index = house.store.revoke_key(fingerprint, house.clock.now(), entry)
    sequence(house)
    return index
