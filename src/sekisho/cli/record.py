"""`sekisho record`: a record as the holder has it, before any of it is offered to anybody."""

from collections import Counter
from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched


@click.group(help=said("help-record"))
def record() -> None:
    """A record as the holder has it."""


@record.command(help=said("help-record-check"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common
def check(speaker: Speaker, file: Path) -> None:
    """Read a FHIR R4 record and name every fault, or say how many resources it holds."""
    from sekisho.wiring import record_formats

    with watched(speaker) as watch:
        kinds = Counter(each.type for each in record_formats()[0].read(file, watch))
    speaker.say("record-checked", count=kinds.total(), file=file.name)
    for kind, count in sorted(kinds.items()):
        speaker.line(f"  {kind:28}{count:>9,}")
    speaker.answer({"file": str(file), "resources": dict(sorted(kinds.items()))})


@record.command(help=said("help-record-fetch"))
@click.argument("server")
@click.argument("patient")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=said("option-server-token"),
)
@common
def fetch(speaker: Speaker, server: str, patient: str, file: Path, token_file: Path | None) -> None:
    """Write what a FHIR R4 server holds of one patient to a file, checked."""
    from sekisho.wiring import fetch_record, record_formats

    token = token_file.read_text(encoding="utf-8").strip() if token_file else ""
    with watched(speaker) as watch:
        count = fetch_record(server, patient, token, file, watch)
        record_formats()[0].read(file, watch)
    speaker.say("record-brought", count=count, file=file.name)
    speaker.answer({"file": str(file), "resources": count})
