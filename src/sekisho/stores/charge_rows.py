"""Rows of privacy budgets: ledgers, charges, and the one draw that each request may have."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from sekisho.errors import NotFound, TamperedError, fault
from sekisho.model.budget import BudgetCharge, Spent
from sekisho.stores.codec import read_bytes, read_decimal, read_instant, write_instant
from sekisho.stores.tables import charges, draws, ledgers


def is_charged(connection: Connection, request: str) -> bool:
    """Whether a request was charged already."""
    asked = select(charges.c.request).where(charges.c.request == request).limit(1)
    return connection.execute(asked).first() is not None


def find_spent(connection: Connection, programme: str, dataset: str, period: str) -> Spent:
    """What was spent of a ledger; nothing when it was never charged."""
    asked = select(ledgers).where(_ledger(programme, dataset, period))
    row = connection.execute(asked).one_or_none()
    if row is None:
        return Spent()
    return Spent(row.measure, read_decimal(row.loss), read_decimal(row.delta))


def _ledger(programme: str, dataset: str, period: str) -> ColumnElement[bool]:
    return and_(
        ledgers.c.programme == programme,
        ledgers.c.dataset == dataset,
        ledgers.c.period == period,
    )


def insert_charge(connection: Connection, charge: BudgetCharge, after: Spent, index: int) -> None:
    """Write a charge, and what its ledger has spent with it."""
    place = {
        "programme": charge.programme,
        "dataset": charge.dataset,
        "period": charge.period,
    }
    connection.execute(
        insert(charges).values(
            **place,
            request=charge.request,
            measure=charge.measure,
            loss=str(charge.loss),
            delta=str(charge.delta),
            epsilon=str(charge.epsilon),
            actor=charge.actor,
            purpose=charge.purpose,
            what=charge.what,
            charged_at=write_instant(charge.charged_at),
            entry_index=index,
        )
    )
    spent = {"measure": after.measure, "loss": str(after.loss), "delta": str(after.delta)}
    kept = connection.execute(update(ledgers).where(_ledger(**place)).values(**spent))
    if kept.rowcount == 0:
        connection.execute(insert(ledgers).values(**place, **spent))


def find_charges(connection: Connection, *where: ColumnElement[bool]) -> list[BudgetCharge]:
    """Charges in the order in which they were logged."""
    asked = select(charges).where(*where).order_by(charges.c.entry_index)
    return [_charge(row) for row in connection.execute(asked)]


def _charge(row: Row[Any]) -> BudgetCharge:
    return BudgetCharge(
        request=row.request,
        programme=row.programme,
        dataset=row.dataset,
        period=row.period,
        measure=row.measure,
        loss=read_decimal(row.loss),
        delta=read_decimal(row.delta),
        epsilon=read_decimal(row.epsilon),
        actor=row.actor,
        purpose=row.purpose,
        what=row.what,
        charged_at=read_instant(row.charged_at),
        entry_index=row.entry_index,
    )


def find_draw(connection: Connection, request: str) -> bytes | None:
    """The draw that is kept for a request."""
    asked = select(draws.c.body).where(draws.c.request == request)
    row = connection.execute(asked).one_or_none()
    return read_bytes(row.body) if row else None


def keep_draw(connection: Connection, request: str, draw: bytes) -> bytes:
    """Keep the first draw of a charged request; the one that is kept.

    Raises: NotFound when the request was never charged; TamperedError when what is kept is no draw.
    """
    if not is_charged(connection, request):
        raise NotFound(fault("store.not-charged"))
    kept = find_draw(connection, request)
    if kept is not None:
        return kept
    if not draw:
        raise TamperedError(fault("store.row-unreadable"))
    connection.execute(insert(draws).values(request=request, body=draw))
    return draw
