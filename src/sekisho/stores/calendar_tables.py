"""Tables of releases that wait for their moment, and of notices."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from sekisho.stores.tables import metadata

release_holds = Table(
    "release_holds",
    metadata,
    Column("release", String, ForeignKey("releases.id"), primary_key=True),
    Column("opens_at", String),
    Column("published_at", String),
    Column(
        "entry_index",
        BigInteger,
        ForeignKey("entries.log_index"),
        nullable=False,
        autoincrement=False,
    ),
)

release_notices = Table(
    "release_notices",
    metadata,
    Column(
        "entry_index",
        BigInteger,
        ForeignKey("entries.log_index"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("programme", String, nullable=False),
    Column("release", String, ForeignKey("releases.id")),
    Column("kind", String, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "programme"),
    Index(None, "release"),
)
