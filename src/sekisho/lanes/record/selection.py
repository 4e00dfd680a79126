"""What of a record may leave, as consent, purpose and programme have it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sekisho.model.resource import Resource


class Reason(StrEnum):
    """Why something was left out."""

    TYPE = "type"
    CODE = "code"
    PERIOD = "period"
    ENCOUNTER = "encounter"
    FIELD = "field"
    TEXT = "text"
    NARRATIVE = "narrative"
    EXTENSION = "extension"
    ATTACHMENT = "attachment"
    CONTAINED = "contained"
    UNKNOWN = "unknown"
    """Not an element that the format defines."""
    REFERENCE = "reference"
    """Points at something that does not leave."""
    REQUIRED = "required"
    """Something that the format requires of it does not leave."""
    MODIFIER = "modifier"
    """It carries something that changes its meaning and does not leave."""
    OTHER_SUBJECT = "other-subject"
    NO_SUBJECT = "no-subject"
    UNREFERENCED = "unreferenced"
    """About nobody in particular, and nothing that leaves points at it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One category as consented: of these types, with these codes, these fields."""

    category: str
    types: tuple[str, ...]
    codes: tuple[tuple[str, str], ...] = ()
    """(system, code); empty: every code of these types."""
    fields: tuple[str, ...] = ()
    """Paths kept with all below them: `Observation.code`, `Observation.value[x]`, or `Patient`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What of one subject's record may leave; a resource leaves when one cut takes it."""

    cuts: tuple[Cut, ...]
    subject: str
    """Address of the subject inside the record, e.g. `Patient/17` or its full address."""
    data_from: date | None = None
    data_until: date | None = None
    """Both days included; whatever is not wholly inside stays."""
    encounters: tuple[str, ...] = ()
    """Addresses; empty: from any encounter or none."""
    free_text: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One kind of thing that did not leave: what, why, and about how many."""

    what: str
    """A resource type or a path of elements; never a value."""
    reason: Reason
    count_class: str
    """`1-9`, `10-99`, `100-999` and so on."""


@dataclass(frozen=True, slots=True)
class Minimised:
    """What may leave of a record, to be read once or again, and what was left out of it."""

    resources: Iterable[Resource]
    kept: int
    left_out: tuple[LeftOut, ...]
