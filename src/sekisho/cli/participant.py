"""`sekisho participant`: who takes part."""

from pathlib import Path
from typing import TextIO

import click

from sekisho.cli.options import Speaker, common, said
from sekisho.terms import ParticipantKind, Role


@click.group(help=said("help-participant"))
def participant() -> None:
    """Who takes part."""


@participant.command(help=said("help-participant-add"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--name-en", required=True, help=said("option-name-en"))
@click.option("--name-ja", required=True, help=said("option-name-ja"))
@click.option(
    "--kind",
    type=click.Choice([each.value for each in ParticipantKind]),
    required=True,
    help=said("option-kind"),
)
@click.option("--jurisdiction", required=True, help=said("option-jurisdiction"))
@common
def add(speaker: Speaker, node: Path, name: str, **about: str) -> None:
    """Take an organisation in."""
    import sekisho
    from sekisho.model.actor import Participant
    from sekisho.model.text import Text

    new = Participant(
        name,
        Text(about["name_en"], about["name_ja"]),
        ParticipantKind(about["kind"]),
        about["jurisdiction"],
    )
    with sekisho.open(node, actor=speaker.actor) as opened:
        opened.add_participant(new)
    speaker.say("participant-added", participant=name)
    speaker.answer({"participant": name})


@participant.command(help=said("help-participant-actor"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("name")
@click.argument("actor")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([each.value for each in Role]),
    help=said("option-role"),
)
@common
def actor(speaker: Speaker, node: Path, name: str, actor: str, roles: tuple[str, ...]) -> None:
    """Let somebody act for a participant; the access token is shown this once."""
    import sekisho
    from sekisho.model.actor import Actor

    with sekisho.open(node, actor=speaker.actor) as opened:
        token = opened.add_actor(Actor(actor, name, frozenset(Role(role) for role in roles)))
    speaker.say("actor-added", actor=actor, token=token)
    speaker.answer({"actor": actor, "token": token})


@participant.command("list", help=said("help-participant-list"))
@click.argument("node", type=click.Path(path_type=Path))
@common
def list_(speaker: Speaker, node: Path) -> None:
    """The organisations that take part."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.participants()
    for each in found:
        name = each.name.said(speaker.language)
        speaker.line(f"{each.id}  {name}  {each.kind.value}  {each.jurisdiction}")
    speaker.answer(
        {
            "participants": [
                {"id": p.id, "kind": p.kind.value, "jurisdiction": p.jurisdiction} for p in found
            ]
        }
    )


@participant.command(help=said("help-participant-key"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("name")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option(
    "--purpose",
    type=click.Choice(["sign", "seal"]),
    default="sign",
    show_default=True,
    help=said("option-purpose"),
)
@common
def key(speaker: Speaker, node: Path, name: str, file: TextIO, purpose: str) -> None:
    """Register a participant's public key."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        registered = opened.add_key(name, purpose, file.read())
    speaker.say("key-added", participant=name, fingerprint=registered.fingerprint)
    speaker.answer({"participant": name, "fingerprint": registered.fingerprint})
