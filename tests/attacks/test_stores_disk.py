"""A full disk, a locked file, a damaged file: nothing acknowledged is lost, nothing is guessed."""

import os
import sqlite3
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from sekisho.errors import Conflict, SekishoError, StorageError, TamperedError
from sekisho.stores import database
from sekisho.stores.sql import open_store
from tests.lib.killed import check_whole, context, fill, fill_up
from tests.lib.stores import entry, linked_pair, new_address, participant, release_entry


def file_of(where: str) -> Path:
    return Path(where.removeprefix("sqlite:///"))


def test_a_store_that_may_not_grow_refuses_and_goes_on_later(tmp_path):
    where = new_address("sqlite", tmp_path)
    processes = context()
    mine, theirs = processes.Pipe(duplex=False)
    child = processes.Process(target=fill_up, args=(where, theirs))
    child.start()
    theirs.close()
    (acknowledged, code), count, index = mine.recv(), mine.recv(), mine.recv()
    child.join()
    mine.close()
    assert code in ("store.full", "store.not-written")
    assert 0 < acknowledged <= count == index
    store = open_store(where)
    assert check_whole(store) == count + 1
    store.close()


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_loses_nothing(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    where = new_address("sqlite", small_disk)
    store = open_store(where)
    acknowledged, code = fill(store)
    assert code == "store.full"
    count = store.entry_count()
    assert acknowledged <= count
    ballast.unlink()
    assert store.append_entry(entry()) == count
    store.close()
    again = open_store(where)
    assert check_whole(again) == count + 1
    again.close()


def test_a_store_on_a_full_disk_is_not_half_made(small_disk):
    (small_disk / "ballast").write_bytes(bytes(1_000_000))
    where = f"sqlite:///{small_disk / 'node.sqlite'}"
    with pytest.raises(StorageError):
        open_store(where, create=True)
    (small_disk / "ballast").unlink()
    store = open_store(where, create=True)
    assert check_whole(store) == 0
    store.close()


def test_a_store_that_others_keep_busy_is_a_conflict(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    where = new_address("sqlite", tmp_path)
    store = open_store(where)
    other = sqlite3.connect(file_of(where), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Conflict) as raised:
        store.append_entry(entry())
    assert raised.value.faults[0].code == "store.busy"
    assert store.entry_count() == 0
    other.execute("COMMIT")
    other.close()
    assert store.append_entry(entry()) == 0
    store.close()


@pytest.mark.postgres
def test_a_postgres_store_that_others_keep_busy_is_a_conflict(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    where = new_address("postgres", tmp_path)
    store, other = open_store(where), open_store(where)
    with other._writer.begin() as held:
        held.exec_driver_sql("UPDATE log_counter SET next_index = next_index")
        with pytest.raises(Conflict) as raised:
            store.append_entry(entry())
    assert raised.value.faults[0].code == "store.busy"
    assert store.append_entry(entry()) == 0
    store.close()
    other.close()


@pytest.mark.postgres
def test_a_connection_that_the_server_cuts_is_said_and_made_again(tmp_path):
    where = new_address("postgres", tmp_path)
    store, other = open_store(where), open_store(where)
    store.append_entry(entry())
    with other._engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert store.append_entry(entry()) == 1
    store.close()
    other.close()


def test_a_folder_that_may_not_be_written_is_said(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    where = new_address("sqlite", tmp_path)
    file_of(where).chmod(0o400)
    with pytest.raises(StorageError) as raised:
        open_store(where).append_entry(entry())
    assert raised.value.faults[0].code == "store.closed-to-us"


def filled(where: str) -> None:
    store = open_store(where)
    store.add_participant(participant(), entry())
    pair = linked_pair()
    store.add_releases(pair, [release_entry(each) for each in pair])
    for _ in range(50):
        store.append_entry(entry())
    store.close()


@pytest.mark.parametrize("at", range(0, 80_000, 4_001))
def test_a_damaged_file_gives_an_error_of_ours_or_the_truth(tmp_path, at):
    where = new_address("sqlite", tmp_path)
    filled(where)
    file = file_of(where)
    content = bytearray(file.read_bytes())
    at %= len(content)
    content[at : at + 64] = bytes(byte ^ 0xA5 for byte in content[at : at + 64])
    file.write_bytes(content)
    try:
        store = open_store(where)
    except SekishoError:
        return
    for call in (
        lambda: store.outbox(0, 1000),
        store.releases,
        store.participants,
        store.actors,
        store.jobs,
        store.programmes,
        lambda: store.append_entry(entry()),
    ):
        with suppress(SekishoError):
            call()
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE releases SET body = '{}'",
        "UPDATE releases SET body = replace(body, '7', 'x')",
        "UPDATE releases SET state = 'secret'",
        "UPDATE participants SET kind = 'secret'",
        "UPDATE log_counter SET next_index = next_index + 1",
        "UPDATE log_counter SET next_index = next_index - 1",
        "DROP TRIGGER entries_no_delete; DELETE FROM entries WHERE log_index = 7",
        "DROP TRIGGER entries_no_update; UPDATE entries SET body = 'secret'",
        "DELETE FROM log_counter",
        "DROP TABLE releases",
    ],
)
def test_a_row_that_no_version_wrote_is_found_when_it_is_read(tmp_path, change):
    where = new_address("sqlite", tmp_path)
    filled(where)
    connection = sqlite3.connect(file_of(where))
    connection.executescript(change)
    connection.close()
    store = open_store(where)
    with pytest.raises(TamperedError) as raised:
        [store.releases(), store.participants(), store.outbox(0, 99)]
    assert "secret" not in str(raised.value)
    store.close()


@pytest.mark.parametrize("by", ["- 1", "- 50"])
def test_an_index_is_never_given_out_twice(tmp_path, by):
    where = new_address("sqlite", tmp_path)
    filled(where)
    connection = sqlite3.connect(file_of(where))
    connection.executescript(f"UPDATE log_counter SET next_index = next_index {by}")
    connection.close()
    store = open_store(where)
    with pytest.raises(TamperedError):
        store.append_entry(entry())
    store.close()


def test_no_message_repeats_what_stands_in_the_store(tmp_path):
    where = new_address("sqlite", tmp_path)
    store = open_store(where)
    store.add_participant(participant("a-secret-name"), entry())
    with pytest.raises(Conflict) as raised:
        store.add_participant(participant("a-secret-name"), entry())
    told = repr(raised.value) + str(raised.value) + repr(raised.value.__cause__)
    assert "a-secret-name" not in told
    assert raised.value.__suppress_context__
    store.close()


def test_threads_that_wait_for_their_turn_all_get_it(tmp_path):
    store = open_store(new_address("sqlite", tmp_path))
    threads = [threading.Thread(target=store.append_entry, args=(entry(),)) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.entry_count() == 100
    store.close()
