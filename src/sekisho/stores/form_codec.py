"""Answers as JSON text that says of each what it is: what comes back equals what went in."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

from sekisho.errors import TamperedError, UsageError, fault
from sekisho.model.data_request import DataRequest
from sekisho.model.submission import (
    Answer,
    Answers,
    BothText,
    Clash,
    Draft,
    FileRef,
    Leftover,
    Money,
    Submission,
    SubmissionState,
)
from sekisho.model.text import Text
from sekisho.stores.codec import (
    from_json,
    read_decimal,
    read_instant,
    to_json,
    write_instant,
)

Json = Any


def _write_answer(answer: Answer) -> Json:
    if isinstance(answer, str):
        return answer
    if isinstance(answer, tuple):
        if all(isinstance(each, str) for each in answer):
            return {"several": list(answer)}
        return {"rows": [write_answers(row) for row in answer if isinstance(row, Mapping)]}
    if isinstance(answer, Decimal):
        return {"decimal": str(answer)}
    return {"day": answer.isoformat()} if isinstance(answer, date) else _write_parts(answer)


def _write_parts(answer: Money | BothText | FileRef) -> Json:
    if isinstance(answer, Money):
        return {"money": [str(answer.amount), answer.currency]}
    if isinstance(answer, BothText):
        return {"both": [answer.en, answer.ja]}
    return {"file": [answer.name, answer.media_type, answer.digest, answer.bytes]}


_READERS: dict[str, Callable[[Json], Answer]] = {
    "several": tuple,
    "rows": lambda rows: cast("Answer", tuple(read_answers(row) for row in rows)),
    "decimal": read_decimal,
    "day": date.fromisoformat,
    "money": lambda parts: Money(read_decimal(parts[0]), parts[1]),
    "both": lambda parts: BothText(*parts),
    "file": lambda parts: FileRef(*parts),
}


def _read_answer(said: Json) -> Answer:
    if isinstance(said, str):
        return said
    ((tag, inner),) = said.items()
    return _READERS[tag](inner)


def write_answers(answers: Answers) -> Json:
    """Answers as JSON."""
    return {name: _write_answer(answer) for name, answer in answers.items()}


def read_answers(said: Json) -> dict[str, Answer]:
    """The answers that the JSON stands for."""
    return {name: _read_answer(answer) for name, answer in said.items()}


def _text(value: Json) -> str:
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise UsageError(fault("store.value-form")) from error


def _parsed(text: str, read: Callable[[Json], Any]) -> Any:
    try:
        return read(json.loads(text))
    except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise TamperedError(fault("store.row-unreadable")) from error


_PLAIN_OF_DRAFT = ("id", "version", "changed_by", "corrects", "programme_digest")


def write_draft(draft: Draft) -> str:
    """A draft's body: all that has no column of its own."""
    plain = {name: getattr(draft, name) for name in _PLAIN_OF_DRAFT}
    return _text(
        {
            **plain,
            "answers": write_answers(draft.answers),
            "changed_at": write_instant(draft.changed_at),
            "section_revisions": dict(draft.section_revisions),
            "clashes": [
                [c.section, write_answers(c.answers), c.by, write_instant(c.at), c.revision]
                for c in draft.clashes
            ],
            "leftovers": [
                [each.question, each.title.en, each.title.ja, _write_answer(each.answer)]
                for each in draft.leftovers
            ],
        }
    )


def read_draft(row: Any) -> Draft:
    """The draft of a row."""

    def read(said: Json) -> Draft:
        return Draft(
            programme=row.programme,
            form=row.form,
            participant=row.participant,
            revision=row.revision,
            answers=read_answers(said["answers"]),
            changed_at=read_instant(said["changed_at"]),
            section_revisions=said["section_revisions"],
            clashes=tuple(
                Clash(section, read_answers(answers), by, read_instant(at), revision)
                for section, answers, by, at, revision in said["clashes"]
            ),
            leftovers=tuple(
                Leftover(question, Text(en, ja), _read_answer(answer))
                for question, en, ja, answer in said["leftovers"]
            ),
            **{name: said[name] for name in _PLAIN_OF_DRAFT},
        )

    whole: Draft = _parsed(row.body, read)
    return whole


_OWN_COLUMNS = frozenset({"answers", "state", "opened_at", "entry_index", "submitted_at"})


def write_submission(submission: Submission) -> str:
    """A submission's body: all that never changes."""
    plain = {
        each.name: getattr(submission, each.name)
        for each in fields(Submission)
        if each.name not in _OWN_COLUMNS
    }
    at = write_instant(submission.submitted_at)
    return _text({**plain, "submitted_at": at, "answers": write_answers(submission.answers)})


def read_submission(row: Any) -> Submission:
    """The submission of a row."""

    def read(said: Json) -> Submission:
        return Submission(
            **{
                **said,
                "answers": read_answers(said["answers"]),
                "submitted_at": read_instant(said["submitted_at"]),
                "state": SubmissionState(row.state),
                "opened_at": read_instant(row.opened_at) if row.opened_at else None,
                "entry_index": row.entry_index,
            }
        )

    whole: Submission = _parsed(row.body, read)
    return whole


def write_request(request: DataRequest) -> str:
    """A request's body."""
    return to_json(replace(request, entry_index=None), DataRequest)


def read_request(row: Any) -> DataRequest:
    """The request of a row."""
    whole: DataRequest = from_json(row.body, DataRequest)
    return replace(whole, entry_index=row.entry_index)
