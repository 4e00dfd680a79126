"""Parts of datasets that several holders bring."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nothing of the older ones changes."""
    op.create_table(
        "delivery_parts",
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("first", sa.String(), nullable=True),
        sa.Column("last", sa.String(), nullable=True),
        sa.Column("withdrawn_index", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.ForeignKeyConstraint(
            ["programme", "dataset", "delivery"],
            ["deliveries.programme", "deliveries.dataset", "deliveries.id"],
            name="fk_delivery_parts_programme",
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_index"],
            ["entries.log_index"],
            name="fk_delivery_parts_withdrawn_index",
        ),
        sa.PrimaryKeyConstraint("programme", "dataset", "delivery", name="pk_delivery_parts"),
    )
