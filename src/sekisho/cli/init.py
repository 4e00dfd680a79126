"""`sekisho init`: a new node."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, said
from sekisho.terms import ParticipantKind


@click.command(help=said("help-init"))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--origin", help=said("option-origin"))
@click.option("--participant", default="owner", show_default=True, help=said("option-participant"))
@click.option("--name-en", help=said("option-name-en"))
@click.option("--name-ja", help=said("option-name-ja"))
@click.option(
    "--kind",
    type=click.Choice([each.value for each in ParticipantKind]),
    default=ParticipantKind.PUBLIC_BODY.value,
    show_default=True,
    help=said("option-kind"),
)
@click.option("--jurisdiction", default="XX", show_default=True, help=said("option-jurisdiction"))
@click.option("--store", metavar="ADDRESS", help=said("option-store"))
@common
def init(
    speaker: Speaker, folder: Path, origin: str | None, participant: str, **about: str | None
) -> None:
    """Make a node."""
    import sekisho
    from sekisho.model.actor import Participant
    from sekisho.model.text import Text

    name = about["name_en"] or participant
    owner = Participant(
        participant,
        Text(name, about["name_ja"] or name),
        ParticipantKind(about["kind"] or "public-body"),
        about["jurisdiction"] or "XX",
    )
    language, store = speaker.language, about["store"]
    with sekisho.init(folder, owner, origin=origin, language=language, store=store) as node:
        speaker.say("node-made", folder=node.folder, origin=node.origin, key=node.verifier_key)
        speaker.answer(
            {"folder": str(node.folder), "origin": node.origin, "key": node.verifier_key}
        )
