"""Drafts and submissions of the open lane."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing of the older ones changes."""
    _drafts()
    _submissions()
    _requests()


def _drafts() -> None:
    op.create_table(
        "form_drafts",
        *_names("programme", "form", "participant"),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("programme", "form", "participant", name="pk_form_drafts"),
    )
    op.create_table(
        "form_batches",
        *_names("programme", "form"),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("submissions", sa.Text(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("programme", "form", "number", name="pk_form_batches"),
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        *_names("id", "reference", "programme", "form", "participant"),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=True),
        sa.Column("opened_at", sa.String(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), nullable=False),
        *_references("submissions"),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.UniqueConstraint("slot", name="uq_submissions_slot"),
        sa.UniqueConstraint("reference", "revision", name="uq_submissions_reference_revision"),
    )
    op.create_index(
        "ix_submissions_programme_form", "submissions", ["programme", "form"], unique=False
    )
    op.create_index("ix_submissions_entry_index", "submissions", ["entry_index"], unique=False)


def _requests() -> None:
    op.create_table(
        "data_requests",
        *_names("id", "programme", "form", "participant"),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), nullable=False),
        *_references("data_requests"),
        sa.PrimaryKeyConstraint("id", name="pk_data_requests"),
        sa.UniqueConstraint(
            "programme",
            "form",
            "round",
            "participant",
            name="uq_data_requests_programme_form_round_participant",
        ),
    )


def _names(*columns: str) -> list["sa.Column[str]"]:
    return [sa.Column(name, sa.String(), nullable=False) for name in columns]


def _references(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["participant"], ["participants.id"], name=f"fk_{table}_participant"
        ),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name=f"fk_{table}_entry_index"
        ),
    ]
