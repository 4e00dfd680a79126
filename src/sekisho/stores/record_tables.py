"""The tables of the record lane: subjects, consents, transfers, recalls, facts on file.

Secrets lie in a table of their own, where they can be destroyed. What ties a row to an entry lies
in the rows' bodies alone, so that it can be erased with them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from sekisho.stores.tables import metadata

subjects = Table(
    "subjects",
    metadata,
    Column("id", String, primary_key=True),
    Column("holder", String, ForeignKey("participants.id"), nullable=False),
    Column("registered_at", String, nullable=False),
    Column("destroyed_at", String),
    Index(None, "holder"),
)

subject_secrets = Table(
    "subject_secrets",
    metadata,
    Column("subject", String, ForeignKey("subjects.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("in_force", Boolean(create_constraint=False), nullable=False),
    Column("public_key", LargeBinary),
    Column("record_mark", LargeBinary),
)

consents = Table(
    "consents",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, ForeignKey("subjects.id"), nullable=False),
    Column("holder", String, ForeignKey("participants.id"), nullable=False),
    Column("requested_by", String, nullable=False),
    Column("request", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("ends_at", String),
    Column("body", Text, nullable=False),
    UniqueConstraint("requested_by", "request"),
    Index(None, "subject"),
    Index(None, "holder"),
    Index(None, "ends_at"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", String, primary_key=True),
    Column("consent", String, ForeignKey("consents.id"), nullable=False),
    Column("subject", String, ForeignKey("subjects.id"), nullable=False),
    Column("sender", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("request", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("requested_by", "request"),
    Index(None, "consent"),
    Index(None, "subject"),
    Index(None, "sender"),
    Index(None, "recipient"),
    Index(None, "state"),
)

recalls = Table(
    "recalls",
    metadata,
    Column("id", String, primary_key=True),
    Column("transfer", String, ForeignKey("transfers.id"), nullable=False),
    Column("recipient", String, nullable=False),
    Column("sent_at", String, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "transfer"),
    Index(None, "recipient"),
)

spent_challenges = Table(
    "spent_challenges",
    metadata,
    Column("digest", String, primary_key=True),
    Column("until", String, nullable=False),
)

facts_on_file = Table(
    "facts_on_file",
    metadata,
    Column(
        "entry_index",
        BigInteger,
        ForeignKey("entries.log_index"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("programme", String, nullable=False),
    Column("flow", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("name", String, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "programme", "flow"),
)
