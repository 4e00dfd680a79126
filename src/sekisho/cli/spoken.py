"""What Click itself says, in the language asked for.

Click asks gettext for each of its sentences and brings no translation. Ours stand in
`text/*/click.toml`: the English one is Click's own sentence, by which it is found.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from sekisho import text
from sekisho.cli.options import language_of_environment
from sekisho.terms import Language

MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
"""Modules of Click whose sentences people meet."""

AREA = "click"


@cache
def translations(language: Language) -> Mapping[str, str]:
    """Click's own sentence -> the same in a language."""
    own, ours = text.templates(AREA, Language.EN), text.templates(AREA, language)
    return {said: ours[name] for name, said in own.items()}


def spoken(message: str) -> str:
    """A sentence of Click's; one that has no translation stays as it is."""
    return translations(language_of_environment()).get(message, message)


def spoken_for(one: str, many: str, count: int) -> str:
    """A sentence of Click's that depends on a number."""
    return spoken(one if count == 1 else many)


def speak() -> None:
    """Have Click ask here for its sentences."""
    for name in MODULES:
        module = import_module(f"click.{name}")
        for asked, answer in (("_", spoken), ("ngettext", spoken_for)):
            if hasattr(module, asked):
                setattr(module, asked, answer)
