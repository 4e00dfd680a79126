"""The command line: finds the command, speaks of errors, nothing else."""

import importlib
import json
import os
import sys

import click

from sekisho.cli.options import (
    ASKED,
    asked_language,
    language_of_environment,
    said,
    without_language,
)
from sekisho.cli.spoken import speak
from sekisho.errors import SekishoError, StorageError, fault
from sekisho.terms import Language

COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("sekisho.cli.audit", "audit"),
    "budget": ("sekisho.cli.query", "budget"),
    "calendar": ("sekisho.cli.calendar", "calendar"),
    "catalogue": ("sekisho.cli.catalogue", "catalogue"),
    "consent": ("sekisho.cli.consent", "consent"),
    "decide": ("sekisho.cli.rules", "decide"),
    "demo": ("sekisho.cli.demo", "demo"),
    "doctor": ("sekisho.cli.doctor", "doctor"),
    "duties": ("sekisho.cli.duties", "duties"),
    "explain": ("sekisho.cli.query", "explain"),
    "form": ("sekisho.cli.form", "form"),
    "init": ("sekisho.cli.init", "init"),
    "key": ("sekisho.cli.key", "key"),
    "load": ("sekisho.cli.load", "load"),
    "log": ("sekisho.cli.log", "log"),
    "my": ("sekisho.cli.my", "my"),
    "part": ("sekisho.cli.part", "part"),
    "participant": ("sekisho.cli.participant", "participant"),
    "programme": ("sekisho.cli.programme", "programme"),
    "pseudonym": ("sekisho.cli.pseudonym", "pseudonym"),
    "public": ("sekisho.cli.public", "public"),
    "query": ("sekisho.cli.query", "query"),
    "receipt": ("sekisho.cli.receipt", "receipt"),
    "record": ("sekisho.cli.record", "record"),
    "release": ("sekisho.cli.release", "release"),
    "request": ("sekisho.cli.request", "request"),
    "remote": ("sekisho.cli.remote", "remote"),
    "rules": ("sekisho.cli.rules", "rules"),
    "serve": ("sekisho.cli.serve", "serve"),
    "show": ("sekisho.cli.release", "show"),
    "subject": ("sekisho.cli.subject", "subject"),
    "transfer": ("sekisho.cli.transfer", "transfer"),
}
"""Command -> (module, name): a module is imported only when its command is called."""

GROUPS: dict[str, str] = {
    "node": "demo init programme participant key serve doctor",
    "statistics": "load part pseudonym release show calendar query explain budget audit public "
    "catalogue",
    "records": "consent record transfer my subject remote",
    "documents": "form request",
    "rules": "decide rules duties log receipt",
}
"""What people want to do -> the commands for it, in the order in which they are needed."""


class Commands(click.Group):
    """The commands, each imported when it is called, so that help comes at once."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command = getattr(importlib.import_module(module), attribute)
        if isinstance(command, click.Group):
            _tell_in_full(command)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by what they are for, with their first line; imports none of them."""
        grouped = {group: names.split() for group, names in GROUPS.items()}
        named = {name for names in grouped.values() for name in names}
        grouped["other"] = sorted(COMMANDS.keys() - named)
        for group, names in grouped.items():
            if names:
                with formatter.section(said(f"commands-{group}")):
                    formatter.write_dl([(name, said(f"help-{name}")) for name in names])


def _tell_in_full(group: click.Group) -> None:
    """Let a group list the whole help of its commands; Click would cut it to the line."""
    for command in group.commands.values():
        command.short_help = command.short_help or command.help
        if isinstance(command, click.Group):
            _tell_in_full(command)


def command_group() -> click.Group:
    """Everything that Sekisho does, its help in the language asked for."""
    speak()

    @click.group(cls=Commands, help=said("help"), context_settings={"max_content_width": 100})
    @click.option(
        "--lang",
        type=click.Choice([each.value for each in Language]),
        expose_value=False,
        help=said("option-lang"),
    )
    @click.version_option(package_name="sekisho", prog_name="sekisho")
    def commands() -> None:
        """Everything that Sekisho does."""

    return commands


def _wants_json(arguments: list[str]) -> bool:
    return "--json" in arguments


def _report(error: SekishoError, arguments: list[str]) -> int:
    language = language_of_environment()
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
    asked = ASKED.set(asked_language(arguments))
    try:
        return _run(without_language(arguments))
    finally:
        ASKED.reset(asked)


def _run(arguments: list[str]) -> int:
    try:
        result = command_group().main(arguments, prog_name="sekisho", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        return 0
    except click.ClickException as error:
        return _refuse(error, arguments)
    except SekishoError as error:
        return _report(error, arguments)
    except Exception as error:
        if os.environ.get("SEKISHO_DEBUG"):
            raise
        return _report(_unexpected(error), arguments)
    return result if isinstance(result, int) else 0


def _refuse(error: click.ClickException, arguments: list[str]) -> int:
    """A line that Click cannot make sense of."""
    if _wants_json(arguments):
        faults = [{"code": "cli.usage", "message": error.format_message(), "place": ""}]
        click.echo(json.dumps({"error": {"faults": faults}}, ensure_ascii=False), err=True)
    else:
        error.show()
    return 2


def _unexpected(error: Exception) -> SekishoError:
    """What nobody foresaw, without a word of its text: it may hold data."""
    if isinstance(error, OSError):
        return StorageError(fault("cli.operating-system", reason=os.strerror(error.errno or 0)))
    return SekishoError(fault("cli.unexpected"))


def main() -> None:
    """Entry point of the `sekisho` command."""
    sys.exit(run(sys.argv[1:]))
