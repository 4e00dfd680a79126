"""Parquet files: which columns they have and how each is stored."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sekisho.errors import DeliveryError, Fault, Place, fault
from sekisho.model.dataset import Column, Dataset
from sekisho.terms import ColumnType

MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a file begins like Parquet, or says that it is."""
    with path.open("rb") as stream:
        return stream.read(4) == MAGIC or path.suffix.lower() in (".parquet", ".pq")


def read_schema(path: Path, place: Place) -> pa.Schema:
    """The columns of a Parquet file.

    Raises: DeliveryError when it is damaged or cut short.
    """
    if path.stat().st_size == 0:
        raise DeliveryError(fault("delivery.empty", place))
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException):
        raise DeliveryError(fault("delivery.damaged-parquet", place)) from None


def _kind(of: pa.DataType) -> str | None:
    """How DuckDB calls a stored type, as far as checks and views must know; None: not usable."""
    if pa.types.is_dictionary(of):
        return _kind(of.value_type)
    if pa.types.is_floating(of):
        return "DOUBLE"
    if pa.types.is_decimal(of):
        return f"DECIMAL({of.precision},{of.scale})"
    if of == pa.uint64():
        return "UBIGINT"
    simple = (
        (pa.types.is_integer, "BIGINT"),
        (pa.types.is_boolean, "BOOLEAN"),
        (pa.types.is_date, "DATE"),
        (pa.types.is_timestamp, "TIMESTAMP"),
        (pa.types.is_string, "VARCHAR"),
        (pa.types.is_large_string, "VARCHAR"),
    )
    return next((kind for fits, kind in simple if fits(of)), None)


def _fits(column: Column, kind: str) -> bool:
    number = kind in ("BIGINT", "UBIGINT", "DOUBLE") or kind.startswith("DECIMAL")
    return {
        ColumnType.STRING: kind == "VARCHAR",
        ColumnType.INTEGER: number,
        ColumnType.NUMBER: number,
        ColumnType.DATE: kind == "DATE",
        ColumnType.DATETIME: kind in ("TIMESTAMP", "DATE"),
        ColumnType.BOOLEAN: kind == "BOOLEAN",
    }[column.type]


def stored_types(schema: pa.Schema, dataset: Dataset) -> dict[str, str]:
    """How each declared column is stored, where it is stored usably."""
    found: dict[str, str] = {}
    for column in dataset.columns:
        index = schema.get_field_index(column.name)
        kind = _kind(schema.field(index).type) if index >= 0 else None
        if kind is not None and _fits(column, kind):
            found[column.name] = kind
    return found


def type_faults(schema: pa.Schema, dataset: Dataset, place: Place) -> list[Fault]:
    """Columns that are stored as another type than declared."""
    usable = stored_types(schema, dataset)
    return [
        fault("delivery.stored-type", place, dataset=dataset.id, column=c.name, type=c.type.value)
        for c in dataset.columns
        if schema.get_all_field_indices(c.name) and c.name not in usable
    ]
