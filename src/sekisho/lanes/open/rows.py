"""Submissions as rows of the dataset that their form declares."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from sekisho.model.dataset import Dataset
from sekisho.model.form import Form, Question, QuestionKind
from sekisho.model.submission import Answer, Money, Submission


def dataset_csv(form: Form, dataset: Dataset, submissions: Iterable[Submission]) -> str:
    """The rows of some submissions as CSV, with the dataset's columns in its order.

    In a dataset that has a file of its own, whoever submitted is the contributor, and what it has
    no column for stays out.
    """
    written = io.StringIO()
    names = [column.name for column in dataset.brought.columns]
    writer = csv.DictWriter(
        written,
        names,
        restval="",
        lineterminator="\n",
        extrasaction="ignore" if form.feeds else "raise",
    )
    writer.writeheader()
    for submission in submissions:
        own = {dataset.contributor or "": submission.participant} if form.feeds else {}
        writer.writerows({**row, **own} for row in rows_of(form, submission))
    return written.getvalue()


def rows_of(form: Form, submission: Submission) -> list[dict[str, str]]:
    """One row a submission, or one a row of the declared table."""
    common = {"submission": submission.reference, "participant": submission.participant}
    common |= _cells(form.questions, submission.answers)
    if form.dataset_table is None:
        return [common]
    table = form.question(form.dataset_table)
    rows = submission.answers.get(form.dataset_table, ())
    if table is None or not isinstance(rows, tuple):
        return []
    return [
        {**common, "row": str(number), **_cells(table.columns, row)}
        for number, row in enumerate(rows, 1)
        if isinstance(row, Mapping)
    ]


def _cells(questions: Iterable[Question], answers: Mapping[str, Answer]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for question in questions:
        answer = answers.get(question.id)
        if answer is not None:
            cells |= _cell(question, answer)
    return cells


def _cell(question: Question, answer: Answer) -> dict[str, str]:
    name = question.id
    if question.kind is QuestionKind.SEVERAL and isinstance(answer, tuple):
        return {
            f"{name}_{each.id.replace('-', '_')}": "true" if each.id in answer else "false"
            for each in question.options
        }
    if isinstance(answer, Money):
        named = {} if question.currency else {f"{name}_currency": answer.currency}
        return {name: format(answer.amount, "f"), **named}
    if isinstance(answer, Decimal):
        return {name: format(answer, "f")}
    if isinstance(answer, date):
        return {name: answer.isoformat()}
    if question.kind is QuestionKind.CHOICE and isinstance(answer, str):
        chosen = [each for each in question.options if each.id == answer]
        return {name: chosen[0].counted_as if chosen else answer}
    return {}
