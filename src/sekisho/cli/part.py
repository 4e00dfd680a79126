"""`sekisho part`: parts of a dataset that several holders bring."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, language_of_environment
from sekisho.text import sentence

FOLDER = click.Path(path_type=Path)


def _said(name: str, speaker: Speaker | None = None, **fields: object) -> str:
    language = speaker.language if speaker else language_of_environment()
    return sentence(f"parts.{name}", fields, language)


@click.group(help=_said("help-part"))
def part() -> None:
    """Parts of a dataset."""


@part.command("list", help=_said("help-list"))
@click.argument("node", type=FOLDER)
@click.argument("programme")
@click.argument("dataset")
@common
def list_(speaker: Speaker, node: Path, programme: str, dataset: str) -> None:
    """The holder's own part."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        own = opened.parts.own(programme, dataset)
    for each in own.parts:
        days = f"{each.first} – {each.last}" if each.first else _said("all-days", speaker)
        state = "counts" if each.withdrawn_index is None else "taken-back"
        speaker.line(
            _said(
                "list-own", speaker, days=days, delivery=each.delivery, state=_said(state, speaker)
            )
        )
    for name, holders in (("present", own.present), ("missing", own.missing)):
        if holders:
            speaker.line(_said(name, speaker, holders=", ".join(holders)))
    speaker.answer(
        {
            "parts": [
                {
                    "delivery": each.delivery,
                    "first": each.first.isoformat() if each.first else None,
                    "last": each.last.isoformat() if each.last else None,
                    "counts": each.withdrawn_index is None,
                }
                for each in own.parts
            ],
            "present": list(own.present),
            "missing": list(own.missing),
        }
    )


@part.command("take-back", help=_said("help-take-back"))
@click.argument("node", type=FOLDER)
@click.argument("programme")
@click.argument("dataset")
@common
def take_back(speaker: Speaker, node: Path, programme: str, dataset: str) -> None:
    """Take the holder's own part back."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        index = opened.parts.take_back(programme, dataset)
    speaker.line(_said("took-back", speaker, dataset=dataset))
    speaker.answer({"entry": index})
