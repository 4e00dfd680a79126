"""What comes from outside as answers becomes values of the model, with every fault at its question.

A draft keeps whatever this lets through; whether the answers are whole is asked when they are
submitted (`validate`). A fault's place is the question, with `.column` and row within a table.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sekisho.errors import DeliveryError, Fault, Place, fault
from sekisho.model.characters import HIDDEN
from sekisho.model.form import Form, Question, QuestionKind
from sekisho.model.submission import Answer, BothText, Cell, FileRef, Money, Row
from sekisho.terms import Language

MOST_OF_TEXT = 10_000
"""Characters of a text whose question says nothing else."""
MOST_OF_JSON = 8 * 1024 * 1024
"""Bytes of a JSON file with answers; every character may take several."""
MOST_OF_ROWS = 200
"""Rows of a table whose question says nothing else."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_EMPTY: tuple[object, ...] = (None, "", (), [], {})


class _Wrong(Exception):  # noqa: N818 - passed within this file, never shown
    """One answer that cannot be read: a code of `text/forms` with its fields."""

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code)
        self.code, self.fields = code, fields


def read_answers(form: Form, given: object) -> tuple[dict[str, Answer], list[Fault]]:
    """Answers of a whole form, as JSON gives them, and everything that is wrong with them."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        return {}, [fault("forms.not-answers")]
    faults = unknown_names(given, [each.id for each in form.questions])
    answers, wrong = read_questions(form.questions, given)
    return answers, [*faults, *wrong]


def parse_answers(data: bytes) -> object:
    """What a JSON file or request holds; numbers stay exact.

    Raises: DeliveryError when it is no JSON, names something twice, or is far too large.
    """
    if len(data) > MOST_OF_JSON:
        raise DeliveryError(fault("forms.too-large", found=len(data), most=MOST_OF_JSON))
    try:
        return json.loads(data.decode("utf-8-sig"), parse_float=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise DeliveryError(fault("forms.not-answers")) from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def read_questions(
    questions: Iterable[Question], given: Mapping[str, object]
) -> tuple[dict[str, Answer], list[Fault]]:
    """Answers to some questions; what is empty is not answered."""
    answers: dict[str, Answer] = {}
    faults: list[Fault] = []
    for question in questions:
        answer, wrong = read_answer(question, given.get(question.id))
        faults += wrong
        if answer is not None:
            answers[question.id] = answer
    return answers, faults


def unknown_names(
    given: Iterable[str], known: list[str], place: Callable[[str], Place] = Place
) -> list[Fault]:
    """A fault for each name that is no question's."""
    from difflib import get_close_matches

    found = []
    for name in given:
        if name not in known:
            near = get_close_matches(name[:100], known, n=1)
            here = place(_printable(name))
            if near:
                code = "forms.unknown-answer"
                found.append(fault(code, here, name=_printable(name), guess=near[0]))
            else:
                listed = ", ".join(f"`{each}`" for each in known[:12])
                code = "forms.unknown-answer-known"
                found.append(fault(code, here, name=_printable(name), known=listed))
    return found


def _printable(name: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in name[:60])


def read_answer(question: Question, given: object) -> tuple[Answer | None, list[Fault]]:
    """One answer; None when it is empty or cannot be read."""
    if question.kind is QuestionKind.TABLE:
        return _table(question, given)
    try:
        return _cell(question, given), []
    except _Wrong as wrong:
        return None, [_fault(question, wrong, Place(question.id))]


def _fault(question: Question, wrong: _Wrong, place: Place) -> Fault:
    return fault(wrong.code, place, title=question.title, **wrong.fields)


def _cell(question: Question, given: object) -> Cell | None:
    if isinstance(given, str):
        given = given.strip()
    if any(type(given) is type(empty) and given == empty for empty in _EMPTY):
        return None
    return _READERS[question.kind](question, given)


def _table(question: Question, given: object) -> tuple[tuple[Row, ...] | None, list[Fault]]:
    if any(type(given) is type(empty) and given == empty for empty in _EMPTY):
        return None, []
    here = Place(question.id)
    if not isinstance(given, list | tuple) or not all(isinstance(row, Mapping) for row in given):
        return None, [_fault(question, _Wrong("forms.not-rows"), here)]
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, row in enumerate(given, 1):
        cells, wrong = _row(question, row, number)
        faults += wrong
        if cells:
            rows.append(cells)
    most = question.most or MOST_OF_ROWS
    if len(rows) > most:
        faults.append(
            _fault(question, _Wrong("forms.too-many-rows", found=len(rows), most=most), here)
        )
    return (None if faults or not rows else tuple(rows)), faults


def _row(
    question: Question, row: Mapping[Any, object], number: int
) -> tuple[dict[str, Cell], list[Fault]]:
    names = [str(name) for name in row]
    known = [column.id for column in question.columns]
    faults = unknown_names(names, known, lambda name: Place(f"{question.id}.{name}", number))
    cells: dict[str, Cell] = {}
    for column in question.columns:
        try:
            cell = _cell(column, row.get(column.id))
        except _Wrong as wrong:
            faults.append(_fault(column, wrong, Place(f"{question.id}.{column.id}", number)))
        else:
            if cell is not None:
                cells[column.id] = cell
    return cells, faults


# -- one kind each --------------------------------------------------------------------------------


def _choice(question: Question, given: object) -> str:
    if not isinstance(given, str) or question.option(given) is None:
        raise _Wrong("forms.not-a-choice")
    return given


def _several(question: Question, given: object) -> tuple[str, ...]:
    chosen = list(given) if isinstance(given, list | tuple) else [given]
    ids = [each.id for each in question.options]
    if any(not isinstance(each, str) or each not in ids for each in chosen):
        raise _Wrong("forms.not-a-choice")
    if len(set(chosen)) != len(chosen):
        raise _Wrong("forms.chosen-twice")
    return tuple(each for each in ids if each in chosen)


def _decimal(question: Question, given: object) -> Decimal:
    if isinstance(given, float):
        given = Decimal(repr(given))
    if isinstance(given, Decimal) and given.is_finite() and abs(given.adjusted()) <= 40:
        # A number with a huge exponent would fill the memory when it is written out.
        given = format(given, "f")
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given) if abs(given) < 10**18 else ""
    written = unicodedata.normalize("NFKC", given) if isinstance(given, str) else ""
    if not _NUMBER.fullmatch(written):
        raise _Wrong("forms.not-a-number")
    number = Decimal(written)
    shortest = -int(number.normalize().as_tuple().exponent) if number else 0
    if shortest > question.decimals:
        raise _Wrong("forms.decimals", decimals=question.decimals)
    _within(question, number)
    return number.quantize(Decimal(1).scaleb(-question.decimals))


def _within(question: Question, value: Any) -> None:
    if question.minimum is not None and value < question.minimum:
        raise _Wrong("forms.too-little", minimum=question.minimum)
    if question.maximum is not None and value > question.maximum:
        raise _Wrong("forms.too-much", maximum=question.maximum)


def _money(question: Question, given: object) -> Money | None:
    amount, currency = given, question.currency
    if isinstance(given, Money):
        amount, currency = given.amount, given.currency
    elif isinstance(given, Mapping):
        amount = given.get("amount")
        currency = given.get("currency") or question.currency
        amount = amount.strip() if isinstance(amount, str) else amount
        if amount in (None, ""):
            return None
    number = _decimal(question, amount)
    named = currency.strip().upper() if isinstance(currency, str) else ""
    if not _CURRENCY.fullmatch(named):
        raise _Wrong("forms.not-a-currency")
    if question.currency not in (None, named):
        raise _Wrong("forms.other-currency", currency=question.currency)
    return Money(number, named)


def _date(question: Question, given: object) -> date:
    if isinstance(given, str):
        written = unicodedata.normalize("NFKC", given)
        try:
            given = date.fromisoformat(written) if _DAY.fullmatch(written) else None
        except ValueError:
            given = None
    if not isinstance(given, date) or isinstance(given, datetime):
        raise _Wrong("forms.not-a-date")
    _within(question, given)
    return given


def _words(question: Question, given: object) -> str:
    if not isinstance(given, str):
        raise _Wrong("forms.not-text")
    text = given.replace("\r\n", "\n").replace("\r", "\n").strip()
    found = HIDDEN.search(text)
    if found:
        raise _Wrong("forms.unreadable-character", point=f"U+{ord(found[0]):04X}")
    if "\n" in text and question.lines == 1:
        raise _Wrong("forms.one-line")
    most = question.most or MOST_OF_TEXT
    if len(text) > most:
        raise _Wrong("forms.too-long", found=len(text), most=most)
    return text


def _text(question: Question, given: object) -> str | BothText | None:
    if not question.both_languages:
        return _words(question, given)
    if isinstance(given, BothText):
        given = {"en": given.en, "ja": given.ja}
    if not isinstance(given, Mapping) or set(given) - set(Language):
        raise _Wrong("forms.not-text")
    said = BothText(*(_words(question, given.get(each) or "") for each in ("en", "ja")))
    return said if said.en or said.ja else None


def _file(_question: Question, given: object) -> FileRef:
    if isinstance(given, FileRef):
        return given
    if not isinstance(given, Mapping):
        raise _Wrong("forms.not-a-file")
    name, media_type = given.get("name"), given.get("media_type")
    digest, size = given.get("sha256"), given.get("bytes")
    if (
        not isinstance(name, str)
        or not isinstance(media_type, str)
        or not isinstance(digest, str)
        or not _DIGEST.fullmatch(digest)
        or type(size) is not int
    ):
        raise _Wrong("forms.not-a-file")
    return FileRef(name, media_type, digest, size)


_READERS: dict[QuestionKind, Callable[[Question, object], Cell | None]] = {
    QuestionKind.CHOICE: _choice,
    QuestionKind.SEVERAL: _several,
    QuestionKind.NUMBER: _decimal,
    QuestionKind.MONEY: _money,
    QuestionKind.DATE: _date,
    QuestionKind.TEXT: _text,
    QuestionKind.FILE: _file,
}
