"""Answers as people read them: options by their titles, amounts with their unit, days in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sekisho.model.form import Form, Question, QuestionKind, Section
from sekisho.model.submission import Answer, Answers, BothText, FileRef, Leftover, Money
from sekisho.terms import Language
from sekisho.text import sentence


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """One question with its answer."""

    question: Question
    title: str
    text: str
    """What was answered, in lines; empty when nothing was, or when it is a table."""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table: its columns' titles and its cells."""
    file: FileRef | None = None

    @property
    def answered(self) -> bool:
        """Whether anything was answered."""
        return bool(self.text or self.rows)


def shown_answers(section: Section, answers: Answers, language: Language) -> list[ShownAnswer]:
    """Every question of a section with its answer."""
    return [shown(each, answers.get(each.id), language) for each in section.questions]


def shown(question: Question, answer: Answer | None, language: Language) -> ShownAnswer:
    """One question with its answer."""
    title = question.title.said(language)
    if answer is None:
        return ShownAnswer(question, title, "")
    if question.kind is QuestionKind.TABLE and isinstance(answer, tuple):
        head = tuple(each.title.said(language) for each in question.columns)
        rows = tuple(
            tuple(
                answer_text(each, row[each.id], language) if each.id in row else ""
                for each in question.columns
            )
            for row in answer
            if isinstance(row, Mapping)
        )
        return ShownAnswer(question, title, "", head, rows)
    file = answer if isinstance(answer, FileRef) else None
    return ShownAnswer(question, title, answer_text(question, answer, language), file=file)


def answer_text(question: Question, answer: Answer, language: Language) -> str:
    """One answer that is no table, in words."""
    if isinstance(answer, Money):
        return f"{amount(answer.amount)} {answer.currency}"
    if isinstance(answer, Decimal):
        unit = question.unit.said(language) if question.unit else ""
        return f"{amount(answer)} {unit}".strip()
    if isinstance(answer, date):
        return day_text(answer, language)
    if isinstance(answer, BothText):
        return "\n".join(_each_language(answer, language))
    if isinstance(answer, tuple):
        titles = [_option(question, each, language) for each in answer if isinstance(each, str)]
        return "\n".join(titles)
    return _words(question, answer, language)


def _words(question: Question, answer: str | FileRef, language: Language) -> str:
    if isinstance(answer, FileRef):
        return answer.name
    return _option(question, answer, language) if question.kind is QuestionKind.CHOICE else answer


def _each_language(answer: BothText, language: Language) -> Iterator[str]:
    for name, words in (("en", answer.en), ("ja", answer.ja)):
        if words:
            yield f"{sentence(f'forms.in-{name}', language=language)}\n{words}"


def _option(question: Question, option: str, language: Language) -> str:
    found = question.option(option)
    return found.title.said(language) if found else option


def amount(number: Decimal) -> str:
    """A number with thousands apart; nothing of it rounded."""
    return f"{number:,f}"


def day_text(day: date, language: Language) -> str:
    """A day as people write it."""
    if language is Language.JA:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {day:%B %Y}"


def answer_lines(form: Form, answers: Answers, language: Language) -> Iterator[str]:
    """A whole form as lines for a terminal; what was not answered is not shown."""
    for section in form.sections:
        found = [each for each in shown_answers(section, answers, language) if each.answered]
        if found:
            yield section.title.said(language)
        for each in found:
            lines = each.text.split("\n") if each.text else []
            yield f"  {each.title}: {lines[0]}" if len(lines) == 1 else f"  {each.title}:"
            yield from (f"    {line}" for line in lines if len(lines) > 1)
            if each.rows:
                yield f"    {' | '.join(each.head)}"
            yield from (f"    {' | '.join(_one_line(row))}" for row in each.rows)


def leftover_text(leftover: Leftover, language: Language) -> str:
    """An answer whose question is gone, in words: options by their ids, a table row by row."""
    plain = Question(leftover.question, QuestionKind.TEXT, leftover.title)
    answer = leftover.answer
    if not isinstance(answer, tuple):
        return answer_text(plain, answer, language)
    lines = [
        " | ".join(answer_text(plain, cell, language) for cell in each.values())
        if isinstance(each, Mapping)
        else each
        for each in answer
    ]
    return "\n".join(lines)


def _one_line(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.replace("\n", " / ") for cell in row)
