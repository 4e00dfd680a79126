"""Secrets on the command line: read from a file, the environment or a prompt, never an argument."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sekisho.cli.options import said

if TYPE_CHECKING:
    from sekisho.node import Node
    from sekisho.node.records import ForSubject

R = TypeVar("R")
SECRET = "SEKISHO_SECRET"  # noqa: S105 - the name of a variable, not what it holds


def who(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--secret`: acting as the person instead of as the holder's staff."""
    return click.option(
        "--secret",
        "secret_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help=said("option-secret"),
    )(command)


def has_secret(secret_file: Path | None) -> bool:
    """Whether a secret was given, so that the caller acts as the person."""
    return secret_file is not None or SECRET in os.environ


def for_subject(node: "Node", secret_file: Path | None, subject: str) -> "ForSubject":
    """The person by their secret, or through the holder's staff who identified them."""
    if secret_file is None:
        held = os.environ.get(SECRET)
        if held is None:
            return node.records.for_subject(subject)
        return node.records.by_secret(held)
    return node.records.by_secret(read_secret_file(secret_file))


def read_secret_file(file: Path) -> str:
    """What a file of one secret holds."""
    from sekisho.errors import StorageError, fault

    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(fault("mine.no-secret-file", file=file.name)) from error


def write_secret_file(file: Path, text: str) -> None:
    """Write a secret for the owner of the file alone; Conflict when there is such a file."""
    from sekisho.errors import Conflict, fault

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(fault("records.secret-file-exists", file=file.name)) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(f"{text}\n")
        opened.flush()
        os.fsync(opened.fileno())
