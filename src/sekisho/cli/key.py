"""`sekisho key`: the participant's own key pairs."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, said


@click.group(help=said("help-key"))
def key() -> None:
    """The participant's own key pairs."""


@key.command(help=said("help-key-new"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("purpose", type=click.Choice(["sign", "seal"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help=said("option-key-replace"))
@common
def new(speaker: Speaker, node: Path, purpose: str, file: Path, *, replace: bool) -> None:
    """Make a key pair: the private key stays in the node, the public one is written to a file."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        public, registered = opened.records.new_key(purpose, replace=replace)
    file.write_text(public, encoding="ascii")
    speaker.say("key-made", fingerprint=registered.fingerprint, file=file.name)
    speaker.answer({"fingerprint": registered.fingerprint, "file": str(file)})
