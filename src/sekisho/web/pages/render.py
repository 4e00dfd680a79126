"""Templates: every text from `text/`, every value escaped."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from sekisho.terms import Language
from sekisho.text import sentence

_CODE = re.compile(r"`([^`]+)`")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sekisho.web", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = words
    return environment


def words(text: str) -> Markup:
    """A sentence with its `names` set as code, everything else escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just now


def full_sentence(text: str, language: Language) -> str:
    """A sentence of a fault as a page sets it: a capital at its head, a stop at its end."""
    stop = "。" if language is Language.JA else "."
    ended = text if text.endswith((".", "。", "!", "?")) else text + stop
    return ended[:1].upper() + ended[1:]


def moment(at: datetime, language: Language) -> str:
    """A time as people write it."""
    if language is Language.JA:
        return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}（UTC）"
    return f"{at.day} {at:%B %Y}, {at:%H:%M} UTC"


def day(at: date, language: Language) -> str:
    """A day as people write it."""
    if language is Language.JA:
        return f"{at.year}年{at.month}月{at.day}日"
    return f"{at.day} {at:%B %Y}"


def size_text(size: int) -> str:
    """A file's size as people read it."""
    if size < 1_000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1_000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"


def page(template: str, language: Language, path: str, values: Mapping[str, object]) -> str:
    """A page as HTML.

    `path` is the address behind the language, from which the other language is reached.
    """

    def say(name: str, **fields: object) -> str:
        return sentence(f"web.{name}", fields, language)

    other = Language.EN if language is Language.JA else Language.JA
    return (
        _environment()
        .get_template(template)
        .render(
            {
                **values,
                "t": say,
                "lang": language.value,
                "other": other.value,
                "other_name": sentence("web.own-name", language=other),
                "other_hint": sentence("web.in-this-language", language=other),
                "path": path,
                "current": values.get("current", path),
            }
        )
    )
