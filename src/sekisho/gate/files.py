"""Files that are whole or absent: written aside, made durable, then moved into place."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CHUNK = 1 << 20


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: Path) -> None:
    """Make a file's content durable."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(file: Path, data: bytes) -> None:
    """Write a new file and make it durable."""
    with file.open("xb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def digest_of(file: Path) -> str:
    """SHA-256 of a file, hexadecimal, in constant memory."""
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


@contextmanager
def workshop(aside: Path) -> Iterator[Path]:
    """A folder of one's own to write in; gone afterwards, whatever is left in it."""
    aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = aside / uuid.uuid4().hex
    own.mkdir(mode=0o700)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def move_into_place(source: Path, target: Path) -> None:
    """Move a finished file or folder to its place, durably; what is there already stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.is_file():
                sync_file(file)
        sync_folder(source)
    else:
        sync_file(source)
    if not target.exists():
        source.rename(target)
    sync_folder(target.parent)
