"""A private folder for what a job cannot hold in memory.

Spilled rows are personal data: the folder has mode 0700, is removed at the end of the job, and
`sweep` removes what a killed job left behind.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.errors import StorageError, fault

PREFIX = "sekisho-spill-"
LOCK = "lock"


@contextmanager
def spill_folder(root: Path | None) -> Iterator[Path]:
    """A folder of one job's own inside `root` (the system's temporary folder if None).

    Raises: StorageError when no folder can be made there.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StorageError(
            fault("delivery.no-spill", reason=os.strerror(error.errno or 0))
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(root: Path | None) -> int:
    """Remove the folders of jobs that no longer run; tells how many."""
    found = 0
    for folder in Path(root or tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder / LOCK, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
            found += 1
        finally:
            os.close(lock)
    return found
