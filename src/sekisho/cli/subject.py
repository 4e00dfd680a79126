"""`sekisho subject`: the people and firms whom records are about, at their holder's desk."""

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from sekisho.cli.options import Speaker, common, said
from sekisho.cli.secrets import for_subject, who, write_secret_file

if TYPE_CHECKING:
    from sekisho.model.consent import Subject

_NODE = click.argument("node", type=click.Path(path_type=Path))
_SECRET_FILE = click.argument("secret", type=click.Path(path_type=Path, dir_okay=False))
_ADDRESS = click.option("--address", help=said("option-address"))
_KEY = click.option("--key", type=click.File("r", encoding="utf-8"), help=said("option-key"))


@click.group(help=said("help-subject"))
def subject() -> None:
    """The people and firms whom records are about."""


@subject.command(help=said("help-subject-add"))
@_NODE
@_SECRET_FILE
@_ADDRESS
@_KEY
@common
def add(
    speaker: Speaker, node: Path, secret: Path, address: str | None, key: TextIO | None
) -> None:
    """Take a person or firm in; the secret is written to a file, once."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        made = opened.records.register_subject(address, key.read() if key else None)
    _hand_over(speaker, made, secret, "subject-added")


@subject.command(help=said("help-subject-identify"))
@_NODE
@click.argument("subject_id", metavar="SUBJECT")
@_SECRET_FILE
@_ADDRESS
@_KEY
@common
def identify(
    speaker: Speaker, node: Path, subject_id: str, secret: Path, **about: str | TextIO | None
) -> None:
    """Another secret for somebody who lost theirs, after identifying them."""
    import sekisho

    address, key = about["address"], about["key"]
    public = key.read() if key is not None and not isinstance(key, str) else None
    place = address if isinstance(address, str) else None
    with sekisho.open(node, actor=speaker.actor) as opened:
        made = opened.records.identify_anew(subject_id, place, public)
    _hand_over(speaker, made, secret, "subject-identified")


def _hand_over(speaker: Speaker, made: "Subject", file: Path, word: str) -> None:
    write_secret_file(file, made.secret.hex() if made.secret is not None else "")
    speaker.say(word, subject=made.id, file=file.name)
    speaker.answer({"subject": made.id, "secret_file": str(file)})


@subject.command("list", help=said("help-subject-list"))
@_NODE
@common
def list_(speaker: Speaker, node: Path) -> None:
    """The people and firms whom the actor's participant has taken in."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.records.subjects()
    for each in found:
        speaker.line(f"{each.id}  {each.registered_at:%Y-%m-%d}")
    speaker.answer({"subjects": [each.id for each in found]})


@subject.command(help=said("help-subject-erase"))
@_NODE
@click.argument("subject_id", metavar="SUBJECT", default="")
@who
@common
def erase(speaker: Speaker, node: Path, subject_id: str, secret_file: Path | None) -> None:
    """Ask everyone who received something to erase it."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        done = for_subject(opened, secret_file, subject_id).request_erasure()
    speaker.say("erasure-asked", consents=len(done.withdrawn), notices=len(done.recalls))
    for duty in done.kept:
        rule = duty.rule.citation.said(speaker.language)
        speaker.say("erasure-kept", rule=rule, text=duty.text.said(speaker.language))
    speaker.answer(
        {
            "withdrawn": list(done.withdrawn),
            "notices": [each.id for each in done.recalls],
            "duties": [each.id for each in done.kept],
        }
    )


@subject.command(help=said("help-subject-forget"))
@_NODE
@click.argument("subject_id", metavar="SUBJECT", default="")
@who
@common
def forget(speaker: Speaker, node: Path, subject_id: str, secret_file: Path | None) -> None:
    """Destroy what ties a person or firm to the log, for good."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        for_subject(opened, secret_file, subject_id).destroy_link()
    speaker.say("link-destroyed")
    speaker.answer({"destroyed": True})
