"""Deliveries and look-ups as views whose columns have the types that rendered SQL expects."""
# ruff: noqa: S608 - names and paths are quoted by `query.render`

from collections.abc import Iterable
from pathlib import Path

from sekisho.model.dataset import Column, Dataset, Lookup
from sekisho.ports import Sources
from sekisho.query.render import identifier, text
from sekisho.terms import ColumnType


def in_units(column: Column, value: str, stored: str) -> str:
    """A stored value as rendered SQL expects it; numbers in units of 10**-decimals."""
    match column.type:
        case ColumnType.NUMBER:
            step = 10**column.decimals
            if stored in ("DOUBLE", "FLOAT"):
                return f"CAST(round(CAST({value} AS DOUBLE) * {step}) AS BIGINT)"
            return f"CAST({value} * {step} AS BIGINT)"
        case ColumnType.INTEGER:
            return f"CAST({value} AS BIGINT)"
        case ColumnType.DATETIME:
            return f"CAST({value} AS TIMESTAMP)"
        case ColumnType.DATE | ColumnType.BOOLEAN:
            return f"CAST({value} AS {column.type.value.upper()})"
        case ColumnType.STRING:
            return f"CAST({value} AS VARCHAR)"


def dataset_view(
    dataset: Dataset, files: Iterable[tuple[Path, dict[str, str]]], unit: str | None
) -> str:
    """CREATE VIEW over the rows of every delivery that belong to a unit."""
    parts = []
    for path, stored in files:
        columns = ", ".join(
            f"{in_units(c, identifier(c.name), stored[c.name])} AS {identifier(c.name)}"
            for c in dataset.columns
        )
        where = f" WHERE {identifier(unit)} IS NOT NULL" if unit else ""
        parts.append(f"SELECT {columns} FROM read_parquet([{text(str(path.absolute()))}]){where}")
    name = identifier(f"dataset:{dataset.id}")
    return f"CREATE TEMP VIEW {name} AS {' UNION ALL '.join(parts)}"


def lookup_view(lookup: Lookup, path: Path) -> str:
    """CREATE VIEW over a look-up's CSV file."""
    declared = ", ".join(f"{text(c.name)}: 'VARCHAR'" for c in lookup.columns)
    columns = ", ".join(
        f"{_from_text(c, identifier(c.name))} AS {identifier(c.name)}" for c in lookup.columns
    )
    options = (
        "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"nullstr = '', strict_mode = true, columns = {{{declared}}}"
    )
    read = f"read_csv([{text(str(path.absolute()))}], {options})"
    name = identifier(f"lookup:{lookup.id}")
    return f"CREATE TEMP VIEW {name} AS SELECT {columns} FROM {read}"


def _from_text(column: Column, value: str) -> str:
    if column.type is ColumnType.NUMBER:
        value = f"CAST({value} AS DECIMAL(18, {column.decimals}))"
    if column.type is ColumnType.DATETIME:
        value = f"CAST({value} AS TIMESTAMPTZ)"
    return in_units(column, value, "DECIMAL")


def paths_of(sources: Sources) -> list[Path]:
    """Every file that a job may read."""
    deliveries = [path for _, paths in sources.datasets.values() for path in paths]
    return deliveries + [path for _, path in sources.lookups.values()]
