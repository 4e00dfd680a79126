"""Parquet and Arrow of a released table: exact decimals; null and a status where hidden."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.errors import StorageError, fault
from sekisho.formats.cells import (
    CONFIDENTIAL,
    PUBLISHED,
    STATUS,
    Told,
    bounds,
    code_of,
    columns,
    exact,
    whole_file,
)
from sekisho.formats.json import table_document
from sekisho.model.table import Suppressed, Table
from sekisho.ports import Format

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 1 << 16
DIGITS = 38
"""Digits of the DECIMAL column: as many as every reader of Parquet takes."""


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """Long form: group columns (`TOTAL` for a total), the measure as DECIMAL or null, `status`."""

    name: str = "parquet"
    suffix: str = ".parquet"
    media_type: str = "application/vnd.apache.parquet"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the whole table; titles and dimensions stand in the file's metadata as JSON.

        Raises: StorageError when the file cannot be written or a number has over 38 digits.
        """
        import pyarrow.parquet as pq

        schema = _schema(table)
        told = json.dumps(table_document(table, about), ensure_ascii=False, sort_keys=True)
        schema = schema.with_metadata({"sekisho": told})
        with (
            whole_file(target) as file,
            pq.ParquetWriter(file, schema, compression="zstd", version="2.6") as rows,
        ):
            for batch in _batches(table, schema):
                rows.write_batch(batch)


def arrow_table(table: Table) -> "pa.Table":
    """The table in long form as Arrow.

    Raises: StorageError when a number has over 38 digits or a group is called `TOTAL`.
    """
    import pyarrow as pa

    schema = _schema(table)
    return pa.Table.from_batches(_batches(table, schema), schema)


def _schema(table: Table) -> "pa.Schema":
    import pyarrow as pa

    number = pa.decimal128(DIGITS, table.decimals)
    kinds = dict.fromkeys(columns(table), number)
    kinds |= dict.fromkeys((*table.group_columns, STATUS), pa.string())
    return pa.schema(kinds)


def _batches(table: Table, schema: "pa.Schema") -> Iterator["pa.RecordBatch"]:
    """The rows, some ten thousand at a time: only so many are held twice."""
    import pyarrow as pa

    told = [Told(code_of(table, column)) for column in table.group_columns]
    estimated = table.is_estimated
    for start in range(0, len(table.rows), _BATCH):
        rows = table.rows[start : start + _BATCH]
        groups = [row.groups for row in rows]
        arrays = [
            pa.array([known[each[place]] for each in groups], pa.string())
            for place, known in enumerate(told)
        ]
        values = [None if isinstance(row.cell, Suppressed) else row.cell for row in rows]
        arrays.append(_numbers(table, values))
        if estimated:
            ends = [bounds(row) or (None, None, None) for row in rows]
            arrays += [_numbers(table, each) for each in zip(*ends, strict=True)]
        status = [CONFIDENTIAL if value is None else PUBLISHED for value in values]
        arrays.append(pa.array(status, pa.string()))
        yield pa.record_batch(arrays, schema=schema)


def _numbers(table: Table, values: Sequence[Decimal | int | None]) -> "pa.Array":
    """Exact decimals: Arrow refuses to cut digits, and what it takes for null is counted.

    Raises: StorageError when a number has over 38 digits; ValueError when one has too many
    decimals or is not finite.
    """
    import pyarrow as pa

    try:
        made = pa.array(values, pa.decimal128(DIGITS, table.decimals))
    except pa.ArrowInvalid:
        made = None
    if made is not None and made.null_count == values.count(None):
        return made
    for value in values:
        digits = () if value is None else exact(value, table.decimals).as_tuple().digits
        if len(digits) > DIGITS:
            raise StorageError(fault("format.too-many-digits", table=table.id, digits=DIGITS))
    raise ValueError("a released number cannot be held by Arrow")


PARQUET: Format = ParquetFormat()
