"""What arrived, what left, and what is under way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sekisho.model.budget import Cost
from sekisho.model.calendar import Correction, Notice
from sekisho.model.decision import Decision
from sekisho.model.part import Parts
from sekisho.model.table import Table
from sekisho.terms import JobState, ReleaseState


@dataclass(frozen=True, slots=True)
class Delivery:
    """One load: an immutable Parquet file with its hash."""

    id: str
    programme: str
    dataset: str
    holder: str
    digest: str
    """SHA-256 of the file, hexadecimal."""
    rows: int
    bytes: int
    delivered_at: datetime
    entry_index: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Protected statistics that left, with why and the proof."""

    id: str
    programme: str
    plan: str
    linked_set: tuple[str, ...]
    """Ids of the releases protected together with this one, itself included."""
    revision: int
    state: ReleaseState
    made_at: datetime
    table: Table
    decision: Decision
    deliveries: tuple[str, ...]
    """SHA-256 of each delivery used."""
    files: Mapping[str, str]
    """Published file name -> SHA-256, hexadecimal."""
    request: str = ""
    """Keyed hash of everything that this release follows from; tells a repeated request."""
    edition: str = ""
    """The linked set over certain data under certain parameters whose pattern this release has."""
    entry_index: int | None = None
    corrects: str | None = None
    cost: Cost | None = None
    """What it cost the people in the data; only with differential privacy."""
    correction: Correction | None = None
    """Why it takes the place of what it corrects."""
    planned: datetime | None = None
    """The moment of the calendar for which it was made, UTC."""
    held_until: datetime | None = None
    """Until when nobody may see it, as known when it was made; None: it was open at once."""
    published_at: datetime | None = None
    """When a release that waited was published."""
    parts: Parts | None = None
    """Whose parts it was made from, where several holders bring one dataset."""

    @property
    def out_at(self) -> datetime:
        """When it was published."""
        return self.published_at or self.made_at


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a release after it was published."""

    corrected_by: Release | None = None
    withdrawal: Notice | None = None

    @property
    def taken_down(self) -> bool:
        """Whether its figures can no longer be read."""
        return self.withdrawal is not None and self.withdrawal.taken_down


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work."""

    id: str
    kind: str
    actor: str
    request: Mapping[str, str]
    state: JobState
    phase: str = ""
    done: int = 0
    total: int = 0
    """`done` of `total` steps of the phase; 0 of 0 when not known."""
    result: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    created_at: datetime | None = None
    lease_until: datetime | None = None
    attempts: int = 0
