"""Rows of drafts, submissions, requests for data and deliveries made of answers."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from sekisho.errors import Conflict, NotFound, fault
from sekisho.model.data_request import REQUEST_TRANSITIONS, DataRequest
from sekisho.model.submission import (
    SUBMISSION_TRANSITIONS,
    Draft,
    Submission,
    SubmissionState,
)
from sekisho.stores.codec import write_instant
from sekisho.stores.form_codec import (
    read_draft,
    read_request,
    read_submission,
    write_draft,
    write_request,
    write_submission,
)
from sekisho.stores.form_tables import data_requests, form_batches, form_drafts, submissions
from sekisho.text import Words


def _of_draft(programme: str, form: str, participant: str) -> tuple[ColumnElement[bool], ...]:
    table = form_drafts.c
    return (
        table.programme == programme,
        table.form == form,
        table.participant == participant,
    )


def find_drafts(connection: Connection, *where: ColumnElement[bool]) -> list[Draft]:
    """Drafts, in order of participant."""
    asked = select(form_drafts).where(*where).order_by(form_drafts.c.participant)
    return [read_draft(row) for row in connection.execute(asked)]


def find_draft(connection: Connection, programme: str, form: str, participant: str) -> Draft | None:
    """A participant's draft."""
    found = find_drafts(connection, *_of_draft(programme, form, participant))
    return found[0] if found else None


def insert_draft(connection: Connection, draft: Draft) -> None:
    """Begin a draft."""
    connection.execute(
        insert(form_drafts).values(
            programme=draft.programme,
            form=draft.form,
            participant=draft.participant,
            revision=draft.revision,
            body=write_draft(draft),
        )
    )


def update_draft(connection: Connection, draft: Draft, base: int) -> None:
    """Write a draft over its revision `base`; Conflict when another stands there by now."""
    here = _of_draft(draft.programme, draft.form, draft.participant)
    changed = connection.execute(
        update(form_drafts)
        .where(*here, form_drafts.c.revision == base)
        .values(revision=draft.revision, body=write_draft(draft))
    )
    if changed.rowcount != 1:
        raise Conflict(fault("forms.draft-changed"))


def take_draft(connection: Connection, draft: Draft) -> None:
    """Remove exactly this revision of a draft; Conflict when another stands there by now."""
    here = _of_draft(draft.programme, draft.form, draft.participant)
    gone = connection.execute(
        delete(form_drafts).where(*here, form_drafts.c.revision == draft.revision)
    )
    if gone.rowcount != 1:
        raise Conflict(fault("forms.draft-changed"))


def insert_submission(
    connection: Connection, submission: Submission, slot: str | None, index: int
) -> None:
    """Write a submission; the revision before it is corrected from now on."""
    if submission.revision > 1:
        before = _standing(connection, submission.reference)
        if before is None or before.revision != submission.revision - 1:
            raise Conflict(fault("forms.draft-changed"))
        move_submission(connection, before.id, SubmissionState.CORRECTED, None)
    connection.execute(
        insert(submissions).values(
            id=submission.id,
            reference=submission.reference,
            programme=submission.programme,
            form=submission.form,
            participant=submission.participant,
            revision=submission.revision,
            state=submission.state.value,
            slot=slot,
            opened_at=None,
            body=write_submission(submission),
            entry_index=index,
        )
    )


def _standing(connection: Connection, reference: str) -> Submission | None:
    found = find_submissions(connection, submissions.c.reference == reference)
    return found[-1] if found else None


def move_submission(
    connection: Connection, submission_id: str, state: SubmissionState, at: datetime | None
) -> None:
    """Bring a submission into another state; what no longer stands gives its slot back.

    Raises: NotFound; Conflict when SUBMISSION_TRANSITIONS forbids it.
    """
    allowed = [old.value for old, new in SUBMISSION_TRANSITIONS.items() if state in new]
    values: dict[str, object] = {"state": state.value}
    if state is not SubmissionState.OPENED:
        values["slot"] = None
    elif at is not None:
        values["opened_at"] = write_instant(at)
    this = submissions.c.id == submission_id
    moved = connection.execute(
        update(submissions).where(this, submissions.c.state.in_(allowed)).values(**values)
    )
    if moved.rowcount == 1:
        return
    found = connection.execute(select(submissions.c.state).where(this)).scalar_one_or_none()
    if found is None:
        raise NotFound(fault("forms.no-submission"))
    raise Conflict(fault("forms.submission-state", state=Words(f"forms.state-{found}")))


def find_submissions(connection: Connection, *where: ColumnElement[bool]) -> list[Submission]:
    """Submissions in the order in which they were logged."""
    asked = select(submissions).where(*where).order_by(submissions.c.entry_index)
    return [read_submission(row) for row in connection.execute(asked)]


def insert_request(connection: Connection, request: DataRequest, index: int) -> None:
    """Write a request that was sent."""
    connection.execute(
        insert(data_requests).values(
            id=request.id,
            programme=request.programme,
            form=request.form,
            round=request.round,
            participant=request.participant,
            state=request.state.value,
            body=write_request(request),
            entry_index=index,
        )
    )


def rewrite_request(connection: Connection, request: DataRequest) -> None:
    """Write what became of a request; Conflict when REQUEST_TRANSITIONS forbids it."""
    allowed = [old.value for old, new in REQUEST_TRANSITIONS.items() if request.state in new]
    this = data_requests.c.id == request.id
    moved = connection.execute(
        update(data_requests)
        .where(this, data_requests.c.state.in_(allowed))
        .values(state=request.state.value, body=write_request(request))
    )
    if moved.rowcount != 1:
        found = connection.execute(select(data_requests.c.state).where(this)).scalar_one_or_none()
        if found is None:
            raise NotFound(fault("forms.no-request"))
        raise Conflict(fault("forms.request-state", state=Words(f"forms.request-{found}")))


def find_requests(connection: Connection, *where: ColumnElement[bool]) -> list[DataRequest]:
    """Requests by round, in the order in which they were sent."""
    asked = select(data_requests).where(*where).order_by(data_requests.c.entry_index)
    return [read_request(row) for row in connection.execute(asked)]


# -- answers that became a delivery ---------------------------------------------------------------

Batch = tuple[int, tuple[str, ...], str | None]
"""Number, ids of the submissions, and the delivery; None while it is not finished."""


def find_batches(connection: Connection, programme: str, form: str) -> list[Batch]:
    """Every batch of a form's submissions, oldest first."""
    table = form_batches.c
    asked = select(form_batches).where(table.programme == programme, table.form == form)
    return [
        (row.number, tuple(json.loads(row.submissions)), row.delivery)
        for row in connection.execute(asked.order_by(table.number))
    ]


def insert_batch(connection: Connection, programme: str, form: str, ids: Sequence[str]) -> int:
    """Fix which submissions go into the next delivery; its number."""
    table = form_batches.c
    newest = select(func.max(table.number)).where(table.programme == programme, table.form == form)
    number = (connection.execute(newest).scalar_one_or_none() or 0) + 1
    connection.execute(
        insert(form_batches).values(
            programme=programme, form=form, number=number, submissions=json.dumps(list(ids))
        )
    )
    return number


def finish_batch(
    connection: Connection, programme: str, form: str, number: int, delivery: str
) -> None:
    """Note the delivery that a batch became."""
    table = form_batches.c
    connection.execute(
        update(form_batches)
        .where(table.programme == programme, table.form == form, table.number == number)
        .values(delivery=delivery)
    )
