import json
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from sekisho.errors import (
    CancelledError,
    Conflict,
    DeliveryError,
    NotFound,
    Refused,
    fault,
)
from sekisho.jobs import (
    MOST_ATTEMPTS,
    Order,
    Pace,
    faults_of,
    queue_job,
    resume_job,
    retry_job,
    run_job,
    showing,
    take_job,
    waiting,
    workers,
)
from sekisho.ports import Watch
from sekisho.terms import JobState, Language
from sekisho.text import sentence
from tests.lib.stores import NOW, StillClock, new_store

QUICK = Pace(beat_s=0.02, lease_s=30)
ORDER = Order("load", "clerk", {"dataset": "lines"})


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request, tmp_path):
    made = new_store(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def clock():
    return StillClock()


def until(true, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_finished_job_keeps_its_result_and_its_last_progress(store, clock):
    def work(watch):
        watch.progress("load.read", 1, 2)
        watch.progress("load.write", 2, 2)
        return {"rows": "12"}

    done = run_job(store, clock, "load", "clerk", {"dataset": "lines"}, work)
    assert store.jobs() == [done]
    assert (done.state, done.result, done.attempts) == (JobState.DONE, {"rows": "12"}, 1)
    assert (done.phase, done.done, done.total) == ("load.write", 2, 2)
    assert (done.kind, done.actor, done.request) == ("load", "clerk", {"dataset": "lines"})
    assert (done.created_at, done.lease_until, done.fault) == (NOW, None, "")


def test_progress_is_seen_by_others_while_the_work_runs(store, clock):
    go_on = threading.Event()

    def work(watch):
        watch.progress("load.read", 3, 9)
        assert go_on.wait(10)
        return {}

    job = queue_job(store, clock, ORDER)
    thread = threading.Thread(target=resume_job, args=(store, clock, job.id, work, QUICK))
    thread.start()
    until(lambda: store.job(job.id).done == 3)
    assert store.job(job.id).state is JobState.RUNNING
    go_on.set()
    thread.join()
    assert store.job(job.id).state is JobState.DONE


def test_a_million_reports_of_progress_are_a_few_writes(tmp_path, clock):
    store = new_store("sqlite", tmp_path)
    writes = []
    report, store.report_job = store.report_job, lambda job: (writes.append(job), report(job))

    def work(watch):
        end = time.monotonic() + 0.6
        for n in range(1_000_000):
            watch.progress("load.read", n, 1_000_000)
            if time.monotonic() > end:
                break
        return {}

    run_job(store, clock, "load", "clerk", {}, work)
    assert len(writes) <= 4
    store.close()


def test_a_failed_job_keeps_codes_and_fields_and_raises_what_the_work_raised(store, clock):
    broken = DeliveryError(
        fault("store.release-state", state="open"), fault("people.no-actor", actor="x")
    )

    def work(_watch):
        raise broken

    with pytest.raises(DeliveryError) as raised:
        run_job(store, clock, "load", "clerk", {}, work)
    assert raised.value is broken
    (job,) = store.jobs()
    assert job.state is JobState.FAILED
    assert json.loads(job.fault)[0] == {"code": "store.release-state", "fields": {"state": "open"}}
    for language in Language:
        said = [each.sentence(language) for each in faults_of(job)]
        assert said == broken.sentences(language)


def test_a_fault_of_the_program_fails_the_job_and_tells_nothing_of_the_data(store, clock):
    def work(_watch):
        raise ValueError("a name from row 17")

    with pytest.raises(ValueError, match="row 17"):
        run_job(store, clock, "load", "clerk", {}, work)
    (job,) = store.jobs()
    assert job.state is JobState.FAILED
    assert [each.code for each in faults_of(job)] == ["job.broken"]
    assert "row 17" not in repr(job)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), CancelledError(fault("job.cancelled"))])
def test_a_job_that_is_interrupted_is_cancelled(tmp_path, clock, stop):
    store = new_store("sqlite", tmp_path)

    def work(_watch):
        raise stop

    with pytest.raises(type(stop)):
        run_job(store, clock, "load", "clerk", {}, work)
    assert store.jobs()[0].state is JobState.CANCELLED
    store.close()


def cancellable(watch):
    end = time.monotonic() + 10
    while not watch.cancelled():
        assert time.monotonic() < end
        time.sleep(0.005)
    raise CancelledError(fault("job.cancelled"))


def test_a_running_job_notices_that_it_is_cancelled(store, clock):
    job = queue_job(store, clock, ORDER)
    ended = []

    def other():
        until(lambda: store.job(job.id).state is JobState.RUNNING)
        store.ask_cancel(job.id)
        ended.append(time.monotonic())

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(CancelledError):
        resume_job(store, clock, job.id, cancellable, QUICK)
    thread.join()
    assert time.monotonic() - ended[0] < 2
    assert store.job(job.id).state is JobState.CANCELLED


def test_a_job_that_was_cancelled_while_nobody_held_it_is_not_begun(store, clock):
    job = queue_job(store, clock, ORDER)
    take_job(store, clock, job.id)
    store.ask_cancel(job.id)
    clock.pass_by(60)
    with pytest.raises(CancelledError):
        resume_job(store, clock, job.id, lambda _: pytest.fail("begun"))
    assert store.job(job.id).state is JobState.CANCELLED


def test_work_that_finishes_before_it_notices_a_cancel_is_done(store, clock):
    job = queue_job(store, clock, ORDER)

    def work(_watch):
        store.ask_cancel(job.id)
        return {"rows": "1"}

    assert resume_job(store, clock, job.id, work, QUICK).state is JobState.DONE


def test_a_second_watch_sees_the_progress_and_can_stop_the_work(store, clock):
    seen = []

    def work(watch):
        watch.progress("load.read", 1, 2)
        if watch.cancelled():
            raise CancelledError(fault("job.cancelled"))
        return {}

    shown = Watch(lambda *step: seen.append(step))
    run_job(store, clock, "load", "clerk", {}, showing(work, shown))
    assert seen == [("load.read", 1, 2)]
    with pytest.raises(CancelledError):
        run_job(store, clock, "load", "clerk", {}, showing(work, Watch(cancelled=lambda: True)))


def test_the_lease_is_renewed_while_the_work_runs(tmp_path):
    store, clock, pace = new_store("sqlite", tmp_path), StillClock(), Pace(0.01, 10)
    job = queue_job(store, clock, ORDER)

    def work(_watch):
        for _ in range(5):
            clock.pass_by(8)
            until(lambda: store.job(job.id).lease_until > clock.now() + timedelta(seconds=5))
            assert not waiting(store, clock)
        return {}

    assert resume_job(store, clock, job.id, work, pace).state is JobState.DONE
    store.close()


def test_a_job_whose_process_died_is_taken_up_after_its_lease(store, clock):
    job = queue_job(store, clock, ORDER)
    assert take_job(store, clock, job.id).attempts == 1
    assert waiting(store, clock) == []
    assert resume_job(store, clock, job.id, lambda _: {}) is None
    clock.pass_by(31)
    assert [each.id for each in waiting(store, clock)] == [job.id]
    done = resume_job(store, clock, job.id, lambda _: {"rows": "2"})
    assert (done.state, done.attempts) == (JobState.DONE, 2)
    assert resume_job(store, clock, job.id, lambda _: {}) is None


def test_work_that_is_begun_again_after_a_kill_is_the_same_job(store, clock):
    job = queue_job(store, clock, ORDER)
    assert take_job(store, clock, job.id)
    other = run_job(store, clock, ORDER.kind, ORDER.actor, ORDER.request, lambda _: {})
    assert other.id != job.id
    clock.pass_by(31)
    another = run_job(store, clock, ORDER.kind, "somebody", ORDER.request, lambda _: {})
    again = run_job(store, clock, ORDER.kind, ORDER.actor, ORDER.request, lambda _: {})
    assert (again.id, again.attempts) == (job.id, 2)
    assert another.id != job.id
    assert {each.state for each in store.jobs()} == {JobState.DONE}


def test_work_is_begun_anew_when_the_job_left_behind_was_cancelled(store, clock):
    job = queue_job(store, clock, ORDER)
    assert take_job(store, clock, job.id)
    store.ask_cancel(job.id)
    clock.pass_by(31)
    done = run_job(store, clock, ORDER.kind, ORDER.actor, ORDER.request, lambda _: {})
    assert done.id != job.id
    assert store.job(job.id).state is JobState.CANCELLED


def test_a_worker_that_fell_silent_cannot_overwrite_who_took_its_job_up(store, clock):
    job = queue_job(store, clock, ORDER)

    def slow(_watch):
        clock.pass_by(31)
        assert resume_job(store, clock, job.id, lambda _: {"by": "second"}, Pace(5, 30))
        return {"by": "first"}

    with pytest.raises(Conflict) as raised:
        resume_job(store, clock, job.id, slow, Pace(5, 30))
    assert raised.value.faults[0].code == "store.job-not-held"
    assert store.job(job.id).result == {"by": "second"}


def test_a_worker_that_lost_its_job_is_told_to_stop(store, clock):
    job = queue_job(store, clock, ORDER)

    def slow(watch):
        store.claim_job(job.id, NOW, clock.now())
        clock.pass_by(31)
        assert take_job(store, clock, job.id)
        cancellable(watch)

    with pytest.raises(Conflict):
        resume_job(store, clock, job.id, slow, QUICK)
    assert store.job(job.id).state is JobState.RUNNING


def test_a_job_that_kills_its_process_is_given_up(store, clock):
    job = queue_job(store, clock, ORDER)
    for attempt in range(MOST_ATTEMPTS):
        assert take_job(store, clock, job.id).attempts == attempt + 1
        clock.pass_by(31)
    assert take_job(store, clock, job.id) is None
    assert [each.code for each in faults_of(store.job(job.id))] == ["job.given-up"]
    assert retry_job(store, job.id).state is JobState.QUEUED
    assert take_job(store, clock, job.id).attempts == MOST_ATTEMPTS + 2


def test_a_retry_is_the_same_however_often_it_is_asked_for(store, clock):
    with pytest.raises(Refused):
        run_job(store, clock, "load", "clerk", {}, refuse)
    (failed,) = store.jobs()
    again = retry_job(store, failed.id)
    assert retry_job(store, failed.id) == again == store.job(failed.id)
    assert (again.fault, again.phase, again.state) == ("", "", JobState.QUEUED)
    done = resume_job(store, clock, failed.id, lambda _: {"rows": "3"})
    assert retry_job(store, failed.id) == done
    assert (done.attempts, done.fault) == (2, "")


def refuse(_watch):
    raise Refused(fault("people.not-permitted", action="load", roles="-"))


def test_the_same_order_with_the_same_key_is_one_job(store, clock):
    keyed = replace(ORDER, key="monday")
    first = queue_job(store, clock, keyed)
    assert queue_job(store, clock, keyed) == first
    assert queue_job(store, clock, replace(keyed, actor="another")) != first
    assert queue_job(store, clock, ORDER) != queue_job(store, clock, ORDER)
    with pytest.raises(Conflict) as raised:
        queue_job(store, clock, replace(keyed, request={"dataset": "other"}))
    assert raised.value.faults[0].code == "job.key-reused"
    done = resume_job(store, clock, first.id, lambda _: {"rows": "1"})
    assert queue_job(store, clock, keyed) == done


def test_a_job_that_there_is_not_is_not_found(store, clock):
    for call in (lambda: take_job(store, clock, "x"), lambda: retry_job(store, "x")):
        with pytest.raises(NotFound):
            call()


def test_workers_do_every_waiting_job_once(store, clock):
    did = []

    def load(job, watch):
        watch.progress("load.read", 1, 1)
        did.append(job.id)
        return {}

    queued = [queue_job(store, clock, ORDER).id for _ in range(12)]
    foreign = queue_job(store, clock, replace(ORDER, kind="other")).id
    with workers(store, clock, {"load": load}, count=3, pace=QUICK):
        until(lambda: len(store.jobs(JobState.DONE)) == 12)
    assert sorted(did) == sorted(queued)
    assert store.job(foreign).state is JobState.QUEUED


def test_a_job_that_breaks_ends_no_worker(store, clock):
    def load(job, _watch):
        if job.request.get("bad"):
            refuse(None)
        return {}

    bad = queue_job(store, clock, replace(ORDER, request={"bad": "yes"}))
    good = queue_job(store, clock, ORDER)
    with workers(store, clock, {"load": load}, count=1, pace=QUICK):
        until(lambda: store.job(good.id).state is JobState.DONE)
        until(lambda: store.job(bad.id).state is JobState.FAILED)


def test_workers_that_stop_give_their_jobs_back(store, clock):
    job = queue_job(store, clock, ORDER)
    with workers(store, clock, {"load": lambda _, watch: cancellable(watch)}, 1, QUICK):
        until(lambda: store.job(job.id).state is JobState.RUNNING)
    assert store.job(job.id).state is JobState.QUEUED
    assert not store.cancel_asked(job.id)


@pytest.mark.parametrize("state", JobState)
def test_every_state_of_a_job_has_its_words(state):
    assert all(sentence(f"job.state-{state}", language=language) for language in Language)
