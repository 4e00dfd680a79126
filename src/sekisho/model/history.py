"""How records become rows of a dataset: which resource is a row, and what each column takes."""

from dataclasses import dataclass
from enum import StrEnum


class Take(StrEnum):
    """What a column may take of a record; there is nothing that copies what somebody wrote."""

    PERSON = "person"
    """Whom the record is about: a pseudonym under the node's own key."""
    RECORD = "record"
    """Which record the row is: a pseudonym, too."""
    CODE = "code"
    """A code that the column lists; any other becomes the one that stands for the rest."""
    AGE = "age"
    """Years of age on the day of the record, rounded down to a step, the oldest together."""
    YEAR = "year"
    """The year of the record's day."""


LEAST_STEP = 5
"""Years that a band of ages must span at least."""
OLDEST = 90
"""From this age on all are one band."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one column takes."""

    column: str
    take: Take
    path: str = ""
    """Where it stands, e.g. `Condition.code`, or `Patient.gender` of the person."""
    system: str = ""
    """Whose codes are taken; empty where the element has codes without a system."""
    other: str = ""
    """With `code`: what stands for every code that the column does not list."""
    step: int = LEAST_STEP


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Records with one of these codes there are no rows: refuted, entered in error."""

    path: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryMapping:
    """How bundles of records become rows; one resource is one row."""

    format: str
    resource: str
    columns: tuple[Taken, ...]
    leave_out: tuple[LeftOut, ...] = ()

    @property
    def paths(self) -> tuple[tuple[Take, str], ...]:
        """What is taken, and from where."""
        named = tuple((each.take, each.path) for each in self.columns if each.path)
        return (*named, *((Take.CODE, each.path) for each in self.leave_out))
