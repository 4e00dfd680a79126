"""`sekisho transfer collect`: at the recipient's, from the sender's node to an opened record."""

import os
from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, said

TOKEN = "SEKISHO_TOKEN"  # noqa: S105 - the name of a variable, not what it holds


@click.command(help=said("help-transfer-collect"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("url")
@click.argument("transfer")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--origin", required=True, help=said("option-sender-origin"))
@click.option(
    "--token",
    "token_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=said("option-token-file"),
)
@common
def collect(
    speaker: Speaker,
    node: Path,
    url: str,
    transfer: str,
    file: Path,
    **how: str | Path | None,
) -> None:
    """Fetch, open and acknowledge one transfer."""
    import sekisho
    from sekisho.stores.http_transfers import http_transfers

    held = how["token_file"]
    token = read_token(held if isinstance(held, Path) else None, speaker)
    remote = http_transfers(url, token)
    with sekisho.open(node, actor=speaker.actor) as opened:
        got = opened.records.collect(remote, str(how["origin"]), transfer, file)
    speaker.say("collected", file=file.name, sender=got.sender)
    speaker.answer(
        {
            "transfer": got.transfer,
            "sender": got.sender,
            "file": str(file),
            "digest": got.digest,
            "content_type": got.content_type,
        }
    )


def read_token(file: Path | None, speaker: Speaker) -> str:
    """From a file, the environment, or asked for without showing it; never from the line."""
    from sekisho.errors import StorageError, fault

    if file is None:
        held = os.environ.get(TOKEN)
        return held or str(click.prompt(said("prompt-token", speaker.language), hide_input=True))
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(fault("mine.no-secret-file", file=file.name)) from error
