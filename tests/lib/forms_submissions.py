"""Submissions and drafts as values, for what needs no node."""

from dataclasses import replace
from datetime import UTC, datetime

from sekisho.lanes.open.read_answers import read_answers
from sekisho.lanes.open.written import submission_digest
from sekisho.model.submission import Draft, Submission, SubmissionState
from tests.lib.forms import FORM, PROGRAMME, answers, survey

AT = datetime(2020, 6, 10, 3, 0, tzinfo=UTC)


def read(**changed: object) -> dict:
    """The sound answers as values, changed."""
    found, faults = read_answers(survey(), answers(**changed))
    assert faults == []
    return found


def submission(reference: str = "MUS-0000-0000-0000", **changed: object) -> Submission:
    """A submission of the survey."""
    fields: dict[str, object] = {
        "id": f"{reference}.r1",
        "reference": reference,
        "programme": PROGRAMME,
        "form": FORM,
        "version": 1,
        "participant": "carrier-a",
        "revision": 1,
        "answers": read(),
        "submitted_at": AT,
        "submitted_by": "carrier-a-1",
        "late": False,
        "state": SubmissionState.RECEIVED,
        "digest": "",
    }
    made = Submission(**{**fields, **changed})  # type: ignore[arg-type]
    return replace(made, digest=submission_digest(made))


def draft(**changed: object) -> Draft:
    """An empty draft of the survey."""
    fields: dict[str, object] = {
        "id": f"{PROGRAMME}.{FORM}.carrier-a",
        "programme": PROGRAMME,
        "form": FORM,
        "version": 1,
        "participant": "carrier-a",
        "revision": 0,
        "answers": {},
        "changed_at": AT,
        "changed_by": "carrier-a-1",
    }
    return Draft(**{**fields, **changed})  # type: ignore[arg-type]
