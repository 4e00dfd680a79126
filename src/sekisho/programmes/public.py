"""Public tables of a programme folder: what a declaration may hold, its rows, and every fault."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sekisho.errors import Fault, Place, fault
from sekisho.model.programme import Programme
from sekisho.model.public import Correction, PublicTable
from sekisho.model.text import Text
from sekisho.programmes.build import column_of, text_of
from sekisho.programmes.check_columns import column_faults
from sekisho.programmes.declaration import Declaration
from sekisho.programmes.folder import Folder
from sekisho.programmes.guess import guessed
from sekisho.programmes.indicators import (
    Days,
    Ground,
    indicator_faults,
    indicators_of,
)
from sekisho.programmes.lookup_rows import written_rows
from sekisho.programmes.places import place_in
from sekisho.terms import ColumnType

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)
_TIMES = (ColumnType.DATE, ColumnType.INTEGER, ColumnType.STRING)


def public_table_of(
    value: dict[str, Any], labels: tuple[tuple[str, str, Text], ...], days: Days
) -> PublicTable:
    """One public table; its rows lie in the CSV of the same name."""
    units = {each["name"]: text_of(each["unit"]) for each in value["columns"] if "unit" in each}
    return PublicTable(
        id=value["id"],
        title=text_of(value["title"]),
        description=text_of(value["description"]),
        licence=value["licence"],
        source=value["source"],
        dated=value["dated"],
        columns=tuple(column_of(each) for each in value["columns"]),
        primary_key=tuple(value["primary_key"]),
        file=f"public/{value['id']}.csv",
        units=tuple(units.items()),
        corrections=tuple(
            Correction(text_of(e["said"]), text_of(e["published"]), e["source"])
            for e in value.get("corrections", ())
        ),
        indicators=indicators_of(value, units, days),
        labels=labels,
    )


def public_faults(read: Declaration, taken: Folder, days: Days) -> list[Fault]:
    """Faults of one sound declaration and of its rows."""
    columns = tuple(column_of(each) for each in read.values["columns"])
    names = tuple(column.name for column in columns)
    faults = [
        guessed("programme.unknown-column", read.place(("primary_key", number)), name, names)
        for number, name in enumerate(read.values["primary_key"])
        if name not in names
    ]
    faults += [
        guessed("programme.label-without-level", read.place(("labels", name)), name, names)
        for name in read.values.get("labels", {})
        if name not in names
    ]
    ground = Ground(
        times=tuple(c.name for c in columns if c.type in _TIMES),
        groups=names,
        numbers=tuple(c.name for c in columns if c.type in _NUMBERS) or ("",),
    )
    faults += indicator_faults(read, ground, days)
    table = public_table_of({**read.values, "indicators": []}, (), days)
    text = taken.texts.get(table.file)
    if text is not None and not faults and len(set(names)) == len(names):
        faults += _row_faults(table, text)
    return faults


@lru_cache(maxsize=8)
def _row_faults(table: PublicTable, text: str) -> tuple[Fault, ...]:
    """The faults of a table's rows, remembered: a node reads its own copy at every call.

    20,592 rows take a third of a second. The whole text is compared, so no change is missed.
    """
    return tuple(public_rows(table, text)[1])


def public_rows(table: PublicTable, text: str) -> tuple[list[dict[str, str]], list[Fault]]:
    """The rows as written, and every fault; faults name row and column, never the value."""
    rows, faults = written_rows(table.file, table.columns, text)
    seen: set[tuple[str, ...]] = set()
    for number, row in enumerate(rows, start=2):
        key = tuple(row[name] for name in table.primary_key)
        if key in seen or not all(key):
            name = "`, `".join(table.primary_key)
            faults.append(fault("programme.key-not-unique", Place(table.file, number), name=name))
        seen.add(key)
    if not rows and not faults:
        faults.append(fault("programme.no-rows", Place(table.file, 1)))
    return rows, faults


def public_faults_across(programme: Programme) -> Iterator[Fault]:
    """Names that other tables have, and constraints of columns that cannot hold."""
    taken = {each.id for each in programme.datasets} | {each.id for each in programme.lookups}
    for table in programme.public_tables:
        file = f"public/{table.id}.toml"
        if table.id in taken:
            yield fault("programme.id-taken", place_in(programme, file, "id"), id=table.id)
        yield from column_faults(programme, file, table.columns)
