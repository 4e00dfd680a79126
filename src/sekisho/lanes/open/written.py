"""Answers and submissions as JSON: one way to write them, the same bytes every time.

What is written here can be read again by `read_answers`.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256

from sekisho.model.canonical import canonical
from sekisho.model.submission import Answer, Answers, BothText, FileRef, Money, Submission


def answer_json(answer: Answer) -> object:
    """One answer: numbers as exact text, days as ISO 8601."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, tuple):
        return [each if isinstance(each, str) else answers_json(each) for each in answer]
    if isinstance(answer, Decimal):
        return format(answer, "f")
    return answer.isoformat() if isinstance(answer, date) else _parts(answer)


def _parts(answer: Money | BothText | FileRef) -> dict[str, object]:
    if isinstance(answer, Money):
        return {"amount": format(answer.amount, "f"), "currency": answer.currency}
    if isinstance(answer, BothText):
        return {"en": answer.en, "ja": answer.ja}
    return {
        "name": answer.name,
        "media_type": answer.media_type,
        "sha256": answer.digest,
        "bytes": answer.bytes,
    }


def answers_json(answers: Mapping[str, Answer]) -> dict[str, object]:
    """Answers by the id of their question."""
    return {name: answer_json(answer) for name, answer in answers.items()}


def answers_bytes(answers: Answers) -> bytes:
    """Answers as their one sequence of bytes (RFC 8785)."""
    return canonical(answers_json(answers))


def submission_json(submission: Submission) -> dict[str, object]:
    """A submission as it is handed out: all that counts, and nothing that may change later."""
    return {
        "schema": 1,
        "reference": submission.reference,
        "revision": submission.revision,
        "programme": submission.programme,
        "form": submission.form,
        "version": submission.version,
        "participant": submission.participant,
        "submitted": f"{submission.submitted_at:%Y-%m-%dT%H:%M:%SZ}",
        "late": submission.late,
        "answers": answers_json(submission.answers),
    }


def submission_bytes(submission: Submission) -> bytes:
    """The file `submission.json`, whose SHA-256 the log commits to."""
    return canonical(submission_json(submission))


def submission_digest(submission: Submission) -> str:
    """SHA-256 of `submission_bytes`, hexadecimal."""
    return sha256(submission_bytes(submission)).hexdigest()
