"""`sekisho serve`: the node's pages on this machine."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, said

HOST = "127.0.0.1"


@click.command(help=said("help-serve"))
@click.argument("node", type=click.Path(path_type=Path))
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help=said("option-port"),
)
@common
def serve(speaker: Speaker, node: Path, port: int) -> None:
    """Serve until Ctrl-C."""
    import sekisho
    from sekisho.web.serve import serve as serve_pages

    with (
        sekisho.open(node, actor=speaker.actor) as opened,
        opened.witnessing(),
        opened.records.sweeping(),
        opened.calendar.punctual(),
    ):
        serve_pages(opened, HOST, port, lambda address: speaker.say("serving", address=address))
