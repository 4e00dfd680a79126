"""What was deleted leaves the database's own files, too."""

from sqlalchemy import Engine, text

from sekisho.stores.faults import translated


def shred(engine: Engine, table: str) -> None:
    """Remove from the database's files what was deleted from a table.

    SQLite overwrites deleted rows at once (`secure_delete`), but its journal still holds them: it
    is written back and cut to nothing. PostgreSQL keeps deleted rows in the table's file: the
    table is written anew. Copies that others made - backups, a server's archive of its journal,
    the disk's own spare blocks - are out of reach.

    Raises: Conflict when others keep the database busy for too long; what was deleted stays
    deleted, and the next opening of the store cuts the journal.
    """
    with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as opened:
        if engine.dialect.name == "postgresql":
            opened.execute(text(f"VACUUM (FULL) {table}"))
        else:
            opened.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
