"""Picks what stands behind each port; the only place that knows them all."""

import importlib.util
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sekisho.errors import Conflict, StorageError, fault
from sekisho.gate.house import House, Said, entry_of
from sekisho.gate.logbook import LogBook
from sekisho.gate.repair import repair
from sekisho.gate.sequence import sequence
from sekisho.lanes.record.tree import unknown_paths
from sekisho.model.access_rule import AccessRule
from sekisho.model.actor import Actor, Participant
from sekisho.model.decision import Decision
from sekisho.model.entry import EntryKind
from sekisho.model.facts import Facts
from sekisho.model.folder import NodeFolder
from sekisho.model.programme import Programme
from sekisho.people import check_participant
from sekisho.ports import Engine, Format, LogStorage, Noise, RecordFormat, Watch
from sekisho.programmes import check
from sekisho.programmes.read import read_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.rules.check import check_rules
from sekisho.rules.decide import decide
from sekisho.rules.packs import Packs
from sekisho.rules.packs import installed as installed_packs
from sekisho.settings import (
    IN_THE_FOLDER,
    Settings,
    WitnessAddress,
    read_settings,
    store_address,
    write_settings,
)
from sekisho.stores.database import check_address
from sekisho.stores.http_log import ask_witness
from sekisho.stores.sql import open_store
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Language, Role
from sekisho.tlog.append import current_checkpoint, integrate, resign
from sekisho.tlog.cosign import Witness
from sekisho.tlog.note import Signer, Verifier, new_signer, parse_signers, parse_verifier
from sekisho.tlog.proof import Opening, write_receipt
from sekisho.tlog.witness import refuse_rollback

if TYPE_CHECKING:
    from sekisho.engines.duckdb import DuckDBEngine
    from sekisho.lanes.statistics.privacy.answer import BoundingEngine

OWNER = "owner"
SIGNING_KEY = "log.skey"
PUBLIC_KEY = "log.vkey"
SALTS = "salts"


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class NodeLog:
    """The node's own log: its storage and the keys that sign it."""

    storage: LogStorage
    signers: tuple[Signer, ...]
    verifiers: tuple[Verifier, ...]

    def size(self) -> int:
        """Entries in the newest signed checkpoint."""
        checkpoint = current_checkpoint(self.storage, self.verifiers)
        return checkpoint.size if checkpoint else 0

    def integrate(self, start: int, entries: Sequence[bytes]) -> int:
        """Append the entries from index `start` on and sign; the new size, durable."""
        return integrate(self.storage, self.signers, entries, start).size

    def prove(self, index: int, openings: Sequence[Opening] = ()) -> str:
        """The tlog-proof of an entry under the newest checkpoint; it holds the entry, too."""
        return write_receipt(self.storage, index, self.verifiers, openings)


def open_house(root: Path) -> tuple[House, Settings]:
    """The house of an existing node, mended where a kill left something unfinished.

    Raises: StorageError when the folder is not a node; UsageError with every fault of its settings;
    TamperedError when the log was set back behind what witnesses have signed.
    """
    folder = NodeFolder(root.resolve())
    settings = read_settings(folder.settings)
    house = _house(folder, settings, create=False)
    with ExitStack() as undo:
        undo.callback(house.store.close)
        refuse_rollback(house.storage, own_memory(folder.root), verifiers_of(folder.root))
        repair(house)
        undo.pop_all()
    return house, settings


def own_memory(folder: Path) -> FolderLog:
    """Where a node keeps the last checkpoint of its own log that it had witnessed."""
    return FolderLog(folder / "witness" / "own")


def log_book(folder: Path, settings: Settings) -> LogBook:
    """A node's log as people read it, with the witnesses that its settings name."""
    return LogBook(
        FolderLog(NodeFolder(folder).log),
        own_memory(folder),
        verifiers_of(folder),
        tuple(witness_at(each) for each in settings.witnesses),
    )


def witness_at(address: WitnessAddress) -> Witness:
    """A witness that is asked over HTTP."""
    return Witness(address.key, partial(ask_witness, address.url))


def verifiers_of(folder: Path) -> tuple[Verifier, ...]:
    """The public keys that a node's log is signed with, newest first."""
    try:
        lines = (folder / PUBLIC_KEY).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        raise StorageError(fault("settings.missing", folder=str(folder))) from None
    return tuple(parse_verifier(line) for line in lines)


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
    _write_secret(folder.keys / SIGNING_KEY, signer.skey)
    _write_secret(folder.keys / SALTS, secrets.token_hex(32))
    (folder.root / PUBLIC_KEY).write_text(f"{signer.verifier.vkey}\n", encoding="utf-8")
    write_settings(folder.settings, _settings_text(founding))
    house = _house(folder, read_settings(folder.settings), create=True)
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


def _house(folder: NodeFolder, settings: Settings, *, create: bool) -> House:
    folder.spill.mkdir(mode=0o700, exist_ok=True)
    signers = parse_signers(_read_secret(folder.keys / SIGNING_KEY))
    storage = FolderLog(folder.log)
    engine = _Later(partial(_engine, folder, settings))
    return House(
        folder=folder,
        participant=settings.participant,
        store=open_store(store_address(settings.store, folder.store), create=create),
        engine=cast("Engine", engine),
        bounding=cast("BoundingEngine", _Later(partial(_bounding, engine))),
        noise=cast("Noise", _Later(partial(_noise, settings.threads))),
        storage=storage,
        log=NodeLog(storage, signers, verifiers_of(folder.root)),
        formats=formats,
        clock=SystemClock(),
        private=settings.private,
        packs=installed_packs(*settings.packs),
        secret=bytes.fromhex(_read_secret(folder.keys / SALTS)),
        threads=settings.threads,
        rounds=settings.rounds,
        origin=settings.origin,
        record_formats=record_formats,
    )


class _Later:
    """Stands for a port until it is first used: most commands need no engine, and start faster."""

    def __init__(self, build: Callable[[], object]) -> None:
        self._build = build

    @cached_property
    def _built(self) -> object:
        return self._build()

    def __getattr__(self, name: str) -> object:
        return getattr(self._built, name)


def _engine(folder: NodeFolder, settings: Settings) -> "DuckDBEngine":
    from sekisho.engines.duckdb import DuckDBEngine
    from sekisho.engines.duckdb.session import Limits

    return DuckDBEngine(Limits(settings.memory_mb, settings.threads, folder.spill))


def _bounding(engine: _Later) -> "BoundingEngine":
    from sekisho.engines.bounding import DuckDBBounding

    return DuckDBBounding(cast("DuckDBEngine", engine))


def _noise(threads: int) -> "Noise":
    from sekisho.lanes.statistics.privacy.noise import SecureNoise

    return SecureNoise(threads)


def rotate_key(root: Path, *, finish: bool = False) -> Verifier:
    """Change the log's key: first a new one signs beside the old, later it signs alone.

    The old public key stays among those that the node publishes: receipts under it stay valid.
    Each step is an entry of the log. Other processes of the node must be restarted after it.

    Raises: Conflict when a change is under way and another is begun, or none is to be finished.
    """
    house, settings = open_house(root)
    try:
        folder = NodeFolder(root.resolve())
        signers = parse_signers(_read_secret(folder.keys / SIGNING_KEY))
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


def formats() -> tuple[Format, ...]:
    """Every format in which a release is handed out, charts and workbooks where installed."""
    from sekisho.formats.csv import CsvFormat
    from sekisho.formats.json import JsonFormat
    from sekisho.formats.parquet import ParquetFormat
    from sekisho.formats.release_book import ReleaseBook

    for_spreadsheets = CsvFormat(bom=True, language=Language.JA)
    found: list[Format] = [CsvFormat(), for_spreadsheets, JsonFormat(), ParquetFormat()]
    from sekisho.present.chart import ChartFormat, charts_are_installed

    if importlib.util.find_spec("xlsxwriter") is not None:
        found += [ReleaseBook(Language.EN), ReleaseBook(Language.JA)]
    if charts_are_installed():
        found += [ChartFormat(Language.EN), ChartFormat(Language.JA)]
    return tuple(found)


def record_formats() -> tuple[RecordFormat, ...]:
    """Every format in which records of one person or firm move."""
    from sekisho.formats.fhir import FhirR4

    return (FhirR4(),)


def fetch_record(server: str, patient: str, token: str, target: Path, watch: Watch) -> int:
    """Write what a FHIR server holds of one patient to a file; how many resources.

    Raises: as `formats.fhir_endpoint.fetch`.
    """
    from sekisho.formats.fhir_endpoint import Endpoint, fetch

    return fetch(Endpoint(server, token), patient, target, watch)


def _write_secret(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{text}\n")
        opened.flush()
        os.fsync(opened.fileno())


def _replace(file: Path, text: str, mode: int) -> None:
    aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    _write_secret(aside, text)
    aside.chmod(mode)
    aside.rename(file)


def _read_secret(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise StorageError(fault("settings.key-readable", file=file.name))
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise StorageError(fault("settings.key-missing", file=file.name)) from None


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


def shipped() -> list[Programme]:
    """The programmes that come with Sekisho."""
    return [read_programme(folder) for _name, folder in sorted(shipped_programmes().items())]


def programme_folder(source: Path) -> Path:
    """A folder, or that of the programme of this name which comes with Sekisho."""
    return shipped_programmes().get(str(source), source)


def checked_programme(folder: Path, packs: Packs | None = None) -> Programme:
    """A programme folder, read and checked whole, with its cases decided under packs.

    Without packs, those that come with Sekisho.

    Raises: ProgrammeError with every fault of every file and across them.
    """

    def judge(facts: Facts, rules: Sequence[AccessRule], on: date) -> Decision:
        return decide(facts, rules, packs or installed_packs(), on)

    return check.checked_programme(folder, check_rules, judge, _unknown_paths)


def _unknown_paths(format_name: str, paths: Sequence[str]) -> list[str]:
    """Which paths a record format does not define."""
    known = {each.name: each.semantics for each in record_formats()}
    return unknown_paths(paths, known[format_name]) if format_name in known else list(paths)
