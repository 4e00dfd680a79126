"""Submissions side by side: for each section and question who said what, and where nobody did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sekisho.lanes.open.papers import said_answer
from sekisho.model.document import Block, Cell, Document, Grid, Heading, Line, Paragraph
from sekisho.model.form import Form, Question, QuestionKind, Section
from sekisho.model.submission import Answer, Submission
from sekisho.model.text import Text
from sekisho.model.workbook import Book, BookSheet, Value, pieces_of
from sekisho.terms import Language
from sekisho.text import sentence


class Gap(StrEnum):
    """Why a cell holds no answer; a gap is never shown as an empty answer."""

    NOT_SUBMITTED = "not-submitted"
    LEFT_EMPTY = "left-empty"


@dataclass(frozen=True, slots=True)
class Entrant:
    """Whose answers are compared; without a submission all of them are gaps."""

    id: str
    name: Text
    submission: Submission | None


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row of a table question, or one answer: its lines, and which part each one is."""

    parts: tuple[tuple[Question, tuple[str, ...]], ...]


Compared = Gap | tuple[ComparedRow, ...]
"""What one entrant said to one question."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every question of a form with what each entrant said."""

    form: Form
    entrants: tuple[Entrant, ...]
    language: Language
    cells: Mapping[tuple[str, str], Compared]
    """(question, entrant) -> what was said."""

    def count(self, section: Section, entrant: Entrant) -> int | Gap:
        """How many rows or answers an entrant gave in a section."""
        cells = [self.cells[question.id, entrant.id] for question in section.questions]
        given = [len(each) for each in cells if not isinstance(each, Gap)]
        if given:
            return sum(given)
        return Gap.NOT_SUBMITTED if entrant.submission is None else Gap.LEFT_EMPTY

    def gaps(self, section: Section) -> tuple[Entrant, ...]:
        """Who gave nothing in a section."""
        return tuple(each for each in self.entrants if isinstance(self.count(section, each), Gap))


def compare(
    form: Form,
    entrants: Sequence[tuple[str, Text]],
    submissions: Iterable[Submission],
    language: Language,
) -> Comparison:
    """The comparison of what was submitted; entrants stand in the order in which they are given.

    Of several submissions of one entrant the newest counts.
    """
    newest: dict[str, Submission] = {}
    for each in submissions:
        held = newest.get(each.participant)
        if held is None or held.submitted_at <= each.submitted_at:
            newest[each.participant] = each
    listed = tuple(Entrant(id_, name, newest.get(id_)) for id_, name in entrants)
    cells = {
        (question.id, each.id): _compared(question, each, language)
        for question in form.questions
        for each in listed
    }
    return Comparison(form, listed, language, cells)


def _compared(question: Question, entrant: Entrant, language: Language) -> Compared:
    if entrant.submission is None:
        return Gap.NOT_SUBMITTED
    answer = entrant.submission.answers.get(question.id)
    if answer is None or answer in ((), ""):
        return Gap.LEFT_EMPTY
    return tuple(_rows(question, answer, language)) or Gap.LEFT_EMPTY


def _rows(question: Question, answer: Answer, language: Language) -> Iterator[ComparedRow]:
    if question.kind is not QuestionKind.TABLE:
        yield ComparedRow(((question, said_answer(question, answer, language)),))
        return
    for row in answer if isinstance(answer, tuple) else ():
        if isinstance(row, Mapping):
            parts = [
                (column, said_answer(column, row[column.id], language))
                for column in question.columns
                if column.id in row
            ]
            yield ComparedRow(tuple(parts))


def said_gap(gap: Gap, language: Language) -> str:
    """A gap as people read it."""
    return sentence(f"documents.gap-{gap.value}", language=language)


# -- as files ----------------------------------------------------------------------------------


def comparison_lines(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """The comparison in long form, its head first: a line a part of an answer, and a line a gap."""
    language = comparison.language
    yield tuple(
        sentence(f"documents.compared-{name}", language=language)
        for name in ("section", "participant", "row", "part", "answer", "state")
    )
    given = sentence("documents.compared-given", language=language)
    for section in comparison.form.sections:
        title = f"{section.id}. {section.title.said(language)}"
        for question in section.questions:
            for entrant in comparison.entrants:
                name = entrant.name.said(language)
                cell = comparison.cells[question.id, entrant.id]
                if isinstance(cell, Gap):
                    part = question.title.said(language)
                    yield (title, name, "", part, "", said_gap(cell, language))
                    continue
                for number, row in enumerate(cell, 1):
                    for part_of, lines in row.parts:
                        part = part_of.title.said(language)
                        yield (title, name, str(number), part, "\n".join(lines), given)


def comparison_book(comparison: Comparison, on: date) -> Book:
    """The comparison as a workbook: an overview, then every answer; long texts go on below."""
    language = comparison.language
    rows: list[tuple[Value, ...]] = []
    for line in comparison_lines(comparison):
        *before, answer, state = line
        rows += [(*before, piece, state) for piece in pieces_of(answer)]
    overview = sentence("documents.compared-overview", language=language)
    answers = sentence("documents.compared-answers", language=language)
    sheets = (
        BookSheet(overview, tuple(_overview(comparison)), widths=(34,)),
        BookSheet(answers, tuple(rows), widths=(34, 24, 6, 34, 90, 20)),
    )
    return Book(comparison.form.title.said(language), on, sheets)


def _overview(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """Who gave how much to each section."""
    language = comparison.language
    heads = (f"{each.id}. {each.title.said(language)}" for each in comparison.form.sections)
    yield (sentence("documents.compared-participant", language=language), *heads)
    for entrant in comparison.entrants:
        counts = (comparison.count(section, entrant) for section in comparison.form.sections)
        said = (said_gap(n, language) if isinstance(n, Gap) else str(n) for n in counts)
        yield (entrant.name.said(language), *said)


def comparison_document(comparison: Comparison, on: date) -> Document:
    """The comparison for print: section by section, those who answered side by side."""
    language = comparison.language
    head, *rows = _overview(comparison)
    overview = sentence("documents.compared-overview", language=language)
    blocks: list[Block] = [Heading(overview), Grid(head, tuple(rows))]
    for section in comparison.form.sections:
        blocks.append(Heading(f"{section.id}. {section.title.said(language)}"))
        answered = [
            e for e in comparison.entrants if not isinstance(comparison.count(section, e), Gap)
        ]
        for question in section.questions:
            blocks += _beside(comparison, question, answered)
        missing = [each.name.said(language) for each in comparison.gaps(section)]
        if missing:
            listed = ("、" if language is Language.JA else "; ").join(missing)
            text = sentence("documents.compared-gaps", {"names": listed}, language)
            blocks.append(Paragraph(text, role="quiet"))
    title = comparison.form.title.said(language)
    return Document(title, language, on, tuple(blocks), landscape=True)


def _beside(
    comparison: Comparison, question: Question, answered: Sequence[Entrant]
) -> Iterator[Block]:
    """Three at a time beside each other, as a page is wide."""
    for start in range(0, len(answered), 3):
        shown = answered[start : start + 3]
        cells: list[Cell] = []
        for entrant in shown:
            cell = comparison.cells[question.id, entrant.id]
            cells.append(_cell(cell, comparison.language))
        names = tuple(each.name.said(comparison.language) for each in shown)
        yield Grid(names, (tuple(cells),))


def _cell(cell: Compared, language: Language) -> Cell:
    if isinstance(cell, Gap):
        return (Line(said_gap(cell, language), "quiet"),)
    lines: list[Line] = []
    for number, row in enumerate(cell):
        lines += [Line("")] if number else []
        for place, (_, said) in enumerate(row.parts):
            lines += [Line(each, "strong" if place == 0 else "plain") for each in said]
    return tuple(lines)
