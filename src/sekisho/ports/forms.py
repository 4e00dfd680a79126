"""What the core asks of the store about forms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sekisho.model.data_request import DataRequest
from sekisho.model.entry import Entry
from sekisho.model.submission import Draft, Submission, SubmissionState

Batch = tuple[int, tuple[str, ...], str | None]
"""Number, ids of the submissions, and the delivery; None while it is not finished."""


class FormStore(Protocol):
    """Drafts, submissions and requests. What counts commits with its entry, or not at all."""

    def draft(self, programme: str, form: str, participant: str) -> Draft | None: ...
    def drafts(self, programme: str, form: str) -> list[Draft]: ...
    def add_draft(self, draft: Draft) -> None:
        """`Conflict` when the participant has a draft of this form."""
        ...

    def save_draft(self, draft: Draft, base: int) -> None:
        """`Conflict` when another revision than `base` stands there by now."""
        ...

    def drop_draft(self, draft: Draft) -> None: ...
    def add_submission(
        self, submission: Submission, draft: Draft, slot: str | None, entry: Entry
    ) -> int:
        """The draft is gone and the revision before corrected, in one transaction.

        Raises: Conflict when the draft changed meanwhile, the slot is taken, or another
        correction came first.
        """
        ...

    def move_submission(
        self,
        submission_id: str,
        state: SubmissionState,
        entry: Entry,
        at: datetime | None = None,
    ) -> int: ...
    def history(self, reference: str) -> list[Submission]:
        """Every revision, oldest first."""
        ...

    def submissions(
        self,
        programme: str | None = None,
        form: str | None = None,
        participant: str | None = None,
    ) -> list[Submission]:
        """Every revision of submissions, in the order in which they were logged."""
        ...

    def add_requests(
        self, requests: Sequence[DataRequest], entries: Sequence[Entry]
    ) -> list[int]: ...
    def change_request(self, request: DataRequest, entry: Entry) -> int: ...
    def requests(
        self,
        programme: str | None = None,
        form: str | None = None,
        participant: str | None = None,
    ) -> list[DataRequest]: ...
    def batches(self, programme: str, form: str) -> list[Batch]:
        """Which submissions went into which delivery, oldest first."""
        ...

    def add_batch(self, programme: str, form: str, ids: Sequence[str]) -> int: ...
    def finish_batch(self, programme: str, form: str, number: int, delivery: str) -> None: ...
