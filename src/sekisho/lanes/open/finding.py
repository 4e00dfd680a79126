"""What of a submission is searched, and what of it is shown as found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sekisho.model.form import Form, Question
from sekisho.model.submission import Answer, Answers, BothText, FileRef
from sekisho.model.words import Wanted, any_found_in

_AROUND = 90
"""Characters that are shown on each side of what was found."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an answer that holds something of what was searched."""

    section: str
    question: str
    text: str


def searched_text(form: Form, answers: Answers) -> str:
    """Everything of the answers that people may search: texts, chosen options in both languages."""
    return "\n".join(text for _, text in _texts(form, answers))


def passages_of(form: Form, answers: Answers, asked: Wanted, most: int = 3) -> tuple[Passage, ...]:
    """The pieces of answers in which a term stands, in order, cut to what is near it."""
    found: list[Passage] = []
    for question, text in _texts(form, answers):
        if len(found) < most and any_found_in(asked, text):
            section = form.section_of(question.id)
            found.append(Passage(section.id if section else "", question.id, _near(text, asked)))
    return tuple(found)


def _texts(form: Form, answers: Answers) -> Iterator[tuple[Question, str]]:
    """(question, text) of each piece; a piece of a table stands under the table."""
    for question in form.questions:
        answer = answers.get(question.id)
        if answer is None:
            continue
        if isinstance(answer, tuple):
            for each in answer:
                if isinstance(each, Mapping):
                    for column in question.columns:
                        if column.id in each:
                            yield from ((question, text) for text in _said(column, each[column.id]))
                else:
                    yield from ((question, text) for text in _said(question, each))
        else:
            yield from ((question, text) for text in _said(question, answer))


def _said(question: Question, answer: Answer) -> Iterator[str]:
    if isinstance(answer, BothText):
        yield from (each for each in (answer.en, answer.ja) if each)
    elif isinstance(answer, FileRef):
        yield answer.name
    elif isinstance(answer, str):
        option = question.option(answer)
        yield from (option.title.en, option.title.ja) if option else (answer,)
    elif isinstance(answer, tuple):
        for each in answer:
            if isinstance(each, str):
                yield from _said(question, each)


def _near(text: str, asked: Wanted) -> str:
    """The text around the first term that stands in it as written; else its beginning."""
    low = text.casefold()
    places = [low.find(term.said.strip()) for term in asked.terms]
    at = min((place for place in places if place >= 0), default=0)
    start, end = max(0, at - _AROUND), at + _AROUND
    cut = " ".join(text[start:end].split())
    return f"{'… ' if start else ''}{cut}{' …' if end < len(text) else ''}"
