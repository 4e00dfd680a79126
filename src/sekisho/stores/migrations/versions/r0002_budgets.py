"""Privacy budgets: ledgers, charges, draws."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of budgets; nothing of the older ones changes."""
    op.create_table(
        "ledgers",
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("loss", sa.String(), nullable=False),
        sa.Column("delta", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("programme", "dataset", "period", name="pk_ledgers"),
    )
    op.create_table(
        "charges",
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("loss", sa.String(), nullable=False),
        sa.Column("delta", sa.String(), nullable=False),
        sa.Column("epsilon", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("charged_at", sa.String(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_charges_entry_index"
        ),
        sa.PrimaryKeyConstraint("request", "programme", "dataset", "period", name="pk_charges"),
    )
    op.create_index("ix_charges_programme", "charges", ["programme"], unique=False)
    op.create_table(
        "draws",
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("request", name="pk_draws"),
    )
