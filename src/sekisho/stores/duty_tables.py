"""The tables of allowed flows and of the duties that they brought."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from sekisho.stores.tables import metadata

allowed_flows = Table(
    "allowed_flows",
    metadata,
    Column("id", String, primary_key=True),
    Column("programme", String, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "programme"),
)

duties = Table(
    "duties",
    metadata,
    Column("id", String, primary_key=True),
    Column("flow", String, ForeignKey("allowed_flows.id"), nullable=False),
    Column("programme", String, nullable=False),
    Column("due", String),
    Column("done_at", String),
    Column("body", Text, nullable=False),
    Column("entry_index", BigInteger),
    Index(None, "flow"),
    Index(None, "programme"),
    Index(None, "due"),
)
