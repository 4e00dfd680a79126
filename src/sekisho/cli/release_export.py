"""`sekisho release export`: a release as a file for somebody, or as one archive."""

from pathlib import Path

import click

from sekisho import text
from sekisho.cli.options import Speaker, common, language_of_environment
from sekisho.errors import UsageError, fault
from sekisho.model.export import EXCEL_CSV, FORMS


def words(name: str, **fields: object) -> str:
    """A sentence of `text/<language>/exports.toml`."""
    return text.sentence(f"exports.{name}", fields, language_of_environment())


@click.command(help=words("help-export"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("release_id")
@click.option(
    "--format", "form", type=click.Choice(FORMS), required=True, help=words("argument-format")
)
@click.option("--bom", is_flag=True, help=words("argument-bom"))
@click.option("--out", type=click.Path(path_type=Path), help=words("argument-out"))
@common
def export(
    speaker: Speaker,
    node: Path,
    release_id: str,
    form: str,
    bom: bool,  # noqa: FBT001
    out: Path | None,
) -> None:
    """Write a release as a file."""
    import sekisho
    from sekisho.node.exports import name_of, status_of, write_export

    if bom and form not in {"csv", EXCEL_CSV}:
        raise UsageError(fault("exports.bom-only-csv"))
    with sekisho.open(node, actor=speaker.actor) as opened:
        released = opened.released(release_id)
        wanted = EXCEL_CSV if bom and form == "csv" else form
        target = out or Path(name_of(released.release, wanted))
        if target.is_dir():
            target /= name_of(released.release, wanted)
        written = write_export(released, wanted, target)
        status = status_of(released)
    for line in status.splitlines():
        speaker.line(line)
    code = "exported" if written.published else "export-made-now"
    speaker.line(
        text.sentence(
            f"exports.{code}", {"file": written.file, "digest": written.digest}, speaker.language
        )
    )
    speaker.answer(
        {
            "release": release_id,
            "file": str(written.file),
            "sha256": written.digest,
            "published": written.published,
            "status": status.splitlines(),
        }
    )
