"""The state of forms, behind the FormStore port.

A submission takes the draft that it was made of in the same transaction, so of two officers who
submit at once one comes first for everybody and the other is told.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection

from sekisho.errors import UsageError, fault
from sekisho.model.data_request import DataRequest
from sekisho.model.entry import Entry
from sekisho.model.submission import Draft, Submission, SubmissionState
from sekisho.stores import form_rows, log_rows
from sekisho.stores.form_tables import data_requests, form_drafts, submissions
from sekisho.stores.records import Transactions


class SqlForms:
    """Drafts, submissions and requests of one store; a store hands it out."""

    def __init__(
        self, change: Transactions, look: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._changing = change
        self._look = look

    def draft(self, programme: str, form: str, participant: str) -> Draft | None:
        """A participant's draft of a form."""
        with self._look() as connection:
            return form_rows.find_draft(connection, programme, form, participant)

    def drafts(self, programme: str, form: str) -> list[Draft]:
        """Every draft of a form, in order of participant."""
        table = form_drafts.c
        with self._look() as connection:
            return form_rows.find_drafts(
                connection, table.programme == programme, table.form == form
            )

    def add_draft(self, draft: Draft) -> None:
        """Begin a draft; Conflict when the participant has one of this form."""
        with self._changing("forms.draft-exists") as connection:
            form_rows.insert_draft(connection, draft)

    def save_draft(self, draft: Draft, base: int) -> None:
        """Write a draft over its revision `base`; Conflict when another stands there by now."""
        with self._changing() as connection:
            form_rows.update_draft(connection, draft, base)

    def drop_draft(self, draft: Draft) -> None:
        """Throw this revision of a draft away; Conflict when another stands there by now."""
        with self._changing() as connection:
            form_rows.take_draft(connection, draft)

    def add_submission(
        self, submission: Submission, draft: Draft, slot: str | None, entry: Entry
    ) -> int:
        """Submit a draft: it is gone, and the revision before is corrected, or nothing changed.

        Raises: Conflict when the draft changed meanwhile, a submission stands in the slot, or
        another correction came first.
        """
        with self._changing("forms.submission-exists") as connection:
            log_rows.lock(connection)
            index = log_rows.append(connection, entry)
            form_rows.take_draft(connection, draft)
            form_rows.insert_submission(connection, submission, slot, index)
        return index

    def move_submission(
        self,
        submission_id: str,
        state: SubmissionState,
        entry: Entry,
        at: datetime | None = None,
    ) -> int:
        """Open or withdraw a submission; NotFound, or Conflict when its state forbids it."""
        with self._changing() as connection:
            log_rows.lock(connection)
            index = log_rows.append(connection, entry)
            form_rows.move_submission(connection, submission_id, state, at)
        return index

    def history(self, reference: str) -> list[Submission]:
        """Every revision of a submission, oldest first."""
        with self._look() as connection:
            return form_rows.find_submissions(connection, submissions.c.reference == reference)

    def submissions(
        self,
        programme: str | None = None,
        form: str | None = None,
        participant: str | None = None,
    ) -> list[Submission]:
        """Every revision of submissions, in the order in which they were logged."""
        asked = {
            submissions.c.programme: programme,
            submissions.c.form: form,
            submissions.c.participant: participant,
        }
        with self._look() as connection:
            return form_rows.find_submissions(connection, *_equal(asked))

    def add_requests(self, requests: Sequence[DataRequest], entries: Sequence[Entry]) -> list[int]:
        """Send a round of a request to its holders, all or none; Conflict when it was sent."""
        if len(requests) != len(entries):
            raise UsageError(fault("store.entry-each"))
        indices = []
        with self._changing("forms.request-exists") as connection:
            for request, entry in zip(requests, entries, strict=True):
                indices.append(log_rows.append(connection, entry))
                form_rows.insert_request(connection, request, indices[-1])
        return indices

    def change_request(self, request: DataRequest, entry: Entry) -> int:
        """Write what became of a request; NotFound, or Conflict when its state forbids it."""
        with self._changing() as connection:
            log_rows.lock(connection)
            index = log_rows.append(connection, entry)
            form_rows.rewrite_request(connection, request)
        return index

    def requests(
        self,
        programme: str | None = None,
        form: str | None = None,
        participant: str | None = None,
    ) -> list[DataRequest]:
        """Requests, in the order in which they were sent."""
        asked = {
            data_requests.c.programme: programme,
            data_requests.c.form: form,
            data_requests.c.participant: participant,
        }
        with self._look() as connection:
            return form_rows.find_requests(connection, *_equal(asked))

    def batches(self, programme: str, form: str) -> list[form_rows.Batch]:
        """Which submissions went into which delivery, oldest first."""
        with self._look() as connection:
            return form_rows.find_batches(connection, programme, form)

    def add_batch(self, programme: str, form: str, ids: Sequence[str]) -> int:
        """Fix which submissions go into the next delivery; its number."""
        with self._changing() as connection:
            log_rows.lock(connection)
            return form_rows.insert_batch(connection, programme, form, ids)

    def finish_batch(self, programme: str, form: str, number: int, delivery: str) -> None:
        """Note the delivery that a batch became."""
        with self._changing() as connection:
            form_rows.finish_batch(connection, programme, form, number, delivery)


def _equal(asked: "dict[Column[str], str | None]") -> "list[ColumnElement[bool]]":
    return [column == value for column, value in asked.items() if value is not None]
