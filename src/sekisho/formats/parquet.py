"""Parquet and Arrow of a released table: exact decimals; null and a status where hidden."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.errors import StorageError, fault
from sekisho.formats.cells import (
    ESTIMATE_COLUMNS,
    STATUS,
    bounds,
    codes,
    columns,
    exact,
    status_of,
    whole_file,
)
from sekisho.formats.json import table_document
from sekisho.model.table import Suppressed, Table
from sekisho.ports import Format

if TYPE_CHECKING:
    import pyarrow as pa

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

        rows = arrow_table(table)
        told = json.dumps(table_document(table, about), ensure_ascii=False, sort_keys=True)
        rows = rows.replace_schema_metadata({"sekisho": told})
        with whole_file(target) as file:
            pq.write_table(rows, file, compression="zstd", version="2.6")


def arrow_table(table: Table) -> "pa.Table":
    """The table in long form as Arrow.

    Raises: StorageError when a number has over 38 digits or a group is called `TOTAL`.
    """
    import pyarrow as pa

    columns(table)
    groups = [codes(table, row) for row in table]
    values = [
        None if isinstance(row.cell, Suppressed) else exact(row.cell, table.decimals)
        for row in table
    ]
    if any(value is not None and len(value.as_tuple().digits) > DIGITS for value in values):
        raise StorageError(fault("format.too-many-digits", table=table.id, digits=DIGITS))
    arrays = {
        name: pa.array([group[place] for group in groups], pa.string())
        for place, name in enumerate(table.group_columns)
    }
    arrays[table.measure] = pa.array(values, pa.decimal128(DIGITS, table.decimals))
    if table.is_estimated:
        for place, name in enumerate(ESTIMATE_COLUMNS):
            ends = [each[place] if (each := bounds(row)) else None for row in table]
            arrays[name] = pa.array(ends, pa.decimal128(DIGITS, table.decimals))
    arrays[STATUS] = pa.array([status_of(row.cell) for row in table], pa.string())
    return pa.table(arrays)


PARQUET: Format = ParquetFormat()
