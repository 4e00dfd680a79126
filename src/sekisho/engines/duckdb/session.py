"""One sandboxed connection: nothing but named files can be reached, nothing can be reconfigured."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from sekisho.engines.duckdb.spill import spill_folder
from sekisho.errors import CancelledError, QueryError, StorageError, fault
from sekisho.ports import Watch
from sekisho.query.render import text

POLL_S = 0.05
"""How often a running statement is asked for progress and cancellation."""

_SPARSE_BITS, _DENSE_BITS = 12, 20
"""Group keys of so many bits are counted in an array; the first is DuckDB's own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use."""

    memory_mb: int = 1024
    threads: int = 2
    spill_root: Path | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A connection whose statements report progress and can be stopped."""

    connection: duckdb.DuckDBPyConnection
    watch: Watch
    _stop: threading.Event = field(default_factory=threading.Event)

    def table(self, sql: str, phase: str) -> pa.Table:
        """The whole result of a rendered statement."""
        with self.watched(phase):
            return self.connection.sql(sql).to_arrow_table()

    def run(self, sql: str, phase: str) -> None:
        """Run a rendered statement for what it does."""
        with self.watched(phase):
            self.connection.execute(sql).fetchall()

    @contextmanager
    def watched(self, phase: str) -> Iterator[None]:
        """Report progress and obey cancellation while the body runs; name what went wrong."""
        if self.watch.cancelled():
            raise CancelledError(fault("query.cancelled"))
        done, asked = threading.Event(), threading.Event()
        poll = threading.Thread(target=self._poll, args=(phase, done, asked), daemon=True)
        poll.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise CancelledError(fault("query.cancelled")) from error
        finally:
            done.set()
            poll.join()
        if asked.is_set():
            raise CancelledError(fault("query.cancelled"))
        self.watch.progress(phase, 100, 100)

    def _poll(self, phase: str, done: threading.Event, asked: threading.Event) -> None:
        while not done.wait(POLL_S):
            if self.watch.cancelled():
                asked.set()
                self.connection.interrupt()
            percent = self.connection.query_progress()
            self.watch.progress(phase, max(0, min(100, int(percent))), 100)


@contextmanager
def explained() -> Iterator[None]:
    """DuckDB's errors as ours; its own text may hold values of the data and is not repeated."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise StorageError(fault("query.out-of-memory")) from None
    except duckdb.IOException:
        raise StorageError(fault("query.storage")) from None
    except (duckdb.OutOfRangeException, duckdb.ConversionException):
        raise QueryError(fault("query.overflow")) from None
    except duckdb.Error:
        raise QueryError(fault("query.engine")) from None


@contextmanager
def session(
    limits: Limits,
    watch: Watch,
    files: Iterable[Path],
    *,
    ordered: bool = False,
    dense: bool = False,
) -> Iterator[Session]:
    """A connection that can read and write exactly `files`.

    `ordered` keeps the order of rows; `dense` groups by small numbers in an array of a million
    places a thread, where their ends are known.
    """
    with spill_folder(limits.spill_root) as spill:
        connection = duckdb.connect(
            ":memory:",
            config={
                "threads": limits.threads,
                "memory_limit": f"{limits.memory_mb}MB",
                "temp_directory": str(spill / "rows"),
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "preserve_insertion_order": ordered,
                "perfect_ht_threshold": _DENSE_BITS if dense else _SPARSE_BITS,
            },
        )
        try:
            _lock(connection, files)
            yield Session(connection, watch)
        finally:
            connection.close()


def _lock(connection: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> None:
    """INVARIANT: no statement reaches a file that was not named; held by test_engines_sandbox."""
    allowed = ", ".join(text(str(path.absolute())) for path in files)
    for statement in (
        "SET enable_progress_bar = true",
        "SET enable_progress_bar_print = false",
        "SET progress_bar_time = 0",
        "SET TimeZone = 'UTC'",
        f"SET allowed_paths = [{allowed}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)
