"""Opening the database that a store lies in: the file or server, its settings, its schema."""

import os
import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from sekisho.errors import StorageError, UsageError, fault
from sekisho.stores.faults import translated
from sekisho.stores.tables import REVISION_TABLE, REVISIONS

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for its turn before it gives up as busy."""

WRITES = {"sekisho_writes": True}
"""Execution options of a connection whose transaction will write."""

MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str, *, create: bool, migrations: Path = MIGRATIONS) -> Engine:
    """An engine on a store whose schema is the newest; made or migrated when it is not.

    Raises: UsageError for an address that is no store's; StorageError when there is no store, it
    belongs to somebody else, or a newer version has made it.
    """
    where = _parse(url)
    if where.get_backend_name() == "sqlite":
        _find_file(Path(where.database or ""), create=create)
    with ExitStack() as undo, translated():
        engine = connect(where)
        undo.callback(engine.dispose)
        if where.get_backend_name() == "sqlite":
            _write_ahead(engine)
        with engine.connect() as connection:
            revision = judged_revision(connection, create=create)
        if revision != REVISIONS[-1]:
            from sekisho.stores.migrate import migrate

            migrate(where, migrations)
        undo.pop_all()
    return engine


def judged_revision(connection: Connection, *, create: bool) -> str | None:
    """The schema's revision; None when the database is empty and a store may be made in it.

    Raises: StorageError as `open_engine`.
    """
    looked = inspect(connection)
    if not looked.has_table(REVISION_TABLE):
        if looked.get_table_names():
            raise StorageError(fault("store.foreign"))
        if not create:
            raise StorageError(fault("store.missing"))
        return None
    revision = connection.execute(select(text("version_num")).select_from(text(REVISION_TABLE)))
    found = [str(row[0]) for row in revision]
    if len(found) != 1 or found[0] not in REVISIONS:
        raise StorageError(fault("store.newer"))
    return found[0]


def connect(where: URL, *, migrating: bool = False) -> Engine:
    """An engine with the settings that the store's promises rest on."""
    if where.get_backend_name() == "sqlite":
        return _connect_sqlite(where, foreign_keys=not migrating)
    return create_engine(
        where,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=24,
        pool_timeout=BUSY_TIMEOUT_S,
        connect_args={
            "connect_timeout": 10,
            "application_name": "sekisho",
            "client_encoding": "utf8",
            "options": f"-c synchronous_commit=on -c lock_timeout={int(BUSY_TIMEOUT_S * 1000)}",
        },
    )


def _connect_sqlite(where: URL, *, foreign_keys: bool) -> Engine:
    engine = create_engine(
        where,
        hide_parameters=True,
        pool_size=4,
        max_overflow=60,
        pool_timeout=BUSY_TIMEOUT_S,
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT_S,
        },
    )

    @event.listens_for(engine, "connect")
    def _set(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # INVARIANT: FULL syncs the log at every commit, so what was acknowledged survives a power
        # cut (test_stores_settings: a_change_that_was_acknowledged_is_on_the_disk).
        connection.execute("PRAGMA synchronous=FULL")
        # INVARIANT: A destroyed secret is nowhere in the file (test_records_link: nothing of a
        # destroyed secret is left in the node's files).
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("sekisho_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def check_address(url: str) -> None:
    """Refuse what is no store's address; the message does not repeat it.

    Raises: UsageError.
    """
    _parse(url)


def _parse(url: str) -> URL:
    try:
        where = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise UsageError(fault("store.address")) from None
    backend = where.get_backend_name()
    if backend == "sqlite" and where.database not in (None, "", ":memory:") and not where.query:
        return where.set(drivername="sqlite")
    if backend == "postgresql" and where.drivername in ("postgresql", "postgresql+psycopg"):
        return where.set(drivername="postgresql+psycopg")
    raise UsageError(fault("store.address"))


def _find_file(file: Path, *, create: bool) -> None:
    """The file exists afterwards, readable by its owner alone when it is made here."""
    try:
        if create:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        elif not file.is_file():
            raise StorageError(fault("store.missing"))
    except FileExistsError:
        return
    except FileNotFoundError:
        raise StorageError(fault("store.no-folder")) from None
    except OSError:
        raise StorageError(fault("store.closed-to-us")) from None


def _write_ahead(engine: Engine) -> None:
    """Put the file into WAL mode, once; SQLite does not wait for others here, so we do."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            if not isinstance(raw, sqlite3.Connection):
                raise StorageError(fault("store.not-a-store"))
            try:
                raw.execute("PRAGMA journal_mode=WAL")
            except sqlite3.Error as error:
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise exc.OperationalError(None, None, error) from None
                time.sleep(0.01)
            else:
                return
