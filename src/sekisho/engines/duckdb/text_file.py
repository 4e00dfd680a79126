"""CSV files: their header, reading them into Parquet, and finding every fault when that fails."""
# ruff: noqa: S608 - names and paths are quoted by `query.render`

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from sekisho.engines.duckdb.checks import (
    EXACT_DOUBLE,
    TEXT,
    checks_of,
    counting,
    exact,
    faults_of,
    repeated_key,
    repeating,
)
from sekisho.engines.duckdb.session import Session
from sekisho.engines.encoding import find_not_utf8
from sekisho.errors import DeliveryError, Fault, Place, fault
from sekisho.model.dataset import Column, Dataset
from sekisho.query.render import identifier, text
from sekisho.terms import ColumnType

LONGEST_HEADER = 1 << 20
MOST_LINES = 20
"""How many broken lines a message names before it only counts."""
ARCHIVES = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\xd0\xcf\x11\xe0": "xls", b"%PDF": "pdf"}
BROKEN = (
    "SELECT line, error_type AS kind, count(*) OVER () AS n FROM "
    "(SELECT DISTINCT line, error_type FROM reject_errors)"
)
READ_AS = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INTEGER: "DOUBLE",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.DATE: "DATE",
    ColumnType.DATETIME: "VARCHAR",
    ColumnType.BOOLEAN: "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class TextFile:
    """A CSV file and the names in its header."""

    path: Path
    place: Place
    names: tuple[str, ...]


def open_text(path: Path, place: Place) -> TextFile:
    """The file with its header.

    Raises: DeliveryError when it is empty, an archive, not UTF-8 or not separated by commas.
    """
    with path.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    if not start.strip():
        raise DeliveryError(fault("delivery.empty", place))
    for magic, kind in ARCHIVES.items():
        if start.startswith(magic):
            raise DeliveryError(fault("delivery.archive", place, kind=kind))
    first, _, _ = start.partition(b"\n")
    try:
        header = first.decode("utf-8-sig")
    except UnicodeDecodeError:
        header = ""
    if not header or b"\0" in first or b"\x1b$" in start:
        refuse_encoding(path, place)
    return TextFile(path, place, _names(start.decode("utf-8-sig", errors="replace"), place))


def _names(start: str, place: Place) -> tuple[str, ...]:
    try:
        names = next(csv.reader(io.StringIO(start, newline=""), strict=True))
    except csv.Error:
        raise DeliveryError(fault("delivery.bad-header", place)) from None
    if len(names) == 1 and re.search(r"[;\t|]", names[0]):
        raise DeliveryError(fault("delivery.separator", place))
    return tuple(names)


def refuse_encoding(path: Path, place: Place) -> None:
    """Refuse a file that is not UTF-8, saying what it looks like and how to convert it.

    Raises: DeliveryError.
    """
    bad = find_not_utf8(path)
    if bad is not None:
        where = Place(place.file, bad.line)
        code = "delivery.truncated-text" if bad.looks_like == "UTF-8" else "delivery.encoding"
        raise DeliveryError(fault(code, where, encoding=bad.looks_like, file=place.file))


def _reading(file: TextFile, types: Mapping[str, str], more: str = "") -> str:
    """The file as a table function; columns are named by position, so any header can be read."""
    columns = ", ".join(
        f"{text(f'c{n}')}: {text(types.get(name, 'VARCHAR'))}" for n, name in enumerate(file.names)
    )
    return (
        f"read_csv({text(str(file.path.absolute()))}, columns = {{{columns}}}, header = true, "
        "auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
        f"strict_mode = true, dateformat = '%Y-%m-%d', compression = 'none'{more})"
    )


def _guarded(column: Column, name: str, *, wide: bool) -> str:
    """A column's value for the Parquet file; stops the statement at the first that is not exact."""
    good, value = "TRUE", name
    match column.type:
        case ColumnType.INTEGER if wide:
            value = f"TRY_CAST({name} AS BIGINT)"
            good = f"CAST({value} AS VARCHAR) = {name}"
        case ColumnType.INTEGER:
            # Reading doubles and looking whether they are whole is twice as fast as texts.
            good = f"{name} = trunc({name}) AND abs({name}) < {EXACT_DOUBLE}"
            value = f"CAST({name} AS BIGINT)"
        case ColumnType.NUMBER:
            # What is no number or infinite is not small either.
            _, digits, small = exact(column, name, "DOUBLE")
            good = f"{small} AND {digits}"
            value = f"CAST({name} AS DECIMAL(18, {column.decimals}))"
        case ColumnType.DATETIME:
            # DuckDB 1.5 reads a text that is no time as NULL where it should stop.
            good = f"TRY_CAST({name} AS TIMESTAMPTZ) IS NOT NULL"
            value = f"CAST(TRY_CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)"
        case _:
            pass
    if good == "TRUE":
        return value
    return f"CASE WHEN {name} IS NULL OR ({good}) THEN {value} ELSE error('inexact') END"


def copy_statement(file: TextFile, dataset: Dataset, target: Path, *, wide: bool) -> str:
    """Read the CSV file once and write it as Parquet, columns in their declared order.

    It fails at the first value that is not exact. `wide` takes integers of 16 digits and more,
    which is slower.
    """
    types = {c.name: READ_AS[c.type] for c in dataset.columns}
    if wide:
        types |= {c.name: "VARCHAR" for c in dataset.columns if c.type is ColumnType.INTEGER}
    at = {name: f"c{n}" for n, name in enumerate(file.names)}
    columns = ", ".join(
        f"{_guarded(c, at[c.name], wide=wide)} AS {identifier(c.name)}" for c in dataset.columns
    )
    return (
        f"COPY (SELECT {columns} FROM {_reading(file, types)}) "
        f"TO {text(str(target.absolute()))} (FORMAT parquet, COMPRESSION zstd, "
        "COMPRESSION_LEVEL 1, USE_TMP_FILE false)"
    )


def find_faults(file: TextFile, dataset: Dataset, opened: Session) -> list[Fault]:
    """Every fault of a CSV file, by kind and column; broken lines with their numbers."""
    refuse_encoding(file.path, file.place)
    known = {c.name for c in dataset.columns}
    once = {name: n for n, name in reversed(list(enumerate(file.names))) if name in known}
    stored = dict.fromkeys(once, TEXT)
    checks = checks_of(dataset, stored)
    rows = ", ".join(f"c{n} AS {identifier(name)}" for name, n in once.items())
    more = ", store_rejects = true, rejects_limit = 0"
    source = f"(SELECT {rows} FROM {_reading(file, {}, more)})"
    try:
        counted = opened.table(counting(checks, source), "delivery.phase-faults").to_pylist()[0]
        rejects = opened.table(
            f"SELECT * FROM ({BROKEN}) ORDER BY line LIMIT {MOST_LINES}", "delivery.phase-faults"
        )
    except duckdb.InvalidInputException as error:
        return [_unreadable(str(error), file)]
    broken = _broken_lines(rejects, file.place)
    if not broken and not counted["n"]:
        return [fault("delivery.no-rows", file.place, dataset=dataset.id)]
    found = broken + faults_of(counted, checks, dataset, file.place)
    lenient = f"(SELECT {rows} FROM {_reading(file, {}, ', ignore_errors = true')})"
    return found + key_faults(dataset, tuple(once), lenient, opened, file.place)


def key_faults(
    dataset: Dataset, names: Sequence[str], rows: str, opened: Session, place: Place
) -> list[Fault]:
    """The fault of a primary key that repeats, where the file has all of its columns."""
    if not dataset.primary_key or not set(dataset.primary_key) <= set(names):
        return []
    counted = opened.table(repeating(dataset, rows), "delivery.phase-key").to_pylist()[0]
    return repeated_key(counted["k"], counted["n"], dataset, place)


LINE_KINDS = {
    "MISSING COLUMNS": "few-fields",
    "TOO MANY COLUMNS": "many-fields",
    "UNQUOTED VALUE": "bad-quotes",
    "LINE SIZE OVER MAXIMUM": "long-line",
}


def _broken_lines(rejects: pa.Table, place: Place) -> list[Fault]:
    lines: Sequence[Mapping[str, object]] = rejects.to_pylist()
    found = [
        fault(
            f"delivery.{LINE_KINDS.get(str(each['kind']), 'broken-line')}",
            Place(place.file, int(str(each["line"]))),
        )
        for each in lines
    ]
    total = int(str(lines[0]["n"])) if lines else 0
    if total > len(lines):
        found.append(fault("delivery.more-lines", place, count=total - len(lines)))
    return found


def _unreadable(message: str, file: TextFile) -> Fault:
    """A fault of a file whose structure DuckDB gave up on, with the line if it names one."""
    with file.path.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    lines = start.count(b"\n")
    if 0 < start.count(b"\r\n") < lines:
        return fault("delivery.line-ends", file.place)
    named = re.search(r"Line: (\d+)", message)
    place = Place(file.place.file, int(named[1])) if named else file.place
    return fault("delivery.broken-line", place)
