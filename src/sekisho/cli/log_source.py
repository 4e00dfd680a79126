"""Which log a command means, and which keys it trusts."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho import text
from sekisho.cli.options import Speaker, language_of_environment
from sekisho.errors import StorageError, UsageError, fault

if TYPE_CHECKING:
    from sekisho.tlog.note import Verifier
    from sekisho.tlog.tree import Readable

PUBLIC_KEY = "log.vkey"
"""The file of a node's folder that names the keys of its log."""


def words(name: str) -> str:
    """A sentence of the log's catalogue for a command's help."""
    return text.sentence(f"log.{name}", language=language_of_environment())


TARGET = click.argument("target", metavar="FOLDER-OR-URL")
KEYS = click.option("--key", multiple=True, help=words("argument-key"))
OUT = click.option("--out", type=click.Path(path_type=Path), help=words("argument-out"))


def tell(speaker: Speaker, name: str, **fields: object) -> None:
    """Say a sentence of the log's catalogue."""
    speaker.line(text.sentence(f"log.{name}", fields, speaker.language))


def is_node(target: str) -> bool:
    """Whether the target is a node's folder, not a log's."""
    return (Path(target) / "node.toml").is_file()


def source_of(target: str) -> "Readable":
    """The log of a node's folder, a log's folder, or an address."""
    if "://" in target:
        from sekisho.stores.http_log import http_log

        return http_log(target)
    from sekisho.stores.tiles import FolderLog

    return FolderLog(Path(target) / "log" if is_node(target) else Path(target))


def keys_of(target: str, given: tuple[str, ...]) -> "tuple[Verifier, ...]":
    """The keys given, or those of a node's own folder with its witnesses'.

    Raises: UsageError when no key was given for a log that stands alone.
    """
    if given:
        return read_keys(given)
    if is_node(target):
        from sekisho.tlog.testimony import known_witnesses
        from sekisho.wiring import own_memory

        own = read_keys((str(Path(target) / PUBLIC_KEY),))
        return (*own, *known_witnesses(own_memory(Path(target)), own[0].name))
    raise UsageError(fault("log.key-needed-for", target=target))


def read_keys(given: tuple[str, ...]) -> "tuple[Verifier, ...]":
    """The keys of `--key`: each a key, or a file of keys.

    Raises: UsageError when none was given, or one is neither.
    """
    from sekisho.tlog.note import parse_verifier, parse_verifiers

    found: list[Verifier] = []
    for each in given:
        if Path(each).is_file():
            found += parse_verifiers(read_file(Path(each)).decode("utf-8", "replace"))
        elif "+" in each:
            found.append(parse_verifier(each))
        else:
            raise UsageError(fault("log.key-file", file=each))
    if not found:
        raise UsageError(fault("log.key-needed"))
    return tuple(found)


def read_file(file: Path) -> bytes:
    """A file's bytes.

    Raises: StorageError when it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise StorageError(fault("log.file-unreadable", file=str(file))) from error


def write_file(file: Path, data: bytes) -> None:
    """Write a file.

    Raises: StorageError when it cannot be written.
    """
    try:
        file.write_bytes(data)
    except OSError as error:
        raise StorageError(fault("log.file-unreadable", file=str(file))) from error
