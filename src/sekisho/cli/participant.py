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


@participant.command(help=said("help-participant-token"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("actor")
@click.option("--withdraw", is_flag=True, help=said("option-withdraw"))
@common
def token(speaker: Speaker, node: Path, actor: str, withdraw: bool) -> None:  # noqa: FBT001
    """Another access token for an actor, or none."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        if withdraw:
            opened.members.withdraw_token(actor)
            speaker.say("token-withdrawn", actor=actor)
            speaker.answer({"actor": actor, "token": None})
        else:
            given = opened.members.renew_token(actor)
            speaker.say("token-renewed", actor=actor, token=given)
            speaker.answer({"actor": actor, "token": given})


class _AddByDefault(click.Group):
    """`key NODE NAME FILE` registers a key; `key list` and `key revoke` do what they say."""

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments and arguments[0] not in self.commands:
            arguments = ["add", *arguments]
        return super().resolve_command(context, arguments)


@participant.group(cls=_AddByDefault, help=said("help-participant-keys"))
def key() -> None:
    """Public keys of participants."""


@key.command("add", help=said("help-participant-key"))
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
def add_key(speaker: Speaker, node: Path, name: str, file: TextIO, purpose: str) -> None:
    """Register a participant's public key."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        registered = opened.add_key(name, purpose, file.read())
    speaker.say("key-added", participant=name, fingerprint=registered.fingerprint)
    speaker.answer({"participant": name, "fingerprint": registered.fingerprint})


@key.command("list", help=said("help-participant-key-list"))
@click.argument("node", type=click.Path(path_type=Path))
@common
def list_keys(speaker: Speaker, node: Path) -> None:
    """Registered keys, revoked ones too."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.keys()
    for each in found:
        name = "key-in-force" if each.revoked_at is None else "key-no-more"
        fields = {"participant": each.participant, "purpose": each.purpose}
        speaker.say(name, fingerprint=each.fingerprint, **fields)
    if not found:
        speaker.say("no-keys")
    speaker.answer(
        {
            "keys": [
                {
                    "fingerprint": each.fingerprint,
                    "participant": each.participant,
                    "purpose": each.purpose,
                    "revoked_at": each.revoked_at.isoformat() if each.revoked_at else None,
                }
                for each in found
            ]
        }
    )


@key.command("revoke", help=said("help-participant-key-revoke"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("fingerprint")
@common
def revoke_key(speaker: Speaker, node: Path, fingerprint: str) -> None:
    """Let a key count no more."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        opened.records.revoke_key(fingerprint)
    speaker.say("key-revoked", fingerprint=fingerprint)
    speaker.answer({"fingerprint": fingerprint, "revoked": True})
