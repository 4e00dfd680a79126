"""What people read: codes and fields become sentences, in English and Japanese.

A code is `area.name`; its sentence stands in `text/<language>/<area>.toml`. Nothing else in the
code holds a sentence for people, so both languages are complete or a test fails.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sekisho.terms import Language


@cache
def _catalogue(language: Language, area: str) -> dict[str, str]:
    file = resources.files("sekisho.text") / language.value / f"{area}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def areas(language: Language) -> list[str]:
    """The areas that have a catalogue in a language, sorted."""
    folder = resources.files("sekisho.text") / language.value
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def codes(language: Language) -> dict[str, str]:
    """Every code of a language with its template."""
    return {
        f"{area}.{name}": template
        for area in areas(language)
        for name, template in _catalogue(language, area).items()
    }


def templates(area: str, language: Language) -> Mapping[str, str]:
    """The names of one area with their templates."""
    return dict(_catalogue(language, area))


def sentence(
    code: str, fields: Mapping[str, object] | None = None, language: Language = Language.EN
) -> str:
    """The sentence of a code, its `{fields}` filled in.

    Raises: KeyError when the code is unknown or a field is missing; both are faults of ours,
    and a test over all codes finds them first.
    """
    area, _, name = code.partition(".")
    template = _catalogue(language, area)[name]
    shown = {key: _shown(value, language) for key, value in (fields or {}).items()}
    return template.format_map(shown)


@dataclass(frozen=True, slots=True)
class Words:
    """A word of the catalogue as a field of another sentence, in that sentence's language."""

    code: str

    def said(self, language: Language) -> str:
        """The word in one language."""
        return sentence(self.code, language=language)

    def __str__(self) -> str:
        return self.said(Language.EN)


def _shown(value: object, language: Language) -> "_Said":
    """A field's words; a text in both languages gives those of the sentence."""
    said = getattr(value, "said", None)
    return _Said(said(language) if callable(said) else value)


class _Said(str):
    """A field's words; `{files:file|files}` chooses by the number that the field is."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        one, bar, many = spec.partition("|")
        if not bar:
            return super().__format__(spec)
        return one if self == "1" else many
