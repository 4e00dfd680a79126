"""The command line: finds the command, speaks of errors, nothing else."""

import importlib
import json
import os
import sys

import click

from sekisho.cli.options import language_of_environment, said
from sekisho.errors import SekishoError, StorageError, fault
from sekisho.terms import Language

COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("sekisho.cli.audit", "audit"),
    "budget": ("sekisho.cli.query", "budget"),
    "decide": ("sekisho.cli.rules", "decide"),
    "demo": ("sekisho.cli.demo", "demo"),
    "doctor": ("sekisho.cli.doctor", "doctor"),
    "explain": ("sekisho.cli.query", "explain"),
    "init": ("sekisho.cli.init", "init"),
    "load": ("sekisho.cli.load", "load"),
    "log": ("sekisho.cli.log", "log"),
    "participant": ("sekisho.cli.participant", "participant"),
    "programme": ("sekisho.cli.programme", "programme"),
    "query": ("sekisho.cli.query", "query"),
    "receipt": ("sekisho.cli.receipt", "receipt"),
    "release": ("sekisho.cli.release", "release"),
    "rules": ("sekisho.cli.rules", "rules"),
    "serve": ("sekisho.cli.serve", "serve"),
    "show": ("sekisho.cli.release", "show"),
}
"""Command -> (module, name): a module is imported only when its command is called."""


class Commands(click.Group):
    """The commands, each imported when it is called, so that help comes at once."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command = getattr(importlib.import_module(module), attribute)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands with their first line, from `text/`, importing none of them."""
        rows = [(name, said(f"help-{name}")) for name in sorted(COMMANDS)]
        with formatter.section(said("commands")):
            formatter.write_dl(rows)


@click.group(cls=Commands, help=said("help"), context_settings={"max_content_width": 100})
@click.version_option(package_name="sekisho", prog_name="sekisho")
def commands() -> None:
    """Everything that Sekisho does."""


def _wants_json(arguments: list[str]) -> bool:
    return "--json" in arguments


def _language(arguments: list[str]) -> Language:
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            asked = arguments[position + 1]
        elif argument.startswith("--lang="):
            asked = argument.removeprefix("--lang=")
        else:
            continue
        return Language(asked) if asked in set(Language) else language_of_environment()
    return language_of_environment()


def _report(error: SekishoError, arguments: list[str]) -> int:
    language = _language(arguments)
    if _wants_json(arguments):
        faults = [
            {"code": each.code, "message": each.sentence(language), "place": str(each.place or "")}
            for each in error.faults
        ]
        click.echo(json.dumps({"error": {"faults": faults}}, ensure_ascii=False), err=True)
    else:
        for line in error.sentences(language):
            click.echo(line, err=True)
    return error.exit_code


def run(arguments: list[str]) -> int:
    """Run one command; the exit code says how it ended (docs/reference/commands.md)."""
    try:
        result = commands.main(arguments, prog_name="sekisho", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        return 0
    except click.ClickException as error:
        error.show()
        return 2
    except SekishoError as error:
        return _report(error, arguments)
    except Exception as error:
        if os.environ.get("SEKISHO_DEBUG"):
            raise
        return _report(_unexpected(error), arguments)
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception) -> SekishoError:
    """What nobody foresaw, without a word of its text: it may hold data."""
    if isinstance(error, OSError):
        return StorageError(fault("cli.operating-system", reason=os.strerror(error.errno or 0)))
    return SekishoError(fault("cli.unexpected"))


def main() -> None:
    """Entry point of the `sekisho` command."""
    sys.exit(run(sys.argv[1:]))
