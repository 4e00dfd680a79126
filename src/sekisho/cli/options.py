"""What every command shares: its language, `--json`, on whose behalf, and how it prints."""

import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import TypeVar

import click

from sekisho import text
from sekisho.terms import Language

R = TypeVar("R")


ASKED: ContextVar[Language | None] = ContextVar("asked", default=None)
"""The language of `--lang`, wherever on the line it stands, while a command runs."""


def language_of_environment() -> Language:
    """What `--lang` asks for; else Japanese when SEKISHO_LANGUAGE or the locale says so."""
    asked = ASKED.get()
    if asked is not None:
        return asked
    for name in ("SEKISHO_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return Language.JA if value.lower().startswith("ja") else Language.EN
    return Language.EN


def asked_language(arguments: Sequence[str]) -> Language | None:
    """The language that `--lang` names among the arguments; None when it names none we speak."""
    named = [arguments[at] for at in _places_of_language(arguments)]
    return Language(named[-1].removeprefix("--lang=")) if named else None


def without_language(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--lang`, so that it may stand before, between and after commands.

    One that names a language which is not spoken stays, for Click to refuse.
    """
    taken: set[int] = set()
    for at in _places_of_language(arguments):
        taken |= {at} if arguments[at].startswith("--lang=") else {at - 1, at}
    return [argument for at, argument in enumerate(arguments) if at not in taken]


def _places_of_language(arguments: Sequence[str]) -> Iterator[int]:
    """Where a language that is spoken is named, `ja` or `--lang=ja`; not behind a lone `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for at, argument in enumerate(arguments[:end]):
        follows = at > 0 and arguments[at - 1] == "--lang" and argument in set(Language)
        joined = argument.startswith("--lang=") and argument.removeprefix("--lang=") in set(
            Language
        )
        if follows or joined:
            yield at


def said(name: str, language: Language | None = None, **fields: object) -> str:
    """A sentence of `text/<language>/cli.toml`."""
    return text.sentence(f"cli.{name}", fields, language or language_of_environment())


def common(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--json`, `--lang` and `--as`, bundled as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help=said("option-json"))
    @click.option(
        "--lang", type=click.Choice([each.value for each in Language]), help=said("option-lang")
    )
    @click.option("--as", "actor_name", metavar="ACTOR", help=said("option-as"))
    @functools.wraps(command)
    def wrapped(*args: object, **kwargs: object) -> R:
        lang, as_json = kwargs.pop("lang"), bool(kwargs.pop("as_json"))
        language = Language(str(lang)) if lang else language_of_environment()
        actor = kwargs.pop("actor_name")
        speaker = Speaker(language, as_json=as_json, actor=str(actor) if actor else None)
        return command(speaker, *args, **kwargs)

    return wrapped


class ListsWhenUnnamed(click.Group):
    """`GROUP NODE` lists; a node in a folder called as one of the commands is written `./name`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["list", *args]
        return super().resolve_command(ctx, args)


class Speaker:
    """How a command prints: sentences for people, or one JSON object for programs."""

    def __init__(self, language: Language, *, as_json: bool, actor: str | None = None) -> None:
        self.language = language
        self.as_json = as_json
        self.actor = actor

    def say(self, name: str, **fields: object) -> None:
        """Print a sentence; silent when the answer is JSON."""
        if not self.as_json:
            click.echo(said(name, self.language, **fields))

    def line(self, words: str = "") -> None:
        """Print a line that was rendered elsewhere."""
        if not self.as_json:
            click.echo(words)

    def answer(self, value: Mapping[str, object]) -> None:
        """Print the JSON answer; silent when sentences were asked for."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
