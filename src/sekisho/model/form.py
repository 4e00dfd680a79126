"""A form as declared: what is asked, of whom, until when, and who reads the answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from sekisho.model.text import Text

ANY_PARTICIPANT = "any-participant"


class QuestionKind(StrEnum):
    """What an answer is made of."""

    CHOICE = "choice"
    SEVERAL = "several"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    TEXT = "text"
    TABLE = "table"
    FILE = "file"


class Visible(StrEnum):
    """Who reads a submission from the moment it is made, beside whoever made it."""

    MEMBERS = "members"
    STEWARD = "steward"
    SELF = "self"


class Comparison(StrEnum):
    """How a condition or a check compares."""

    IS = "is"
    INCLUDES = "includes"
    ANSWERED = "answered"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to choose from; its id is what is kept."""

    id: str
    title: Text
    value: str = ""
    """What stands in the dataset for it; empty: the id."""

    @property
    def counted_as(self) -> str:
        """What stands in the dataset for it."""
        return self.value or self.id


@dataclass(frozen=True, slots=True)
class Condition:
    """When a question is asked; until then its answer neither counts nor is missed."""

    question: str
    op: Comparison
    value: str = ""
    """An option's id, a number or a day as written; empty with `answered`."""


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold between two answers, or between an answer and a value."""

    id: str
    left: str
    """A question's id, or ids joined by ` + ` whose sum is compared."""
    op: Comparison
    right: str
    """A question's id, ids joined by ` + `, or a number or day as written."""
    message: Text
    """What people read when it does not hold."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; a column of a table is a question too."""

    id: str
    kind: QuestionKind
    title: Text
    help: Text | None = None
    required: bool = False
    options: tuple[Option, ...] = ()
    unit: Text | None = None
    currency: str | None = None
    """ISO 4217; None with `money` lets the answer name its own."""
    minimum: Decimal | date | None = None
    maximum: Decimal | date | None = None
    decimals: int = 0
    """Digits after the point that a number or an amount may have."""
    most: int | None = None
    """Characters of a text, rows of a table, bytes of a file; None: the limit of its kind."""
    columns: tuple["Question", ...] = ()
    when: Condition | None = None
    both_languages: bool = False
    """A text that is asked for in English and in Japanese."""
    lines: int = 1
    """How tall the field of a text is; with 1 the text has no line break."""
    file_types: tuple[str, ...] = ()
    """Media types that a file may have, told by its bytes and not by its name."""

    def option(self, option_id: str) -> Option | None:
        """The option of that id, if there is one."""
        return next((each for each in self.options if each.id == option_id), None)

    def column(self, column_id: str) -> "Question | None":
        """The column of that id, if there is one."""
        return next((each for each in self.columns if each.id == column_id), None)


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that stand on one page, and that one officer saves at a time."""

    id: str
    title: Text
    help: Text | None
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Who:
    """Who may answer."""

    participants: tuple[str, ...] = (ANY_PARTICIPANT,)
    one_each: bool = True
    """One submission a participant, corrected where it changes; else as many as they like."""

    def may_answer(self, participant: str) -> bool:
        """Whether a participant may answer."""
        return ANY_PARTICIPANT in self.participants or participant in self.participants


@dataclass(frozen=True, slots=True)
class Deadline:
    """Open to the end of a day, as the clocks of one zone say it."""

    day: date
    zone: str
    """A zone of the IANA database, e.g. `Asia/Tokyo`."""
    late: bool = False
    """Whether a submission after it is taken and marked late; else it is refused."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What makes a form a request for data: holders see it, decide, deliver or refuse."""

    dataset: str
    """The dataset that a holder delivers."""
    purpose: str
    """DPV term."""
    legal_basis: Text
    period: Text
    """The time that the data are about."""
    every_months: int | None = None
    """How often it is delivered again; None: once."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a form of tables alike is written as one document: issue, intervention, outcome.

    Every section holds one table; the names are columns that all of these tables have.
    """

    headers: tuple[Text, Text, Text]
    """Over the three columns of the document."""
    title: str
    """Stands over a row's text."""
    text: str
    status: str
    """A choice; the first part of what the document says as outcome."""
    note: str
    """What else it says there."""
    point: str | None = None
    """A choice of the section's suggested points."""
    reference: str | None = None
    """Addresses, one a line."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the document shows, in its order."""
        named = (self.point, self.title, self.text, self.reference, self.status, self.note)
        return tuple(each for each in named if each is not None)


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked of participants in one go."""

    id: str
    version: int
    title: Text
    description: Text
    sections: tuple[Section, ...]
    checks: tuple[Check, ...] = ()
    who: Who = Who()
    opens: date | None = None
    """First day, in the deadline's zone (UTC without one)."""
    deadline: Deadline | None = None
    visible: Visible = Visible.STEWARD
    may_be_public: bool = False
    """Whether whoever submitted may open the submission to everyone."""
    dataset: str | None = None
    """The dataset that answers become, for the statistics lane; the programme holds it."""
    feeds: bool = False
    """Whether `dataset` is one that has a file of its own."""
    dataset_table: str | None = None
    """The table question whose rows become the rows of the dataset; None: one a submission."""
    reminders_days: tuple[int, ...] = ()
    """How many days before the deadline a reminder is due."""
    ask: Ask | None = None
    layout: Layout | None = None
    """How it is written and read as one document; None: question by question."""

    @property
    def questions(self) -> Iterator[Question]:
        """Every question, in order, without the columns of tables."""
        for section in self.sections:
            yield from section.questions

    def section(self, section_id: str) -> Section | None:
        """The section of that id, if there is one."""
        return next((each for each in self.sections if each.id == section_id), None)

    def question(self, question_id: str) -> Question | None:
        """The question of that id, if there is one."""
        return next((each for each in self.questions if each.id == question_id), None)

    def section_of(self, question_id: str) -> Section | None:
        """The section that a question stands in, if there is one."""
        return next(
            (each for each in self.sections if any(q.id == question_id for q in each.questions)),
            None,
        )
