"""Consents and transfers of the record lane."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing of the older ones changes."""
