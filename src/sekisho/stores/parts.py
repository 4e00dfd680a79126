"""Parts of one store, behind the PartStore port."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sekisho.errors import Conflict, fault
from sekisho.model.entry import Entry
from sekisho.model.part import Part
from sekisho.model.release import Delivery
from sekisho.stores import flow_rows, log_rows
from sekisho.stores.duties import Transactions
from sekisho.stores.part_tables import delivery_parts, same_delivery
from sekisho.stores.tables import deliveries


class SqlParts:
    """Parts; a store hands it out."""

    def __init__(
        self, change: Transactions, look: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._changing = change
        self._look = look

    def bring(self, delivery: Delivery, days: tuple[date, date] | None, entry: Entry) -> int:
        """Make a holder's part visible; Conflict when the dataset has, or had, the same file."""
        first, last = (each.isoformat() for each in days) if days else (None, None)
        with self._changing("store.delivery-exists") as connection:
            index = log_rows.append(connection, entry)
            flow_rows.insert_delivery(connection, delivery, index)
            connection.execute(
                insert(delivery_parts).values(
                    programme=delivery.programme,
                    dataset=delivery.dataset,
                    delivery=delivery.id,
                    first=first,
                    last=last,
                )
            )
        return index

    def take_back(self, programme: str, dataset: str, holder: str, entry: Entry) -> int:
        """Let a holder's part count no longer; Conflict when nothing of it counts."""
        theirs = select(deliveries.c.id).where(
            deliveries.c.programme == programme,
            deliveries.c.dataset == dataset,
            deliveries.c.holder == holder,
        )
        with self._changing() as connection:
            index = log_rows.append(connection, entry)
            taken = connection.execute(
                update(delivery_parts)
                .where(
                    delivery_parts.c.programme == programme,
                    delivery_parts.c.dataset == dataset,
                    delivery_parts.c.delivery.in_(theirs),
                    delivery_parts.c.withdrawn_index.is_(None),
                )
                .values(withdrawn_index=index)
            )
            if taken.rowcount == 0:
                raise Conflict(fault("parts.none", dataset=dataset))
        return index

    def parts(self, programme: str, dataset: str) -> list[Part]:
        """Every part that was ever brought, in that order."""
        asked = (
            select(deliveries, delivery_parts)
            .join(delivery_parts, same_delivery())
            .where(deliveries.c.programme == programme, deliveries.c.dataset == dataset)
            .order_by(deliveries.c.entry_index)
        )
        with self._look() as connection:
            return [_part(row) for row in connection.execute(asked)]


def _part(row: Row[Any]) -> Part:
    return Part(
        delivery=row.id,
        holder=row.holder,
        digest=row.digest,
        entry_index=row.entry_index,
        first=date.fromisoformat(row.first) if row.first else None,
        last=date.fromisoformat(row.last) if row.last else None,
        withdrawn_index=row.withdrawn_index,
    )
