"""`sekisho my`: what a person or firm sees of their own records."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sekisho.cli.options import Speaker, common, said

if TYPE_CHECKING:
    from sekisho.model.mine import Mine
    from sekisho.node import Node
    from sekisho.node.records import ForSubject

SECRET = "SEKISHO_SECRET"  # noqa: S105 - the name of a variable, not what it holds


@click.group(help=said("help-my"))
def my() -> None:
    """What a person or firm sees of their own records."""


_secret = click.option(
    "--secret",
    "secret_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=said("option-my-secret"),
)
_subject = click.option("--subject", help=said("option-my-subject"))


@my.command(help=said("help-my-show"))
@click.argument("node", type=click.Path(path_type=Path))
@_secret
@_subject
@common
def show(speaker: Speaker, node: Path, secret_file: Path | None, subject: str | None) -> None:
    """Everything about me, on the screen."""
    from sekisho.present.mine import document_text, mine_document
    from sekisho.present.mine_json import mine_json

    seen = _mine(speaker, node, secret_file, subject)
    speaker.line(document_text(mine_document(seen, speaker.language)).rstrip())
    speaker.answer(mine_json(seen))


@my.command(help=said("help-my-export"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_secret
@_subject
@common
def export(
    speaker: Speaker, node: Path, file: Path, secret_file: Path | None, subject: str | None
) -> None:
    """Everything about me, as a file to take home: `.json` or `.pdf`."""
    from sekisho.errors import UsageError, fault

    kind = file.suffix.removeprefix(".").lower()
    if kind not in ("json", "pdf"):
        raise UsageError(fault("mine.no-such-export", name=kind or file.name))
    _write(file, _bytes(_mine(speaker, node, secret_file, subject), kind, speaker))
    speaker.say("my-exported", file=file.name)
    speaker.answer({"file": str(file)})


@my.command(help=said("help-my-consent"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("consent")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--form",
    type=click.Choice(["dpv", "fhir"]),
    default="dpv",
    show_default=True,
    help=said("option-my-form"),
)
@_secret
@_subject
@common
def consent(speaker: Speaker, node: Path, consent: str, file: Path, **about: Any) -> None:
    """One of my consents as a file that other systems read."""
    import json

    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        mine = _person(opened, speaker, about["secret_file"], about["subject"])
        paper = mine.consent_paper(consent, about["form"])
    _write(file, (json.dumps(paper, ensure_ascii=False, indent=2) + "\n").encode())
    speaker.say("my-exported", file=file.name)
    speaker.answer({"file": str(file)})


def _bytes(seen: "Mine", kind: str, speaker: Speaker) -> bytes:
    import json

    from sekisho.formats.pdf import write_pdf
    from sekisho.present.mine import mine_document
    from sekisho.present.mine_json import mine_json

    if kind == "pdf":
        return write_pdf(mine_document(seen, speaker.language))
    return (json.dumps(mine_json(seen), ensure_ascii=False, indent=2) + "\n").encode()


def _write(file: Path, data: bytes) -> None:
    """Write for the owner of the file alone: it is about one person."""
    from sekisho.errors import StorageError, fault

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
    except OSError as error:
        raise StorageError(fault("mine.not-written", file=file.name)) from error


def _mine(speaker: Speaker, node: Path, secret_file: Path | None, subject: str | None) -> "Mine":
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        return _person(opened, speaker, secret_file, subject).mine()


def _person(
    node: "Node", speaker: Speaker, secret_file: Path | None, subject: str | None
) -> "ForSubject":
    """By the person's own secret, or at the holder's desk for a person whom it has identified."""
    if subject is not None:
        return node.records.for_subject(subject)
    return node.records.by_secret(_read_secret(secret_file, speaker))


def _read_secret(file: Path | None, speaker: Speaker) -> str:
    """From a file, the environment, or asked for without showing it; never from the line."""
    from sekisho.errors import StorageError, fault

    if file is None:
        held = os.environ.get(SECRET)
        return held or str(
            click.prompt(said("prompt-my-secret", speaker.language), hide_input=True)
        )
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(fault("mine.no-secret-file", file=file.name)) from error
