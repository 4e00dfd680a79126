"""`sekisho catalogue`: every public release of a node, as DCAT-AP 3."""

from pathlib import Path

import click

from sekisho import text
from sekisho.cli.options import Speaker, common, language_of_environment


def words(name: str) -> str:
    """A sentence of `text/<language>/exports.toml`."""
    return text.sentence(f"exports.{name}", {}, language_of_environment())


@click.command(help=words("help-catalogue"))
@click.argument("node", type=click.Path(path_type=Path))
@click.option("--base", required=True, help=words("argument-base"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["ttl", "jsonld"]),
    default="ttl",
    show_default=True,
    help=words("argument-catalogue-format"),
)
@click.option("--out", type=click.Path(path_type=Path), help=words("argument-out"))
@common
def catalogue(speaker: Speaker, node: Path, base: str, form: str, out: Path | None) -> None:
    """Write the catalogue."""
    import sekisho
    from sekisho.formats.cells import whole_file
    from sekisho.node.catalogue import catalogue_of, catalogue_text

    target = out or Path(f"catalogue.{form}")
    with sekisho.open(node, actor=speaker.actor) as opened:
        count = len(catalogue_of(opened, base).entries)
        with whole_file(target) as file:
            for piece in catalogue_text(opened, base, form):
                file.write(piece.encode())
    fields = {"count": count, "file": target}
    speaker.line(text.sentence("exports.catalogue-written", fields, speaker.language))
    speaker.answer({"datasets": count, "file": str(target)})
