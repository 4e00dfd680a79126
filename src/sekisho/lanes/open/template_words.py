"""How the words of a filled template are told apart: sections, labels, points, outcomes."""

import re
import unicodedata
from dataclasses import dataclass

from sekisho.model.form import Form, Layout, Option, Question, QuestionKind, Section
from sekisho.model.text import Text

_STOP = re.compile(r"[.:：。．]")
_ASIDE = re.compile(r"[（(]([^()（）]{1,200})[)）]")
_PART_BEFORE_COMMA = re.compile(r"\s*([^,，、;；]{1,80}?)\s*[,，、;；]\s*(\S.*)", re.DOTALL)
_EMPTY = re.compile(
    r"[（(].{0,80}(?:left empty|left blank|no answer|空欄|記入なし|回答なし).{0,80}[)）]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Template:
    """A form that is written as one document, with the questions that the document shows."""

    form: Form
    layout: Layout

    def table(self, section: Section) -> Question:
        """The table of a section; a form with a layout has one in each."""
        return next(each for each in section.questions if each.kind is QuestionKind.TABLE)

    def column(self, section: Section, name: str) -> Question:
        """A column of a section's table."""
        found = self.table(section).column(name)
        if found is None:
            raise KeyError(name)
        return found


def plain(text: str) -> str:
    """Text made ready to be matched: one width, one case, single spaces, no stop at its end."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split()).strip(" .:。")


def is_title(text: str, title: Text) -> bool:
    """Whether a text is a title, in either language."""
    return plain(text) in {plain(title.en), plain(title.ja)}


def section_named(form: Form, text: str) -> Section | None:
    """The section that a heading or first cell names: its title, with or without its letter."""
    said = plain(text)
    for section in form.sections:
        for title in (plain(section.title.en), plain(section.title.ja)):
            letter = plain(section.id)
            if said in {
                title,
                *(f"{letter}{between}{title}" for between in (". ", ".", ") ", " ")),
            }:
                return section
    return None


def row_title(section: Section, text: str) -> str:
    """A heading's words without the number that counts it, such as `a.1`."""
    number = rf"\s*{re.escape(section.id)}[.．]?\d{{1,3}}[.．)]?\s+(?=\S)"
    return re.sub(rf"\A{number}", "", text, count=1, flags=re.IGNORECASE)


def label_of(template: Template, section: Section, text: str) -> tuple[str, str] | None:
    """(part, rest) of a paragraph that begins with a label; None without one.

    A label is the header over a column of the document, or its beginning, and a full stop or
    colon. What stands in brackets behind the label goes with the rest.
    """
    stop = _STOP.search(text)
    if stop is None or stop.start() > 200:
        return None
    label, rest = text[: stop.start()], text[stop.end() :].strip()
    aside = _ASIDE.search(label)
    if aside is not None:
        label = label.replace(aside[0], " ")
        rest = f"{rest} ({aside[1]})" if rest else f"({aside[1]})"
    part = _labelled(template, section, plain(label))
    return None if part is None else (part, rest)


def _labelled(template: Template, section: Section, label: str) -> str | None:
    layout = template.layout
    if len(label) < 2:
        return None
    named = ((layout.text, layout.headers[1]), (layout.note, layout.headers[2]))
    for part, header in named:
        for said in (plain(header.en), plain(header.ja)):
            if label == said or (len(label) >= 10 and said.startswith(f"{label} ")):
                return part
            if len(label) >= 4 and not label.isascii() and said.startswith(label):
                return part
    for name in layout.columns:
        titles = template.column(section, name).title
        if label in {plain(titles.en), plain(titles.ja), f"{plain(titles.en)}s"}:
            return layout.note if name == layout.status else name
    return None


def option_named(question: Question, text: str) -> Option | None:
    """The option that a text names: by its title in either language, by its id, or by both."""
    said = plain(text)
    for option in question.options:
        if said == plain(option.id):
            return option
        for title in (plain(option.title.en), plain(option.title.ja)):
            if said in {title, f"{plain(option.id)}. {title}", f"{plain(option.id)} {title}"}:
                return option
    return None


def outcome_of(status: Question, said: str) -> tuple[str, str]:
    """(status, note) of what a document says as outcome; together they say all of it.

    `Ongoing, N/A` is the status ongoing with the note `N/A`; what begins with no status is a note.
    """
    text = said.strip()
    whole = option_named(status, text)
    if whole is not None:
        return whole.id, ""
    found = _PART_BEFORE_COMMA.fullmatch(text)
    option = option_named(status, found[1]) if found else None
    return (option.id, found[2]) if found and option else ("", text)


def is_empty_mark(text: str) -> bool:
    """Whether a paragraph only says that nothing was written, such as `(left empty by …)`."""
    return _EMPTY.fullmatch(text.strip()) is not None
