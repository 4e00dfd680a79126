"""What a form's file says that cannot be: every fault, each with its place."""

import re
import zoneinfo
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.programmes.declaration import Declaration, KeyPath
from sekisho.programmes.form_conditions import check_faults, condition_faults
from sekisho.programmes.form_layout import layout_faults
from sekisho.programmes.form_vocabulary import FILE_TYPES, MOST_BYTES, MOST_CHARACTERS, MOST_ROWS
from sekisho.programmes.forms import OWN_COLUMNS, columns_of, question_of
from sekisho.programmes.guess import guessed

_BELONGS = {
    "options": ("choice", "several"),
    "unit": ("number",),
    "currency": ("money",),
    "minimum": ("number", "money", "date"),
    "maximum": ("number", "money", "date"),
    "decimals": ("number", "money"),
    "most": ("text", "table", "file"),
    "both_languages": ("text",),
    "lines": ("text",),
    "file_types": ("file",),
    "columns": ("table",),
}
"""Key of a question -> the kinds that it belongs to."""
_NEEDS = {"choice": "options", "several": "options", "table": "columns"}
_MOST = {"text": MOST_CHARACTERS, "table": MOST_ROWS, "file": MOST_BYTES}
_CURRENCY = re.compile(r"[A-Z]{3}")
_PURPOSE = re.compile(r"dpv:[A-Z][A-Za-z]+")
_MOST_REMINDER_DAYS = 400


def form_faults(read: Declaration) -> list[Fault]:
    """Every fault of one form that keeps to the vocabulary."""
    return list(_faults(read))


def _faults(read: Declaration) -> Iterator[Fault]:
    value = read.values
    yield from _days(read)
    if not value.get("sections") and "ask" not in value:
        yield fault("forms.no-question", read.place(("id",)))
    yield from _twice(read, ("sections",), value.get("sections", ()))
    yield from _twice(read, ("checks",), value.get("checks", ()))
    before: dict[str, dict[str, Any]] = {}
    for path, question in questions_of(value):
        if question["id"] in before:
            yield fault("forms.id-twice", read.place((*path, "id")), id=question["id"])
        yield from _question(read, path, question)
        yield from condition_faults(read, path, before)
        before.setdefault(question["id"], question)
    yield from check_faults(read, before)
    if "ask" in value:
        yield from _ask(read)
    yield from _dataset(read, before)
    yield from layout_faults(read)


def questions_of(value: dict[str, Any]) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Every question with its place, in order, without the columns of tables."""
    for number, section in enumerate(value.get("sections", ())):
        for index, question in enumerate(section["questions"]):
            yield ("sections", number, "questions", index), question


def is_day(value: object) -> bool:
    """Whether a TOML value is a day without a time."""
    return isinstance(value, date) and not isinstance(value, datetime)


def _days(read: Declaration) -> Iterator[Fault]:
    value = read.values
    deadline = value.get("deadline", {})
    days = {("opens",): value.get("opens"), ("deadline", "day"): deadline.get("day")}
    wrong = [path for path, day in days.items() if day is not None and not is_day(day)]
    for path in wrong:
        yield fault("forms.not-a-day", read.place(path), name=path[-1])
    if not wrong and "opens" in value and deadline and value["opens"] > deadline["day"]:
        yield fault("forms.opens-late", read.place(("opens",)))
    if deadline and deadline["zone"] not in zoneinfo.available_timezones():
        place = read.place(("deadline", "zone"))
        zones = [z for z in zoneinfo.available_timezones() if "/" in z or z == "UTC"]
        near = guessed("forms.unknown-zone", place, deadline["zone"], zones)
        yield near if near.code == "forms.unknown-zone" else fault("forms.no-zone", place)
    for number, days_before in enumerate(value.get("reminders_days", ())):
        whole = isinstance(days_before, int) and not isinstance(days_before, bool)
        if not whole or not 0 <= days_before <= _MOST_REMINDER_DAYS:
            yield fault("forms.reminder-days", read.place(("reminders_days", number)))
    if value.get("reminders_days") and not deadline:
        yield fault("forms.no-deadline", read.place(("reminders_days",)), name="reminders_days")


def _twice(read: Declaration, path: KeyPath, tables: list[dict[str, Any]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, each in enumerate(tables):
        if each["id"] in seen:
            yield fault("forms.id-twice", read.place((*path, index, "id")), id=each["id"])
        seen.add(each["id"])


def _question(read: Declaration, path: KeyPath, question: dict[str, Any]) -> Iterator[Fault]:
    kind = question["kind"]
    if question["id"] in OWN_COLUMNS:
        yield fault("forms.reserved", read.place((*path, "id")), id=question["id"])
    for key in question:
        if key in _BELONGS and kind not in _BELONGS[key]:
            kinds = ", ".join(f"`{each}`" for each in _BELONGS[key])
            yield fault("forms.not-of-kind", read.place((*path, key)), name=key, kinds=kinds)
    if kind in _NEEDS and _NEEDS[kind] not in question:
        yield fault("forms.kind-needs", read.place((*path, "kind")), kind=kind, name=_NEEDS[kind])
    if kind in _MOST and question.get("most", 1) > _MOST[kind]:
        most = _MOST[kind]
        yield fault("forms.most-range", read.place((*path, "most")), kind=kind, most=most)
    yield from _bounds(read, path, question)
    if kind == "money" and not _CURRENCY.fullmatch(question.get("currency", "JPY")):
        yield fault("forms.currency", read.place((*path, "currency")))
    for index, each in enumerate(question.get("file_types", ())):
        if each not in FILE_TYPES:
            place = read.place((*path, "file_types", index))
            yield guessed("forms.file-type", place, each, FILE_TYPES)
    yield from _twice(read, (*path, "options"), question.get("options", []))
    yield from _twice(read, (*path, "columns"), question.get("columns", []))
    for index, column in enumerate(question.get("columns", ())):
        yield from _question(read, (*path, "columns", index), column)


def _bounds(read: Declaration, path: KeyPath, question: dict[str, Any]) -> Iterator[Fault]:
    kind = question["kind"]
    if kind not in _BELONGS["minimum"]:
        return
    found = []
    for name in ("minimum", "maximum"):
        if name in question:
            bound = bound_of(kind, question[name])
            found.append(bound)
            if bound is None:
                yield fault("forms.bound", read.place((*path, name)), name=name, kind=kind)
    if len(found) == 2 and None not in found and found[0] > found[1]:
        yield fault("forms.bounds-crossed", read.place((*path, "minimum")))


def bound_of(kind: str, value: object) -> Any:
    """A value to compare with, of a question's kind; None when it is none."""
    if kind == "date":
        if is_day(value):
            return value
        return _read_day(value) if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _ask(read: Declaration) -> Iterator[Fault]:
    if not _PURPOSE.fullmatch(read.values["ask"]["purpose"]):
        yield fault("programme.bad-purpose", read.place(("ask", "purpose")))
    if "deadline" not in read.values:
        yield fault("forms.no-deadline", read.place(("ask",)), name="ask")


def _dataset(read: Declaration, questions: dict[str, dict[str, Any]]) -> Iterator[Fault]:
    declared = read.values.get("dataset")
    if declared is None:
        return
    asked = list(questions.values())
    table = declared.get("table")
    if table is not None:
        tables = [each["id"] for each in asked if each["kind"] == "table"]
        if table not in tables:
            yield guessed("forms.no-table", read.place(("dataset", "table")), table, tables)
            return
        asked += questions[table].get("columns", [])
    known = ["participant", "submission", "row"]
    for each in asked:
        for column in columns_of(question_of(each)) if _has_parts(each) else ():
            if column.name in known:
                place = read.place(("dataset", "id"))
                yield fault("forms.column-twice", place, name=column.name)
            known.append(column.name)
    for index, name in enumerate(declared.get("public", ())):
        if name not in known[3:]:
            place = read.place(("dataset", "public", index))
            yield guessed("forms.not-a-column", place, name, known[3:])


def _has_parts(question: dict[str, Any]) -> bool:
    """Whether a question is whole enough to be built; its faults are said elsewhere."""
    kind = question["kind"]
    bounds = [question[name] for name in ("minimum", "maximum") if name in question]
    return all(bound_of(kind, bound) is not None for bound in bounds)
