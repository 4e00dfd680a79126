"""What the core asks of the outside: engine, store, log storage, formats, signer, clock, noise.

The core knows these Protocols only; `wiring` picks what stands behind them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from sekisho.model.actor import Actor, Participant, RegisteredKey
from sekisho.model.budget import BudgetCharge, Spent
from sekisho.model.dataset import Dataset, Lookup
from sekisho.model.duty import Brought
from sekisho.model.entry import Entry
from sekisho.model.release import Delivery, Job, Release
from sekisho.model.resource import Resource, Semantics
from sekisho.model.table import Table
from sekisho.ports.calendar import CalendarStore
from sekisho.ports.duties import DutyStore
from sekisho.ports.forms import FormStore
from sekisho.ports.parts import PartStore
from sekisho.ports.records import RecordStore
from sekisho.ports.search import SearchStore
from sekisho.query.plan import Aggregate
from sekisho.terms import JobState, ReleaseState

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _quiet(_phase: str, _done: int, _total: int) -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Watch:
    """How long work reports progress and learns that it was cancelled."""

    progress: Callable[[str, int, int], None] = _quiet
    """(phase code of `text/`, done, total); total 0 when it is not known."""
    cancelled: Callable[[], bool] = _never


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the rows of a query lie: delivery files by dataset, look-up files by look-up."""

    datasets: Mapping[str, tuple[Dataset, tuple[Path, ...]]]
    lookups: Mapping[str, tuple[Lookup, Path]]
    holdings: Path | None = None
    """The data holder's table: contributor, holding; for datasets with `private_holdings`."""


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What a validated delivery file is."""

    digest: str
    rows: int
    bytes: int


def _nothing() -> "NDArray[np.int64]":
    import numpy as np

    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one query with what disclosure control must know of each.

    Shape: n cells, g group columns, k largest contributions.
    Units: money and amounts as integers in units of 10**-decimals of the measure's unit.
    """

    group_columns: tuple[str, ...]
    groups: tuple[tuple[str | None, ...], ...]
    """(n, g); None where the column is totalled (a missing value in the data is refused)."""
    totals: "NDArray[np.int64]"
    rows: "NDArray[np.int64]"
    contributors: "NDArray[np.int64]"
    top: "NDArray[np.int64]"
    """(n, k) largest contributions by absolute size, falling; 0 where there are fewer."""
    top_contributors: "NDArray[np.int64]"
    """(n, k) whose they are, as numbers that mean something only within this value; -1 = none."""
    decimals: int
    units: "NDArray[np.int64]" = field(default_factory=_nothing)


class Engine(Protocol):
    """Works on rows; hands out aggregates only."""

    @property
    def name(self) -> str: ...

    def deliver(self, source: Path, dataset: Dataset, target: Path, watch: Watch) -> DeliveryFacts:
        """Validate a file that somebody brings and write it aside as Parquet.

        Raises: DeliveryError with every fault; then `target` does not exist.
        """
        ...

    def repeats(self, files: Sequence[Path], dataset: Dataset, watch: Watch) -> int:
        """How many rows of several deliveries repeat the primary key of another."""
        ...

    def days(self, file: Path, column: str, watch: Watch) -> list[date]:
        """The days that stand in a date column of a delivery, in order."""
        ...

    def contributions(
        self, query: Aggregate, sources: Sources, contributor: str, top: int, watch: Watch
    ) -> Cells:
        """One cell a group of every grouping set, with its largest contributions."""
        ...


class LogStorage(Protocol):
    """A folder of static files: checkpoint, tiles, entry bundles."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None when there is no such file."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole: after return it is durable, before it is not there."""
        ...

    def write_all(self, files: Mapping[str, bytes]) -> None:
        """Write many files, each whole; after return all are durable, in no order among them."""
        ...

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; one that is not there is no fault."""
        ...

    def paths(self) -> Iterable[str]:
        """Every file there is."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Hold the log against every other writer, also in other processes."""
        ...


class Format(Protocol):
    """A file format in which a release is handed out."""

    @property
    def name(self) -> str:
        """What a release plan and an address call it."""
        ...

    @property
    def suffix(self) -> str:
        """What the file's name ends with, the dot included."""
        ...

    @property
    def media_type(self) -> str:
        """As registered with IANA."""
        ...

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the whole table; never a part of it without saying so."""
        ...


class RecordFormat(Protocol):
    """A format in which records of one subject come and leave."""

    @property
    def name(self) -> str:
        """What a flow's declaration calls it."""
        ...

    @property
    def media_type(self) -> str:
        """As registered with IANA."""
        ...

    @property
    def semantics(self) -> Semantics: ...

    def read(self, source: Path, watch: Watch) -> Iterable[Resource]:
        """Every resource, checked, to be read more than once.

        Raises: DeliveryError with every fault.
        """
        ...

    def write(self, resources: Iterable[Resource], target: BinaryIO) -> None:
        """Write a whole record."""
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Now, aware, UTC."""
        ...


class Noise(Protocol):
    """Integer noise for differential privacy."""

    def gaussian(self, values: "NDArray[np.int64]", sigma: float) -> "NDArray[np.int64]":
        """Each value plus discrete Gaussian noise of scale sigma (in integer units)."""
        ...

    def laplace(self, values: "NDArray[np.int64]", scale: float) -> "NDArray[np.int64]":
        """Each value plus discrete Laplace noise."""
        ...

    def choose(self, scores: "NDArray[np.int64]", scale: float) -> "NDArray[np.int64]":
        """The place of one score of each row, drawn with a chance that grows as exp(score / scale).

        Shape: scores is (rows, places); returns (rows,).
        """
        ...


@dataclass(frozen=True, slots=True)
class InstalledProgramme:
    """A programme that a node has taken in: which folder, since when."""

    id: str
    digest: str
    added_at: datetime


class Store(Protocol):
    """The node's state. Every change takes its log entry and commits with it, or not at all.

    A change returns the index that its entry has in the log. Entries wait in the outbox until the
    sequencer has written them; indices have no gaps.
    """

    def install_programme(self, programme: InstalledProgramme, entry: Entry) -> int: ...
    def programmes(self) -> list[InstalledProgramme]: ...

    def add_delivery(self, delivery: Delivery, entry: Entry) -> int: ...
    def deliveries(self, programme: str, dataset: str, *, ever: bool = False) -> list[Delivery]:
        """What was brought, in that order; with `ever` also what was taken back."""
        ...

    def add_releases(
        self,
        releases: Sequence[Release],
        entries: Sequence[Entry],
        brought: Sequence[Brought] = (),
    ) -> list[int]:
        """All of a linked set in one transaction; `Conflict` if a revision exists already."""
        ...

    def set_release_state(
        self, release_id: str, state: ReleaseState, entry: Entry | None = None
    ) -> None:
        """MADE to OPEN once the checkpoint stands; refused when RELEASE_TRANSITIONS forbids it.

        Every other transition needs its entry. A release that corrects another turns that one
        `corrected` when it is added.
        """
        ...

    def release(self, release_id: str) -> Release | None: ...
    def releases(self, programme: str | None = None, plan: str | None = None) -> list[Release]: ...

    def charge(
        self,
        charges: Sequence[BudgetCharge],
        entries: Sequence[Entry],
        admit: Callable[[Spent, BudgetCharge], Spent],
    ) -> bool:
        """Charge one request to its ledgers in one transaction; False when it was charged before.

        `admit` gives what is spent afterwards, or raises; then nothing is charged.
        """
        ...

    def spent(self, programme: str, dataset: str, period: str) -> Spent: ...
    def charges(
        self, programme: str | None = None, request: str | None = None
    ) -> list[BudgetCharge]: ...
    def save_draw(self, request: str, draw: bytes) -> bytes:
        """Keep the first draw of a charged request; returns the one that is kept."""
        ...

    def drawn(self, request: str) -> bytes | None: ...

    def append_entry(self, entry: Entry) -> int:
        """An entry without any other change (a refusal, a setting)."""
        ...

    def outbox(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Entries from an index on, in order: all that ever were, so a log can be rebuilt."""
        ...

    def entry_count(self) -> int: ...

    def add_participant(self, participant: Participant, entry: Entry) -> int: ...
    def participants(self) -> list[Participant]: ...
    def add_actor(self, actor: Actor, token_hash: bytes | None, entry: Entry) -> int: ...
    def set_token(self, actor_id: str, token_hash: bytes | None, entry: Entry) -> int:
        """Another token for an actor, or none; the one before opens nothing from now on."""
        ...

    def actors(self) -> list[Actor]: ...
    def actor_by_token(self, token_hash: bytes) -> Actor | None: ...
    def add_key(self, key: RegisteredKey, entry: Entry) -> int: ...
    def revoke_key(self, fingerprint: str, at: datetime, entry: Entry) -> int: ...
    def keys(self, participant: str | None = None) -> list[RegisteredKey]: ...

    def add_job(self, job: Job) -> None: ...
    def job(self, job_id: str) -> Job | None: ...
    def jobs(self, state: JobState | None = None) -> list[Job]: ...
    def claim_job(self, job_id: str, lease_until: datetime, now: datetime) -> bool:
        """True when the job was queued, or running with a lease that has run out."""
        ...

    def report_job(self, job: Job) -> None:
        """Write phase, progress, state, result, fault and lease of a claimed job."""
        ...

    def ask_cancel(self, job_id: str) -> None: ...
    def cancel_asked(self, job_id: str) -> bool: ...

    @property
    def records(self) -> RecordStore: ...
    @property
    def forms(self) -> FormStore: ...
    @property
    def calendar(self) -> CalendarStore: ...
    @property
    def parts(self) -> PartStore: ...
    @property
    def duties(self) -> DutyStore: ...
    @property
    def search(self) -> SearchStore: ...

    def close(self) -> None: ...
