"""Picks what stands behind each port; the only place that knows them all."""

import importlib.util
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sekisho.errors import StorageError, fault
from sekisho.gate.house import House
from sekisho.gate.logbook import LogBook
from sekisho.gate.repair import repair
from sekisho.lanes.record.tree import unknown_paths
from sekisho.model.access_rule import AccessRule
from sekisho.model.decision import Decision
from sekisho.model.facts import Facts
from sekisho.model.folder import NodeFolder
from sekisho.model.programme import Programme
from sekisho.ports import Engine, Format, LogStorage, Noise, RecordFormat, Watch
from sekisho.programmes import check
from sekisho.programmes.read import read_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.rules.check import check_rules
from sekisho.rules.decide import decide
from sekisho.rules.packs import Packs
from sekisho.rules.packs import installed as installed_packs
from sekisho.settings import (
    Settings,
    WitnessAddress,
    read_settings,
    store_address,
)
from sekisho.stores.http_log import ask_witness
from sekisho.stores.sql import open_store
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Language
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.cosign import Witness
from sekisho.tlog.note import Signer, Verifier, parse_signers, parse_verifier
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
    house = house_of(folder, settings, create=False)
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


def house_of(folder: NodeFolder, settings: Settings, *, create: bool) -> House:
    """The house in a folder, with everything behind its ports; nothing is mended."""
    folder.spill.mkdir(mode=0o700, exist_ok=True)
    signers = parse_signers(read_secret(folder.keys / SIGNING_KEY))
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
        packs=_packs(settings),
        secret=bytes.fromhex(read_secret(folder.keys / SALTS)),
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


def _packs(settings: Settings) -> Packs:
    """The law packs; a fault in one of the node's own keeps it shut, so those are read at once."""
    if settings.packs:
        return installed_packs(*settings.packs)
    return cast("Packs", _Later(installed_packs))


def formats() -> tuple[Format, ...]:
    """Every format in which a release is handed out, charts and workbooks where installed."""
    from sekisho.formats.csv import CsvFormat
    from sekisho.formats.json import JsonFormat
    from sekisho.formats.papers import papers
    from sekisho.formats.parquet import ParquetFormat
    from sekisho.formats.release_book import ReleaseBook
    from sekisho.formats.sdmx import SdmxStructure, sdmx_is_installed
    from sekisho.formats.sdmx_data import SdmxCsv, SdmxMl

    for_spreadsheets = CsvFormat(bom=True, language=Language.JA)
    found: list[Format] = [CsvFormat(), for_spreadsheets, JsonFormat(), ParquetFormat()]
    from sekisho.present.chart import ChartFormat, charts_are_installed

    if importlib.util.find_spec("xlsxwriter") is not None:
        found += [ReleaseBook(Language.EN), ReleaseBook(Language.JA)]
    if sdmx_is_installed():
        found += [SdmxMl(), SdmxCsv(), SdmxStructure()]
    if charts_are_installed():
        found += [ChartFormat(Language.EN), ChartFormat(Language.JA)]
    return (*found, *papers())


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


def write_secret(file: Path, text: str) -> None:
    """Write a new file that its owner alone may read, durable."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{text}\n")
        opened.flush()
        os.fsync(opened.fileno())


def read_secret(file: Path) -> str:
    """What a secret file holds; StorageError when it is missing or others may read it."""
    try:
        if file.stat().st_mode & 0o077:
            raise StorageError(fault("settings.key-readable", file=file.name))
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise StorageError(fault("settings.key-missing", file=file.name)) from None


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

    return check.checked_programme(folder, check_rules, judge, _unknown_paths, _fits)


def _unknown_paths(format_name: str, paths: Sequence[str]) -> list[str]:
    """Which paths a record format does not define."""
    known = {each.name: each.semantics for each in record_formats()}
    return unknown_paths(paths, known[format_name]) if format_name in known else list(paths)


def _fits(format_name: str, take: str, path: str) -> bool:
    """Whether a dataset may take a column of that kind from there."""
    from sekisho.formats.fhir_columns import fits

    return format_name == "fhir-r4" and fits(take, path)
