"""The rows of a CSV in a programme folder, held against their declaration."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sekisho.errors import Fault, Place, fault
from sekisho.model.dataset import Column, Lookup
from sekisho.programmes.guess import guessed
from sekisho.terms import ColumnType

MOST_ROWS = 100_000


def lookup_rows(lookup: Lookup, text: str) -> tuple[list[dict[str, str]], list[Fault]]:
    """The rows as written, and every fault; faults name row and column, never the value."""
    rows, faults = written_rows(lookup.file, lookup.columns, text)
    stopped = {"programme.not-csv", "programme.too-many-rows", *_OF_HEADER}
    if any(each.code in stopped for each in faults):
        return rows, faults
    return rows, [*faults, *_key_faults(lookup, rows)]


_OF_HEADER = frozenset(
    {
        "programme.undeclared-column",
        "programme.undeclared-column-known",
        "programme.column-not-once",
    }
)


def written_rows(
    file: str, columns: tuple[Column, ...], text: str
) -> tuple[list[dict[str, str]], list[Fault]]:
    """The rows of a CSV with a header, held against declared columns."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[dict[str, str]] = []
    known: list[tuple[Column, set[str]]] = [(column, set()) for column in columns]
    try:
        header = next(reader, [])
        faults = list(_header_faults(file, columns, header))
        if faults:
            return [], faults
        for cells in reader:
            if len(rows) >= MOST_ROWS:
                place = Place(file, reader.line_num)
                return rows, [*faults, fault("programme.too-many-rows", place, most=MOST_ROWS)]
            if len(cells) != len(header):
                place = Place(file, reader.line_num)
                faults.append(fault("programme.row-length", place, wanted=len(header)))
                continue
            rows.append(dict(zip(header, cells, strict=True)))
            for column, good in known:
                value = rows[-1][column.name]
                if value in good:
                    continue
                if fits(column, value):
                    good.add(value)
                else:
                    place = Place(file, reader.line_num)
                    faults.append(fault("programme.bad-cell", place, name=column.name))
    except csv.Error:
        return rows, [fault("programme.not-csv", Place(file, max(reader.line_num, 1)))]
    return rows, faults


def _header_faults(file: str, columns: tuple[Column, ...], header: list[str]) -> Iterator[Fault]:
    place = Place(file, 1)
    declared = [column.name for column in columns]
    for name in header:
        if name not in declared:
            yield guessed("programme.undeclared-column", place, name, declared)
    for name in declared:
        if header.count(name) != 1:
            yield fault("programme.column-not-once", place, name=name)


def _key_faults(lookup: Lookup, rows: list[dict[str, str]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, row in enumerate(rows, start=2):
        value = row.get(lookup.key, "")
        if not value or value in seen:
            yield fault("programme.key-not-unique", Place(lookup.file, number), name=lookup.key)
        seen.add(value)
    if not rows:
        yield fault("programme.no-rows", Place(lookup.file, 1))


def fits(column: Column, value: str) -> bool:
    """Whether a written value keeps to the column's type and constraints."""
    if not value:
        return not column.required
    comparable = comparable_value(column.type, value)
    if comparable is None or (column.enum and value not in column.enum):
        return False
    if column.pattern is not None and not re.fullmatch(column.pattern, value):
        return False
    least = None if column.minimum is None else comparable_value(column.type, column.minimum)
    most = None if column.maximum is None else comparable_value(column.type, column.maximum)
    return not (
        (least is not None and comparable < least) or (most is not None and comparable > most)  # type: ignore[operator]
    )


def comparable_value(kind: ColumnType, value: str) -> object | None:
    """A written value as something that can be compared; None when it is not of the type."""
    try:
        return _READ[kind](value)
    except (ValueError, InvalidOperation):
        return None


def _integer(value: str) -> int | None:
    return int(value) if re.fullmatch(r"-?[0-9]{1,18}", value) else None


def _number(value: str) -> Decimal | None:
    return Decimal(value) if re.fullmatch(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", value) else None


def _boolean(value: str) -> str | None:
    return value if value in {"true", "false"} else None


_READ: dict[ColumnType, Callable[[str], object | None]] = {
    ColumnType.STRING: str,
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.DATE: date.fromisoformat,
    ColumnType.DATETIME: datetime.fromisoformat,
    ColumnType.BOOLEAN: _boolean,
}
