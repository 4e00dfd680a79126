"""Whose parts a release was made from, in words: on its page, in its papers, in the terminal."""

from collections.abc import Iterable, Mapping, Sequence

from sekisho.model.part import Parts
from sekisho.terms import Language
from sekisho.text import sentence


def parts_said(
    parts: Parts | None, language: Language, names: Mapping[str, str] | None = None
) -> list[str]:
    """Whose parts are in it, then whose are missing; nothing where nobody shares a dataset.

    `names` are what people read for a holder; one without a name is said by its id.
    """
    if parts is None:
        return []
    said = [_said("present", parts.present, names or {}, language)]
    if parts.missing:
        said.append(_said("missing", parts.missing, names or {}, language))
    return said


def holders_told(about: Mapping[str, object], language: Language) -> list[str]:
    """The same from what `release.json` holds."""
    held = about.get("holders")
    if not isinstance(held, dict):
        return []
    names = held.get("names", {})
    named = {each: str(text.get(language.value) or each) for each, text in names.items()}
    return parts_said(Parts(_ids(held["present"]), _ids(held["missing"])), language, named)


def _ids(listed: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(each) for each in listed)


def _said(which: str, holders: Iterable[str], names: Mapping[str, str], language: Language) -> str:
    comma = "、" if language is Language.JA else ", "
    listed = comma.join(names.get(each, each) for each in holders)
    return sentence(f"parts.said-{which}", {"holders": listed}, language)
