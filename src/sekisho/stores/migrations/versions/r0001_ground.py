"""Log, programmes, deliveries, releases, people, jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table; the log starts at entry 0 and refuses changes to what stands in it."""
    _make_log()
    _make_flows()
    _make_people()
    _make_keys()
    _make_work()
    op.execute("INSERT INTO log_counter (id, next_index) VALUES (1, 0)")
    if op.get_bind().dialect.name == "postgresql":
        _guard_entries_postgres()
    else:
        _guard_entries_sqlite()


def _guard_entries_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER entries_no_{change.lower()} BEFORE {change} ON entries "
            "BEGIN SELECT RAISE(ABORT, 'entries only grow'); END"
        )


def _guard_entries_postgres() -> None:
    op.execute(
        "CREATE FUNCTION entries_only_grow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'entries only grow'; END $$"
    )
    op.execute(
        "CREATE TRIGGER entries_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION entries_only_grow()"
    )


def _make_log() -> None:
    op.create_table(
        "log_counter",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_index", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_log_counter_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_log_counter"),
    )
    op.create_table(
        "entries",
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log_index", name="pk_entries"),
    )
    op.create_table(
        "programmes",
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("added_at", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_programmes_entry_index"
        ),
        sa.PrimaryKeyConstraint("entry_index", name="pk_programmes"),
    )
    op.create_index("ix_programmes_id", "programmes", ["id"], unique=False)


def _make_flows() -> None:
    op.create_table(
        "deliveries",
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.String(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_deliveries_entry_index"
        ),
        sa.PrimaryKeyConstraint("programme", "dataset", "id", name="pk_deliveries"),
        sa.UniqueConstraint(
            "programme", "dataset", "digest", name="uq_deliveries_programme_dataset_digest"
        ),
    )
    op.create_table(
        "releases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("corrects", sa.String(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["corrects"], ["releases.id"], name="fk_releases_corrects"),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_releases_entry_index"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sa.UniqueConstraint("corrects", name="uq_releases_corrects"),
        sa.UniqueConstraint(
            "programme", "plan", "revision", name="uq_releases_programme_plan_revision"
        ),
    )


def _make_people() -> None:
    op.create_table(
        "participants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_ja", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("jurisdiction", sa.String(), nullable=False),
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_participants_entry_index"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_participants"),
    )
    op.create_table(
        "actors",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.log_index"], name="fk_actors_entry_index"
        ),
        sa.ForeignKeyConstraint(["participant"], ["participants.id"], name="fk_actors_participant"),
        sa.PrimaryKeyConstraint("id", name="pk_actors"),
        sa.UniqueConstraint("token_hash", name="uq_actors_token_hash"),
    )


def _make_keys() -> None:
    op.create_table(
        "keys",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.String(), nullable=True),
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["entry_index"], ["entries.log_index"], name="fk_keys_entry_index"),
        sa.ForeignKeyConstraint(["participant"], ["participants.id"], name="fk_keys_participant"),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_keys"),
    )
    op.create_index("ix_keys_participant", "keys", ["participant"], unique=False)


def _make_work() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=True),
        sa.Column("lease_until", sa.String(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state"], unique=False)
