"""`sekisho audit`: what finished tables give away, all together."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, language_of_environment
from sekisho.cli.progress import watched
from sekisho.text import sentence


def _help(name: str) -> str:
    return sentence(f"finished.{name}", {}, language_of_environment())


FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(help=_help("help-audit"))
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--structure", type=FILE, help=_help("option-structure"))
@click.option("--write-structure", type=FILE, help=_help("option-write-structure"))
@click.option(
    "--within",
    type=click.FloatRange(0, 100, min_open=True),
    default=10.0,
    show_default=True,
    help=_help("option-within"),
)
@click.option("--negative", is_flag=True, help=_help("option-negative"))
@click.option("--html", type=FILE, help=_help("option-html"))
@common
def audit(
    speaker: Speaker, files: tuple[Path, ...], structure: Path | None, **options: object
) -> int:
    """Audit tables; exit code 1 when a hidden cell can be worked out."""
    from sekisho.lanes.statistics.finished.frame import Asked
    from sekisho.node.audits import audit_files
    from sekisho.present.audit_page import audit_page
    from sekisho.present.audited import EXIT_CODES, audit_json, audit_lines

    floor = float("-inf") if options["negative"] else 0.0
    asked = Asked(float(str(options["within"])), floor)
    with watched(speaker) as watch:
        found = audit_files(files, structure=structure, asked=asked, watch=watch)
    for line in audit_lines(found.findings, speaker.language):
        speaker.line(line)
    written = {
        options["write_structure"]: found.structure,
        options["html"]: audit_page(found.findings, speaker.language),
    }
    for target, whole in written.items():
        if isinstance(target, Path):
            target.write_text(whole, encoding="utf-8")
            speaker.line(str(target))
    speaker.answer(audit_json(found.findings, speaker.language))
    return EXIT_CODES[found.findings.verdict]
