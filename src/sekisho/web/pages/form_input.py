"""Between a section's answers and the fields of its page, there and back."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sekisho.errors import Fault
from sekisho.lanes.open.written import answer_json
from sekisho.model.form import Question, QuestionKind, Section
from sekisho.model.submission import Answer, Answers, BothText, FileRef, Money
from sekisho.web.posted import Posted

Fields = Mapping[str, list[str]]
"""Name of a field -> its values."""

MORE_ROWS = 3
"""Empty rows that a table shows below those that are filled in."""


# -- from answers to fields -----------------------------------------------------------------------


def fields_of(section: Section, answers: Answers) -> dict[str, list[str]]:
    """The fields of a section's page, filled with its answers."""
    fields: dict[str, list[str]] = {}
    for question in section.questions:
        answer = answers.get(question.id)
        if answer is not None:
            fields |= _filled(question, answer, question.id)
    return fields


def _filled(question: Question, answer: Answer, name: str) -> dict[str, list[str]]:
    if isinstance(answer, Money):
        return {f"{name}-amount": [f"{answer.amount:f}"], f"{name}-currency": [answer.currency]}
    if isinstance(answer, BothText):
        return {f"{name}-en": [answer.en], f"{name}-ja": [answer.ja]}
    if isinstance(answer, Decimal):
        return {name: [f"{answer:f}"]}
    if isinstance(answer, date):
        parts = ("year", answer.year), ("month", answer.month), ("day", answer.day)
        return {f"{name}-{part}": [str(value)] for part, value in parts}
    if isinstance(answer, tuple):
        return _filled_many(question, answer, name)
    return {} if isinstance(answer, FileRef) else {name: [answer]}


def _filled_many(question: Question, answer: tuple[object, ...], name: str) -> dict[str, list[str]]:
    if question.kind is QuestionKind.SEVERAL:
        return {name: [each for each in answer if isinstance(each, str)]}
    fields: dict[str, list[str]] = {f"{name}-rows": [str(len(answer))]}
    for number, row in enumerate(answer, 1):
        for column in question.columns:
            if isinstance(row, Mapping) and column.id in row:
                fields |= _filled(column, row[column.id], f"{name}-{number}-{column.id}")
    return fields


def rows_of(question: Question, fields: Fields, *, more: bool = False) -> int:
    """How many rows of a table a page shows: those filled in, and some more."""
    wanted = _number(fields.get(f"{question.id}-rows", ["0"])[0])
    shown = max(wanted, 0) + (MORE_ROWS if more or wanted == 0 else 0)
    return min(max(shown, 1), question.most or 200)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


# -- from fields to answers -----------------------------------------------------------------------


def given_answers(section: Section, posted: Posted, before: Answers) -> dict[str, object]:
    """Answers as JSON would give them; a file that was not sent again stays."""
    return {
        question.id: _given(question, posted, before)
        for question in section.questions
        if question.id not in posted.files
    }


def _given(question: Question, posted: Posted, before: Answers) -> object:
    if question.kind is QuestionKind.TABLE:
        count = min(_number(posted.one(f"{question.id}-rows")), 5_000)
        return [
            {
                column.id: _one(column, posted.fields, f"{question.id}-{number}-{column.id}")
                for column in question.columns
            }
            for number in range(1, count + 1)
        ]
    if question.kind is QuestionKind.FILE:
        answer = before.get(question.id)
        removed = posted.one(f"{question.id}-remove") == "yes"
        return None if answer is None or removed else answer_json(answer)
    return _one(question, posted.fields, question.id)


def _one(question: Question, fields: Fields, name: str) -> object:
    def first(part: str) -> str:
        return fields.get(f"{name}-{part}", [""])[0].strip()

    if question.kind is QuestionKind.MONEY:
        amount = first("amount")
        return {"amount": amount, "currency": first("currency")} if amount else None
    if question.kind is QuestionKind.DATE:
        parts = [unicodedata.normalize("NFKC", first(part)) for part in ("year", "month", "day")]
        return (
            "-".join(part.zfill(n) for part, n in zip(parts, (4, 2, 2), strict=True))
            if any(parts)
            else None
        )
    if question.both_languages:
        said = {language: first(language) for language in ("en", "ja")}
        return said if any(said.values()) else None
    values = fields.get(name, [])
    return values if question.kind is QuestionKind.SEVERAL else "".join(values[:1])


# -- where a fault stands on the page -------------------------------------------------------------


def field_of(fault: Fault) -> str:
    """The id of the field that a fault is about."""
    if fault.place is None:
        return ""
    name, dot, column = fault.place.file.partition(".")
    return f"{name}-{fault.place.line}-{column}" if dot else name
