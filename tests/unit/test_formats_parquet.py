import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sekisho.errors import StorageError
from sekisho.formats.parquet import PARQUET
from sekisho.model.table import SUPPRESSED
from tests.lib.releases import purchases, small


def read(table, folder):
    PARQUET.write(table, folder / "t.parquet", {"release": "r.1"})
    return pq.read_table(folder / "t.parquet")


def test_a_hidden_cell_is_null_and_says_confidential(tmp_path):
    rows = read(small(Decimal(3), SUPPRESSED), tmp_path).to_pylist()
    assert rows == [
        {"kind": "TOTAL", "value": Decimal(3), "status": "published"},
        {"kind": "a", "value": None, "status": "confidential"},
    ]


def test_numbers_are_exact_decimals(tmp_path):
    table = read(purchases(), tmp_path)
    assert table.schema.field("value").type == pa.decimal128(38, 2)
    assert table.num_rows == 341
    assert table.column("value")[0].as_py() == Decimal("542212022.34")
    assert table.column("value").null_count == purchases().hidden


def test_a_number_that_parquet_cannot_hold_is_refused(tmp_path):
    with pytest.raises(StorageError, match="38 digits"):
        PARQUET.write(small(10**38), tmp_path / "t.parquet", {})
    assert list(tmp_path.iterdir()) == []


def test_titles_travel_in_the_files_metadata(tmp_path):
    told = json.loads(read(purchases(), tmp_path).schema.metadata[b"sekisho"])
    assert told["about"] == {"release": "r.1"}
    assert told["title"]["ja"] == purchases().title.ja


def test_the_same_table_gives_the_same_bytes(tmp_path):
    read(purchases(), tmp_path)
    first = (tmp_path / "t.parquet").read_bytes()
    read(purchases(), tmp_path)
    assert (tmp_path / "t.parquet").read_bytes() == first
