"""Results as JSON, and read again: what a release and a public table say of their indicators."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sekisho.model.indicator import (
    Baseline,
    Compound,
    Estimate,
    Figure,
    Growth,
    How,
    Index,
    Indicator,
    NotEstimable,
    Policy,
    Projection,
    Reading,
    Result,
)
from sekisho.model.text import Text

WAYS: dict[str, type[Baseline | Growth | Index | Compound | Projection | Policy]] = {
    "baseline": Baseline,
    "growth": Growth,
    "index": Index,
    "compound": Compound,
    "projection": Projection,
    "policy": Policy,
}


def way_of(how: How) -> str:
    """`baseline`, `growth`, `index`, `compound`, `projection` or `policy`."""
    return next(name for name, kind in WAYS.items() if isinstance(how, kind))


def result_about(result: Result, *, observed: bool = True) -> dict[str, object]:
    """A result as JSON: the declaration, every figure, and the numbers that it was made from.

    Without those where the whole table stands beside it.
    """
    indicator = result.indicator
    way = way_of(indicator.how)
    said = {name: getattr(indicator.how, name) for name in type(indicator.how).__slots__}
    return {
        "id": indicator.id,
        "title": _both(indicator.title),
        "description": _both(indicator.description) if indicator.description else None,
        "way": way,
        way: {name: _plain(value) for name, value in said.items()},
        "time": indicator.time,
        "step": indicator.step,
        "value": indicator.value,
        "unit": _both(indicator.unit),
        "by": indicator.by,
        "where": dict(indicator.where),
        "interval": "95 %",
        "figures": [_figure(each) for each in result.figures],
        "observed": [_reading(each) for each in result.observed if observed],
    }


def _plain(value: object) -> object:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "ja": text.ja}


def _figure(figure: Figure) -> dict[str, object]:
    about: dict[str, object] = {"group": figure.group, "at": figure.at, "what": figure.what}
    found = figure.estimate
    if isinstance(found, NotEstimable):
        return {**about, "not_estimable": found.code, "fields": dict(found.fields)}
    ends = {"low": str(found.low), "high": str(found.high)} if found.low is not None else {}
    return {**about, "value": str(found.value), **ends}


def _reading(reading: Reading) -> list[str | None]:
    value = None if reading.value is None else str(reading.value)
    return [reading.group, reading.at, value, str(reading.standard_error)]


def result_of(about: Mapping[str, Any]) -> Result:
    """The result that `result_about` wrote."""
    said = dict(about[about["way"]])
    for name in ("dates", "comparison"):
        if name in said:
            said[name] = tuple(tuple(e) if isinstance(e, list) else e for e in said[name])
    indicator = Indicator(
        id=about["id"],
        title=Text(**about["title"]),
        how=WAYS[about["way"]](**said),
        time=about["time"],
        value=about["value"],
        unit=Text(**about["unit"]),
        by=about["by"],
        step=about["step"],
        where=tuple(about["where"].items()),
        description=Text(**about["description"]) if about["description"] else None,
    )
    figures = tuple(_figure_of(each) for each in about["figures"])
    observed = tuple(
        Reading(at, group, None if value is None else Decimal(value), Decimal(error))
        for group, at, value, error in about["observed"]
    )
    return Result(indicator, figures, observed)


def _figure_of(about: Mapping[str, Any]) -> Figure:
    found: Estimate | NotEstimable
    if "not_estimable" in about:
        found = NotEstimable(about["not_estimable"], about["fields"])
    else:
        low, high = (Decimal(about[name]) if name in about else None for name in ("low", "high"))
        found = Estimate(Decimal(about["value"]), low, high)
    return Figure(about["group"], about["at"], about["what"], found)
