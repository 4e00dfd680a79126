"""Dates of releases, and what became of them afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing of the older ones changes."""
    op.create_table(
        "release_holds",
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("opens_at", sa.String(), nullable=True),
        sa.Column("published_at", sa.String(), nullable=True),
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["release"], ["releases.id"], name="fk_release_holds_release"),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_release_holds_entry_index"
        ),
        sa.PrimaryKeyConstraint("release", name="pk_release_holds"),
    )
    op.create_table(
        "release_notices",
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("release", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release"], ["releases.id"], name="fk_release_notices_release"),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_release_notices_entry_index"
        ),
        sa.PrimaryKeyConstraint("entry_index", name="pk_release_notices"),
    )
    op.create_table(
        "holdings",
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_holdings_entry_index"
        ),
        sa.PrimaryKeyConstraint("entry_index", name="pk_holdings"),
    )
    op.create_index("ix_holdings_programme", "holdings", ["programme"], unique=False)
    for column in ("programme", "release"):
        op.create_index(f"ix_release_notices_{column}", "release_notices", [column], unique=False)
