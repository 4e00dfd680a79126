"""Which table of holdings a programme's data holder keeps."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    insert,
    select,
)

from sekisho.stores.tables import metadata

holdings = Table(
    "holdings",
    metadata,
    Column(
        "entry_index",
        BigInteger,
        ForeignKey("entries.log_index"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("programme", String, nullable=False),
    Column("digest", String, nullable=False),
    Index(None, "programme"),
)


def insert_holdings(connection: Connection, programme: str, digest: str, index: int) -> None:
    """Take a table up; the one before stays known."""
    row = insert(holdings).values(entry_index=index, programme=programme, digest=digest)
    connection.execute(row)


def find_holdings(connection: Connection, programme: str) -> str | None:
    """The digest of the newest table of a programme."""
    asked = select(holdings.c.digest).where(holdings.c.programme == programme)
    newest = asked.order_by(holdings.c.entry_index.desc()).limit(1)
    found: str | None = connection.execute(newest).scalar_one_or_none()
    return found
