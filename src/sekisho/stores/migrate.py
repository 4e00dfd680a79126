"""The only door to Alembic: a store of an older schema, or an empty one, becomes the newest.

Imported when there is something to migrate: the library takes half a second to load.
"""

import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from sekisho.errors import StorageError, TamperedError, fault
from sekisho.stores.database import WRITES, connect, judged_revision
from sekisho.stores.tables import REVISIONS

_ONE_AT_A_TIME = 0x53454B4953484F
"""PostgreSQL's advisory lock that a migration holds."""


def migrate(where: URL, migrations: Path) -> None:
    """Bring the schema to the newest revision, whole or not at all; one process does it.

    An existing SQLite store is copied beside itself first.

    Raises: StorageError when the copy cannot be written; TamperedError when rows end up naming
    rows that are not there.
    """
    engine = connect(where, migrating=True)
    try:
        with engine.connect().execution_options(**WRITES) as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(:name)")
                connection.execute(lock, {"name": _ONE_AT_A_TIME})
            revision = judged_revision(connection, create=True)
            if revision == REVISIONS[-1]:
                return
            if revision is not None and engine.dialect.name == "sqlite":
                _copy_aside(Path(where.database or ""), revision)
            _upgrade(connection, migrations)
            _check_references(connection)
    finally:
        engine.dispose()


def _upgrade(connection: Connection, migrations: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _check_references(connection: Connection) -> None:
    """Foreign keys are off while SQLite's tables are remade; afterwards all of them must hold."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise TamperedError(fault("store.damaged"))


def _copy_aside(file: Path, revision: str) -> None:
    """A whole copy of the store beside it, named for the revision that it has."""
    name, count = f"{file.name}.revision-{revision}.backup", 1
    while file.with_name(name).exists():
        count += 1
        name = f"{file.name}.revision-{revision}.backup-{count}"
    target = file.with_name(name)
    part = file.with_name(f"{name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        source, copy = sqlite3.connect(file), sqlite3.connect(part)
        try:
            source.backup(copy)
        finally:
            source.close()
            copy.close()
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(target)
    except (OSError, sqlite3.Error):
        part.unlink(missing_ok=True)
        raise StorageError(fault("store.no-backup")) from None
