"""What participants answer: drafts that officers write, submissions that count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sekisho.model.text import Text


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency."""

    amount: Decimal
    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True)
class BothText:
    """A text in English and Japanese; one of them may be empty where the question allows it."""

    en: str
    ja: str


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that came with an answer; its bytes lie under their digest."""

    name: str
    """Made safe: no path, no invisible character."""
    media_type: str
    """Told by its bytes."""
    digest: str
    """SHA-256, hexadecimal."""
    bytes: int


Cell = str | Decimal | date | Money | BothText | tuple[str, ...] | FileRef
"""What one question outside a table is answered with."""
Row = Mapping[str, Cell]
"""Column -> cell; a column that is not there is not answered."""
Answer = Cell | tuple[Row, ...]
Answers = Mapping[str, Answer]
"""Question -> answer; a question that is not there is not answered."""


class SubmissionState(StrEnum):
    """Where a submission stands."""

    RECEIVED = "received"
    CORRECTED = "corrected"
    """A later revision took its place; it stays in the history."""
    OPENED = "opened"
    """Everyone may read it."""
    WITHDRAWN = "withdrawn"


SUBMISSION_TRANSITIONS: dict[SubmissionState, frozenset[SubmissionState]] = {
    SubmissionState.RECEIVED: frozenset(
        {SubmissionState.CORRECTED, SubmissionState.OPENED, SubmissionState.WITHDRAWN}
    ),
    SubmissionState.OPENED: frozenset({SubmissionState.CORRECTED, SubmissionState.WITHDRAWN}),
    SubmissionState.CORRECTED: frozenset(),
    SubmissionState.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Clash:
    """Two officers' answers to one section: what stood, and what came second and waits."""

    section: str
    answers: Answers
    """What was not saved because another had saved first."""
    by: str
    at: datetime
    revision: int
    """The draft's revision from which on it waits."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """An answer to a question that the form asks no more, or asks otherwise."""

    question: str
    title: Text
    """What was asked."""
    answer: Answer


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers that do not count yet; the officers of one participant share it."""

    id: str
    programme: str
    form: str
    version: int
    participant: str
    revision: int
    """Counts saves; what a save was written against must still stand in its section."""
    answers: Answers
    changed_at: datetime
    changed_by: str
    """The actor who saved last."""
    section_revisions: Mapping[str, int] = field(default_factory=dict)
    """Section -> the revision in which it was saved last."""
    clashes: tuple[Clash, ...] = ()
    """What waits for somebody to choose; nothing of it is lost until then."""
    leftovers: tuple[Leftover, ...] = ()
    """What a later version of the form has no place for; shown until the draft is submitted."""
    corrects: str | None = None
    """Reference of the submission that this draft will correct."""
    programme_digest: str = ""
    """The folder in which the form stood when the draft was saved last."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Answers that count, as one revision; a correction is a revision more."""

    id: str
    reference: str
    """Public, the same for every revision; cannot be guessed, and tells a typing mistake."""
    programme: str
    form: str
    version: int
    participant: str
    revision: int
    answers: Answers
    submitted_at: datetime
    submitted_by: str
    late: bool
    state: SubmissionState
    digest: str
    """SHA-256 of the submission as it is handed out, hexadecimal; public only once opened."""
    programme_digest: str = ""
    """The folder in which the form stood."""
    opened_at: datetime | None = None
    """When everyone could read it; stays when it is corrected later."""
    entry_index: int | None = None
    """Its entry in the log; None until the store gave one."""
