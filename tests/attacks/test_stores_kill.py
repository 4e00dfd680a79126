"""A process is killed at any moment: what it acknowledged stands, and nothing is half-written."""

import time

import pytest
from sqlalchemy import text

from sekisho.stores.sql import SqlStore, open_store
from tests.lib.killed import (
    READY,
    change_forever,
    check_whole,
    context,
    kill,
    make_one,
    rounds,
)
from tests.lib.stores import address, entry, new_address

POSTGRES = pytest.param("postgres", 6, marks=pytest.mark.postgres)


def wait_for_the_server(store: SqlStore) -> None:
    """PostgreSQL may still be committing what the killed process sent last."""
    if store._engine.dialect.name != "postgresql":
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with store._engine.connect() as connection:
            if connection.execute(others).scalar() == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the killed process is still connected")


def kill_writers(where: str, kills: int) -> None:
    processes = context()
    before = 0
    for number, after_s in rounds(kills, 0.12):
        mine, theirs = processes.Pipe(duplex=False)
        child = processes.Process(target=change_forever, args=(where, number * 10**6, theirs))
        child.start()
        theirs.close()
        last = kill(child, mine, after_s)
        mine.close()
        acknowledged = 0 if last == READY else int(last)
        store = open_store(where)
        wait_for_the_server(store)
        count = check_whole(store)
        assert before + acknowledged <= count <= before + acknowledged + 2
        before = store.append_entry(entry()) + 1
        store.close()
    assert before > kills * 2


@pytest.mark.parametrize(("backend", "kills"), [("sqlite", 50), POSTGRES])
def test_a_killed_writer_leaves_the_store_whole(backend, kills, tmp_path):
    kill_writers(new_address(backend, tmp_path), kills)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("backend", "kills"),
    [("sqlite", 500), pytest.param("postgres", 100, marks=pytest.mark.postgres)],
)
def test_a_writer_killed_five_hundred_times_leaves_the_store_whole(backend, kills, tmp_path):
    kill_writers(new_address(backend, tmp_path), kills)


@pytest.mark.parametrize(("backend", "kills"), [("sqlite", 10), POSTGRES])
def test_a_store_whose_making_was_killed_is_made_the_next_time(backend, kills, tmp_path):
    processes = context()
    for _, after_s in rounds(kills, 0.15):
        where = address(backend, tmp_path)
        mine, theirs = processes.Pipe(duplex=False)
        child = processes.Process(target=make_one, args=(where, theirs))
        child.start()
        theirs.close()
        kill(child, mine, after_s)
        mine.close()
        store = open_store(where, create=True)
        assert check_whole(store) == 0
        assert store.append_entry(entry()) == 0
        store.close()
