"""Locks between processes: held by the operating system, so a killed holder holds nothing."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


def _open(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def held(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait for the lock and hold it; shared holders only wait for an exclusive one."""
    descriptor = _open(file)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held_all(files: Iterable[Path]) -> Iterator[None]:
    """Hold several locks, always taken in one order, so that no two callers wait for each other."""
    with ExitStack() as every:
        for file in sorted(set(files)):
            every.enter_context(held(file))
        yield


@contextmanager
def held_if_free(file: Path) -> Iterator[bool]:
    """Hold the lock exclusively when nobody else does; say whether it is held."""
    descriptor = _open(file)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
