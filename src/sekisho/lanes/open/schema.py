"""The JSON Schema of a form's answers: what the API takes.

Whatever keeps to the form keeps to its schema. The schema cannot say all: checks across answers,
bounds of numbers written as text and days compared with days are looked at by `validate` alone.
"""

from decimal import Decimal

from sekisho.lanes.open.read_answers import MOST_OF_ROWS, MOST_OF_TEXT
from sekisho.model.form import Comparison, Condition, Form, Question, QuestionKind
from sekisho.model.text import Text

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]


def answers_schema(form: Form) -> Schema:
    """The schema of one whole set of answers."""
    always = [each.id for each in form.questions if each.required and each.when is None]
    schema: Schema = {
        "$schema": DIALECT,
        "title": form.title.en,
        "description": form.description.en,
        "type": "object",
        "properties": {each.id: question_schema(each) for each in form.questions},
        "required": always,
        "additionalProperties": False,
    }
    rules = [_when(form, each) for each in form.questions if each.required and each.when]
    known = [rule for rule in rules if rule]
    return {**schema, "allOf": known} if known else schema


def question_schema(question: Question) -> Schema:
    """The schema of one answer."""
    return {**_titles(question.title, question.help), **_SCHEMAS[question.kind](question)}


def _titles(title: Text, help_text: Text | None) -> Schema:
    said: Schema = {"title": title.en, "x-title-ja": title.ja}
    if help_text is not None:
        said["description"] = help_text.en
    return said


def _choice(question: Question) -> Schema:
    return {"type": "string", "enum": [each.id for each in question.options]}


def _several(question: Question) -> Schema:
    needed = {"minItems": 1} if question.required else {}
    return {"type": "array", "items": _choice(question), "uniqueItems": True, **needed}


def _number(question: Question) -> Schema:
    point = rf"(\.[0-9]{{1,{question.decimals}}})?" if question.decimals else ""
    schema: Schema = {
        "type": ["integer" if question.decimals == 0 else "number", "string"],
        "pattern": f"^[+-]?[0-9]{{1,18}}{point}$",
    }
    for name, bound in (("minimum", question.minimum), ("maximum", question.maximum)):
        if isinstance(bound, Decimal):
            schema[name] = _plain(bound)
    return schema


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _money(question: Question) -> Schema:
    named: Schema = {"type": "string", "pattern": "^[A-Z]{3}$"}
    currency: Schema = {"const": question.currency} if question.currency else named
    return {
        "type": "object",
        "properties": {"amount": _number(question), "currency": currency},
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }


def _date(_question: Question) -> Schema:
    return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def _text(question: Question) -> Schema:
    most = question.most or MOST_OF_TEXT
    words: Schema = {"type": "string", "maxLength": most}
    if question.required:
        words["pattern"] = r"\S"
    if not question.both_languages:
        return words
    return {
        "type": "object",
        "properties": {"en": words, "ja": words},
        "required": ["en", "ja"] if question.required else [],
        "additionalProperties": False,
    }


def _table(question: Question) -> Schema:
    row: Schema = {
        "type": "object",
        "properties": {each.id: question_schema(each) for each in question.columns},
        "required": [each.id for each in question.columns if each.required],
        "additionalProperties": False,
    }
    needed = {"minItems": 1} if question.required else {}
    return {"type": "array", "items": row, "maxItems": question.most or MOST_OF_ROWS, **needed}


def _file(_question: Question) -> Schema:
    names = ("name", "media_type", "sha256", "bytes")
    return {
        "type": "object",
        "description": "what the call that took the file in gave back",
        "properties": {
            **{name: {"type": "string"} for name in names[:2]},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "bytes": {"type": "integer"},
        },
        "required": list(names),
        "additionalProperties": False,
    }


_SCHEMAS = {
    QuestionKind.CHOICE: _choice,
    QuestionKind.SEVERAL: _several,
    QuestionKind.NUMBER: _number,
    QuestionKind.MONEY: _money,
    QuestionKind.DATE: _date,
    QuestionKind.TEXT: _text,
    QuestionKind.TABLE: _table,
    QuestionKind.FILE: _file,
}


# -- conditions -----------------------------------------------------------------------------------


def _when(form: Form, question: Question) -> Schema | None:
    """The rule that a question must be answered when it is asked; None when no schema says it."""
    asked = _asked(form, question)
    return None if asked is None else {"if": asked, "then": {"required": [question.id]}}


def _asked(form: Form, question: Question) -> Schema | None:
    """When a question is asked: its condition, and that the question of the condition is."""
    conditions: list[Schema] = []
    current: Question | None = question
    while current is not None and current.when is not None:
        other = form.question(current.when.question)
        holds = _holds(current.when, other) if other else None
        if holds is None:
            return None
        conditions.append(holds)
        current = other
    return {"allOf": conditions}


def _holds(condition: Condition, other: Question) -> Schema | None:
    name, op, value = condition.question, condition.op, condition.value
    if op is Comparison.ANSWERED:
        return {"required": [name], "properties": {name: {"not": {"enum": ["", [], {}, None]}}}}
    if op is Comparison.INCLUDES:
        said: Schema = {"contains": {"const": value}}
    elif other.kind is QuestionKind.CHOICE:
        said = {"const": value}
    elif other.kind is QuestionKind.DATE:
        if op is not Comparison.IS:
            return None
        said = {"const": value}
    else:
        bound = _plain(Decimal(value))
        limits: Schema = {}
        if op is not Comparison.AT_MOST:
            limits["minimum"] = bound
        if op is not Comparison.AT_LEAST:
            limits["maximum"] = bound
        is_money = other.kind is QuestionKind.MONEY
        said = {"required": ["amount"], "properties": {"amount": limits}} if is_money else limits
    return {"required": [name], "properties": {name: said}}
