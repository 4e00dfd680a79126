"""Indicators over a table: what `[[indicators]]` may hold, what it means, and its faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.model.indicator import (
    Baseline,
    Compound,
    Growth,
    How,
    Index,
    Indicator,
    Policy,
    Projection,
)
from sekisho.model.period import Step, time_of
from sekisho.model.text import Text
from sekisho.programmes.declaration import Declaration, KeyPath
from sekisho.programmes.guess import guessed
from sekisho.programmes.keys import Key, Kind, required

_SPAN = (
    required("first", Kind.STRING, "first time, written as in the table"),
    required("last", Kind.STRING, "last time"),
)
_ORDERS = (
    required("lookup", Kind.ID, "look-up that says when each group's policy began"),
    required("group", Kind.NAME, "its column with the values of `by`"),
    required("on", Kind.NAME, "its column with the first day; empty: never, so a comparison"),
)
_POLICY = (
    *_SPAN,
    Key("date", Kind.STRING, "first time on which the policy held, for all that have it"),
    Key("treated", Kind.STRINGS, "values of `by` that have the policy", least=1, most=500),
    Key("comparison", Kind.STRINGS, "values of `by` that do not have it", least=1, most=500),
    Key("orders", Kind.TABLE, "first days that differ, from a look-up", keys=_ORDERS),
    Key(
        "scale",
        Kind.CHOICE,
        "whether the effect is a percentage or a difference",
        choices=("percent", "level"),
        default="percent",
    ),
    Key(
        "trend",
        Kind.BOOLEAN,
        "whether a trend that was there before is taken as going on; without: means are compared",
        default="true",
    ),
    Key("weekdays", Kind.BOOLEAN, "whether each weekday has a level of its own", default="false"),
)
_WAYS: dict[str, tuple[str, tuple[Key, ...]]] = {
    "baseline": (
        "change from the mean of the same weekday over a span of days",
        (*_SPAN, Key("until", Kind.STRING, "last day that is compared; else the table's last")),
    ),
    "growth": (
        "growth from one time to the next, or from the year before",
        (required("against", Kind.CHOICE, "compared with what", choices=("previous", "year")),),
    ),
    "index": (
        "every value as a share of one",
        (required("base", Kind.STRING, "time whose value is 100"),),
    ),
    "compound": ("yearly growth that leads from one value to another", _SPAN),
    "projection": (
        "what the trend of the past says of times to come",
        (
            required("until", Kind.STRING, "last time that is projected"),
            Key("first", Kind.STRING, "first time of the trend"),
            Key("last", Kind.STRING, "last time of the trend"),
            Key(
                "model",
                Kind.CHOICE,
                "the same percentage every step, or the same amount",
                choices=("compound", "linear"),
                default="compound",
            ),
        ),
    ),
    "policy": ("what changed when a policy began, against groups without it", _POLICY),
}
INDICATOR_KEYS = (
    required("id", Kind.ID, "name of the indicator within the table"),
    required("title", Kind.BOTH, "what people read as its name"),
    Key("description", Kind.BOTH, "what it shows and what it does not show"),
    required("time", Kind.NAME, "column that says when: a year, quarter, month or day"),
    Key(
        "step",
        Kind.CHOICE,
        "what the times are where the table writes each as its first day",
        choices=("month", "quarter", "year"),
    ),
    Key("value", Kind.NAME, "column with the numbers; needed in `public/`, elsewhere the measure"),
    Key("standard_error", Kind.NAME, "in `public/`: column with the numbers' standard errors"),
    Key("by", Kind.NAME, "column whose every value has a series of its own"),
    Key("where", Kind.VALUES, 'only rows with these values: `where = { seller = "JP" }`'),
    *(
        Key(name, Kind.TABLE, f"one of six: {means}", keys=keys)
        for name, (means, keys) in _WAYS.items()
    ),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What indicators of one table may name."""

    times: tuple[str, ...]
    """Columns that may say when."""
    groups: tuple[str, ...]
    """Columns whose values tell rows apart."""
    numbers: tuple[str, ...]
    """Columns with numbers; of a release plan none, since it has one measure."""


@dataclass(frozen=True, slots=True)
class Days:
    """Look-ups as `orders` may use them: their columns and rows."""

    columns: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, list[dict[str, str]]]


def indicators_of(
    values: dict[str, Any], unit_of: Mapping[str, Text], days: Days
) -> tuple[Indicator, ...]:
    """The indicators that a sound declaration holds; `unit_of` says a column's unit."""
    found = values.get("indicators", ())
    return tuple(_indicator(each, unit_of, days) for each in found)


def _indicator(value: dict[str, Any], unit_of: Mapping[str, Text], days: Days) -> Indicator:
    column = value.get("value", "")
    return Indicator(
        id=value["id"],
        title=_text(value["title"]),
        how=_how(value, days),
        step=value.get("step"),
        time=value["time"],
        value=column,
        unit=unit_of.get(column, Text("", "")),
        by=value.get("by"),
        where=tuple(value.get("where", {}).items()),
        standard_error=value.get("standard_error"),
        description=_text(value["description"]) if "description" in value else None,
    )


def _text(value: dict[str, str]) -> Text:
    return Text(value["en"].strip(), value["ja"].strip())


def _how(value: dict[str, Any], days: Days) -> How:
    way = next(name for name in _WAYS if name in value)
    said = value[way]
    if way == "policy":
        return _policy(said, days)
    kinds: dict[str, type[Baseline | Growth | Index | Compound | Projection]] = {
        "baseline": Baseline,
        "growth": Growth,
        "index": Index,
        "compound": Compound,
        "projection": Projection,
    }
    return kinds[way](**said)


def _policy(said: dict[str, Any], days: Days) -> Policy:
    dates = tuple((group, said["date"]) for group in said.get("treated", ("",)) if "date" in said)
    comparison = tuple(said.get("comparison", ()))
    if "orders" in said:
        orders = said["orders"]
        rows = days.rows.get(orders["lookup"], [])
        pairs = [(row[orders["group"]], row[orders["on"]]) for row in rows]
        dates = tuple((group, on) for group, on in pairs if on)
        comparison = tuple(group for group, on in pairs if not on)
    return Policy(
        dates=dates,
        comparison=comparison,
        first=said["first"],
        last=said["last"],
        scale=said.get("scale", "percent"),
        weekdays=said.get("weekdays", False),
        trend=said.get("trend", True),
    )


def plan_indicators(read: Declaration, days: Days) -> tuple[Indicator, ...]:
    """The indicators of a release plan: all are of its one measure."""
    measure = read.values["measure"]
    found = indicators_of(read.values, {"": _text(measure["unit_of_measure"])}, days)
    return tuple(replace(each, value=measure["column"]) for each in found)


def plan_indicator_faults(read: Declaration, days: Days) -> list[Fault]:
    """Every fault of the indicators of a release plan."""
    levels = tuple(e["column"] for d in read.values["dimensions"] for e in d["levels"])
    faults = indicator_faults(read, Ground(times=levels, groups=levels, numbers=()), days)
    return list(faults) if "indicators" in read.values else []


def indicator_faults(read: Declaration, ground: Ground, days: Days) -> Iterator[Fault]:
    """Every fault of the indicators that one sound file declares."""
    taken: set[str] = set()
    for number, value in enumerate(read.values.get("indicators", ())):
        at: KeyPath = ("indicators", number)
        if value["id"] in taken:
            yield fault("indicators.id-twice", read.place((*at, "id")), id=value["id"])
        taken.add(value["id"])
        yield from _columns(read, at, value, ground)
        ways = [name for name in _WAYS if name in value]
        if len(ways) != 1:
            listed = ", ".join(f"`{name}`" for name in _WAYS)
            yield fault("indicators.one-way", read.place(at), known=listed)
        for name in ways:
            yield from _spans(read, (*at, name), value[name], value.get("step"))
        if "policy" in value:
            yield from _policy_faults(read, (*at, "policy"), value, days)


def _columns(
    read: Declaration, at: KeyPath, value: dict[str, Any], ground: Ground
) -> Iterator[Fault]:
    named: list[tuple[KeyPath, str, tuple[str, ...]]] = [(("time",), value["time"], ground.times)]
    if "by" in value:
        named.append((("by",), value["by"], ground.groups))
    named += [(("where", name), name, ground.groups) for name in value.get("where", {})]
    for key in ("value", "standard_error"):
        if key not in value:
            continue
        if ground.numbers:
            named.append(((key,), value[key], ground.numbers))
        else:
            yield fault("indicators.only-measure", read.place((*at, key)), name=key)
    for path, name, known in named:
        if name not in known:
            yield guessed("programme.unknown-column", read.place((*at, *path)), name, known)
    if ground.numbers and "value" not in value:
        yield fault("indicators.no-value", read.place(at))
    used = [value["time"], *([value["by"]] if "by" in value else []), *value.get("where", {})]
    if len(used) != len(set(used)):
        yield fault("indicators.column-twice", read.place(at))


def _spans(
    read: Declaration, at: KeyPath, said: dict[str, Any], step: str | None
) -> Iterator[Fault]:
    """Times that are none, that differ in kind, or whose order is wrong."""
    names = [name for name in ("base", "first", "date", "last", "until") if name in said]
    found = {name: time_of(said[name], Step(step) if step else None) for name in names}
    for name, period in found.items():
        if period is None:
            yield fault("indicators.not-a-time", read.place((*at, name)), name=name)
    known = [period for period in found.values() if period is not None]
    if len({period.step for period in known}) > 1:
        yield fault("indicators.mixed-times", read.place(at))
    elif any(a.number >= b.number for a, b in pairwise(known)):
        yield fault(
            "indicators.wrong-order", read.place(at), names=", ".join(f"`{n}`" for n in names)
        )
    elif at[-1] == "baseline" and known and known[0].weekday is None:
        yield fault("indicators.baseline-days", read.place(at))


def _policy_faults(
    read: Declaration, at: KeyPath, value: dict[str, Any], days: Days
) -> Iterator[Fault]:
    said = value["policy"]
    if ("date" in said) == ("orders" in said):
        yield fault("indicators.date-or-orders", read.place(at))
    if "orders" in said:
        yield from _orders_faults(read, at, value, days)
        for key in ("treated", "comparison"):
            if key in said:
                yield fault("indicators.orders-alone", read.place((*at, key)), name=key)
        return
    for key in ("treated", "comparison"):
        if key in said and "by" not in value:
            yield fault("indicators.needs-by", read.place((*at, key)), name=key)
    if "by" in value and "treated" not in said:
        yield fault("indicators.who-is-treated", read.place(at))
    both = set(said.get("treated", ())) & set(said.get("comparison", ()))
    if both:
        yield fault("indicators.treated-and-compared", read.place((*at, "comparison")))


def _orders_faults(
    read: Declaration, at: KeyPath, value: dict[str, Any], days: Days
) -> Iterator[Fault]:
    orders = value["policy"]["orders"]
    place = read.place((*at, "orders", "lookup"))
    if "by" not in value:
        yield fault("indicators.needs-by", place, name="orders")
    if orders["lookup"] not in days.columns:
        yield guessed("programme.unknown-lookup", place, orders["lookup"], days.columns)
        return
    columns = days.columns[orders["lookup"]]
    unknown = False
    for key in ("group", "on"):
        if orders[key] not in columns:
            unknown = True
            at_key = read.place((*at, "orders", key))
            yield guessed("programme.unknown-column", at_key, orders[key], columns)
    rows = days.rows.get(orders["lookup"], [])
    if not unknown and not any(row[orders["on"]] for row in rows):
        yield fault("indicators.no-order", place)
