"""Locks between processes: held by the operating system, so a killed holder holds nothing."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


def _open(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(file: Path, how: int) -> int:
    """The file, opened and locked; opened again when a holder removed it meanwhile.

    # INVARIANT: whoever holds a lock holds the file that its name stands for, so two never hold
    one lock in two files (test_gate_locks: many that take and remove a lock exclude each other).
    """
    while True:
        with ExitStack() as undo:
            descriptor = _open(file)
            undo.callback(os.close, descriptor)
            fcntl.flock(descriptor, how)
            if _stands(descriptor, file):
                undo.pop_all()
                return descriptor


def _stands(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


@contextmanager
def held(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait for the lock and hold it; shared holders only wait for an exclusive one."""
    descriptor = _locked(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held_once(file: Path) -> Iterator[None]:
    """The same for what is locked once in its life: the holder removes the file."""
    descriptor = _locked(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def held_all(files: Iterable[Path], *, once: bool = False) -> Iterator[None]:
    """Hold several locks, always taken in one order, so that no two callers wait for each other.

    With `once` each as `held_once` does.
    """
    with ExitStack() as every:
        for file in sorted(set(files)):
            every.enter_context(held_once(file) if once else held(file))
        yield


@contextmanager
def held_if_free(file: Path) -> Iterator[bool]:
    """Hold the lock exclusively when nobody else does; say whether it is held."""
    try:
        descriptor = _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
        return
    try:
        yield True
    finally:
        os.close(descriptor)
