"""From the store's outbox into the signed log; nothing is handed out before this returned."""

from sekisho.errors import TamperedError, fault
from sekisho.gate.house import House

BATCH = 4096


def sequence(house: House) -> int:
    """Bring every committed entry into the log; the size of the checkpoint that holds them all.

    Any process may do it for all: the log's own lock lets one write at a time, and entries that
    another wrote meanwhile are compared and passed over.

    Raises: TamperedError when the store is not the one that the log was written from: an older
    copy of it was restored, even when it has grown past the log since.
    """
    size, stored = house.log.size(), house.store.entry_count()
    if size > stored:
        raise TamperedError(fault("gate.store-behind", logged=size, stored=stored))
    while stored:
        # The last entry that the log has goes along: the log compares it with its own.
        first = max(size - 1, 0)
        waiting = house.store.outbox(first, BATCH)
        size = house.log.integrate(first, [data for _index, data in waiting])
        if size >= stored:
            break
    return size
