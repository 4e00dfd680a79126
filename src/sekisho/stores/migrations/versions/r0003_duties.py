"""Allowed flows, and the duties that they brought."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing of the older ones changes."""
    op.create_table(
        "allowed_flows",
        _text("id"),
        _text("programme"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_allowed_flows"),
    )
    op.create_index("ix_allowed_flows_programme", "allowed_flows", ["programme"], unique=False)
    op.create_table(
        "duties",
        _text("id"),
        _text("flow"),
        _text("programme"),
        _text("due", nullable=True),
        _text("done_at", nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["flow"], ["allowed_flows.id"], name="fk_duties_flow"),
        sa.PrimaryKeyConstraint("id", name="pk_duties"),
    )
    for column in ("due", "flow", "programme"):
        op.create_index(f"ix_duties_{column}", "duties", [column], unique=False)


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String(), nullable=nullable)
