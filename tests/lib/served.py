"""A small node for the pages: real files, a real log with a real proof, no engine behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from sekisho.formats.csv import CSV, CsvFormat
from sekisho.formats.json import JSON
from sekisho.formats.parquet import PARQUET
from sekisho.gate.findings import Proof, check_proof
from sekisho.gate.handout import ENTRY, MANIFEST, PROOF, manifest_bytes
from sekisho.gate.logbook import LogBook
from sekisho.model.actor import Participant
from sekisho.model.entry import Entry, EntryKind, entry_bytes, manifest_digest
from sekisho.model.programme import Programme
from sekisho.model.release import Became, Release
from sekisho.model.text import Text
from sekisho.ports import Format
from sekisho.present.chart import ChartFormat
from sekisho.rules.explain import explain
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Lane, Language, Outcome, ParticipantKind
from sekisho.tlog.append import integrate
from sekisho.tlog.note import Signer, new_signer
from sekisho.tlog.proof import write_receipt
from tests.lib.releases import PROGRAMME, release

ORIGIN = "log.statistics.example/cross-border-ecommerce"
OFFICE = Participant(
    "statistics-office",
    Text("Statistics office (made up)", "統計局（架空）"),
    ParticipantKind.PUBLIC_BODY,
    "JP",
)


def programme(**changed: object) -> Programme:
    """The programme of the released table."""
    whole = Programme(
        id=PROGRAMME,
        title=Text("Purchases across borders", "国境を越える購入"),
        description=Text(
            "What was bought across borders, by destination and by product, as tables that show "
            "nobody's single sales.",
            "国境を越えて何がどこへ販売されたかを、仕向国別・品目別の集計表で示します。"
            "個々の販売者の売上げは分かりません。",
        ),
        purpose="dpv:OfficialStatistics",
        legal_basis=Text(
            "Agreement between the vendors and the statistics office",
            "販売者と統計局との取決め",
        ),
        steward=OFFICE.id,
        recipients=("public",),
        jurisdictions=("JP",),
        datasets=(),
        lookups=(),
        release_plans=(),
        access_rules=(),
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


FORMATS = (
    CSV,
    CsvFormat(bom=True, language=Language.JA),
    JSON,
    PARQUET,
    ChartFormat(),
    ChartFormat(Language.JA),
)


@dataclass(frozen=True)
class ServedRelease:
    """A release and the folder of its files."""

    release: Release
    folder: Path
    became: Became = field(default_factory=Became)

    @property
    def files(self) -> Mapping[str, Path]:
        """Every published file by its name."""
        return {file.name: file for file in sorted(self.folder.iterdir())}

    def explain(self, language: Language | None = None) -> list[str]:
        """The decision in plain sentences."""
        return explain(self.release.decision, language or Language.EN)


@dataclass
class ServedNode:
    """What the pages ask of a node, over a folder."""

    folder: Path
    signer: Signer = field(default_factory=lambda: new_signer(ORIGIN))
    shelf: list[Programme] = field(default_factory=lambda: [programme()])
    out: list[ServedRelease] = field(default_factory=list)
    failure: Exception | None = None

    @property
    def origin(self) -> str:
        """The origin line of the log."""
        return ORIGIN

    @property
    def verifier_key(self) -> str:
        """The public key of the log."""
        return self.signer.verifier.vkey

    @property
    def log_folder(self) -> Path:
        """The log's static files."""
        return self.folder / "log"

    def programmes(self) -> list[Programme]:
        """The programmes; or the failure that a test wants to see."""
        if self.failure is not None:
            raise self.failure
        return self.shelf

    def participants(self) -> list[Participant]:
        """The organisations that take part."""
        return [OFFICE]

    def releases(
        self, programme: str | None = None, plan: str | None = None
    ) -> list[ServedRelease]:
        """Releases, oldest first."""
        return [
            each
            for each in self.out
            if programme in {None, each.release.programme} and plan in {None, each.release.plan}
        ]

    def proof(self, release_id: str) -> Proof:
        """The proof, checked now."""
        found = check_proof(self.folder / "releases" / release_id, (self.signer.verifier,))
        return self.log_book.witnessed(found)

    @property
    def log_book(self) -> LogBook:
        """The log as people read it."""
        memory = FolderLog(self.folder / "witness" / "own")
        return LogBook(FolderLog(self.log_folder), memory, (self.signer.verifier,))

    def put(self, made: Release, formats: Sequence[Format] = FORMATS) -> ServedRelease:
        """Write a release's files, log it, hand it out."""
        place = self.folder / "releases" / made.id
        place.mkdir(parents=True)
        for each in formats:
            each.write(made.table, place / f"{made.plan}{each.suffix}", {"release": made.id})
        files = {f.name: sha256(f.read_bytes()).hexdigest() for f in sorted(place.iterdir())}
        (place / MANIFEST).write_bytes(manifest_bytes(files))
        entry = entry_bytes(
            Entry(
                kind=EntryKind.RELEASE_MADE,
                time=made.made_at,
                programme=made.programme,
                lane=Lane.STATISTICS,
                outcome=Outcome.ALLOWED,
                public={"release": made.id, "plan": made.plan, "digest": manifest_digest(files)},
            )
        )
        storage, index = FolderLog(self.log_folder), len(self.out)
        integrate(storage, (self.signer,), [entry], index)
        (place / ENTRY).write_bytes(entry)
        receipt = write_receipt(storage, index, (self.signer.verifier,))
        (place / PROOF).write_text(receipt, encoding="utf-8")
        served = ServedRelease(replace(made, files=files, entry_index=index), place)
        self.out.append(served)
        return served


def served_node(folder: Path) -> ServedNode:
    """A node that has released one table."""
    node = ServedNode(folder)
    node.put(release())
    return node
