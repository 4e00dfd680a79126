"""What a programme lets move of one person or firm: the template that bounds every consent."""

from dataclasses import dataclass
from typing import Literal

from sekisho.model.facts import Category
from sekisho.model.text import Text
from sekisho.terms import Language

Subject = Literal["person", "firm"]
ExpressedBy = Literal["self", "guardian", "proxy"]


@dataclass(frozen=True, slots=True)
class RecordCategory:
    """One kind of resource that a subject may let go, and what of it may be kept."""

    id: str
    title: Text
    types: tuple[str, ...]
    """Resource types of the format, e.g. `Observation`."""
    codes: tuple[tuple[str, str], ...]
    """(system, code); empty: every code of these types."""
    fields: tuple[str, ...]
    """Paths that are kept, e.g. `Observation.code`, `Observation.value[x]`; no other leaves."""
    special: Category
    """How the laws on personal information treat it."""
    needed: bool = False
    """Whether nothing can move without it, such as who the patient is."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a subject is shown before consenting, in one language."""

    id: str
    language: Language
    file: str
    """Path inside the programme folder."""
    digest: str
    """SHA-256 of the file, hexadecimal."""
    by: tuple[ExpressedBy, ...] = ("self",)
    """Who may consent after having read this one."""
    informs: tuple[str, ...] = ()
    """Facts that hold once it was shown and agreed to, e.g. `consent.informed_country`."""


@dataclass(frozen=True, slots=True)
class RecordFlow:
    """One way for records of one subject, from declared senders to declared recipients."""

    id: str
    title: Text
    description: Text
    format: str
    """Name of the record format, e.g. `fhir-r4`."""
    subject: Subject
    purpose: str
    """DPV term; a consent for another purpose covers nothing here."""
    senders: tuple[str, ...]
    """Participants."""
    recipients: tuple[str, ...]
    """Participants, named one by one: a consent to everybody is none."""
    categories: tuple[RecordCategory, ...]
    longest_days: int
    """How long a consent may be valid."""
    pick_up_hours: int
    """How long a sealed payload waits."""
    notices: tuple[Notice, ...]
    pick_up_once: bool = True
    free_text: bool = False
    """Whether a subject may let narratives and other free text go at all."""
    onward: bool = False
    """Whether a subject may let a recipient pass the record on."""
    keep_days: int = 0
    """How long a recipient may keep what it received; 0: as its law says."""
    age_of_consent: int | None = None
    """Years; who is younger needs a guardian. None: nobody does."""
    sample: str | None = None
    """Path of a file inside the programme folder that can be sent to try the flow out."""

    def category(self, category_id: str) -> RecordCategory | None:
        """The category of that id, if there is one."""
        return next((c for c in self.categories if c.id == category_id), None)

    def notice(
        self, language: Language, by: ExpressedBy = "self", notice_id: str | None = None
    ) -> Notice | None:
        """What is shown to one who consents in a language, if there is such a notice."""
        return next(
            (
                each
                for each in self.notices
                if each.language is language and by in each.by and notice_id in (None, each.id)
            ),
            None,
        )
