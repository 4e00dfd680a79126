"""When releases are published, and what became of them: planned moments, notices, holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sekisho.model.text import Text


class Cycle(StrEnum):
    """How often a planned moment comes round."""

    ONCE = "once"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the releases of a plan are published, and who may see them before."""

    zone: str
    """Zone of the IANA database whose clocks say so."""
    first: datetime
    """The first moment on the zone's own clocks; naive."""
    every: Cycle = Cycle.ONCE
    early: tuple[str, ...] = ()
    """Participants who may see a release before; everybody can read who they are."""


class ErrorClass(StrEnum):
    """What was wrong with a release."""

    DATA = "data"
    METHOD = "method"
    PRESENTATION = "presentation"
    DISCLOSURE = "disclosure"
    """It shows what should have been hidden; such a release can only be withdrawn."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Why a release takes the place of an earlier one."""

    error: ErrorClass
    reason: Text


class NoticeKind(StrEnum):
    """What a notice says."""

    WITHDRAWN = "withdrawn"
    DELAYED = "delayed"
    STOPPED = "stopped"
    """The rules refused on the planned day what they had let through before."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What everybody is told of a release, or of a planned moment, beside the figures."""

    kind: NoticeKind
    programme: str
    plan: str
    at: datetime
    reason: Text
    release: str | None = None
    error: ErrorClass | None = None
    moment: datetime | None = None
    """The planned moment that passes without a release."""
    until: datetime | None = None
    """The moment that takes its place."""
    taken_down: bool = False
    """Whether the figures of a withdrawn release can no longer be read."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that judge such a release on the day of the notice."""
    entry_index: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A release that is made and waits for its moment."""

    release: str
    opens_at: datetime | None
    """None when the rules have stopped it."""
    entry_index: int
    """The entry that commits to its files without showing a digest of them."""
