import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from sekisho.errors import StorageError, TamperedError, UsageError
from sekisho.stores import database, migrate, tables
from sekisho.stores.database import MIGRATIONS, open_engine
from sekisho.stores.sql import SqlStore, open_store
from tests.lib.killed import context
from tests.lib.stores import (
    address,
    entry,
    linked_pair,
    new_address,
    participant,
    release_entry,
)

BOTH = pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)


def code(raised) -> str:
    return raised.value.faults[0].code


def raw(url: str, *statements: str) -> list[object]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as connection:
            results = [connection.execute(text(each)) for each in statements]
            return results[-1].all() if results[-1].returns_rows else []
    finally:
        engine.dispose()


@BOTH
def test_the_migrations_make_the_tables_that_the_code_uses(backend, tmp_path):
    engine = open_engine(address(backend, tmp_path), create=True)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": tables.REVISION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_the_known_revisions_are_those_of_the_migrations():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    steps = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(reversed([step.revision for step in steps])) == tables.REVISIONS


@BOTH
def test_an_absent_store_is_made_only_when_asked(backend, tmp_path):
    where = address(backend, tmp_path)
    with pytest.raises(StorageError) as raised:
        open_store(where)
    assert code(raised) == "store.missing"
    assert list(tmp_path.iterdir()) == []
    open_store(where, create=True).close()
    open_store(where).close()
    open_store(where, create=True).close()


@BOTH
def test_a_database_of_somebody_else_is_refused(backend, tmp_path):
    where = address(backend, tmp_path)
    raw(where, "CREATE TABLE invoices (id INTEGER)", "INSERT INTO invoices VALUES (1)")
    for create in (False, True):
        with pytest.raises(StorageError) as raised:
            open_store(where, create=create)
        assert code(raised) == "store.foreign"
    assert raw(where, "SELECT id FROM invoices") == [(1,)]


@BOTH
def test_a_store_of_a_newer_version_is_refused(backend, tmp_path):
    where = new_address(backend, tmp_path)
    raw(where, "UPDATE store_revision SET version_num = '9999'")
    for create in (False, True):
        with pytest.raises(StorageError) as raised:
            open_store(where, create=create)
        assert code(raised) == "store.newer"
    raw(where, "DELETE FROM store_revision")
    with pytest.raises(StorageError):
        open_store(where)


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a database" * 99, b"id,name\n1,a\n" * 99])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path, content):
    file = tmp_path / "node.sqlite"
    file.write_bytes(content)
    for create in (False, True):
        with pytest.raises(StorageError) as raised:
            open_store(f"sqlite:///{file}", create=create)
        assert code(raised) == "store.not-a-store"
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node.sqlite",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x?mode=ro",
        "mysql://host/name",
        "postgresql+asyncpg://host/name",
        "http://user:secret@host",
        "://",
    ],
)
def test_an_address_that_is_no_stores_is_refused_without_repeating_it(url):
    with pytest.raises(UsageError) as raised:
        open_store(url, create=True)
    assert code(raised) == "store.address"
    assert "secret" not in str(raised.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StorageError) as raised:
        open_store(f"sqlite:///{tmp_path / 'no' / 'node.sqlite'}", create=True)
    assert code(raised) == "store.no-folder"


@pytest.mark.postgres
def test_a_server_that_is_away_is_refused_without_saying_the_password(tmp_path):
    with pytest.raises(StorageError) as raised:
        open_store(f"postgresql://user:secret@/name?host={tmp_path}")
    assert code(raised) == "store.unreachable"
    assert "secret" not in str(raised.value)


def test_the_file_of_a_new_store_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        store = open_store(f"sqlite:///{tmp_path / 'node.sqlite'}", create=True)
    finally:
        os.umask(before)
    store.append_entry(entry())
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    store.close()


def test_a_change_that_was_acknowledged_is_on_the_disk(tmp_path):
    engine = open_engine(new_address("sqlite", tmp_path), create=False)
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }
    engine.dispose()


@pytest.mark.postgres
def test_a_change_that_postgres_acknowledged_is_on_the_disk(tmp_path):
    engine = open_engine(new_address("postgres", tmp_path), create=False)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "30s"
    engine.dispose()


def test_opening_a_store_of_this_version_does_not_load_alembic(tmp_path):
    where = new_address("sqlite", tmp_path)
    program = (
        "import sys; from sekisho.stores.sql import open_store; open_store(sys.argv[1]).close();"
        "sys.exit('alembic' in sys.modules or 'psycopg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, where], check=True)


REVISIONS = tables.REVISIONS
NOW = REVISIONS[-1]


def next_version(folder: Path, upgrade: str) -> Path:
    """The migrations with one step more, as the next version would bring it."""
    migrations = folder / "next"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "r9999_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f'revision, down_revision = "9999", "{NOW}"\nbranch_labels = depends_on = None\n'
        f"def upgrade():\n{upgrade}\n"
    )
    return migrations


ADD_A_COLUMN = """
    with op.batch_alter_table("participants") as table:
        table.add_column(sa.Column("website", sa.String, nullable=False, server_default=""))
"""
AN_ENTRY = (
    "INSERT INTO entries (log_index, body) VALUES (0, CAST('{}' AS {bytes}))",
    "UPDATE log_counter SET next_index = 1",
)
ADD_AND_FAIL = ADD_A_COLUMN + '    op.execute("SELECT nothing FROM nowhere")\n'


@BOTH
@pytest.mark.parametrize("old", tables.REVISIONS[:-1])
def test_a_store_of_every_older_version_keeps_what_it_holds(backend, tmp_path, monkeypatch, old):
    migrations = tmp_path / "old"
    newer = [f"r{each}_*" for each in tables.REVISIONS if each > old]
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__", *newer))
    where = address(backend, tmp_path)
    with monkeypatch.context() as then:
        for module in (tables, database, migrate):
            then.setattr(module, "REVISIONS", (old,))
        store = SqlStore(open_engine(where, create=True, migrations=migrations))
    pair = linked_pair()
    store.add_releases(pair, [release_entry(each) for each in pair])
    store.add_participant(participant(), entry())
    before = (store.outbox(0, 99), store.releases(), store.participants())
    store.close()
    store = open_store(where)
    assert (store.outbox(0, 99), store.releases(), store.participants()) == before
    assert store.append_entry(entry()) == 3
    store.close()
    assert raw(where, "SELECT version_num FROM store_revision") == [(NOW,)]


@pytest.fixture
def next_revision(monkeypatch):
    for module in (tables, database, migrate):
        monkeypatch.setattr(module, "REVISIONS", (*REVISIONS, "9999"))


@BOTH
def test_a_store_of_an_older_version_is_migrated_with_a_copy_kept(backend, tmp_path, next_revision):
    where = new_address(backend, tmp_path)
    kind = "BLOB" if backend == "sqlite" else "BYTEA"
    raw(where, *(each.replace("{bytes}", kind) for each in AN_ENTRY))
    store = SqlStore(
        open_engine(where, create=False, migrations=next_version(tmp_path, ADD_A_COLUMN))
    )
    assert store.outbox(0, 9) == [(0, b"{}")]
    assert store.append_entry(entry()) == 1
    store.close()
    assert raw(where, "SELECT version_num FROM store_revision") == [("9999",)]
    assert raw(where, "SELECT website FROM participants") == []
    if backend == "sqlite":
        (copy,) = tmp_path.glob("*.backup")
        assert copy.name.endswith(f".revision-{NOW}.backup")
        assert copy.stat().st_mode & 0o777 == 0o600
        assert raw(f"sqlite:///{copy}", "SELECT version_num FROM store_revision") == [(NOW,)]
        assert raw(f"sqlite:///{copy}", "SELECT log_index FROM entries") == [(0,)]


@BOTH
def test_a_migration_that_fails_changes_nothing(backend, tmp_path, next_revision):
    where = new_address(backend, tmp_path)
    migrations = next_version(tmp_path, ADD_AND_FAIL)
    for _ in range(2):
        with pytest.raises(TamperedError):
            open_engine(where, create=False, migrations=migrations)
    assert raw(where, "SELECT version_num FROM store_revision") == [(NOW,)]
    with pytest.raises(DBAPIError, match="website"):
        raw(where, "SELECT website FROM participants")
    if backend == "sqlite":
        assert len(list(tmp_path.glob("*.backup*"))) == 2


def test_the_entries_of_a_store_cannot_be_changed_by_sql(tmp_path):
    where = new_address("sqlite", tmp_path)
    store = open_store(where)
    store.append_entry(entry())
    store.close()
    file = sqlite3.connect(where.removeprefix("sqlite:///"))
    for change in ("UPDATE entries SET body = x''", "DELETE FROM entries"):
        with pytest.raises(sqlite3.IntegrityError, match="entries only grow"):
            file.execute(change)
    file.close()


def _open_new(where: str) -> int:
    store = open_store(where, create=True)
    try:
        return store.append_entry(entry())
    finally:
        store.close()


@BOTH
def test_many_threads_make_one_store(backend, tmp_path):
    where = address(backend, tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(_open_new, [where] * 8)) == list(range(8))


def test_many_processes_make_one_store(tmp_path):
    where = address("sqlite", tmp_path)
    with ProcessPoolExecutor(2, mp_context=context()) as pool:
        assert sorted(pool.map(_open_new, [where] * 6)) == list(range(6))
