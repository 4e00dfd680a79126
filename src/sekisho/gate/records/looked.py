"""Where a subject looks into the log: from where it was verified before, if it was.

The first look verifies the whole log. What it verified is kept (`lanes/record/seen.py`), and the
next look asks that the log has grown out of that, and reads what came after.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from sekisho.errors import StorageError, TamperedError, fault
from sekisho.gate.house import House
from sekisho.gate.logbook import LogBook
from sekisho.lanes.record.seen import Seen, closed_up, name_of, opened_up
from sekisho.model.entry import Entry, parse_entry
from sekisho.tlog.history import concerns
from sekisho.tlog.since import Head, verify_since
from sekisho.tlog.verify import concerning_any, verify_log

Found = list[tuple[int, Entry]]


def entries_of(house: House, held: Sequence[bytes], book: LogBook) -> Found:
    """The entries of who holds these secrets, in order, each proved; the present secret first.

    Raises: TamperedError when the log does not verify, did not grow out of what was verified
    before, or what was kept of that cannot be read.
    """
    if not held:
        return []
    seen = _kept(house, held[0])
    if seen is None:
        return _whole(house, held, book)
    found: Found = []

    def take(index: int, data: bytes) -> None:
        entry = parse_entry(data)
        if any(concerns(entry, secret) for secret in held):
            found.append((index, entry))
        elif index < seen.size:
            raise TamperedError(fault("records.seen-damaged", file=name_of(held[0])))

    head = Head(seen.size, seen.root)
    standing = verify_since(book.storage, book.keys, head, seen.indices, take)
    if standing.size > seen.size:
        _keep(house, held[0], Seen(standing.size, standing.root, _indices(found)))
    return found


def _whole(house: House, held: Sequence[bytes], book: LogBook) -> Found:
    found: Found = []
    verified = verify_log(book.storage, book.keys, concerning_any(held, found))
    if verified.faults and verified.checkpoint is not None:
        raise TamperedError(*verified.faults)
    if verified.checkpoint is not None:
        standing = verified.checkpoint
        _keep(house, held[0], Seen(standing.size, standing.root, _indices(found)))
    return found


def _indices(found: Found) -> tuple[int, ...]:
    return tuple(index for index, _entry in found)


# -- kept on the node -------------------------------------------------------------------------


def _folder(house: House) -> Path:
    return house.folder.root / "seen"


def _kept(house: House, secret: bytes) -> Seen | None:
    try:
        data = (_folder(house) / name_of(secret)).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(fault("records.seen-not-read", reason=error.strerror or "-")) from error
    return opened_up(secret, house.origin, data)


def _keep(house: House, secret: bytes, seen: Seen) -> None:
    """Write what was verified; without room for it the next look verifies more."""
    folder = _folder(house)
    aside = folder / f".{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(closed_up(secret, house.origin, seen))
        aside.replace(folder / name_of(secret))
    except OSError:
        aside.unlink(missing_ok=True)


def forget_looks(house: House, held: Iterable[bytes]) -> None:
    """Remove what was kept under secrets that are replaced or destroyed."""
    for secret in held:
        (_folder(house) / name_of(secret)).unlink(missing_ok=True)
