"""Processes that work on a store until they are killed, and what must be true afterwards."""

import json
import os
import random
import resource
import time
from collections import Counter
from dataclasses import replace
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from sqlalchemy import text

from sekisho.errors import StorageError
from sekisho.model.text import Text
from sekisho.stores.sql import SqlStore, open_store
from sekisho.terms import ReleaseState
from tests.lib.stores import (
    actor,
    delivery,
    entry,
    linked_pair,
    participant,
    release_entry,
)

READY = b"ready"


def context() -> ForkServerContext:
    """Children that start in a few milliseconds: what they import is loaded already."""
    made = get_context("forkserver")
    made.set_forkserver_preload(["sekisho.stores.migrate", "tests.lib.killed"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return made


def _change(store: SqlStore, number: int) -> int:
    """One change of each kind in turn; how many entries it brought."""
    name, kind = f"n{number}", number % 5
    if kind == 0:
        store.add_participant(replace(participant(name), name=Text(name, name)), entry())
    elif kind == 1:
        store.add_participant(participant(name), entry())
        store.add_actor(actor(name, name), name.encode(), entry())
        return 2
    elif kind == 2:
        digest = f"{number:064x}"
        store.add_delivery(delivery(digest, id=digest), entry())
    elif kind == 3:
        pair = linked_pair(number)
        store.add_releases(pair, [release_entry(each) for each in pair])
        for each in pair:
            store.set_release_state(each.id, ReleaseState.OPEN)
        return 2
    else:
        store.append_entry(entry())
    return 1


def change_forever(where: str, start: int, said: Connection) -> None:
    """Change the store without end; after each change say how many entries are acknowledged."""
    store = open_store(where)
    said.send_bytes(READY)
    acknowledged = 0
    for number in range(start, start + 1_000_000):
        acknowledged += _change(store, number)
        said.send_bytes(str(acknowledged).encode())


def make_one(where: str, said: Connection) -> None:
    """Make a store, again when it is there."""
    said.send_bytes(READY)
    while True:
        open_store(where, create=True).close()
        said.send_bytes(b"made")


def kill(process: ForkServerProcess, said: Connection, after_s: float) -> bytes:
    """Kill the process that long after its start; the last thing that it said."""
    assert said.poll(30)
    last = said.recv_bytes()
    end = time.monotonic() + after_s
    while (left := end - time.monotonic()) > 0:
        if said.poll(left):
            last = said.recv_bytes()
    os.kill(process.pid, 9)
    process.join()
    try:
        while True:
            last = said.recv_bytes()
    except EOFError:
        return last


def rounds(count: int, longest_s: float) -> list[tuple[int, float]]:
    """(round, seconds until the kill), the same in every run of the tests."""
    chance = random.Random(20261121)
    return [(number, chance.uniform(0, longest_s)) for number in range(count)]


def check_whole(store: SqlStore) -> int:
    """Every entry is there in its order, every row has its entry, every set is whole.

    The number of entries.
    """
    count = store.entry_count()
    kept = store.outbox(0, 10**9)
    assert [index for index, _ in kept] == list(range(count))
    tables = ("deliveries", "releases", "participants", "actors", "keys", "programmes", "charges")
    with store._engine.connect() as connection:
        indices = [
            row[0]
            for table in tables
            for row in connection.execute(text(f"SELECT entry_index FROM {table}"))
        ]
        made = connection.execute(text("SELECT entry_index, body FROM releases")).all()
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    assert len(set(indices)) == len(indices)
    assert set(indices) <= set(range(count))
    sets = Counter(tuple(json.loads(body)["linked_set"]) for _, body in made)
    assert set(sets.values()) <= {2}
    logged = {index for index, body in kept if b'"kind":"release-made"' in body}
    assert {index for index, _ in made} == logged
    return count


def fill_up(where: str, said: Connection) -> None:
    """Change the store until no more bytes may be written, then go on when they may again."""
    store = open_store(where)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    said.send(fill(store))
    said.send(store.entry_count())
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said.send(store.append_entry(entry()))
    store.close()


def fill(store: SqlStore) -> tuple[int, str]:
    """Change the store until it refuses; entries acknowledged, and the code of the refusal."""
    acknowledged = 0
    try:
        for number in range(1_000_000):
            acknowledged += _change(store, number)
    except StorageError as error:
        return acknowledged, error.faults[0].code
    raise AssertionError("the disk never was full")
