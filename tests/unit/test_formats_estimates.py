"""Numbers with noise leave with their error and interval beside them, in every format."""

import csv
import json
from dataclasses import replace
from decimal import Decimal

import pyarrow.parquet as pq

from sekisho.formats.csv import CsvFormat
from sekisho.formats.json import JsonFormat
from sekisho.formats.parquet import ParquetFormat
from sekisho.model.table import Row, Suppressed, Table, Uncertainty
from sekisho.present.chart import chart_svg
from sekisho.terms import Language
from tests.lib.releases import small

NOISE = Uncertainty(Decimal("2.50"), Decimal("-1.25"), Decimal("8.75"))


def noisy() -> Table:
    table = replace(small(7, 3, 4), decimals=2)
    rows = [
        row if isinstance(row.cell, Suppressed) else Row(row.groups, row.cell, NOISE)
        for row in table
    ]
    return replace(table, rows=tuple(rows))


def test_a_csv_holds_error_and_interval_in_columns_of_their_own(tmp_path):
    CsvFormat().write(noisy(), tmp_path / "t.csv", {})
    CsvFormat(language=Language.JA).write(noisy(), tmp_path / "ja.csv", {})
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert {(x["standard_error"], x["low"], x["high"]) for x in lines} == {
        ("2.50", "-1.25", "8.75")
    }
    assert "ノイズの標準誤差,95 %信頼区間の下限" in (tmp_path / "ja.csv").read_text("utf-8")


def test_a_csv_of_a_table_without_noise_has_no_such_columns(tmp_path):
    CsvFormat().write(small(7, 3, 4), tmp_path / "t.csv", {})
    assert "standard_error" not in (tmp_path / "t.csv").read_text("utf-8")


def test_json_holds_error_and_interval_beside_the_value(tmp_path):
    JsonFormat().write(noisy(), tmp_path / "t.json", {})
    (first, *_) = json.loads((tmp_path / "t.json").read_text("utf-8"))["rows"]
    assert first["cell"] == {
        "value": "7.00", "standard_error": "2.50", "low": "-1.25", "high": "8.75"
    }  # fmt: skip


def test_parquet_holds_error_and_interval_as_exact_decimals(tmp_path):
    ParquetFormat().write(noisy(), tmp_path / "t.parquet", {})
    read = pq.read_table(tmp_path / "t.parquet")
    assert read.column("low").to_pylist()[0] == Decimal("-1.25")
    assert read.column_names[-4:] == ["standard_error", "low", "high", "status"]


def test_a_chart_draws_and_says_an_interval_for_each_number_with_noise():
    drawn = chart_svg(noisy(), Language.EN)
    assert "95 % interval" in drawn
    assert drawn.count("#d07c00") > 0
    assert "#d07c00" not in chart_svg(small(7, 3, 4), Language.EN)
