"""Forms that keep to the vocabulary become values, and the dataset that their answers become."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sekisho.model.dataset import Column, Dataset, Sensitivity
from sekisho.model.form import (
    ANY_PARTICIPANT,
    Ask,
    Check,
    Comparison,
    Condition,
    Deadline,
    Form,
    Option,
    Question,
    QuestionKind,
    Section,
    Visible,
    Who,
)
from sekisho.model.text import Text
from sekisho.programmes.build import dataset_of, text_of
from sekisho.programmes.declaration import Declaration
from sekisho.programmes.form_layout import layout_of
from sekisho.terms import ColumnType

OWN_COLUMNS = ("submission", "participant", "row")
"""Columns that every dataset of a form has beside its questions; no question may be named so."""

_SUBMISSION = Text("Submission", "提出")
_PARTICIPANT = Text("Participant", "参加機関")
_ROW = Text("Row", "行")
_CURRENCY = Text("currency", "通貨")


def forms_of(sound: Mapping[str, Declaration]) -> tuple[tuple[Form, ...], tuple[Dataset, ...]]:
    """Every form of a folder, and the datasets that their answers become."""
    forms: list[Form] = []
    datasets: list[Dataset] = []
    for file, read in sound.items():
        if file.startswith("forms/"):
            forms.append(form_of(read.values))
            made = dataset_of_form(forms[-1], read.values)
            datasets += [made] if made else []
    return tuple(forms), tuple(datasets)


def form_of(value: dict[str, Any]) -> Form:
    """One form."""
    who, dataset = value.get("who", {}), value.get("dataset", {})
    return Form(
        id=value["id"],
        version=value["version"],
        title=text_of(value["title"]),
        description=text_of(value["description"]),
        sections=tuple(_section_of(each) for each in value.get("sections", ())),
        checks=tuple(_check_of(each) for each in value.get("checks", ())),
        who=Who(tuple(who.get("participants", (ANY_PARTICIPANT,))), who.get("one_each", True)),
        opens=value.get("opens"),
        deadline=_deadline_of(value["deadline"]) if "deadline" in value else None,
        visible=Visible(value.get("visible", Visible.STEWARD)),
        may_be_public=value.get("may_be_public", False),
        dataset=dataset.get("id"),
        feeds=bool(dataset) and "sekisho" not in dataset,
        dataset_table=dataset.get("table"),
        reminders_days=tuple(sorted(value.get("reminders_days", ()), reverse=True)),
        ask=_ask_of(value["ask"]) if "ask" in value else None,
        layout=layout_of(value),
    )


def _section_of(value: dict[str, Any]) -> Section:
    questions = tuple(question_of(each) for each in value["questions"])
    return Section(value["id"], text_of(value["title"]), _help_of(value), questions)


def _help_of(value: dict[str, Any]) -> Text | None:
    return text_of(value["help"]) if "help" in value else None


def question_of(value: dict[str, Any]) -> Question:
    """One question, or one column of a table."""
    return Question(
        id=value["id"],
        kind=QuestionKind(value["kind"]),
        title=text_of(value["title"]),
        help=_help_of(value),
        required=value.get("required", False),
        options=tuple(
            Option(o["id"], text_of(o["title"]), o.get("value", ""))
            for o in value.get("options", ())
        ),
        unit=text_of(value["unit"]) if "unit" in value else None,
        currency=value.get("currency"),
        minimum=_bound_of(value.get("minimum")),
        maximum=_bound_of(value.get("maximum")),
        decimals=value.get("decimals", 0),
        most=value.get("most"),
        columns=tuple(question_of(each) for each in value.get("columns", ())),
        when=_condition_of(value["when"]) if "when" in value else None,
        both_languages=value.get("both_languages", False),
        lines=value.get("lines", 1),
        file_types=tuple(value.get("file_types", ())),
    )


def _bound_of(value: object) -> Decimal | date | None:
    if value is None or isinstance(value, date):
        return value
    return Decimal(str(value))


def _condition_of(value: dict[str, Any]) -> Condition:
    return Condition(value["question"], Comparison(value["op"]), str(value.get("value", "")))


def _check_of(value: dict[str, Any]) -> Check:
    op = Comparison(value["op"])
    return Check(value["id"], value["left"], op, value["right"], text_of(value["message"]))


def _deadline_of(value: dict[str, Any]) -> Deadline:
    return Deadline(value["day"], value["zone"], value.get("late", False))


def _ask_of(value: dict[str, Any]) -> Ask:
    return Ask(
        dataset=value["dataset"],
        purpose=value["purpose"],
        legal_basis=text_of(value["legal_basis"]),
        period=text_of(value["period"]),
        every_months=value.get("every_months"),
    )


def dataset_of_form(form: Form, value: dict[str, Any]) -> Dataset | None:
    """The dataset that a form's answers become, if it declares one.

    A row is a submission, or a row of the declared table. Texts and files stay out: they are read
    by people, not counted.
    """
    declared = value.get("dataset")
    if declared is None or "sekisho" not in declared:
        return None
    own = dict(declared["sekisho"])
    which = "contributor" if own["method"] == "disclosure-control" else "privacy_unit"
    own.setdefault(which, "participant")
    made = dataset_of(
        {
            "id": declared["id"],
            "title": value["title"],
            "description": value["description"],
            "columns": (),
            "sekisho": own,
            "primary_key": ["submission", *(["row"] if form.dataset_table else [])],
            "source": f"forms/{form.id}.toml",
        }
    )
    return _with_columns(made, form, frozenset(declared.get("public", ())))


def _with_columns(made: Dataset, form: Form, public: frozenset[str]) -> Dataset:
    columns = [
        _own_column("submission", _SUBMISSION, ColumnType.STRING),
        _own_column("participant", _PARTICIPANT, ColumnType.STRING),
    ]
    questions = list(form.questions)
    if form.dataset_table is not None:
        columns.append(_own_column("row", _ROW, ColumnType.INTEGER))
        table = form.question(form.dataset_table)
        questions += table.columns if table else ()
    for question in questions:
        columns += columns_of(question)
    shown = tuple(
        replace(column, sensitivity=Sensitivity.PUBLIC) if column.name in public else column
        for column in columns
    )
    return replace(made, columns=shown)


def _own_column(name: str, title: Text, kind: ColumnType) -> Column:
    return Column(name, kind, title, required=True, sensitivity=Sensitivity.IDENTIFYING)


def columns_of(question: Question) -> list[Column]:
    """The columns that an answer fills; none for texts, tables and files."""
    needed = question.required and question.when is None
    kind, name, title = question.kind, question.id, question.title
    if kind is QuestionKind.CHOICE:
        options = tuple(each.counted_as for each in question.options)
        return [Column(name, ColumnType.STRING, title, required=needed, enum=options)]
    if kind is QuestionKind.SEVERAL:
        return [
            Column(f"{name}_{each.id.replace('-', '_')}", ColumnType.BOOLEAN, _joined(title, each))
            for each in question.options
        ]
    if kind is QuestionKind.DATE:
        return [Column(name, ColumnType.DATE, title, required=needed, **_bounds(question))]
    if kind is QuestionKind.NUMBER:
        return [_number_column(question, question.unit.en if question.unit else None, needed)]
    if kind is QuestionKind.MONEY:
        column = _number_column(question, question.currency, needed)
        own = Column(f"{name}_currency", ColumnType.STRING, _and(title, _CURRENCY))
        return [column] if question.currency else [column, own]
    return []


def _number_column(question: Question, unit: str | None, needed: bool) -> Column:  # noqa: FBT001 - from within
    return Column(
        question.id,
        ColumnType.NUMBER,
        question.title,
        required=needed,
        unit_of_measure=unit,
        decimals=question.decimals,
        **_bounds(question),
    )


def _bounds(question: Question) -> dict[str, Any]:
    least, most = question.minimum, question.maximum
    return {
        "minimum": None if least is None else str(least),
        "maximum": None if most is None else str(most),
    }


def _joined(title: Text, option: Option) -> Text:
    return _and(title, option.title)


def _and(first: Text, second: Text) -> Text:
    return Text(f"{first.en}: {second.en}", f"{first.ja}：{second.ja}")
