"""What a dataset declares of its values, as counts that one statement takes.

Each check is a condition of SQL that is true for a faulty row. A fault names the column, the kind
of fault and how many rows have it; never a value.
"""
# ruff: noqa: S608 - names are quoted and constants rewritten by `query.render`

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    """One kind of fault of one column."""

    code: str
    condition: str
    fields: Mapping[str, object]


def typed(column: Column, stored: str) -> str:
    """A stored value in its declared type, NULL where it is not of that type."""
    name = identifier(column.name)
    if stored != TEXT or column.type is ColumnType.STRING:
        return name
    whole = f"TRY_CAST({name} AS BIGINT)"
    return {
        ColumnType.INTEGER: f"(CASE WHEN CAST({whole} AS VARCHAR) = {name} THEN {whole} END)",
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
    whole = f"{value} = round({value}, {column.decimals})" if "DECIMAL" in stored else "TRUE"
    return "TRUE", whole, f"abs({value}::HUGEINT) < {10 ** (DIGITS - column.decimals)}"


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
    sides = [f"{value} < {_limit(column, low)}"] if low is not None else []
    sides += [f"{value} > {_limit(column, high)}"] if high is not None else []
    if sides:
        code = "outside-range" if len(sides) == 2 else ("below" if low is not None else "above")
        yield Check(code, " OR ".join(sides), {"minimum": low, "maximum": high, "unit": unit})


def _value_checks(column: Column, value: str, stored: str) -> Iterable[Check]:
    """The checks of a value that is of its type."""
    usable = "TRUE"
    if column.type is ColumnType.NUMBER or (
        column.type is ColumnType.INTEGER and (stored in FLOATS or "DECIMAL" in stored)
    ):
        finite, whole, small = exact(column, value, stored)
        usable = finite
        yield Check("not-finite", f"NOT {finite}", {})
        yield Check("too-large", f"{finite} AND NOT {small}", {})
        digits = f"{finite} AND {small} AND NOT ({whole})"
        yield Check("too-many-digits", digits, {"decimals": column.decimals})
    elif column.type is ColumnType.INTEGER and stored in ("UBIGINT", "HUGEINT", "UHUGEINT"):
        yield Check("too-large", f"TRY_CAST({value} AS BIGINT) IS NULL", {})
    for check in _range_check(column, value):
        yield Check(check.code, f"{usable} AND ({check.condition})", check.fields)
    as_text = f"CAST({value} AS VARCHAR)"
    if column.enum:
        listed = ", ".join(text(v) for v in column.enum)
        yield Check("not-listed", f"{as_text} NOT IN ({listed})", {})
    if column.pattern:
        matches = f"regexp_full_match({as_text}, {text(column.pattern)})"
        yield Check("pattern", f"NOT {matches}", {"pattern": column.pattern})


def checks_of(dataset: Dataset, stored: Mapping[str, str]) -> list[tuple[Column, Check]]:
    """Every check of the columns that a file has, in their declared order."""
    unit = unit_column(dataset)
    found: list[tuple[Column, Check]] = []
    for column in dataset.columns:
        if column.name not in stored:
            continue
        kind, name = stored[column.name], identifier(column.name)
        value = typed(column, kind)
        if kind == TEXT and column.type is not ColumnType.STRING:
            wrong = f"{name} IS NOT NULL AND {value} IS NULL"
            found.append((column, Check("wrong-type", wrong, {"type": column.type.value})))
        missing = f"{name} IS NULL"
        if column.name == unit and dataset.missing_unit == "refuse":
            empty = f" OR {name} = ''" if column.type is ColumnType.STRING else ""
            found.append((column, Check("no-unit", missing + empty, {})))
        elif column.required or column.name in dataset.primary_key:
            found.append((column, Check("missing", missing, {})))
        for check in _value_checks(column, value, kind):
            condition = f"{value} IS NOT NULL AND ({check.condition})"
            found.append((column, Check(check.code, condition, check.fields)))
    return found


def counting(
    checks: Sequence[tuple[Column, Check]], rows: str, dataset: Dataset, names: Sequence[str]
) -> str:
    """One row: n, k (repeated keys), c0, c1, …: how many rows each check finds.

    A hash over every column that there is makes sure that no damaged page passes unread.
    """
    counts = [f"count(*) FILTER ({c.condition}) AS c{n}" for n, (_, c) in enumerate(checks)]
    read = [f"bit_xor(hash({identifier(name)})) AS h{n}" for n, name in enumerate(names)]
    key = [identifier(name) for name in dataset.primary_key]
    repeated = "0"
    if key and set(dataset.primary_key) <= set(names):
        whole = key[0] if len(key) == 1 else f"({', '.join(key)})"
        present = " AND ".join(f"{each} IS NOT NULL" for each in key)
        repeated = f"count(*) FILTER ({present}) - count(DISTINCT {whole}) FILTER ({present})"
    return f"SELECT count(*) AS n, {repeated} AS k, {', '.join(counts + read)} FROM {rows}"


def faults_of(
    row: Mapping[str, object],
    checks: Sequence[tuple[Column, Check]],
    dataset: Dataset,
    place: Place,
) -> list[Fault]:
    """The faults that the counts tell."""
    rows = int(str(row["n"]))
    found: list[Fault] = []
    for n, (column, check) in enumerate(checks):
        count = int(str(row[f"c{n}"]))
        if count:
            fields = {"dataset": dataset.id, "column": column.name, "count": count, "rows": rows}
            found.append(fault(f"delivery.{check.code}", place, **fields, **check.fields))
    repeated = int(str(row["k"]))
    if repeated:
        key = ", ".join(f"`{name}`" for name in dataset.primary_key)
        fields = {"dataset": dataset.id, "key": key, "count": repeated, "rows": rows}
        found.append(fault("delivery.repeated-key", place, **fields))
    return found
