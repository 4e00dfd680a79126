"""From the store's outbox into the signed log; nothing is handed out before this returned."""

from sekisho.errors import TamperedError, fault
from sekisho.gate.house import House

BATCH = 4096


def sequence(house: House) -> int:
    """Bring every committed entry into the log; the size of the checkpoint that holds them all.

    Any process may do it for all: the log's own lock lets one write at a time, and entries that
    another wrote meanwhile are compared and passed over.

    Raises: TamperedError when the log holds more than the store: an older store was restored.
    """
    size, stored = house.log.size(), house.store.entry_count()
    if size > stored:
        raise TamperedError(fault("gate.store-behind", logged=size, stored=stored))
    while size < stored:
        waiting = house.store.outbox(size, BATCH)
        size = house.log.integrate(size, [data for _index, data in waiting])
    return size
