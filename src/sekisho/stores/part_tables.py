"""The table of parts that several holders bring."""

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    Table,
    and_,
    exists,
)

from sekisho.stores.tables import deliveries, metadata

delivery_parts = Table(
    "delivery_parts",
    metadata,
    Column("programme", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("delivery", String, primary_key=True),
    Column("first", String),
    Column("last", String),
    Column("withdrawn_index", BigInteger, ForeignKey("entries.log_index"), autoincrement=False),
    ForeignKeyConstraint(
        ["programme", "dataset", "delivery"],
        ["deliveries.programme", "deliveries.dataset", "deliveries.id"],
    ),
)


def same_delivery() -> ColumnElement[bool]:
    """Joins a part to its delivery."""
    return and_(
        delivery_parts.c.programme == deliveries.c.programme,
        delivery_parts.c.dataset == deliveries.c.dataset,
        delivery_parts.c.delivery == deliveries.c.id,
    )


def still_counts() -> ColumnElement[bool]:
    """Of a delivery: that nobody took it back."""
    return ~exists().where(same_delivery(), delivery_parts.c.withdrawn_index.is_not(None))
