"""Declarations that keep to the vocabulary become values of the model."""

from decimal import Decimal
from typing import Any

from sekisho.model.dataset import (
    BudgetDeclaration,
    Column,
    ContributionDeclaration,
    Dataset,
    Lookup,
    PartsDeclaration,
    Sensitivity,
)
from sekisho.model.programme import Dimension, ReleasePlan
from sekisho.model.text import Text
from sekisho.programmes.calendars import calendar_of
from sekisho.programmes.histories import mapping_of
from sekisho.programmes.timelines import timeline_of
from sekisho.terms import ColumnType, Method


def text_of(value: dict[str, Any]) -> Text:
    """A text in both languages."""
    return Text(en=value["en"].strip(), ja=value["ja"].strip())


def _written(value: object) -> str:
    """A value of a constraint as it is compared: text, whatever TOML type it was written in."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    return value if isinstance(value, str) else str(value)


def column_of(value: dict[str, Any]) -> Column:
    """One column of a dataset or look-up."""
    constraints, own = value.get("constraints", {}), value.get("sekisho", {})
    least, most = constraints.get("minimum"), constraints.get("maximum")
    return Column(
        name=value["name"],
        type=ColumnType(value["type"]),
        title=text_of(value["title"]),
        description=text_of(value["description"]) if "description" in value else None,
        required=constraints.get("required", False),
        enum=tuple(_written(each) for each in constraints.get("enum", ())),
        minimum=None if least is None else _written(least),
        maximum=None if most is None else _written(most),
        pattern=constraints.get("pattern"),
        sensitivity=Sensitivity(own.get("sensitivity", Sensitivity.CONFIDENTIAL)),
        unit_of_measure=own.get("unit_of_measure"),
        decimals=own.get("decimals", 0),
    )


def dataset_of(value: dict[str, Any]) -> Dataset:
    """One dataset."""
    own = value["sekisho"]
    excluded = own.get("not_contributors", ())
    return Dataset(
        id=value["id"],
        title=text_of(value["title"]),
        description=text_of(value["description"]),
        columns=tuple(column_of(each) for each in value["columns"]),
        method=Method(own["method"]),
        contributor=own.get("contributor"),
        holding=own.get("holding"),
        private_holdings=own.get("private_holdings", False),
        privacy_unit=own.get("privacy_unit"),
        not_contributors=tuple(each["value"] for each in excluded),
        not_contributor_reasons=tuple(text_of(each["reason"]) for each in excluded),
        missing_unit=own.get("missing_unit", "refuse"),
        primary_key=tuple(value.get("primary_key", ())),
        holder=own.get("holder"),
        licence=value.get("licence", ""),
        source=value.get("source", ""),
        sample=value.get("sample"),
        budget=_budget_of(own["budget"]) if "budget" in own else None,
        contribution=_contribution_of(own),
        parts=_parts_of(own["parts"]) if "parts" in own else None,
        histories=mapping_of(own["fhir"]) if "fhir" in own else None,
    )


def _parts_of(value: dict[str, Any]) -> PartsDeclaration:
    return PartsDeclaration(
        holders=tuple(value["holders"]),
        least=value.get("least", len(value["holders"])),
        key_check=value["key_check"],
        days=value.get("days"),
    )


def _budget_of(value: dict[str, Any]) -> BudgetDeclaration:
    return BudgetDeclaration(
        epsilon=Decimal(value["epsilon"]),
        delta=Decimal(value["delta"]),
        period=value["period"],
        measure=value.get("measure", "gaussian"),
        column=value.get("column"),
    )


def _contribution_of(value: dict[str, Any]) -> ContributionDeclaration | None:
    if "contribution" not in value:
        return None
    said = value["contribution"]
    groups = said.get("groups", 1 if said.get("sampled") else "chosen")
    rows = said.get("rows", 1 if isinstance(groups, int) else "chosen")
    length = said.get("length")
    named = (("groups", groups), ("rows", rows), ("length", length))
    chosen = frozenset(name for name, each in named if each in ("chosen", "earlier"))
    return ContributionDeclaration(
        groups=1 if "groups" in chosen else groups,
        rows=1 if "rows" in chosen else rows,
        found_groups=said.get("found_groups", 0),
        length=None if length is None or "length" in chosen else Decimal(length),
        sampled=said.get("sampled", False),
        chosen=chosen,
        earlier=groups == "earlier",
    )


def lookup_of(value: dict[str, Any]) -> Lookup:
    """One look-up; its rows lie in the CSV of the same name."""
    return Lookup(
        id=value["id"],
        title=text_of(value["title"]),
        file=f"lookups/{value['id']}.csv",
        columns=tuple(column_of(each) for each in value["columns"]),
        key=value["key"],
        licence=value["licence"],
        source=value["source"],
        timeline=timeline_of(value),
    )


def plan_of(
    value: dict[str, Any], sql: str, labels: tuple[tuple[str, str, Text], ...]
) -> ReleasePlan:
    """One release plan with its SQL and the labels that people read."""
    measure = value["measure"]
    return ReleasePlan(
        id=value["id"],
        title=text_of(value["title"]),
        description=text_of(value["description"]),
        method=Method(value["method"]),
        sql=sql,
        sql_file=f"releases/{value['id']}.sql",
        dimensions=tuple(_dimension_of(each) for each in value["dimensions"]),
        measure=measure["column"],
        measure_title=text_of(measure["title"]),
        unit_of_measure=text_of(measure["unit_of_measure"]),
        sensitivity_rules=tuple(value.get("sensitivity_rules", ("minimum-frequency",))),
        minimum_frequency=value.get("minimum_frequency", 3),
        cost=value.get("cost", "value"),
        attackers=value.get("attackers", "contributors"),
        links=tuple(value.get("links", ())),
        must_publish=tuple(tuple(row) for row in value.get("must_publish", ())),
        labels=labels,
        epsilon=Decimal(value["epsilon"]) if "epsilon" in value else None,
        contribution=_contribution_of(value),
        calendar=calendar_of(value),
    )


def _dimension_of(value: dict[str, Any]) -> Dimension:
    return Dimension(
        id=value["id"],
        title=text_of(value["title"]),
        levels=tuple(level["column"] for level in value["levels"]),
        total=text_of(value["total"]),
        level_titles=tuple(text_of(level["title"]) for level in value["levels"]),
    )
