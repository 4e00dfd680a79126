"""Documents of the open lane, as a notebook, the command line and the web call them."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec

from sekisho.errors import DeliveryError, NotFound, UsageError, fault
from sekisho.formats.csv import neutral
from sekisho.formats.docx import left_out_of, read_docx, write_docx
from sekisho.formats.markdown import read_markdown
from sekisho.formats.unpack import MEDIA_TYPES, FileKind, kind_of
from sekisho.formats.xlsx import read_xlsx, write_xlsx
from sekisho.gate import timelines
from sekisho.gate.forms import drafts, reading
from sekisho.gate.forms import search as searching
from sekisho.gate.forms.asked import answering, asked_form, participants_asked
from sekisho.gate.house import Call
from sekisho.lanes.open.compare import (
    Comparison,
    compare,
    comparison_book,
    comparison_document,
    comparison_lines,
)
from sekisho.lanes.open.papers import Head, paper_of
from sekisho.lanes.open.read_answers import read_answers
from sekisho.lanes.open.template import Imported, answers_of_document
from sekisho.lanes.open.template_json import answers_of_json
from sekisho.lanes.open.timelines import Asked, Event, History, events_of
from sekisho.lanes.open.workbooks import answers_of_book, book_of
from sekisho.lanes.open.written import submission_bytes
from sekisho.model.document import Document
from sekisho.model.form import Form, QuestionKind
from sekisho.model.submission import Answers, Draft, Submission
from sekisho.model.text import Text
from sekisho.model.words import wanted
from sekisho.terms import Language
from sekisho.text import sentence

TEMPLATE_FORMATS = ("docx", "xlsx")
SUBMISSION_FORMATS = ("docx", "xlsx", "pdf", "json")
COMPARISON_FORMATS = ("csv", "docx", "xlsx", "pdf")
_LIBRARIES = {"docx": ("docx",), "xlsx": ("xlsxwriter", "openpyxl"), "pdf": ("typst",)}
"""What the extra `documents` brings for each format."""
_MEDIA = {
    "docx": MEDIA_TYPES[FileKind.DOCX],
    "xlsx": MEDIA_TYPES[FileKind.XLSX],
    "pdf": "application/pdf",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A file to hand out."""

    name: str
    media_type: str
    data: bytes


class Documents:
    """Every call on documents, on behalf of one actor."""

    def __init__(self, call: Call) -> None:
        self._call = call

    # -- coming in ----------------------------------------------------------------------------

    def read(self, programme: str, form: str, data: bytes) -> Imported:
        """The answers that a filled DOCX, XLSX, Markdown or JSON gives; nothing is saved.

        What the file is, its bytes say. Files that were attached do not come with it.

        Raises: DeliveryError when it is another form's, could do harm, or something in it has no
        place among the answers.
        """
        _, asked = answering(self._call, programme, form)
        return without_files(asked, imported(asked, data))

    def fill(self, programme: str, form: str, data: bytes) -> tuple[Draft, Imported]:
        """Save the answers of a filled file as the participant's draft, over what stands there.

        Raises: DeliveryError as `read`, and with every answer that cannot be read.
        """
        _, asked = answering(self._call, programme, form)
        found = self.read(programme, form, data)
        answers, faults = read_answers(asked, found.given)
        if faults:
            raise DeliveryError(*faults)
        return drafts.fill(self._call, programme, form, drafts.Filling(answers)), found

    # -- going out ----------------------------------------------------------------------------

    def template(self, programme: str, form: str, kind: str, language: Language) -> Paper:
        """The form to fill in offline, as `docx` (where it has a layout) or `xlsx`."""
        _, asked = asked_form(self._call, programme, form)
        known = TEMPLATE_FORMATS if asked.layout else ("xlsx",)
        on = asked.opens or date(2000, 1, 1)
        _check_kind(kind, known)
        return _paper(asked, {}, (f"{programme}-{form}", kind), Head(on), language)

    def submission(
        self, reference: str, kind: str, language: Language, revision: int | None = None
    ) -> Paper:
        """A submission that the actor may read, as `docx`, `xlsx`, `pdf` or `json`."""
        _check_kind(kind, SUBMISSION_FORMATS)
        found = reading.history(self._call, reference)
        made = next((e for e in found if e.revision == revision), None if revision else found[-1])
        if made is None:
            raise NotFound(fault("forms.no-submission"))
        return self._submission(made, kind, language)

    def every(self, programme: str, form: str, kind: str, language: Language) -> Paper:
        """Every submission of a form that the actor may read, in one ZIP."""
        _check_kind(kind, SUBMISSION_FORMATS)
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
            for each in reading.submissions(self._call, programme, form):
                made = self._submission(each, kind, language)
                at = each.submitted_at.timetuple()[:6]
                info = zipfile.ZipInfo(f"{each.participant}-{made.name}", at)
                info.compress_type = zipfile.ZIP_DEFLATED
                package.writestr(info, made.data)
        name = f"{programme}-{form}-{kind}.zip"
        return Paper(name, _MEDIA["zip"], whole.getvalue())

    def _submission(self, made: Submission, kind: str, language: Language) -> Paper:
        name = (made.reference, kind)
        if kind == "json":
            return Paper(f"{made.reference}.json", _MEDIA[kind], submission_bytes(made))
        asked = reading.form_of_submission(self._call, made)
        return _paper(asked, made.answers, name, self._head(made, language), language)

    def _head(self, made: Submission, language: Language) -> Head:
        def said(name: str, **fields: object) -> str:
            return sentence(f"documents.{name}", fields, language)

        by = self._names().get(made.participant)
        at = f"{made.submitted_at:%Y-%m-%d %H:%M} UTC"
        facts = (
            (said("head-by"), by.said(language) if by else made.participant),
            (said("head-at"), said("head-late", at=at) if made.late else at),
            (said("head-reference"), said("head-revision", **_revision(made))),
        )
        return Head(made.submitted_at.date(), facts, made.reference)

    # -- comparing ----------------------------------------------------------------------------

    def compare(
        self, programme: str, form: str, language: Language, only: Sequence[str] = ()
    ) -> Comparison:
        """What the actor may read of a form's submissions, side by side, with the gaps."""
        declared, asked = asked_form(self._call, programme, form)
        found = reading.submissions(self._call, programme, form)
        names = self._names()
        ids = dict.fromkeys(
            [
                *participants_asked(self._call.house, declared, asked),
                *(s.participant for s in found),
            ]
        )
        entrants = [
            (each, names.get(each, Text(each.upper(), each.upper())))
            for each in ids
            if not only or each in only
        ]
        return compare(asked, entrants, found, language)

    def comparison(
        self, programme: str, form: str, kind: str, language: Language, only: Sequence[str] = ()
    ) -> Paper:
        """The comparison as `csv`, `docx`, `xlsx` or `pdf`."""
        _check_kind(kind, COMPARISON_FORMATS)
        made = self.compare(programme, form, language, only)
        on = self._call.house.clock.now().date()
        name = f"{programme}-{form}-comparison.{kind}"
        if kind == "csv":
            return Paper(name, _MEDIA[kind], _csv(made))
        if kind == "xlsx":
            return Paper(name, _MEDIA[kind], write_xlsx(comparison_book(made, on)))
        return Paper(name, _MEDIA[kind], _printed(comparison_document(made, on), kind))

    # -- finding ------------------------------------------------------------------------------

    def search(
        self, query: str, programme: str | None = None, before: int | None = None
    ) -> list[searching.Found]:
        """Submissions that hold every word, newest first; in English, Japanese and others."""
        return searching.search(self._call, query, programme, before)

    def timelines(self, programme: str) -> list[str]:
        """The timelines of a programme."""
        return timelines.timeline_ids(self._call, programme)

    def timeline(self, programme: str, name: str | None = None) -> History:
        """A timeline, with its licence and source; its first when none is named."""
        return timelines.timeline(self._call, programme, name)

    def events(
        self,
        programme: str,
        query: str = "",
        *,
        who: str | None = None,
        topic: str | None = None,
        name: str | None = None,
    ) -> tuple[Event, ...]:
        """The events of a timeline that hold every word, oldest first."""
        words = wanted(query) if query.strip() else None
        return events_of(self.timeline(programme, name), Asked(who, topic, words))

    def _names(self) -> Mapping[str, Text]:
        return {each.id: each.name for each in self._call.house.store.participants()}


def imported(form: Form, data: bytes) -> Imported:
    """The answers that a file gives, whatever of the four kinds it is."""
    kind = kind_of(data)
    _need("docx" if kind is FileKind.ZIP else kind.value)
    if kind is FileKind.XLSX:
        return answers_of_book(form, read_xlsx(data))
    if kind in {FileKind.DOCX, FileKind.ZIP}:
        found = answers_of_document(form, read_docx(data))
        left = [fault(f"documents.left-out-{each}") for each in left_out_of(data)]
        return Imported(found.given, (*found.notes, *left))
    if kind is FileKind.TEXT and data.lstrip()[:1] in {b"{", b"["}:
        return answers_of_json(form, _json(data))
    return answers_of_document(form, read_markdown(data))


def without_files(form: Form, found: Imported) -> Imported:
    """The answers without files: whoever knows a file's hash would else get the file by it."""
    names = {each.id for each in form.questions if each.kind is QuestionKind.FILE}
    if not names & set(found.given):
        return found
    given = {name: value for name, value in found.given.items() if name not in names}
    return Imported(given, (*found.notes, fault("documents.no-files")))


def _json(data: bytes) -> object:
    try:
        return json.loads(data.decode("utf-8-sig"), parse_float=str)
    except (ValueError, RecursionError):
        raise DeliveryError(fault("documents.not-json")) from None


def _need(kind: str) -> None:
    """Refuse in words where the library of a format is not installed.

    Raises: UsageError, which names the extra to install.
    """
    if kind in _LIBRARIES and any(find_spec(each) is None for each in _LIBRARIES[kind]):
        raise UsageError(fault("documents.not-installed", kind=kind))


def _check_kind(kind: str, known: Sequence[str]) -> None:
    _need(kind)
    if kind not in known:
        listed = ", ".join(f"`{each}`" for each in known)
        raise NotFound(fault("documents.no-format", kind=kind[:20], known=listed))


def _revision(made: Submission) -> dict[str, object]:
    return {"reference": made.reference, "revision": made.revision}


def _paper(
    form: Form, answers: Answers, named: tuple[str, str], head: Head, language: Language
) -> Paper:
    name, kind = named
    if kind == "xlsx":
        data = write_xlsx(book_of(form, answers, head.on, language))
    else:
        data = _printed(paper_of(form, answers, head, language), kind)
    return Paper(f"{name}.{kind}", _MEDIA[kind], data)


def _printed(document: Document, kind: str) -> bytes:
    if kind == "docx":
        return write_docx(document)
    from sekisho.formats.pdf import write_pdf

    return write_pdf(document)


def _csv(made: Comparison) -> bytes:
    whole = io.StringIO()
    lines = csv.writer(whole, lineterminator="\r\n")
    for line in comparison_lines(made):
        lines.writerow([neutral(each) for each in line])
    return whole.getvalue().encode("utf-8-sig")
