"""`sekisho pseudonym`: names under a key that several holders agree."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, language_of_environment
from sekisho.cli.progress import watched
from sekisho.text import sentence

FILE = click.Path(path_type=Path)


def _said(name: str, speaker: Speaker | None = None, **fields: object) -> str:
    language = speaker.language if speaker else language_of_environment()
    return sentence(f"parts.{name}", fields, language)


@click.group(help=_said("help-pseudonym"))
def pseudonym() -> None:
    """Pseudonyms."""


@pseudonym.command("key", help=_said("help-key"))
@click.argument("file", type=FILE)
@common
def key(speaker: Speaker, file: Path) -> None:
    """Make a key."""
    from sekisho.formats.pseudonyms import key_check, write_new_key

    check = key_check(write_new_key(file))
    speaker.line(_said("key-made", speaker, file=str(file), check=check))
    speaker.answer({"file": str(file), "key_check": check})


@pseudonym.command("check", help=_said("help-check"))
@click.argument("file", type=FILE)
@common
def check(speaker: Speaker, file: Path) -> None:
    """Show a key's check."""
    from sekisho.formats.pseudonyms import key_check, read_key

    shown = key_check(read_key(file))
    speaker.line(_said("check", speaker, check=shown))
    speaker.answer({"key_check": shown})


@pseudonym.command("apply", help=_said("help-apply"))
@click.argument("source", type=FILE)
@click.argument("target", type=FILE)
@click.option("--column", required=True, help=_said("help-column"))
@click.option("--key", "key_file", type=FILE, required=True, help=_said("help-key-file"))
@common
def apply_(speaker: Speaker, source: Path, target: Path, column: str, key_file: Path) -> None:
    """Write a file with pseudonyms."""
    from sekisho.formats.pseudonyms import apply, read_key

    with watched(speaker) as watch:
        done = apply(read_key(key_file), source, column, target, watch)
    fields = {"people": f"{done.people:,}", "rows": done.rows, "file": str(target)}
    speaker.line(_said("made", speaker, **fields, check=done.key_check))
    speaker.answer(
        {
            "rows": done.rows,
            "people": done.people,
            "file": str(target),
            "key_check": done.key_check,
        }
    )
