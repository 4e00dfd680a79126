"""The outbox: every entry that ever was, in order and without a gap."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from sekisho.errors import TamperedError, UsageError, fault
from sekisho.model.entry import Entry, entry_bytes
from sekisho.stores.codec import read_bytes
from sekisho.stores.tables import entries, log_counter


def append(connection: Connection, entry: Entry) -> int:
    """The index that the entry has from now on.

    The counter's row stays locked until the transaction ends: entries become visible in their
    order, and an index whose transaction fails is given out again.
    """
    body = entry_bytes(entry)
    connection.execute(update(log_counter).values(next_index=log_counter.c.next_index + 1))
    index = _counter(connection) - 1
    try:
        connection.execute(insert(entries).values(log_index=index, body=body))
    except IntegrityError:
        raise TamperedError(fault("store.damaged")) from None
    return index


def append_all(connection: Connection, every: Sequence[Entry]) -> int:
    """The index of the first of several entries; the others follow it, in order."""
    bodies = [entry_bytes(each) for each in every]
    counted = log_counter.c.next_index + len(bodies)
    connection.execute(update(log_counter).values(next_index=counted))
    first = _counter(connection) - len(bodies)
    rows = [{"log_index": first + at, "body": body} for at, body in enumerate(bodies)]
    try:
        if rows:
            connection.execute(insert(entries), rows)
    except IntegrityError:
        raise TamperedError(fault("store.damaged")) from None
    return first


def lock(connection: Connection) -> None:
    """Hold every other change back until this transaction ends."""
    connection.execute(select(log_counter.c.next_index).with_for_update())


def _counter(connection: Connection) -> int:
    found = connection.execute(select(log_counter.c.next_index)).scalar_one_or_none()
    if found is None:
        raise TamperedError(fault("store.damaged"))
    return int(found)


def count(connection: Connection) -> int:
    """How many entries there are.

    Raises: TamperedError when the counter and the last entry differ.
    """
    last = select(func.max(entries.c.log_index)).scalar_subquery()
    found = connection.execute(select(log_counter.c.next_index, last)).one_or_none()
    if found is None or found[0] != (-1 if found[1] is None else found[1]) + 1:
        raise TamperedError(fault("store.entries-missing"))
    return int(found[0])


def read(connection: Connection, start: int, limit: int) -> list[tuple[int, bytes]]:
    """Entries from an index on.

    Raises: TamperedError when one of them is missing; UsageError for a negative bound.
    """
    if start < 0 or limit < 0:
        raise UsageError(fault("store.value-form"))
    end = min(start + limit, count(connection))
    asked = select(entries).where(entries.c.log_index >= start, entries.c.log_index < end)
    rows = connection.execute(asked.order_by(entries.c.log_index))
    found = [(row.log_index, read_bytes(row.body)) for row in rows]
    if [index for index, _ in found] != list(range(start, end)):
        raise TamperedError(fault("store.entries-missing"))
    return found
