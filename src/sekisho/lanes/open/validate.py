"""Whether answers are whole: what is asked is answered, and the form's checks hold.

Every question that is not asked - its condition does not hold - is left out of what counts.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from sekisho.errors import Fault, Place, fault
from sekisho.lanes.open.written import answers_bytes
from sekisho.model.form import Check, Comparison, Condition, Form, Question, QuestionKind
from sekisho.model.submission import Answer, Answers, BothText, Money
from sekisho.model.text import Text

MOST_BYTES = 2 * 1024 * 1024
"""Of all answers of a submission together, as they are kept; files are counted apart."""

_LANGUAGES = {"en": Text("English", "英語"), "ja": Text("Japanese", "日本語")}


def asked_questions(form: Form, answers: Answers) -> list[Question]:
    """The questions that are asked after these answers, in order."""
    asked: dict[str, Question] = {}
    for question in form.questions:
        if question.when is None or _holds(question.when, asked, answers):
            asked[question.id] = question
    return list(asked.values())


def _holds(condition: Condition, asked: Mapping[str, Question], answers: Answers) -> bool:
    answer = answers.get(condition.question)
    if condition.question not in asked or answer is None:
        return False
    if condition.op is Comparison.ANSWERED:
        return True
    if condition.op is Comparison.INCLUDES:
        return isinstance(answer, tuple) and condition.value in answer
    if isinstance(answer, str):
        return answer == condition.value
    left = _ordered(answer)
    return left is not None and compare(left, condition.op, _read(condition.value, left))


def counted(form: Form, answers: Answers) -> dict[str, Answer]:
    """The answers that count: those to questions that are asked."""
    names = {each.id for each in asked_questions(form, answers)}
    return {name: answer for name, answer in answers.items() if name in names}


def validate(form: Form, answers: Answers) -> list[Fault]:
    """Everything that keeps answers from being submitted; none means that they are whole."""
    faults: list[Fault] = []
    for question in asked_questions(form, answers):
        faults += _missing(question, answers.get(question.id))
    kept = counted(form, answers)
    for check in form.checks:
        if not check_holds(check, kept):
            place = Place(_first_question(check, form))
            faults.append(fault("forms.check-failed", place, message=check.message))
    found = len(answers_bytes(kept))
    if found > MOST_BYTES:
        faults.append(fault("forms.too-large", None, found=found, most=MOST_BYTES))
    return faults


def _missing(question: Question, answer: Answer | None) -> Iterator[Fault]:
    if answer is None:
        if question.required:
            yield fault("forms.missing", Place(question.id), title=question.title)
        return
    yield from _language_missing(question, answer, Place(question.id))
    if question.kind is not QuestionKind.TABLE or not isinstance(answer, tuple):
        return
    for number, row in enumerate(answer, 1):
        for column in question.columns:
            cell = row.get(column.id) if isinstance(row, Mapping) else None
            place = Place(f"{question.id}.{column.id}", number)
            if cell is None and column.required:
                yield fault("forms.missing", place, title=column.title)
            elif cell is not None:
                yield from _language_missing(column, cell, place)


def _language_missing(question: Question, answer: Answer, place: Place) -> Iterator[Fault]:
    if isinstance(answer, BothText) and question.required:
        for name, language in _LANGUAGES.items():
            if not getattr(answer, name):
                yield fault(
                    "forms.language-missing", place, title=question.title, language=language
                )


# -- checks ---------------------------------------------------------------------------------------


def check_holds(check: Check, answers: Answers) -> bool:
    """Whether a check holds; one that lacks an answer has nothing to say."""
    left = _side(check.left, answers)
    right = _side(check.right, answers)
    if left is None:
        return True
    if right is None:
        right = _read(check.right, left)
    return right is None or compare(left, check.op, right)


def _first_question(check: Check, form: Form) -> str:
    names = [part.strip() for part in f"{check.left}+{check.right}".split("+")]
    return next((name for name in names if form.question(name)), form.id)


def _side(expression: str, answers: Answers) -> Decimal | date | None:
    """The answer to a question, or the sum of several; None when none of them is answered."""
    names = [part.strip() for part in expression.split("+")]
    values = [_ordered(answers[name]) for name in names if name in answers]
    if len(names) == 1:
        return values[0] if values else None
    numbers = [each for each in values if isinstance(each, Decimal)]
    return sum(numbers, Decimal(0)) if numbers else None


def _ordered(answer: Answer) -> Decimal | date | None:
    if isinstance(answer, Money):
        return answer.amount
    return answer if isinstance(answer, Decimal | date) else None


def _read(written: str, like: Decimal | date) -> Decimal | date | None:
    try:
        return Decimal(written) if isinstance(like, Decimal) else date.fromisoformat(written)
    except (InvalidOperation, ValueError):
        return None


def compare(left: Decimal | date, op: Comparison, right: Decimal | date | None) -> bool:
    """Whether the comparison holds; what cannot be compared does not."""
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return _compared(left >= right, left <= right, op)
    if isinstance(left, date) and isinstance(right, date):
        return _compared(left >= right, left <= right, op)
    return False


def _compared(at_least: bool, at_most: bool, op: Comparison) -> bool:  # noqa: FBT001 - from within
    if op is Comparison.IS:
        return at_least and at_most
    return at_least if op is Comparison.AT_LEAST else at_most
