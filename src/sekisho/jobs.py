"""Long work: shown as it goes, cancelled from anywhere, taken up again after a kill.

A job belongs to whoever holds its lease. While the work runs, a second thread renews the lease,
writes progress and looks whether somebody asked to stop. When a process dies the lease runs out,
and exactly one other takes the job up; so work is written to be done twice without harm.
"""

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sekisho.errors import (
    CancelledError,
    Conflict,
    Fault,
    NotFound,
    SekishoError,
    StorageError,
    fault,
)
from sekisho.model.release import Job
from sekisho.ports import Clock, Store, Watch
from sekisho.terms import JobState

Work = Callable[[Watch], Mapping[str, str]]
"""Does the work, reports to the watch, raises CancelledError when the watch says so."""

MOST_ATTEMPTS = 5
"""A job whose process died this often is not taken up again by itself."""

MOST_FAULTS = 100
"""How many faults of a failed job are kept."""

_NOT_OURS = frozenset({"store.job-not-held", "store.no-job"})


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a running job is written down, and how long it may fall silent."""

    beat_s: float = 0.25
    lease_s: float = 30.0

    def until(self, clock: Clock) -> datetime:
        """When a lease that begins now runs out."""
        return clock.now() + timedelta(seconds=self.lease_s)


PACE = Pace()


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks to be done."""

    kind: str
    actor: str
    request: Mapping[str, str]
    key: str | None = None
    """The same key from the same actor is the same job, however often it arrives."""


def run_job(
    store: Store, clock: Clock, kind: str, actor: str, request: Mapping[str, str], work: Work
) -> Job:
    """Do the work here and now, as a job that others can see and cancel; the finished job.

    When the same was begun before and its process died, that job is taken up.

    Raises: what the work raises, after it is written to the job; CancelledError when somebody
    asked to stop; Conflict when this process fell silent and another took the job up.
    """
    order = Order(kind, actor, dict(request))
    job = _left_behind(store, clock, order)
    if job is None:
        queued = _new(clock, order)
        until = PACE.until(clock)
        job = replace(queued, state=JobState.RUNNING, lease_until=until, attempts=1)
        store.add_job(job)
    return _attempt(store, job, work, _Beat(store, clock, job, PACE))


def _left_behind(store: Store, clock: Clock, order: Order) -> Job | None:
    for job in waiting(store, clock):
        same = (job.kind, job.actor, dict(job.request)) == (order.kind, order.actor, order.request)
        if not same or job.state is not JobState.RUNNING:
            continue
        taken = take_job(store, clock, job.id)
        if taken is not None and store.cancel_asked(taken.id):
            store.report_job(replace(taken, state=JobState.CANCELLED, lease_until=None))
            taken = None
        return taken
    return None


def showing(work: Work, watch: Watch) -> Work:
    """The same work, which also reports to a second watch and stops when that one says so."""

    def both(inner: Watch) -> Mapping[str, str]:
        def progress(phase: str, done: int, total: int) -> None:
            inner.progress(phase, done, total)
            watch.progress(phase, done, total)

        return work(Watch(progress, lambda: inner.cancelled() or watch.cancelled()))

    return both


# -- jobs for others to take up -------------------------------------------------------------------


def queue_job(store: Store, clock: Clock, order: Order) -> Job:
    """A job that waits for a worker; the one that is there already when the order has its key.

    Raises: Conflict when the key came with another request before.
    """
    job = _new(clock, order)
    try:
        store.add_job(job)
    except Conflict:
        known = store.job(job.id)
        if known is None:
            raise
        if (known.kind, known.actor, dict(known.request)) != (job.kind, job.actor, job.request):
            raise Conflict(fault("job.key-reused")) from None
        return known
    return job


def _new(clock: Clock, order: Order) -> Job:
    name = secrets.token_hex(16)
    if order.key is not None:
        said = json.dumps([order.actor, order.key]).encode()
        name = sha256(b"sekisho/job/v1\n" + said).hexdigest()[:32]
    return Job(
        id=name,
        kind=order.kind,
        actor=order.actor,
        request=dict(order.request),
        state=JobState.QUEUED,
        created_at=clock.now(),
    )


def waiting(store: Store, clock: Clock) -> list[Job]:
    """Jobs that anyone may take up: queued, or left by a process that died; oldest first."""
    now = clock.now()
    left = [
        job
        for job in store.jobs(JobState.RUNNING)
        if job.lease_until is None or job.lease_until < now
    ]
    return sorted(
        [*left, *store.jobs(JobState.QUEUED)], key=lambda job: (job.created_at or now, job.id)
    )


def take_job(store: Store, clock: Clock, job_id: str, pace: Pace = PACE) -> Job | None:
    """The job, held by the caller from now on; None when another holds it or it is over.

    Raises: NotFound when there is no such job.
    """
    before = _known(store, job_id)
    if not store.claim_job(job_id, pace.until(clock), clock.now()):
        return None
    taken = _known(store, job_id)
    if taken.attempts != before.attempts + 1:
        # Somebody else claimed it in between; whose claim stands cannot be told, so nobody works
        # on it until this lease has run out.
        return None
    if before.state is JobState.RUNNING and before.attempts >= MOST_ATTEMPTS:
        store.report_job(_failed(taken, (fault("job.given-up", attempts=before.attempts),)))
        return None
    return taken


def resume_job(
    store: Store, clock: Clock, job_id: str, work: Work, pace: Pace = PACE
) -> Job | None:
    """Take a waiting job up and do it; the finished job, or None when another holds it.

    Raises: as `run_job`; NotFound when there is no such job.
    """
    taken = take_job(store, clock, job_id, pace)
    if taken is None:
        return None
    return _attempt(store, taken, work, _Beat(store, clock, taken, pace))


def retry_job(store: Store, job_id: str) -> Job:
    """A failed or cancelled job, queued again; one that waits, runs or is done, as it is.

    Raises: NotFound when there is no such job.
    """
    job = _known(store, job_id)
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        return job
    again = replace(
        job, state=JobState.QUEUED, phase="", done=0, total=0, result={}, fault="", lease_until=None
    )
    store.report_job(again)
    return again


def faults_of(job: Job) -> tuple[Fault, ...]:
    """Why a job failed, to be said in either language."""
    if not job.fault:
        return ()
    return tuple(Fault(each["code"], each["fields"]) for each in json.loads(job.fault))


def _known(store: Store, job_id: str) -> Job:
    job = store.job(job_id)
    if job is None:
        raise NotFound(fault("job.none"))
    return job


def _failed(job: Job, faults: tuple[Fault, ...]) -> Job:
    said = [
        {"code": each.code, "fields": {name: str(value) for name, value in each.fields.items()}}
        for each in faults[:MOST_FAULTS]
    ]
    written = json.dumps(said, separators=(",", ":"))
    return replace(job, state=JobState.FAILED, fault=written, lease_until=None)


# -- one attempt ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Beat:
    """What the second thread of a running job does, and what it has learnt."""

    store: Store
    clock: Clock
    job: Job
    """As it was last written."""
    pace: Pace
    giving_back: threading.Event = field(default_factory=threading.Event)
    """The process stops: the work ends early and somebody else takes the job up."""
    standing: tuple[str, int, int] = ("", 0, 0)
    asked: bool = False
    lost: bool = False

    def watch(self) -> Watch:
        """What the work reports to."""
        return Watch(self._note, self._stopped)

    def _note(self, phase: str, done: int, total: int) -> None:
        self.standing = (phase, done, total)

    def _stopped(self) -> bool:
        return self.asked or self.lost or self.giving_back.is_set()

    def now(self) -> Job:
        """The job with the progress noted last."""
        phase, done, total = self.standing
        return replace(self.job, phase=phase, done=done, total=total)

    def begin(self) -> None:
        """Look once before the work; CancelledError when somebody asked to stop it already."""
        self.look()
        if self.asked:
            raise CancelledError(fault("job.cancelled"))

    def look(self) -> None:
        """Learn whether to stop, write progress that is new, and renew half a lease in time."""
        self.asked = self.asked or self.store.cancel_asked(self.job.id)
        said, now = self.now(), self.clock.now()
        half = timedelta(seconds=self.pace.lease_s / 2)
        due = self.job.lease_until is None or self.job.lease_until - now < half
        if due or said != self.job:
            said = replace(said, lease_until=self.pace.until(self.clock))
            self.store.report_job(said)
            self.job = said

    def keep(self, over: threading.Event) -> None:
        """Look again and again until the work is over or the job is lost."""
        while not over.wait(self.pace.beat_s):
            try:
                self.look()
            except SekishoError as error:
                # Progress can wait for a busy store or a full disk; the lease, below, cannot.
                self.lost = error.faults[0].code in _NOT_OURS
            until = self.job.lease_until
            if self.lost or until is None or until < self.clock.now():
                self.lost = True
                return


@contextmanager
def _kept(beat: _Beat) -> Iterator[Watch]:
    over = threading.Event()
    thread = threading.Thread(target=beat.keep, args=(over,), name="job-beat", daemon=True)
    thread.start()
    try:
        yield beat.watch()
    finally:
        over.set()
        thread.join()


def _attempt(store: Store, job: Job, work: Work, beat: _Beat) -> Job:
    """Do the work and write how it ended, whatever happens short of a kill."""
    beat.standing = (job.phase, job.done, job.total)
    ended = _failed(job, (fault("job.broken"),))
    try:
        beat.begin()
        with _kept(beat) as watch:
            result = dict(work(watch))
        ended = replace(job, state=JobState.DONE, result=result, fault="")
    except (CancelledError, KeyboardInterrupt):
        given_back = beat.giving_back.is_set() and not beat.asked
        ended = replace(job, state=JobState.QUEUED if given_back else JobState.CANCELLED)
        raise
    except SekishoError as error:
        ended = _failed(job, error.faults)
        raise
    finally:
        phase, done, total = beat.standing
        ended = replace(ended, phase=phase, done=done, total=total, lease_until=None)
        store.report_job(ended)
    return ended


# -- workers --------------------------------------------------------------------------------------

Works = Mapping[str, Callable[[Job, Watch], Mapping[str, str]]]
"""By kind of job, how it is done."""

IDLE_S = 0.5


@contextmanager
def workers(
    store: Store, clock: Clock, works: Works, count: int = 2, pace: Pace = PACE
) -> Iterator[None]:
    """Threads that take up waiting jobs of these kinds while the context lasts.

    At its end running work is asked to stop and its job goes back into the queue.
    """
    stop = threading.Event()
    threads = [
        threading.Thread(target=_work_on, args=(store, clock, works, pace, stop), name="job-worker")
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _work_on(store: Store, clock: Clock, works: Works, pace: Pace, stop: threading.Event) -> None:
    while not stop.is_set():
        found = _next(store, clock, works, pace)
        if found is None:
            stop.wait(min(IDLE_S, pace.lease_s / 2))
            continue
        # A thread for each job: one that breaks ends its own thread and no worker.
        beat = _Beat(store, clock, found, pace, stop)
        thread = threading.Thread(target=_work_once, args=(works, found, beat), name="job")
        thread.start()
        thread.join()


def _next(store: Store, clock: Clock, works: Works, pace: Pace) -> Job | None:
    try:
        for job in waiting(store, clock):
            if job.kind in works:
                taken = take_job(store, clock, job.id, pace)
                if taken is not None:
                    return taken
    except (Conflict, StorageError):
        # The store is busy or its disk full: the jobs wait until it is not.
        return None
    return None


def _work_once(works: Works, job: Job, beat: _Beat) -> None:
    def work(watch: Watch) -> Mapping[str, str]:
        return works[job.kind](job, watch)

    try:
        _attempt(beat.store, job, work, beat)
    except SekishoError:
        # Written to the job, where whoever asked for it reads it.
        return
