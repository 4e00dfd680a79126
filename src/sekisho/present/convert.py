"""A table as Arrow and pandas."""

from typing import TYPE_CHECKING

from sekisho.formats.parquet import arrow_table
from sekisho.model.table import Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def table_to_arrow(table: Table) -> "pa.Table":
    """Long form: group columns (`TOTAL` for a total), the measure as decimal or null, `status`."""
    return arrow_table(table)


def table_to_pandas(table: Table) -> "pd.DataFrame":
    """The same as a pandas frame; the measure keeps its exact decimals, None where hidden.

    Raises: ModuleNotFoundError when pandas is not installed; Sekisho itself does not need it.
    """
    frame: pd.DataFrame = arrow_table(table).to_pandas()
    return frame
