"""`sekisho load`: data comes in."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched


@click.command(help=said("help-load"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme")
@click.argument("dataset")
@click.argument("file", type=click.Path(path_type=Path))
@common
def load(speaker: Speaker, node: Path, programme: str, dataset: str, file: Path) -> None:
    """Bring data."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened, watched(speaker) as watch:
        delivery = opened.load(programme, dataset, file, watch)
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
