"""`sekisho remote`: what a recipient asks of the sender's node, over the network."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sekisho.cli.fetch import read_token
from sekisho.cli.options import Speaker, common, said

if TYPE_CHECKING:
    from sekisho.stores.http_transfers import HttpTransfers

_URL = click.argument("url")
_TOKEN = click.option(
    "--token",
    "token_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=said("option-token-file"),
)


@click.group(help=said("help-remote"))
def remote() -> None:
    """Another node's record lane."""


def _there(speaker: Speaker, url: str, token_file: Path | None) -> "HttpTransfers":
    from sekisho.stores.http_transfers import http_transfers

    return http_transfers(url, read_token(token_file, speaker))


@remote.command("list", help=said("help-remote-list"))
@_URL
@_TOKEN
@common
def list_(speaker: Speaker, url: str, token_file: Path | None) -> None:
    """Transfers that are ours there."""
    found = _there(speaker, url, token_file).transfers()
    for each in _rows(found, "transfers"):
        parts = (each.get(name) for name in ("transfer", "state", "sender", "ready_until"))
        speaker.line("  ".join(_plain(part) for part in parts if part))
    speaker.answer(found)


@remote.command(help=said("help-remote-ask"))
@_URL
@click.argument("programme")
@click.argument("flow")
@click.argument("consent")
@click.option(
    "--category", "categories", multiple=True, required=True, help=said("option-transfer-category")
)
@click.option("--request", help=said("option-request"))
@_TOKEN
@common
def ask(speaker: Speaker, url: str, programme: str, flow: str, **about: Any) -> None:
    """Ask for a record under a consent."""
    wanted = {
        "programme": programme,
        "flow": flow,
        "consent": about["consent"],
        "categories": list(about["categories"]),
        **({"request": about["request"]} if about["request"] else {}),
    }
    got = _there(speaker, url, about["token_file"]).request(wanted)
    speaker.say("remote-asked", transfer=_plain(got.get("transfer")))
    speaker.answer(got)


@remote.command(help=said("help-remote-notices"))
@_URL
@_TOKEN
@common
def notices(speaker: Speaker, url: str, token_file: Path | None) -> None:
    """What we are told about what we received."""
    found = _there(speaker, url, token_file).recalls()
    for each in _rows(found, "recalls"):
        parts = (each.get(name) for name in ("recall", "kind", "transfer", "sent_at", "answer"))
        speaker.line("  ".join(_plain(part) for part in parts if part))
    speaker.answer(found)


@remote.command(help=said("help-remote-answer"))
@_URL
@click.argument("notice")
@click.argument("answer", type=click.Choice(["erased", "kept-by-law", "not-found", "noted"]))
@_TOKEN
@common
def answer(speaker: Speaker, url: str, notice: str, answer: str, token_file: Path | None) -> None:
    """Say what was done about a notice."""
    got = _there(speaker, url, token_file).answer(notice, answer)
    speaker.say("remote-answered", answer=_plain(got.get("answer")))
    speaker.answer(got)


def _rows(answered: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = answered.get(name)
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


def _plain(value: object) -> str:
    """The other node's words without letters that would steer a terminal."""
    return "".join(each for each in str(value) if each.isprintable())
