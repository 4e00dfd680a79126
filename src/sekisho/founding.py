"""How a node's folder comes to be, whole or not at all, and how the key of its log is changed."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sekisho.errors import Conflict, fault
from sekisho.gate.house import House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.model.actor import Actor, Participant
from sekisho.model.entry import EntryKind
from sekisho.model.folder import NodeFolder
from sekisho.people import check_participant
from sekisho.settings import IN_THE_FOLDER, read_settings, store_address, write_settings
from sekisho.stores.database import check_address
from sekisho.terms import Language, Role
from sekisho.tlog.append import resign
from sekisho.tlog.note import Verifier, new_signer, parse_signers
from sekisho.wiring import (
    OWNER,
    PUBLIC_KEY,
    SALTS,
    SIGNING_KEY,
    NodeLog,
    house_of,
    open_house,
    read_secret,
    verifiers_of,
    write_secret,
)


@dataclass(frozen=True, slots=True)
class Founding:
    """What a new node begins with."""

    owner: Participant
    origin: str
    language: Language
    sensitivity: Mapping[str, int]
    store: str = field(default=IN_THE_FOLDER, repr=False)
    """What `node.toml` says of the store; an address may hold a password."""


def found_house(root: Path, founding: Founding) -> None:
    """Make a new node, built aside and moved into place whole.

    Raises: Conflict when something lies there already, or the database is another node's;
    UsageError when the owner is no participant, or the store's address is none.
    """
    target = root.resolve()
    if target.exists() and any(target.iterdir()):
        raise Conflict(fault("settings.exists", folder=str(root)))
    check_participant(founding.owner)
    check_address(store_address(founding.store, NodeFolder(target).store))
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    try:
        _build(NodeFolder(making), founding)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _build(folder: NodeFolder, founding: Founding) -> None:
    folder.root.mkdir(mode=0o700)
    folder.keys.mkdir(mode=0o700)
    signer = new_signer(founding.origin)
    write_secret(folder.keys / SIGNING_KEY, signer.skey)
    write_secret(folder.keys / SALTS, secrets.token_hex(32))
    (folder.root / PUBLIC_KEY).write_text(f"{signer.verifier.vkey}\n", encoding="utf-8")
    write_settings(folder.settings, _settings_text(founding))
    house = house_of(folder, read_settings(folder.settings), create=True)
    try:
        if house.store.entry_count():
            raise Conflict(fault("store.taken"))
        _first_entries(house, founding.owner, signer.verifier)
        sequence(house)
    finally:
        house.store.close()


def _first_entries(house: House, owner: Participant, verifier: Verifier) -> None:
    change = (("participant", owner.id), ("change", "added"))
    added = entry_of(house, EntryKind.PARTICIPANT_CHANGED, Said(public=change))
    house.store.add_participant(owner, added)
    key = (("key", verifier.fingerprint), ("change", "registered"), ("purpose", "log"))
    house.store.append_entry(entry_of(house, EntryKind.KEY_CHANGED, Said(public=key)))
    acting = (("participant", owner.id), ("change", "actor-added"))
    actor = Actor(OWNER, owner.id, frozenset({Role.OWNER}))
    entry = entry_of(house, EntryKind.PARTICIPANT_CHANGED, Said(public=acting))
    house.store.add_actor(actor, None, entry)


def rotate_key(root: Path, *, finish: bool = False) -> Verifier:
    """Change the log's key: first a new one signs beside the old, later it signs alone.

    The old public key stays among those that the node publishes: receipts under it stay valid.
    Each step is an entry of the log. Other processes of the node must be restarted after it.

    Raises: Conflict when a change is under way and another is begun, or none is to be finished.
    """
    house, settings = open_house(root)
    try:
        folder = NodeFolder(root.resolve())
        signers = parse_signers(read_secret(folder.keys / SIGNING_KEY))
        if finish != (len(signers) > 1):
            raise Conflict(fault("log.rotation-none" if finish else "log.rotation-begun"))
        kept = signers[:1] if finish else (new_signer(settings.origin), *signers)
        _replace(folder.keys / SIGNING_KEY, "\n".join(each.skey for each in kept), 0o600)
        known = tuple(dict.fromkeys([kept[0].verifier, *verifiers_of(folder.root)]))
        _replace(folder.root / PUBLIC_KEY, "\n".join(each.vkey for each in known), 0o644)
        resign(house.storage, kept, known)
        changed = (signers[-1] if finish else kept[0]).verifier.fingerprint
        what = (("key", changed), ("change", "retired" if finish else "added"), ("purpose", "log"))
        entry = entry_of(house, EntryKind.KEY_CHANGED, Said(public=what))
        house.store.append_entry(entry)
        sequence(replace(house, log=NodeLog(house.storage, kept, known)))
        return known[0]
    finally:
        house.store.close()


def _replace(file: Path, text: str, mode: int) -> None:
    aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    write_secret(aside, text)
    aside.chmod(mode)
    aside.rename(file)


def _settings_text(founding: Founding) -> str:
    lines = [
        "# The settings of this node. The tables [sensitivity.*] are the data holder's secrets:",
        "# they appear in no message, log, page or export. Keep this file at mode 0600.",
        "schema = 1",
        "",
        "[node]",
        f'origin = "{founding.origin}"',
        f'participant = "{founding.owner.id}"',
        f'language = "{founding.language.value}"',
        *(
            []
            if founding.store == IN_THE_FOLDER
            else [f"store = {json.dumps(founding.store, ensure_ascii=False)}"]
        ),
        "",
        "[sensitivity.default]",
        *(f"{name} = {value}" for name, value in sorted(founding.sensitivity.items())),
    ]
    return "\n".join(lines) + "\n"
