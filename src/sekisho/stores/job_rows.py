"""Rows of jobs: claimed by lease, reported by the claim that holds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, insert, or_, select, update

from sekisho.errors import Conflict, NotFound, TamperedError, fault
from sekisho.model.release import Job
from sekisho.stores.codec import from_json, read_instant, to_json, write_instant
from sekisho.stores.tables import jobs
from sekisho.terms import JOB_TRANSITIONS, JobState

_WORDS = Mapping[str, str]


def insert_job(connection: Connection, job: Job) -> None:
    """Write a new job."""
    connection.execute(
        insert(jobs).values(
            id=job.id,
            kind=job.kind,
            actor=job.actor,
            request=to_json(job.request, _WORDS),
            created_at=_instant(job.created_at),
            attempts=job.attempts,
            cancel_asked=False,
            **_standing(job),
        )
    )


def _standing(job: Job) -> dict[str, object]:
    """What changes while a job is worked on."""
    return {
        "state": job.state.value,
        "phase": job.phase,
        "done": job.done,
        "total": job.total,
        "result": to_json(job.result, _WORDS),
        "fault": job.fault,
        "lease_until": _instant(job.lease_until),
    }


def _instant(at: datetime | None) -> str | None:
    return write_instant(at) if at else None


def claim_job(connection: Connection, job_id: str, lease_until: datetime, now: datetime) -> bool:
    """Whether the job is the caller's now: it was queued, or its lease had run out."""
    free = or_(
        jobs.c.state == JobState.QUEUED.value,
        and_(
            jobs.c.state == JobState.RUNNING.value,
            or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < write_instant(now)),
        ),
    )
    claimed = connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, free)
        .values(
            state=JobState.RUNNING.value,
            lease_until=write_instant(lease_until),
            attempts=jobs.c.attempts + 1,
        )
    )
    return claimed.rowcount == 1


def report_job(connection: Connection, job: Job) -> None:
    """Write where a job stands, for the attempt that `job.attempts` counts.

    Raises: NotFound when there is no such job; Conflict when another attempt has begun, or the
    transition is not one of JOB_TRANSITIONS. A job starts to run by a claim alone.
    """
    allowed = {old.value for old, new in JOB_TRANSITIONS.items() if job.state in new}
    if job.state is JobState.RUNNING:
        allowed = {JobState.RUNNING.value}
    this = jobs.c.id == job.id
    values = _standing(job)
    if job.state is JobState.QUEUED:
        running = jobs.c.state == JobState.RUNNING.value
        values["cancel_asked"] = case((running, jobs.c.cancel_asked), else_=False)
    written = connection.execute(
        update(jobs)
        .where(this, jobs.c.attempts == job.attempts, jobs.c.state.in_(allowed))
        .values(**values)
    )
    if written.rowcount == 1:
        return
    _needs_job(connection, job.id)
    raise Conflict(fault("store.job-not-held"))


def _needs_job(connection: Connection, job_id: str) -> None:
    if find_job(connection, job_id) is None:
        raise NotFound(fault("store.no-job"))


def ask_cancel(connection: Connection, job_id: str) -> None:
    """Ask whoever works on the job to stop; one that waits is cancelled at once.

    Raises: NotFound when there is no such job; Conflict when it is over.
    """
    this = jobs.c.id == job_id
    waits = jobs.c.state == JobState.QUEUED.value
    open_states = [JobState.QUEUED.value, JobState.RUNNING.value]
    asked = connection.execute(
        update(jobs)
        .where(this, jobs.c.state.in_(open_states))
        .values(
            cancel_asked=True,
            state=case((waits, JobState.CANCELLED.value), else_=jobs.c.state),
        )
    )
    if asked.rowcount == 1:
        return
    _needs_job(connection, job_id)
    raise Conflict(fault("store.job-over"))


def cancel_asked(connection: Connection, job_id: str) -> bool:
    """Whether somebody asked to stop the job.

    Raises: NotFound when there is no such job.
    """
    asked = select(jobs.c.cancel_asked).where(jobs.c.id == job_id)
    found = connection.execute(asked).scalar_one_or_none()
    if found is None:
        raise NotFound(fault("store.no-job"))
    return bool(found)


def find_job(connection: Connection, job_id: str) -> Job | None:
    """The job of that id."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    return _job(row) if row else None


def find_jobs(connection: Connection, state: JobState | None) -> list[Job]:
    """Jobs, oldest first."""
    asked = select(jobs).order_by(jobs.c.created_at, jobs.c.id)
    if state is not None:
        asked = asked.where(jobs.c.state == state.value)
    return [_job(row) for row in connection.execute(asked)]


def _job(row: Row[Any]) -> Job:
    try:
        state = JobState(row.state)
    except ValueError:
        raise TamperedError(fault("store.row-unreadable")) from None
    return Job(
        id=row.id,
        kind=row.kind,
        actor=row.actor,
        request=from_json(row.request, _WORDS),
        state=state,
        phase=row.phase,
        done=row.done,
        total=row.total,
        result=from_json(row.result, _WORDS),
        fault=row.fault,
        created_at=read_instant(row.created_at) if row.created_at else None,
        lease_until=read_instant(row.lease_until) if row.lease_until else None,
        attempts=row.attempts,
    )
