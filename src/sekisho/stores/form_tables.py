"""The tables of forms: drafts, submissions, requests for data, and what went into statistics."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from sekisho.stores.tables import metadata

form_drafts = Table(
    "form_drafts",
    metadata,
    Column("programme", String, primary_key=True),
    Column("form", String, primary_key=True),
    Column("participant", String, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", String, primary_key=True),
    Column("reference", String, nullable=False),
    Column("programme", String, nullable=False),
    Column("form", String, nullable=False),
    Column("participant", String, ForeignKey("participants.id"), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("slot", String, unique=True),
    Column("opened_at", String),
    Column("body", Text, nullable=False),
    Column("entry_index", BigInteger, ForeignKey("entries.log_index"), nullable=False),
    UniqueConstraint("reference", "revision"),
    Index(None, "programme", "form"),
    Index(None, "entry_index"),
)
"""`slot` names the place that only one standing submission can have; empty where many may stand."""

data_requests = Table(
    "data_requests",
    metadata,
    Column("id", String, primary_key=True),
    Column("programme", String, nullable=False),
    Column("form", String, nullable=False),
    Column("round", BigInteger, nullable=False),
    Column("participant", String, ForeignKey("participants.id"), nullable=False),
    Column("state", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("entry_index", BigInteger, ForeignKey("entries.log_index"), nullable=False),
    UniqueConstraint("programme", "form", "round", "participant"),
)

form_batches = Table(
    "form_batches",
    metadata,
    Column("programme", String, primary_key=True),
    Column("form", String, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("submissions", Text, nullable=False),
    Column("delivery", String),
)
"""Ids of the submissions that became one delivery; without `delivery`, one that is not finished."""
