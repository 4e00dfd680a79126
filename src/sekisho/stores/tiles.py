"""A log as a folder of static files, and the same read over HTTP.

A file is written aside, made durable and renamed into place, so that a reader sees it whole or not
at all and a power cut leaves the one or the other. Any web server can serve the folder.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sekisho.errors import StorageError, UsageError, fault

ASIDE = ".aside"
LOCK = ".lock"


class FolderLog:
    """Log storage on a folder; one writer at a time, also across processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None when there is no such file."""
        try:
            return self._at(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise StorageError(fault("log.cannot-read", path=path)) from error

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole: after return it is durable, before it is not there."""
        self.write_all({path: data})

    def write_all(self, files: Mapping[str, bytes]) -> None:
        """Write many files, each whole; after return all are durable, in no order among them.

        To be called while the log is held: one writer's files aside are not another's.

        Raises: StorageError when the disk is full or the folder cannot be written.
        """
        try:
            self._write_all(files)
        except OSError as error:
            self._clear_aside()
            raise StorageError(fault("log.cannot-write")) from error

    def _write_all(self, files: Mapping[str, bytes]) -> None:
        aside = self.folder / ASIDE
        touched = _make_folder(aside)
        opened: list[int] = []
        try:
            for number, data in enumerate(files.values()):
                opened.append(os.open(aside / str(number), _CREATE, 0o644))
                _write_whole(opened[-1], data)
            for descriptor in opened:
                os.fsync(descriptor)
        finally:
            for descriptor in opened:
                os.close(descriptor)
        for number, path in enumerate(files):
            target = self._at(path)
            touched |= _make_folder(target.parent)
            (aside / str(number)).rename(target)
            touched.add(target.parent)
        for folder in touched:
            _sync_folder(folder)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files; one that is not there is no fault."""
        for path in paths:
            try:
                self._at(path).unlink(missing_ok=True)
            except NotADirectoryError:
                continue
            except OSError as error:
                raise StorageError(fault("log.cannot-write")) from error

    def paths(self) -> Iterator[str]:
        """Every file there is, folder by folder; also those that do not belong to a log."""
        return _files_under(self.folder, "")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the log against every other writer, also in other processes.

        Waits for the present holder, also when that is the caller itself: never hold it twice.
        What a stopped writer left aside is cleared away first.
        """
        try:
            _make_folder(self.folder)
            descriptor = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(fault("log.cannot-write")) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._clear_aside()
            yield
        finally:
            os.close(descriptor)

    def _at(self, path: str) -> Path:
        parts = path.split("/")
        if not all(parts) or any(part in {".", ".."} or "\0" in part for part in parts):
            raise UsageError(fault("log.path"))
        return self.folder.joinpath(*parts)

    def _clear_aside(self) -> None:
        aside = self.folder / ASIDE
        if aside.is_dir():
            for left in aside.iterdir():
                left.unlink(missing_ok=True)


_CREATE = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC


def _write_whole(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _make_folder(folder: Path) -> set[Path]:
    """Make a folder and those above it; returns the folders in which a name is new."""
    touched: set[Path] = set()
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        touched.add(each.parent)
    return touched


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files_under(folder: Path, prefix: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda each: each.name)
    except FileNotFoundError:
        return
    for each in entries:
        name = f"{prefix}{each.name}"
        if each.is_dir(follow_symlinks=False):
            yield from _files_under(Path(each.path), f"{name}/")
        elif name != LOCK or each.stat(follow_symlinks=False).st_size:
            yield name
