"""Many threads and processes at once: everyone gets a place of their own, and exactly one wins."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from sekisho.errors import Conflict
from sekisho.stores.sql import open_store
from tests.lib.killed import context
from tests.lib.stores import (
    NOW,
    actor,
    delivery,
    entry,
    job,
    linked_pair,
    new_address,
    participant,
    release_entry,
)

BOTH = pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
PROCESSES, EACH = 2, 40


def at_once(calls):
    """Run every call in a thread of its own, all released by one barrier."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        try:
            return call()
        except Conflict as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@BOTH
def test_two_hundred_racing_claims_give_the_job_to_exactly_one(backend, tmp_path):
    stores = [open_store(new_address(backend, tmp_path))]
    where = stores[0]._engine.url.render_as_string(hide_password=False)
    stores += [open_store(where) for _ in range(3)]
    stores[0].add_job(job())
    for attempt, now in enumerate([NOW, NOW + timedelta(minutes=2)], 1):
        lease = now + timedelta(minutes=1)
        calls = [
            lambda s=store, lease=lease, now=now: s.claim_job("job-1", lease, now)
            for store in stores * 50
        ]
        assert at_once(calls).count(True) == 1
        assert stores[0].job("job-1").attempts == attempt
    for store in stores:
        store.close()


@BOTH
def test_of_many_equal_changes_one_commits_and_the_log_has_one_entry(backend, tmp_path):
    store = open_store(new_address(backend, tmp_path))
    pair = linked_pair()
    entries = [release_entry(each) for each in pair]
    for call, count in (
        (lambda: store.add_participant(participant(), entry()), 1),
        (lambda: store.add_actor(actor(), b"x" * 32, entry()), 2),
        (lambda: store.add_delivery(delivery(), entry()), 3),
        (lambda: store.add_releases(pair, entries), 5),
    ):
        results = at_once([call] * 12)
        assert sum(isinstance(each, Conflict) for each in results) == 11
        assert store.entry_count() == count
    store.close()


def _append(where: str, number: int) -> list[int]:
    store = open_store(where)
    try:
        return [store.append_entry(entry()) for _ in range(EACH)]
    finally:
        store.close()


@BOTH
def test_entries_of_racing_processes_and_threads_have_no_gap_and_no_double(backend, tmp_path):
    where = new_address(backend, tmp_path)
    with context().Pool(PROCESSES) as pool:
        waiting = pool.starmap_async(_append, [(where, n) for n in range(PROCESSES)])
        store = open_store(where)
        mine = at_once([lambda: [store.append_entry(entry()) for _ in range(EACH // 4)]] * 4)
        theirs = waiting.get(timeout=60)
    given = sorted(index for part in [*mine, *theirs] for index in part)
    assert given == list(range(PROCESSES * EACH + EACH))
    assert [index for index, _ in store.outbox(0, 10**6)] == given
    assert len({body for _, body in store.outbox(0, 10**6)}) == len(given)
    store.close()


@BOTH
def test_a_reader_never_sees_an_entry_before_those_in_front_of_it(backend, tmp_path):
    store = open_store(new_address(backend, tmp_path))
    over = threading.Event()

    def write():
        for _ in range(60):
            store.append_entry(entry())

    def read():
        seen = 0
        while not over.is_set():
            found = [index for index, _ in store.outbox(0, 10**6)]
            assert found == list(range(len(found)))
            assert len(found) >= seen
            seen = len(found)

    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        writers = [pool.submit(write) for _ in range(3)]
        for each in writers:
            each.result()
        over.set()
        for each in readers:
            each.result()
    assert store.entry_count() == 180
    store.close()


@BOTH
def test_a_reader_sees_a_linked_set_whole_or_not_at_all(backend, tmp_path):
    store = open_store(new_address(backend, tmp_path))
    over = threading.Event()
    seen = set()

    def read():
        while not over.is_set():
            seen.add(len(store.releases()) % 2)

    thread = threading.Thread(target=read)
    thread.start()
    for revision in range(1, 16):
        pair = linked_pair(revision)
        store.add_releases(pair, [release_entry(each) for each in pair])
    over.set()
    thread.join()
    assert seen == {0}
    store.close()
