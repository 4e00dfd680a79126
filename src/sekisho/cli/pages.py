"""Writes the reference pages of commands and settings from what the code declares.

python -m sekisho.cli.pages docs/reference
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sekisho import errors, settings
from sekisho.cli.main import command_group
from sekisho.cli.options import said
from sekisho.terms import Language

NODE_SETTINGS = {
    "origin": "origin line of the log: an address without scheme that nobody else uses",
    "participant": "participant whose node this is",
    "language": "`en` or `ja`; the environment variable SEKISHO_LANGUAGE goes before it",
    "store": "`sqlite` (in the folder), a PostgreSQL address, or `environment` when only "
    "SEKISHO_STORE, which goes before this setting, may say it",
    "threads": "threads of the engine and of disclosure control; changes the time, never a result",
    "memory-mb": "memory of one engine job in megabytes; what does not fit spills into the folder",
    "rounds": "how often disclosure control looks for a pattern that hides less; never a clock",
    "witnesses": "list of witnesses as `ADDRESS=KEY`; `sekisho serve` asks them to cosign the log",
    "witness-minutes": "how often they are asked beside each growth of the log; 10 if left out",
    "packs": "list of folders with law packs of your own, from the node's folder on; "
    "one fault in one of them keeps the node shut",
}
SECRET_SETTINGS = {
    "p-percent": "p of the p% rule",
    "dominance-n": "n of the (n,k) dominance rule",
    "dominance-k": "k of the (n,k) dominance rule, in percent",
    "prior-p": "p of the prior-posterior rule, in percent",
    "posterior-q": "q of the prior-posterior rule, in percent",
}


def commands_page() -> str:
    """Every command with its arguments and options, and what exit codes mean."""
    lines = ["# Commands", "", "Generated from the code: `make docs`.", ""]
    lines += _command(command_group(), "sekisho")
    lines += ["## Exit codes", "", "| code | HTTP | means |", "|---|---|---|", "| 0 | 200 | done |"]
    lines += [f"| {kind.exit_code} | {kind.http_status} | {_meaning(kind)} |" for kind in _kinds()]
    return "\n".join(lines) + "\n"


def _command(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None:
                yield from _command(found, f"{name} {each}")
        return
    yield from (f"## `{name}`", "", command.help or "", "", "```")
    yield from (command.get_usage(context).removeprefix("Usage: "), "```", "")
    yield from ("| option | meaning |", "|---|---|")
    for option in command.params:
        if isinstance(option, click.Option):
            default = f" (default `{option.default}`)" if option.show_default else ""
            yield f"| `{', '.join(option.opts)}` | {option.help}{default} |"
    yield ""


def _kinds() -> list[type[errors.SekishoError]]:
    every: list[type[errors.SekishoError]] = [errors.SekishoError]
    every += _below(errors.SekishoError)
    return sorted(every, key=lambda kind: kind.exit_code)


def _below(kind: type[errors.SekishoError]) -> Iterator[type[errors.SekishoError]]:
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
            yield from _below(each)


def _meaning(kind: type[errors.SekishoError]) -> str:
    return (kind.__doc__ or "").splitlines()[0].rstrip(".")


def settings_page() -> str:
    """Every setting of `node.toml`."""
    lines = [
        "# Settings",
        "",
        "`node.toml` in the node's folder, mode 0600. Generated from the code: `make docs`.",
        "",
        "## `[node]`",
        "",
        "| setting | meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in NODE_SETTINGS.items()),
        "",
        '## `[sensitivity.default]` and `[sensitivity."PROGRAMME"]`',
        "",
        "The data holder's secrets: they appear in no message, log, page or export.",
        "A programme's own table takes the place of the default's.",
        "",
        "| setting | meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in SECRET_SETTINGS.items()),
    ]
    return "\n".join(lines) + "\n"


def undocumented() -> set[str]:
    """Settings that the page does not name, or names though they do not exist."""
    return (settings.NODE_KEYS ^ set(NODE_SETTINGS)) | (settings.RULE_KEYS ^ set(SECRET_SETTINGS))


def main(folder: Path) -> None:
    """Write both pages."""
    if said("help", Language.EN) != command_group().help:
        sys.exit("set LANG=C: the reference is written in English")
    (folder / "commands.md").write_text(commands_page(), encoding="utf-8")
    (folder / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
