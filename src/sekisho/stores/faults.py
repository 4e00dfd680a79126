"""The driver's errors become ours at this door; nothing of their text goes further.

A driver's message may hold a row's values, so only its code is looked at.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from sekisho.errors import Conflict, SekishoError, StorageError, TamperedError, UsageError, fault

_SQLITE: dict[int, tuple[type[SekishoError], str]] = {
    sqlite3.SQLITE_BUSY: (Conflict, "store.busy"),
    sqlite3.SQLITE_LOCKED: (Conflict, "store.busy"),
    sqlite3.SQLITE_INTERRUPT: (Conflict, "store.busy"),
    sqlite3.SQLITE_FULL: (StorageError, "store.full"),
    sqlite3.SQLITE_IOERR: (StorageError, "store.not-written"),
    sqlite3.SQLITE_NOMEM: (StorageError, "store.not-written"),
    sqlite3.SQLITE_READONLY: (StorageError, "store.closed-to-us"),
    sqlite3.SQLITE_CANTOPEN: (StorageError, "store.closed-to-us"),
    sqlite3.SQLITE_PERM: (StorageError, "store.closed-to-us"),
    sqlite3.SQLITE_NOTADB: (StorageError, "store.not-a-store"),
    sqlite3.SQLITE_CORRUPT: (TamperedError, "store.damaged"),
    sqlite3.SQLITE_CONSTRAINT: (Conflict, "store.exists"),
    sqlite3.SQLITE_TOOBIG: (UsageError, "store.value-form"),
    sqlite3.SQLITE_ERROR: (TamperedError, "store.damaged"),
}
"""By primary result code; SQLITE_ERROR is a table that is not there, for SQL made by us."""

_POSTGRES: dict[str, tuple[type[SekishoError], str]] = {
    "23": (Conflict, "store.exists"),
    "22": (UsageError, "store.value-form"),
    "40": (Conflict, "store.busy"),
    "42": (TamperedError, "store.damaged"),
    "42501": (StorageError, "store.closed-to-us"),
    "53": (StorageError, "store.full"),
    "54": (UsageError, "store.value-form"),
    "55P03": (Conflict, "store.busy"),
    "57014": (Conflict, "store.busy"),
    "58": (StorageError, "store.not-written"),
    "25006": (StorageError, "store.closed-to-us"),
    "XX": (TamperedError, "store.damaged"),
}
"""By SQLSTATE, else by its class; what is not listed is a server that cannot be reached."""


def _known(error: exc.DBAPIError) -> tuple[type[SekishoError], str]:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return _SQLITE.get(code & 0xFF, (StorageError, "store.not-written"))
    state = getattr(error.orig, "sqlstate", None) or ""
    found = _POSTGRES.get(state) or _POSTGRES.get(state[:2])
    if found is None and isinstance(error, exc.DataError):
        found = (UsageError, "store.value-form")
    return found or (StorageError, "store.unreachable")


@contextmanager
def translated(taken: str = "store.exists") -> Iterator[None]:
    """What the driver raises inside leaves as an error of ours; `taken` says which row exists.

    Raises: Conflict when the store is busy or a row exists; StorageError when the disk is full,
    the server away or the file closed to us; TamperedError when the store is damaged.
    """
    try:
        yield
    except exc.DBAPIError as error:
        kind, code = _known(error)
        raise kind(fault(taken if code == "store.exists" else code)) from None
    except exc.TimeoutError:
        raise Conflict(fault("store.busy")) from None
    except (OverflowError, UnicodeEncodeError):
        raise UsageError(fault("store.value-form")) from None
