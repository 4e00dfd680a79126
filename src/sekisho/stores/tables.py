"""The tables of the store. The migrations make the same; a test holds it.

Instants are text in ISO 8601, UTC, of fixed width, so that text order is time order everywhere.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every schema that this version knows, oldest first; it works with the last one only."""

REVISION_TABLE = "store_revision"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _entry_index(*, primary_key: bool = False) -> Column[int]:
    """The entry that a row came with: no row without its entry."""
    return Column(
        "entry_index",
        BigInteger,
        ForeignKey("entries.log_index"),
        primary_key=primary_key,
        nullable=False,
        autoincrement=False,
    )


log_counter = Table(
    "log_counter",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("next_index", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

entries = Table(
    "entries",
    metadata,
    Column("log_index", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

programmes = Table(
    "programmes",
    metadata,
    _entry_index(primary_key=True),
    Column("id", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("added_at", String, nullable=False),
    Index(None, "id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("programme", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("delivered_at", String, nullable=False),
    _entry_index(),
    UniqueConstraint("programme", "dataset", "digest"),
)

releases = Table(
    "releases",
    metadata,
    Column("id", String, primary_key=True),
    Column("programme", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("corrects", String, ForeignKey("releases.id"), unique=True),
    Column("body", Text, nullable=False),
    _entry_index(),
    UniqueConstraint("programme", "plan", "revision"),
)

ledgers = Table(
    "ledgers",
    metadata,
    Column("programme", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("period", String, primary_key=True),
    Column("measure", String, nullable=False),
    Column("loss", String, nullable=False),
    Column("delta", String, nullable=False),
)

charges = Table(
    "charges",
    metadata,
    Column("request", String, primary_key=True),
    Column("programme", String, primary_key=True),
    Column("dataset", String, primary_key=True),
    Column("period", String, primary_key=True),
    Column("measure", String, nullable=False),
    Column("loss", String, nullable=False),
    Column("delta", String, nullable=False),
    Column("epsilon", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("what", String, nullable=False),
    Column("charged_at", String, nullable=False),
    _entry_index(),
    Index(None, "programme"),
)

draws = Table(
    "draws",
    metadata,
    Column("request", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

participants = Table(
    "participants",
    metadata,
    Column("id", String, primary_key=True),
    Column("name_en", String, nullable=False),
    Column("name_ja", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("jurisdiction", String, nullable=False),
    _entry_index(),
)

actors = Table(
    "actors",
    metadata,
    Column("id", String, primary_key=True),
    Column("participant", String, ForeignKey("participants.id"), nullable=False),
    Column("roles", Text, nullable=False),
    Column("token_hash", LargeBinary, unique=True),
    _entry_index(),
)

keys = Table(
    "keys",
    metadata,
    Column("fingerprint", String, primary_key=True),
    Column("participant", String, ForeignKey("participants.id"), nullable=False),
    Column("purpose", String, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("registered_at", String, nullable=False),
    Column("revoked_at", String),
    _entry_index(),
    Index(None, "participant"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("request", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("created_at", String),
    Column("lease_until", String),
    Column("attempts", BigInteger, nullable=False),
    Column("cancel_asked", Boolean(create_constraint=False), nullable=False),
    Index(None, "state"),
)
