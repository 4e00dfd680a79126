"""Deliveries and look-ups as views whose columns have the types that rendered SQL expects."""
# ruff: noqa: S608 - names and paths are quoted by `query.render`

from collections.abc import Iterable
from pathlib import Path

from sekisho.model.dataset import Column, Dataset, Lookup
from sekisho.ports import Sources
from sekisho.query.render import identifier, text
from sekisho.terms import ColumnType

CONTRIBUTOR, HOLDING = "#contributor", "#holding"
"""Columns of the data holder's table; no declared column can have such a name."""


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
    dataset: Dataset,
    files: Iterable[tuple[Path, dict[str, str]]],
    unit: str | None,
    holdings: Path | None = None,
) -> str:
    """CREATE VIEW over the rows of every delivery that belong to a unit, with their holdings."""
    parts = []
    for path, stored in files:
        columns = ", ".join(
            f"{_value(dataset, c, stored, holdings)} AS {identifier(c.name)}"
            for c in dataset.columns
        )
        where = f" WHERE {identifier(unit)} IS NOT NULL" if unit else ""
        joined = _joined(dataset, holdings)
        read = f"read_parquet([{text(str(path.absolute()))}])"
        parts.append(f"SELECT {columns} FROM {read}{joined}{where}")
    name = identifier(f"dataset:{dataset.id}")
    return f"CREATE TEMP VIEW {name} AS {' UNION ALL '.join(parts)}"


def _value(dataset: Dataset, column: Column, stored: dict[str, str], holdings: Path | None) -> str:
    if dataset.private_holdings and column.name == dataset.holding:
        return "CAST(NULL AS VARCHAR)" if holdings is None else identifier(HOLDING)
    return in_units(column, identifier(column.name), stored[column.name])


def _joined(dataset: Dataset, holdings: Path | None) -> str:
    """The data holder's table beside the rows; who does not stand in it has no holding."""
    if not dataset.private_holdings or holdings is None:
        return ""
    read = (
        f"read_csv([{text(str(holdings.absolute()))}], header = true, auto_detect = false, "
        f"delim = ',', quote = '\"', escape = '\"', strict_mode = true, "
        f"columns = {{{text(CONTRIBUTOR)}: 'VARCHAR', {text(HOLDING)}: 'VARCHAR'}})"
    )
    who = identifier(dataset.contributor or "")
    return f" LEFT JOIN {read} ON {identifier(CONTRIBUTOR)} = CAST({who} AS VARCHAR)"


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
    kept = [sources.holdings] if sources.holdings is not None else []
    return deliveries + [path for _, path in sources.lookups.values()] + kept
