"""`sekisho load`: data comes in."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sekisho.cli.options import Speaker, common, language_of_environment, said
from sekisho.cli.progress import watched
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.gate.part_checks import SaidOfPart


def _part(name: str) -> str:
    return sentence(f"parts.{name}", {}, language_of_environment())


def _history(name: str) -> str:
    return sentence(f"histories.{name}", {}, language_of_environment())


@click.command(help=said("help-load"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme")
@click.argument("dataset")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--opt-outs", type=click.Path(path_type=Path), help=_history("help-opt-outs"))
@click.option("--key-check", help=_part("help-key-check"))
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help=_part("help-from"))
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help=_part("help-to"))
@common
def load(
    speaker: Speaker, node: Path, programme: str, dataset: str, file: Path, **given: Any
) -> None:
    """Bring data."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened, watched(speaker) as watch:
        opt_outs = given.pop("opt_outs")
        part = _said_of(**given)
        delivery = opened.load(programme, dataset, file, watch, part=part, opt_outs=opt_outs)
    speaker.say(
        "loaded", rows=f"{delivery.rows:,}", dataset=dataset, programme=programme, id=delivery.id
    )
    speaker.answer(
        {
            "delivery": delivery.id,
            "rows": delivery.rows,
            "bytes": delivery.bytes,
            "sha256": delivery.digest,
            "entry": delivery.entry_index,
        }
    )


def _said_of(
    key_check: str | None, first: datetime | None, last: datetime | None
) -> "SaidOfPart | None":
    from sekisho.gate.part_checks import SaidOfPart

    if key_check is None and first is None and last is None:
        return None
    days = (first.date(), last.date()) if first and last else None
    return SaidOfPart(key_check or "", days)
