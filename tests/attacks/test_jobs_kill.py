"""A process dies in the middle of its job: exactly one other takes it up, and it ends once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from sekisho.errors import Conflict
from sekisho.jobs import Order, Pace, queue_job, resume_job, take_job, waiting, workers
from sekisho.ports import Watch
from sekisho.stores.sql import open_store
from sekisho.terms import JobState
from tests.lib.killed import READY, context, kill, rounds
from tests.lib.stores import StillClock, new_address, new_store

BOTH = pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
SHORT = Pace(beat_s=0.02, lease_s=1.0)
ORDER = Order("count", "clerk", {"to": "9"})


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def hold_forever(where, job_id, said):
    """Hold a job, reporting progress, until the process is killed."""
    store = open_store(where)

    def work(watch: Watch):
        said.send_bytes(READY)
        for step in range(1_000_000):
            watch.progress("count", step, 0)
            time.sleep(0.005)
        return {}

    resume_job(store, RealClock(), job_id, work, SHORT)


@BOTH
def test_a_job_whose_process_was_killed_ends_once_in_another(backend, tmp_path):
    where, clock, ended = new_address(backend, tmp_path), RealClock(), []
    store, processes = open_store(where), context()
    queued = [queue_job(store, clock, ORDER) for _ in range(4)]
    for job, (_, after_s) in zip(queued, rounds(len(queued), 0.3), strict=True):
        mine, theirs = processes.Pipe(duplex=False)
        child = processes.Process(target=hold_forever, args=(where, job.id, theirs))
        child.start()
        theirs.close()
        kill(child, mine, after_s)
        mine.close()
        assert store.job(job.id).state is JobState.RUNNING
        assert take_job(store, clock, job.id) is None or store.job(job.id).attempts == 2

    def count(job, _watch):
        ended.append(job.id)
        return {"counted": job.request["to"]}

    with workers(store, clock, {"count": count}, 2, SHORT):
        end = time.monotonic() + 20
        while len(store.jobs(JobState.DONE)) < len(queued) and time.monotonic() < end:
            time.sleep(0.02)
    assert sorted(ended) == sorted(job.id for job in queued)
    done = store.jobs()
    assert {job.state for job in done} == {JobState.DONE}
    assert {job.attempts for job in done} <= {2, 3}
    store.close()


@BOTH
def test_two_hundred_racing_workers_take_a_left_job_up_once(backend, tmp_path):
    store, clock = new_store(backend, tmp_path), StillClock()
    job = queue_job(store, clock, ORDER)
    assert take_job(store, clock, job.id)
    clock.pass_by(60)
    gate, did = threading.Barrier(200), []

    def race(_):
        gate.wait()
        return resume_job(store, clock, job.id, lambda _: did.append(1) or {})

    with ThreadPoolExecutor(200) as pool:
        results = list(pool.map(race, range(200)))
    assert len([each for each in results if each]) == len(did) == 1
    assert store.job(job.id).attempts == 2
    assert waiting(store, clock) == []
    store.close()


def test_a_dead_workers_late_report_changes_nothing(tmp_path):
    store, clock = new_store("sqlite", tmp_path), StillClock()
    job = queue_job(store, clock, ORDER)
    stale = take_job(store, clock, job.id)
    clock.pass_by(60)
    fresh = take_job(store, clock, job.id)
    with pytest.raises(Conflict):
        store.report_job(stale)
    assert store.job(job.id) == fresh
    store.close()
