"""A form as a workbook to fill in offline, and the answers that a filled one gives.

One sheet for single questions, one for each table. Beside what people read stands the name of each
field, so that a workbook comes back in either language. A text longer than a cell goes on in the
next line: lines with the same number are one row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sekisho.errors import DeliveryError, Fault, fault, raise_all
from sekisho.lanes.open.template import Given, Imported
from sekisho.lanes.open.template_words import option_named
from sekisho.model.form import Form, Question, QuestionKind
from sekisho.model.submission import Answer, Answers, BothText, Money
from sekisho.model.workbook import Book, BookSheet, Value, pieces_of
from sekisho.terms import Language
from sekisho.text import sentence

ABOUT, ANSWERS = "form", "answers"
_MARK = "x"
_OPEN_ROWS = 200


@dataclass(frozen=True, slots=True)
class Field:
    """One cell that a question fills; most questions fill one."""

    question: Question
    part: str = ""
    """`en`, `ja`, `amount`, `currency`, or an option's id."""

    @property
    def name(self) -> str:
        """What stands beside the cell so that programs find it."""
        return f"{self.question.id}.{self.part}" if self.part else self.question.id

    def title(self, language: Language) -> str:
        """What people read over or beside the cell."""
        title = self.question.title.said(language)
        if not self.part:
            return title
        option = self.question.option(self.part)
        part = (
            option.title.said(language)
            if option
            else sentence(f"documents.part-{self.part}", language=language)
        )
        return f"{title}: {part}"


def fields_of(question: Question) -> list[Field]:
    """The cells of a question; none for a file, which a workbook cannot hold."""
    if question.kind is QuestionKind.FILE:
        return []
    if question.kind is QuestionKind.SEVERAL:
        return [Field(question, option.id) for option in question.options]
    if question.kind is QuestionKind.MONEY and question.currency is None:
        return [Field(question, "amount"), Field(question, "currency")]
    if question.both_languages:
        return [Field(question, "en"), Field(question, "ja")]
    return [Field(question)]


def book_of(form: Form, answers: Answers, on: date, language: Language) -> Book:
    """The workbook of a form: empty to fill in, or with the answers of a submission."""
    singles = [each for each in form.questions if each.kind is not QuestionKind.TABLE]
    sheets = [_about(form, language)]
    if any(fields_of(each) for each in singles):
        sheets.append(_singles(singles, answers, language))
    for question in form.questions:
        if question.kind is QuestionKind.TABLE:
            sheets.append(_table(question, answers.get(question.id, ()), language))
    return Book(form.title.said(language), on, tuple(sheets))


def _about(form: Form, language: Language) -> BookSheet:
    def said(name: str) -> str:
        return sentence(f"documents.{name}", language=language)

    rows: list[tuple[Value, ...]] = [
        (form.title.said(language),),
        ("form", form.id),
        ("version", Decimal(form.version)),
        (said("book-about"), form.description.said(language)),
    ]
    if form.deadline is not None:
        day, zone = form.deadline.day, form.deadline.zone
        text = sentence("documents.book-deadline-text", {"day": day, "zone": zone}, language)
        rows.append((said("book-deadline"), text))
    rows += [(said("book-how"), said(f"book-how-{number}")) for number in (1, 2, 3)]
    for section in form.sections:
        ids = ", ".join(each.id for each in section.questions)
        rows.append((f"{section.id}. {section.title.said(language)}", ids))
        if section.help is not None:
            rows.append(("", section.help.said(language)))
    return BookSheet(ABOUT, tuple(rows), widths=(40, 100))


def _singles(questions: Sequence[Question], answers: Answers, language: Language) -> BookSheet:
    head = tuple(
        sentence(f"documents.book-{name}", language=language)
        for name in ("field", "question", "answer", "help")
    )
    rows: list[tuple[Value, ...]] = [head]
    choices: dict[tuple[int, int], tuple[str, ...]] = {}
    for each in (f for question in questions for f in fields_of(question)):
        help_ = each.question.help.said(language) if each.question.help else None
        values = _values(each, answers.get(each.question.id), language)
        for number, value in enumerate(values):
            rows.append((each.name, each.title(language), value, None if number else help_))
        options = _options(each, language)
        if options:
            choices[len(rows) - 1, 2] = options
    return BookSheet(
        ANSWERS, tuple(rows), widths=(24, 50, 60, 60), choices=choices, choices_last_row=0
    )


def _table(question: Question, answer: Answer, language: Language) -> BookSheet:
    fields = [each for column in question.columns for each in fields_of(column)]
    row_title = sentence("documents.book-row", language=language)
    rows: list[tuple[Value, ...]] = [
        (row_title, *(each.title(language) for each in fields)),
        ("row", *(each.name for each in fields)),
    ]
    given = [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, tuple) else []
    for number, row in enumerate(given, 1):
        columns = [_values(each, row.get(each.question.id), language) for each in fields]
        for line in range(max(map(len, columns), default=1)):
            cells = [column[line] if line < len(column) else None for column in columns]
            rows.append((Decimal(number), *cells))
    choices = {
        (2, number): options
        for number, each in enumerate(fields, 1)
        if (options := _options(each, language))
    }
    widths = (6, *(50 if each.question.lines > 1 else 28 for each in fields))
    return BookSheet(
        question.id,
        tuple(rows),
        head_rows=2,
        widths=widths,
        choices=choices,
        choices_last_row=max(_OPEN_ROWS, len(rows)),
        quiet_rows=(1,),
    )


def _options(each: Field, language: Language) -> tuple[str, ...]:
    if each.question.kind is QuestionKind.SEVERAL:
        return (_MARK,)
    return tuple(option.title.said(language) for option in each.question.options)


def _values(each: Field, answer: Answer | None, language: Language) -> Sequence[Value]:
    """What a field's cell holds; several where a text is longer than a cell."""
    question, part = each.question, each.part
    if answer is None:
        return (None,)
    if isinstance(answer, BothText):
        return pieces_of(answer.en if part == "en" else answer.ja)
    if isinstance(answer, Money):
        return (answer.currency if part == "currency" else answer.amount,)
    if isinstance(answer, tuple):
        return (_MARK if part in answer else None,)
    if isinstance(answer, str):
        option = question.option(answer) if question.options else None
        return pieces_of(option.title.said(language) if option else answer)
    return (answer,) if isinstance(answer, Decimal | date) else (None,)


# -- and back ----------------------------------------------------------------------------------


def answers_of_book(form: Form, sheets: Sequence[BookSheet]) -> Imported:
    """The answers that a filled workbook gives.

    Raises: DeliveryError when it is another form's, or a sheet or field has no place.
    """
    by_name = {sheet.name.casefold(): sheet for sheet in sheets}
    notes = list(_about_faults(form, by_name.get(ABOUT)))
    faults: list[Fault] = []
    given: Given = {}
    singles = [each for each in form.questions if each.kind is not QuestionKind.TABLE]
    known = {ABOUT}
    if any(fields_of(each) for each in singles):
        known.add(ANSWERS)
        given |= _read_singles(singles, by_name.get(ANSWERS), faults)
    for question in form.questions:
        if question.kind is QuestionKind.TABLE:
            known.add(question.id.casefold())
            given[question.id] = _read_table(question, by_name.get(question.id.casefold()), faults)
    for name, sheet in by_name.items():
        if name not in known and sheet.rows:
            notes.append(fault("documents.other-sheet", sheet=sheet.name))
    if any(each.kind is QuestionKind.FILE for each in singles):
        notes.append(fault("documents.no-files"))
    raise_all(DeliveryError, faults)
    return Imported({name: value for name, value in given.items() if value}, tuple(notes))


def _about_faults(form: Form, about: BookSheet | None) -> Iterator[Fault]:
    """A note for another version; another form is refused."""
    facts = {row[0]: row[1] for row in about.rows if len(row) > 1} if about else {}
    if facts.get("form") != form.id:
        raise DeliveryError(fault("documents.another-workbook", form=form.id))
    if facts.get("version") not in {Decimal(form.version), str(form.version)}:
        yield fault("documents.other-version")


def _read_singles(
    questions: Sequence[Question], sheet: BookSheet | None, faults: list[Fault]
) -> Given:
    if sheet is None:
        faults.append(fault("documents.no-sheet", sheet=ANSWERS))
        return {}
    known = {each.name: each for question in questions for each in fields_of(question)}
    found: dict[str, list[Value]] = {}
    for number, row in enumerate(sheet.rows[1:], 2):
        name = str(row[0]) if row and row[0] is not None else ""
        if name in known:
            found.setdefault(name, []).append(row[2] if len(row) > 2 else None)
        elif any(row):
            faults.append(fault("documents.unknown-field", sheet=ANSWERS, row=number))
    return _answers((known[name], values) for name, values in found.items())


def _read_table(question: Question, sheet: BookSheet | None, faults: list[Fault]) -> list[Given]:
    if sheet is None or len(sheet.rows) < 2:
        faults.append(fault("documents.no-sheet", sheet=question.id))
        return []
    known = {each.name: each for column in question.columns for each in fields_of(column)}
    names = [str(cell) if cell is not None else "" for cell in sheet.rows[1]]
    fields = [known.get(name) for name in names]
    if names[:1] != ["row"] or set(known) - set(names) or len(set(names)) < len(names):
        faults.append(fault("documents.no-field-names", sheet=question.id))
        return []
    lines: list[tuple[Value, dict[str, list[Value]]]] = []
    for number, row in enumerate(sheet.rows[2:], 3):
        if len(row) > len(names) or any(
            row[at] not in {None, ""} and fields[at] is None for at in range(1, len(row))
        ):
            faults.append(fault("documents.unknown-field", sheet=question.id, row=number))
            continue
        if any(cell not in {None, ""} for cell in row[1:]):
            _add_line(lines, row, fields)
    return [_answers((known[name], values) for name, values in line.items()) for _, line in lines]


def _add_line(
    lines: list[tuple[Value, dict[str, list[Value]]]],
    row: tuple[Value, ...],
    fields: Sequence[Field | None],
) -> None:
    """A line of a sheet; one with the number of the line before goes on with that row."""
    if not lines or row[0] in {None, ""} or lines[-1][0] != row[0]:
        lines.append((row[0], {}))
    for cell, each in zip(row[1:], fields[1:], strict=False):
        if each is not None and cell not in {None, ""}:
            lines[-1][1].setdefault(each.name, []).append(cell)


def _answers(found: Iterable[tuple[Field, list[Value]]]) -> Given:
    """Fields with their cells as answers, as they come from outside."""
    given: Given = {}
    for each, values in found:
        kept = [value for value in values if value not in {None, ""}]
        if not kept:
            continue
        question = each.question
        if question.kind is QuestionKind.SEVERAL:
            chosen = given.setdefault(question.id, [])
            if isinstance(chosen, list):
                chosen.append(each.part)
        elif each.part:
            parts = given.setdefault(question.id, {})
            if isinstance(parts, dict):
                parts[each.part] = _text(kept)
        else:
            given[question.id] = _answer(question, kept)
    return given


def _answer(question: Question, values: Sequence[Value]) -> object:
    if question.kind is QuestionKind.CHOICE:
        option = option_named(question, _text(values))
        return option.id if option else _text(values)
    if len(values) == 1 and isinstance(values[0], date):
        return values[0].isoformat()
    return _text(values)


def _text(values: Sequence[Value]) -> str:
    """Cells as one text; a number as it is written."""
    return "".join(f"{value:f}" if isinstance(value, Decimal) else str(value) for value in values)
