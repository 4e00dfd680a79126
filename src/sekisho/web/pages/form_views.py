"""What the pages of forms show, made ready for their templates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sekisho.errors import Fault
from sekisho.lanes.open.deadlines import Standing
from sekisho.lanes.open.validate import asked_questions
from sekisho.model.form import Comparison, Condition, Form, Question, QuestionKind, Section
from sekisho.model.submission import Answers, Draft, FileRef
from sekisho.present.answers import ShownAnswer, day_text, shown_answers
from sekisho.programmes.form_vocabulary import FILE_TYPES
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages.form_input import Fields, field_of, rows_of
from sekisho.web.pages.render import full_sentence


def said(name: str, language: Language, **fields: object) -> str:
    """A sentence of `text/<language>/form_pages.toml`."""
    return sentence(f"form_pages.{name}", fields, language)


@dataclass(frozen=True, slots=True)
class FieldView:
    """One question as a field, or one cell of a table."""

    name: str
    kind: str
    title: str
    required: bool
    hints: tuple[str, ...]
    errors: tuple[str, ...]
    values: Fields
    """Of this field and its parts, by the whole name."""
    lines: int = 1
    most: int | None = None
    both: bool = False
    currency: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Id and title."""
    accept: str = ""
    file: str = ""
    """Name of the file that there is."""
    head: tuple[str, ...] = ()
    rows: tuple[tuple["FieldView", ...], ...] = ()

    def value(self, part: str = "") -> str:
        """The value of the field, or of one of its parts."""
        name = f"{self.name}-{part}" if part else self.name
        return self.values.get(name, [""])[0]

    def holds(self, option: str) -> bool:
        """Whether an option is chosen."""
        return option in self.values.get(self.name, [])


@dataclass(frozen=True, slots=True)
class Filled:
    """A section's page as somebody left it."""

    fields: Fields
    errors: Mapping[str, tuple[str, ...]]
    """Id of the field -> what is wrong with it."""
    answers: Answers
    more_rows: bool = True


def section_view(
    form: Form, section: Section, filled: Filled, language: Language
) -> list[FieldView]:
    """The fields of a section, without those that earlier answers make needless."""
    asked = {each.id for each in asked_questions(form, filled.answers)}
    here = {each.id for each in section.questions}
    return [
        _field(form, each, filled, language)
        for each in section.questions
        if each.id in asked or (each.when is not None and each.when.question in here)
    ]


def _field(form: Form, question: Question, filled: Filled, language: Language) -> FieldView:
    hints = list(_hints(form, question, language))
    answer = filled.answers.get(question.id)
    view = _cell(question, question.id, filled, (tuple(hints), language))
    if question.kind is QuestionKind.FILE:
        types = question.file_types or tuple(FILE_TYPES)
        accept = ",".join([*types, *(FILE_TYPES[each] for each in types)])
        name = answer.name if isinstance(answer, FileRef) else ""
        return replace(view, accept=accept, file=name)
    if question.kind is not QuestionKind.TABLE:
        return view
    count = rows_of(question, filled.fields, more=filled.more_rows)
    rows = tuple(
        tuple(
            _cell(column, f"{question.id}-{number}-{column.id}", filled, ((), language))
            for column in question.columns
        )
        for number in range(1, count + 1)
    )
    return replace(view, head=tuple(_titled(c, language) for c in question.columns), rows=rows)


def _titled(column: Question, language: Language) -> str:
    unit = f" ({column.unit.said(language)})" if column.unit else ""
    return f"{column.title.said(language)}{unit}"


def _cell(
    question: Question, name: str, filled: Filled, spoken: tuple[tuple[str, ...], Language]
) -> FieldView:
    hints, language = spoken
    return FieldView(
        name=name,
        kind=question.kind.value,
        title=question.title.said(language),
        required=question.required,
        hints=hints,
        errors=filled.errors.get(name, ()),
        values=filled.fields,
        lines=question.lines,
        most=question.most if question.kind is QuestionKind.TEXT else None,
        both=question.both_languages,
        currency=question.currency,
        options=tuple((each.id, each.title.said(language)) for each in question.options),
    )


def _hints(form: Form, question: Question, language: Language) -> Iterable[str]:
    if question.when is not None:
        yield _condition(form, question.when, language)
    if question.help is not None:
        yield question.help.said(language)
    if question.unit is not None:
        yield said("unit", language, unit=question.unit.said(language))
    if question.kind is QuestionKind.TEXT and question.most is not None:
        yield said("most", language, most=f"{question.most:,}")
    if question.kind is QuestionKind.FILE:
        types = question.file_types or tuple(FILE_TYPES)
        yield said("types", language, types=", ".join(FILE_TYPES[each] for each in types))


def _condition(form: Form, condition: Condition, language: Language) -> str:
    other = form.question(condition.question)
    title = other.title.said(language) if other else condition.question
    option = other.option(condition.value) if other else None
    value = option.title.said(language) if option else condition.value
    name = "when-answered" if condition.op is Comparison.ANSWERED else f"when-{condition.op.value}"
    return said(name, language, title=title, value=value)


# -- errors ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One line of the summary of what is wrong; it leads to its field."""

    text: str
    place: str


def error_lines(
    form: Form, faults: Iterable[Fault], language: Language, address: str = ""
) -> list[ErrorLine]:
    """What is wrong, each leading to its field; `address` is the form's, for another page."""
    lines = []
    for each in faults:
        field = field_of(each)
        question = field if form.question(field) else (each.place.file if each.place else "")
        section = form.section_of(question.partition(".")[0])
        page = f"{address}/s/{section.id}" if address and section else ""
        text = sentence(each.code, each.fields, language)
        lines.append(ErrorLine(full_sentence(text, language), f"{page}#{field}"))
    return lines


def errors_of(faults: Iterable[Fault], language: Language) -> dict[str, tuple[str, ...]]:
    """What is wrong, by the id of the field."""
    found: dict[str, tuple[str, ...]] = {}
    for each in faults:
        text = full_sentence(sentence(each.code, each.fields, language), language)
        found[field_of(each)] = (*found.get(field_of(each), ()), text)
    return found


# -- whole forms ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaskView:
    """One section in the list of what is to be done."""

    section: Section
    state: str
    """`done`, `begun`, `open` or `clash`."""


def tasks(form: Form, draft: Draft) -> list[TaskView]:
    """Where each section of a draft stands."""
    asked = asked_questions(form, draft.answers)
    found = []
    for section in form.sections:
        here = [each for each in section.questions if each in asked]
        if any(clash.section == section.id for clash in draft.clashes):
            found.append(TaskView(section, "clash"))
            continue
        answered = [each for each in here if each.id in draft.answers]
        missing = [each for each in here if each.required and each.id not in draft.answers]
        state = "begun" if answered else "open"
        visited = section.id in draft.section_revisions
        found.append(TaskView(section, "done" if not missing and visited else state))
    return found


@dataclass(frozen=True, slots=True)
class SectionAnswers:
    """One section with what was answered."""

    section: Section
    title: str
    answers: list[ShownAnswer]


def answered_sections(form: Form, answers: Answers, language: Language) -> list[SectionAnswers]:
    """Every section with every question that is asked, answered or not."""
    asked = {each.id for each in asked_questions(form, answers)}
    return [
        SectionAnswers(
            section,
            section.title.said(language),
            [
                each
                for each in shown_answers(section, answers, language)
                if each.question.id in asked
            ],
        )
        for section in form.sections
    ]


def deadline_text(form: Form, standing: Standing, language: Language) -> str:
    """Until when a form is open, or that it is not."""
    if form.deadline is None:
        return said("no-deadline", language)
    day, zone = day_text(form.deadline.day, language), form.deadline.zone
    if standing is Standing.NOT_OPEN and form.opens is not None:
        opens = day_text(form.opens, language)
        return said("opens", language, opens=opens, day=day, zone=zone)
    name = {Standing.LATE: "was-open-late", Standing.CLOSED: "was-open"}.get(standing, "open-until")
    return said(name, language, day=day, zone=zone)
