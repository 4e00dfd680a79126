"""Whether conditions and checks of a form name questions that they can compare."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.programmes.declaration import Declaration, KeyPath
from sekisho.programmes.guess import guessed

Asked = dict[str, dict[str, Any]]
"""Questions by id, as declared."""

_KINDS = {
    "is": ("choice", "number", "money", "date"),
    "includes": ("several",),
    "at-least": ("number", "money", "date"),
    "at-most": ("number", "money", "date"),
}
"""Comparison -> the kinds of question that it fits."""
_ADDED = ("number", "money")
_ORDERED = ("number", "money", "date")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def condition_faults(read: Declaration, path: KeyPath, before: Asked) -> Iterator[Fault]:
    """Faults of a question's condition; `before` are the questions that stand before it."""
    question = read.values["sections"][path[1]]["questions"][path[3]]
    condition = question.get("when")
    if condition is None:
        return
    here = (*path, "when")
    asked = before.get(condition["question"])
    if asked is None:
        place = read.place((*here, "question"))
        yield guessed("forms.not-before", place, condition["question"], before)
        return
    op, value = condition["op"], condition.get("value")
    if op == "answered":
        if value is not None:
            yield fault("forms.value-too-many", read.place((*here, "value")))
        return
    if asked["kind"] not in _KINDS[op]:
        yield fault("forms.op-kind", read.place((*here, "op")), op=op, kind=asked["kind"])
    elif value is None:
        yield fault("forms.no-value", read.place(here), op=op)
    elif asked["kind"] in ("choice", "several"):
        options = [each["id"] for each in asked.get("options", ())]
        if str(value) not in options:
            yield guessed("forms.not-an-option", read.place((*here, "value")), str(value), options)
    elif read_value(asked["kind"], str(value)) is None:
        yield fault("forms.bound", read.place((*here, "value")), name="value", kind=asked["kind"])


def read_value(kind: str, text: str) -> Decimal | date | None:
    """A number or day as a condition or check writes it; None when it is none."""
    try:
        if kind == "date":
            return date.fromisoformat(text)
        number = Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    return number if number.is_finite() else None


def sides_of(expression: str) -> list[str]:
    """The parts that a side of a check adds up."""
    return [part.strip() for part in expression.split("+")]


def check_faults(read: Declaration, asked: Asked) -> Iterator[Fault]:
    """Faults of every check: unknown questions, kinds that cannot be compared."""
    for number, check in enumerate(read.values.get("checks", ())):
        kinds = []
        for side in ("left", "right"):
            place = read.place(("checks", number, side))
            for part in sides_of(check[side]):
                if part in asked:
                    kinds.append(asked[part]["kind"])
                elif _NAME.fullmatch(part) or side == "left":
                    yield guessed("forms.unknown-question", place, part, asked)
                elif read_value("date" if "-" in part[1:] else "number", part) is None:
                    yield fault("forms.bound", place, name=side, kind="number")
        sums = len(sides_of(check["left"])) > 1 or len(sides_of(check["right"])) > 1
        allowed = _ADDED if sums else _ORDERED
        for kind in kinds:
            if kind not in allowed:
                place = read.place(("checks", number))
                yield fault("forms.check-kind", place, kind=kind)
                break
        if len(set(kinds)) > 1:
            yield fault("forms.check-kinds", read.place(("checks", number)))
