"""Answers as a document for people: in the template's look, or question by question."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sekisho.lanes.open.template_words import Template
from sekisho.model.document import Block, Cell, Document, Grid, Heading, KeyValues, Line, Paragraph
from sekisho.model.form import Form, Question, QuestionKind, Section
from sekisho.model.submission import Answer, Answers, BothText, FileRef, Money, Row
from sekisho.terms import Language
from sekisho.text import sentence

_WIDTHS = (22, 52, 26)


@dataclass(frozen=True, slots=True)
class Head:
    """What a document says before the answers."""

    on: date
    """The document's own date: the same answers give the same bytes."""
    facts: tuple[tuple[str, str], ...] = ()
    """Names and values, such as who submitted and under which reference."""
    footer: str = ""


def paper_of(form: Form, answers: Answers, head: Head, language: Language) -> Document:
    """The answers as a document; without answers the template to fill in."""
    blocks: list[Block] = [KeyValues(head.facts)] if head.facts else []
    blocks.append(Paragraph(form.description.said(language)))
    if form.layout is not None:
        blocks.append(_filled_template(Template(form, form.layout), answers, language))
    else:
        for section in form.sections:
            blocks += _section(section, answers, language)
    return Document(
        title=form.title.said(language),
        language=language,
        on=head.on,
        blocks=tuple(blocks),
        footer=head.footer,
        landscape=form.layout is not None,
    )


# -- in the template's look --------------------------------------------------------------------


def _filled_template(template: Template, answers: Answers, language: Language) -> Grid:
    rows = [
        row
        for section in template.form.sections
        for row in _template_rows(template, section, answers, language)
    ]
    header = tuple(title.said(language) for title in template.layout.headers)
    return Grid(header, tuple(rows), widths=_WIDTHS)


def _template_rows(
    template: Template, section: Section, answers: Answers, language: Language
) -> Iterator[tuple[Cell, ...]]:
    """A row an intervention; the section's title and points stand beside the first."""
    given = answers.get(template.table(section).id, ())
    rows = [row for row in given if isinstance(row, Mapping)] if isinstance(given, tuple) else []
    title: Cell = _guide(template, section, language)
    for row in rows or [{}]:
        yield (
            title,
            _text_cell(template, section, row, language),
            _outcome_cell(template, section, row, language),
        )
        title = ""


def _guide(template: Template, section: Section, language: Language) -> tuple[Line, ...]:
    lines = [Line(f"{section.id}. {section.title.said(language)}", "strong")]
    if section.help is not None:
        lines.append(Line(section.help.said(language), "quiet"))
    if template.layout.point is not None:
        points = template.column(section, template.layout.point).options
        helps = {section.help.said(language)} if section.help else set()
        lines += [
            Line(f"{each.id}. {each.title.said(language)}", "quiet")
            for each in points
            if each.title.said(language) not in helps
        ]
    return tuple(lines)


def _text_cell(
    template: Template, section: Section, row: Row, language: Language
) -> tuple[Line, ...]:
    layout = template.layout
    lines: list[Line] = []
    if layout.point is not None and layout.point in row:
        question = template.column(section, layout.point)
        lines += _lines(question, row[layout.point], language, "quiet", layout.point)
    for part in (layout.title, layout.text, layout.reference):
        if part is not None:
            role = "strong" if part == layout.title else "plain"
            question = template.column(section, part)
            lines += _lines(question, row.get(part, ""), language, role, part)
    return tuple(lines)


def _outcome_cell(
    template: Template, section: Section, row: Row, language: Language
) -> tuple[Line, ...]:
    layout = template.layout
    return tuple(
        line
        for part in (layout.status, layout.note)
        for line in _lines(
            template.column(section, part), row.get(part, ""), language, "plain", part
        )
    )


def _lines(
    question: Question, answer: Answer, language: Language, role: str, part: str
) -> list[Line]:
    """An answer, a line each; an empty one keeps its place for whoever fills it in."""
    said = "\n".join(said_answer(question, answer, language)) if answer != "" else ""
    kept = "strong" if role == "strong" else "quiet" if role == "quiet" else "plain"
    return [Line(text, kept, part=part) for text in said.split("\n")]  # type: ignore[arg-type]


# -- question by question ----------------------------------------------------------------------


def _section(section: Section, answers: Answers, language: Language) -> Iterator[Block]:
    yield Heading(section.title.said(language))
    if section.help is not None:
        yield Paragraph(section.help.said(language), role="quiet")
    pairs: list[tuple[Cell, ...]] = []
    for question in section.questions:
        if question.kind is QuestionKind.TABLE:
            if pairs:
                yield _pairs(pairs, language)
                pairs = []
            yield Heading(question.title.said(language), 2)
            yield table_grid(question, answers.get(question.id, ()), language)
        else:
            answer = answers.get(question.id)
            said = said_answer(question, answer, language) if answer is not None else ("",)
            pairs.append((question.title.said(language), tuple(Line(each) for each in said)))
    if pairs:
        yield _pairs(pairs, language)


def _pairs(pairs: list[tuple[Cell, ...]], language: Language) -> Grid:
    header = tuple(
        sentence(f"documents.{name}", language=language) for name in ("question", "answer")
    )
    return Grid(header, tuple(pairs), widths=(2, 3))


def table_grid(question: Question, answer: Answer, language: Language) -> Grid:
    """The rows of a table question, its columns beside each other."""
    rows = [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, tuple) else []
    header = tuple(column.title.said(language) for column in question.columns)
    cells = tuple(
        tuple(
            tuple(Line(text) for text in said_answer(column, row[column.id], language))
            if column.id in row
            else ""
            for column in question.columns
        )
        for row in rows
    )
    return Grid(header, cells)


# -- one answer --------------------------------------------------------------------------------


def said_answer(question: Question, answer: Answer, language: Language) -> tuple[str, ...]:
    """One answer as people read it, a line each; a table's rows are for `table_grid`."""
    if isinstance(answer, tuple):
        return tuple(_titled(question, each, language) for each in answer if isinstance(each, str))
    if isinstance(answer, str):
        is_choice = question.kind is QuestionKind.CHOICE
        return (_titled(question, answer, language),) if is_choice else tuple(answer.split("\n"))
    if isinstance(answer, BothText):
        both = (answer.ja, answer.en) if language is Language.JA else (answer.en, answer.ja)
        return tuple(line for each in both if each for line in each.split("\n"))
    if isinstance(answer, FileRef):
        about = f"{answer.name} ({answer.media_type}, {answer.bytes:,} B)"
        return (about, f"SHA-256 {answer.digest}")
    return (_measured(question, answer, language),)


def _titled(question: Question, option_id: str, language: Language) -> str:
    option = question.option(option_id)
    return option.title.said(language) if option else option_id


def _measured(question: Question, answer: Money | Decimal | date, language: Language) -> str:
    if isinstance(answer, Money):
        return f"{answer.amount:f} {answer.currency}"
    if isinstance(answer, date):
        return answer.isoformat()
    return f"{answer:f} {question.unit.said(language)}" if question.unit else f"{answer:f}"
