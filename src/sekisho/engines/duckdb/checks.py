"""What a dataset declares of its values, as counts that one statement takes.

Each check is a condition of SQL that is true for a faulty row. A fault names the column, the kind
of fault and how many rows have it; never a value.
"""
# ruff: noqa: S608 - names are quoted and constants rewritten by `query.render`

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sekisho.errors import Fault, Place, ProgrammeError, fault
from sekisho.model.dataset import Column, Dataset
from sekisho.query.render import identifier, text
from sekisho.query.schema import unit_column
from sekisho.terms import ColumnType

EXACT_DOUBLE = 2**53
"""Integers below this are exact as doubles."""
DIGITS = 18
"""Digits that a number keeps."""
TEXT = "text"
"""Stored as the text of a CSV file."""
FLOATS = frozenset({"DOUBLE", "FLOAT"})


@dataclass(frozen=True, slots=True)
class Check:
    """What must be true of every value of a column that is there."""

    code: str
    """Of the fault when it is not."""
    good: str
    fields: Mapping[str, object] = field(default_factory=dict)
    gates: bool = False
    """A value that fails this is not asked the later checks."""
    asks_missing: bool = False
    """Rows without a value are faulty, too."""


def typed(column: Column, stored: str) -> str:
    """A stored value in its declared type, NULL where it is not of that type."""
    name = identifier(column.name)
    if stored != TEXT or column.type is ColumnType.STRING:
        return name
    whole = f"TRY_CAST({name} AS BIGINT)"
    number = f"TRY_CAST({name} AS DOUBLE)"
    is_whole = (
        f"CAST({whole} AS VARCHAR) = {name} OR "
        f"({number} = trunc({number}) AND abs({number}) < {EXACT_DOUBLE})"
    )
    return {
        ColumnType.INTEGER: f"(CASE WHEN {is_whole} THEN {whole} END)",
        ColumnType.NUMBER: f"TRY_CAST({name} AS DOUBLE)",
        ColumnType.DATE: f"CAST(try_strptime({name}, '%Y-%m-%d') AS DATE)",
        ColumnType.DATETIME: f"CAST(TRY_CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)",
        ColumnType.BOOLEAN: f"TRY_CAST({name} AS BOOLEAN)",
    }[column.type]


def exact(column: Column, value: str, stored: str) -> tuple[str, str, str]:
    """Conditions of a number: it is finite, has no more digits than declared, is not too large."""
    step = 10**column.decimals
    if stored in FLOATS or stored == TEXT:
        finite = f"isfinite({value})"
        small = f"abs({value}) * {step} < {EXACT_DOUBLE}"
        # The nearest double to a decimal with few enough digits is this very quotient.
        return finite, f"round({value} * {step}) / {step} = {value}", small
    fits = _decimal_size(stored)
    if fits is not None:
        precision, scale = fits
        whole = (
            "TRUE" if scale <= column.decimals else f"{value} = round({value}, {column.decimals})"
        )
        if precision - scale <= DIGITS - column.decimals:
            return "TRUE", whole, "TRUE"
        return "TRUE", whole, f"abs(CAST({value} AS HUGEINT)) < {10 ** (DIGITS - column.decimals)}"
    return "TRUE", "TRUE", f"abs(CAST({value} AS HUGEINT)) < {10 ** (DIGITS - column.decimals)}"


def _decimal_size(stored: str) -> tuple[int, int] | None:
    """Precision and scale of a stored decimal type."""
    named = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", stored)
    return (int(named[1]), int(named[2])) if named else None


def _limit(column: Column, written: str) -> str:
    """A declared limit as a constant of SQL.

    Raises: ProgrammeError when it is not of the column's type.
    """
    try:
        match column.type:
            case ColumnType.INTEGER:
                return str(int(written))
            case ColumnType.NUMBER:
                return f"{Decimal(written):f}"
            case ColumnType.DATE:
                return f"DATE '{date.fromisoformat(written).isoformat()}'"
            case ColumnType.DATETIME:
                moment = datetime.fromisoformat(written).replace(tzinfo=None)
                return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
            case _:
                return text(written)
    except (ValueError, InvalidOperation):
        raise ProgrammeError(fault("delivery.bad-limit", column=column.name)) from None


def _range_check(column: Column, value: str) -> Iterable[Check]:
    low, high = column.minimum, column.maximum
    unit = f" {column.unit_of_measure}" if column.unit_of_measure else ""
    sides = [f"{value} >= {_limit(column, low)}"] if low is not None else []
    sides += [f"{value} <= {_limit(column, high)}"] if high is not None else []
    if sides:
        code = "outside-range" if len(sides) == 2 else ("below" if low is not None else "above")
        fields = {"minimum": low, "maximum": high, "unit": unit}
        yield Check(code, " AND ".join(sides), fields)


def _number_checks(column: Column, value: str, stored: str) -> Iterable[Check]:
    inexact = stored in FLOATS or "DECIMAL" in stored
    if column.type is ColumnType.NUMBER or (column.type is ColumnType.INTEGER and inexact):
        finite, whole, small = exact(column, value, stored)
        number = (
            Check("not-finite", finite, gates=True),
            Check("too-large", small, gates=True),
            Check("too-many-digits", whole, {"decimals": column.decimals}),
        )
        yield from (check for check in number if check.good != "TRUE")
    elif column.type is ColumnType.INTEGER and stored == "UBIGINT":
        yield Check("too-large", f"{value} < {2**63}", gates=True)


def _checks_of_column(column: Column, stored: str, dataset: Dataset) -> Iterable[Check]:
    name, value = identifier(column.name), typed(column, stored)
    if column.name == unit_column(dataset) and dataset.missing_unit == "refuse":
        good = f"{name} <> ''" if column.type is ColumnType.STRING else "TRUE"
        yield Check("no-unit", good, asks_missing=True)
    elif column.required or column.name in dataset.primary_key:
        yield Check("missing", "TRUE", asks_missing=True)
    if value != name:
        yield Check("wrong-type", f"{value} IS NOT NULL", {"type": column.type.value}, gates=True)
    yield from _number_checks(column, value, stored)
    yield from _range_check(column, value)
    as_text = value if column.type is ColumnType.STRING else f"CAST({value} AS VARCHAR)"
    if column.enum:
        yield Check("not-listed", f"{as_text} IN ({', '.join(text(v) for v in column.enum)})")
    if column.pattern:
        matches = f"regexp_full_match({as_text}, {text(column.pattern)})"
        yield Check("pattern", matches, {"pattern": column.pattern})


Checks = Sequence[tuple[Column, tuple[Check, ...]]]


def checks_of(dataset: Dataset, stored: Mapping[str, str]) -> Checks:
    """The checks of every column that a file has, in their declared order."""
    return [
        (column, tuple(_checks_of_column(column, stored[column.name], dataset)))
        for column in dataset.columns
        if column.name in stored
    ]


def _faulty(column: Column, checks: Sequence[Check]) -> Iterable[tuple[Check, str]]:
    """Each check with the condition of its faulty rows."""
    before: list[str] = []
    for check in checks:
        name = identifier(column.name)
        wrong = " AND ".join([*before, f"NOT ({check.good})"])
        if check.asks_missing:
            yield check, f"{name} IS NULL OR {wrong}"
        else:
            yield check, f"{name} IS NOT NULL AND {wrong}"
        if check.gates:
            before.append(f"({check.good})")


def suspecting(checks: Checks, rows: str) -> str:
    """One row: n, and for each column that has checks how many rows fail any.

    A column without checks is hashed, so that no damaged page passes unread.
    """
    columns = ["count(*) AS n"]
    for at, (column, own) in enumerate(checks):
        name = identifier(column.name)
        goods = [c.good for c in own if c.good != "TRUE"]
        wrong = [f"{name} IS NULL"] if any(c.asks_missing for c in own) else []
        wrong += [f"NOT ({' AND '.join(f'({g})' for g in goods)})"] if goods else []
        if wrong:
            columns.append(f"count(*) FILTER ({' OR '.join(wrong)}) AS c{at}")
        if not goods:
            columns.append(f"bit_xor(hash({name})) AS h{at}")
    return f"SELECT {', '.join(columns)} FROM {rows}"


def counting(checks: Checks, rows: str) -> str:
    """One row: n, and for each check of each column how many rows fail it."""
    columns = [
        f"count(*) FILTER ({wrong}) AS c{at}_{number}"
        for at, (column, own) in enumerate(checks)
        for number, (_, wrong) in enumerate(_faulty(column, own))
    ]
    return f"SELECT {', '.join(['count(*) AS n', *columns])} FROM {rows}"


def repeating(dataset: Dataset, rows: str) -> str:
    """One row: how many rows repeat the primary key of another.

    Asked by itself: beside other aggregates a DISTINCT makes DuckDB sixty times slower.
    """
    key = [identifier(name) for name in dataset.primary_key]
    whole = key[0] if len(key) == 1 else f"({', '.join(key)})"
    present = " AND ".join(f"{each} IS NOT NULL" for each in key)
    return (
        f"SELECT n, n - d AS k FROM (SELECT count(*) AS n, count(DISTINCT {whole}) AS d "
        f"FROM {rows} WHERE {present})"
    )


def faults_of(
    row: Mapping[str, object], checks: Checks, dataset: Dataset, place: Place
) -> list[Fault]:
    """The faults that the counts of `counting` tell."""
    found: list[Fault] = []
    for at, (column, own) in enumerate(checks):
        for number, check in enumerate(own):
            count = int(str(row[f"c{at}_{number}"]))
            if count:
                said = {"dataset": dataset.id, "column": column.name, "rows": row["n"]}
                said |= {"count": count, **check.fields}
                found.append(fault(f"delivery.{check.code}", place, **said))
    return found


def repeated_key(count: int, rows: object, dataset: Dataset, place: Place) -> list[Fault]:
    """The fault of a primary key that repeats."""
    if not count:
        return []
    key = ", ".join(f"`{name}`" for name in dataset.primary_key)
    said = {"dataset": dataset.id, "key": key, "count": count, "rows": rows}
    return [fault("delivery.repeated-key", place, **said)]
