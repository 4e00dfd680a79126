"""Consents and transfers of the record lane."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing of the older ones changes."""
    _subjects()
    _consents()
    _transfers()
    _recalls()
    _facts()


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String(), nullable=nullable)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")


def _subjects() -> None:
    op.create_table(
        "subjects",
        _text("id"),
        _text("holder"),
        _text("registered_at"),
        _text("destroyed_at", nullable=True),
        _refers("subjects", "holder", "participants"),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
    )
    op.create_index("ix_subjects_holder", "subjects", ["holder"], unique=False)
    op.create_table(
        "subject_secrets",
        _text("subject"),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("record_mark", sa.LargeBinary(), nullable=True),
        _refers("subject_secrets", "subject", "subjects"),
        sa.PrimaryKeyConstraint("subject", "number", name="pk_subject_secrets"),
        sa.UniqueConstraint("secret_hash", name="uq_subject_secrets_secret_hash"),
    )


def _consents() -> None:
    op.create_table(
        "consents",
        _text("id"),
        _text("subject"),
        _text("holder"),
        _text("requested_by"),
        _text("request"),
        _text("state"),
        _text("created_at"),
        _text("ends_at", nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        _refers("consents", "subject", "subjects"),
        _refers("consents", "holder", "participants"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.UniqueConstraint("requested_by", "request", name="uq_consents_requested_by_request"),
    )
    for column in ("subject", "holder", "ends_at"):
        op.create_index(f"ix_consents_{column}", "consents", [column], unique=False)


def _transfers() -> None:
    op.create_table(
        "transfers",
        _text("id"),
        _text("consent"),
        _text("subject"),
        _text("sender"),
        _text("recipient"),
        _text("requested_by"),
        _text("request"),
        _text("state"),
        _text("created_at"),
        sa.Column("body", sa.Text(), nullable=False),
        _refers("transfers", "consent", "consents"),
        _refers("transfers", "subject", "subjects"),
        sa.PrimaryKeyConstraint("id", name="pk_transfers"),
        sa.UniqueConstraint("requested_by", "request", name="uq_transfers_requested_by_request"),
    )
    for column in ("consent", "subject", "sender", "recipient", "state"):
        op.create_index(f"ix_transfers_{column}", "transfers", [column], unique=False)


def _recalls() -> None:
    op.create_table(
        "recalls",
        _text("id"),
        _text("transfer"),
        _text("recipient"),
        _text("sent_at"),
        sa.Column("body", sa.Text(), nullable=False),
        _refers("recalls", "transfer", "transfers"),
        sa.PrimaryKeyConstraint("id", name="pk_recalls"),
    )
    for column in ("transfer", "recipient"):
        op.create_index(f"ix_recalls_{column}", "recalls", [column], unique=False)
    op.create_table(
        "spent_challenges",
        _text("digest"),
        _text("until"),
        sa.PrimaryKeyConstraint("digest", name="pk_spent_challenges"),
    )


def _facts() -> None:
    op.create_table(
        "facts_on_file",
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("programme"),
        _text("flow"),
        _text("sender"),
        _text("recipient"),
        _text("name"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_facts_on_file_entry_index"
        ),
        sa.PrimaryKeyConstraint("entry_index", name="pk_facts_on_file"),
    )
    op.create_index(
        "ix_facts_on_file_programme_flow", "facts_on_file", ["programme", "flow"], unique=False
    )
