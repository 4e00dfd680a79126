import csv
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import StorageError
from sekisho.formats.cells import exact, written
from sekisho.formats.csv import CSV, CsvFormat, neutral
from sekisho.formats.parquet import PARQUET
from sekisho.model.table import SUPPRESSED, Row
from sekisho.model.text import Text
from sekisho.terms import Language
from tests.lib.releases import purchases, small


def lines_of(form, table, folder):
    form.write(table, folder / "table.csv", {})
    text = (folder / "table.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(text.splitlines(keepends=True)))


@pytest.mark.parametrize(
    "attack",
    [
        *(
            '=HYPERLINK("//x","y")',
            "+1+1",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1",
            "'=1",
            "''@x",
        ),
        *("\ufeff=1", " =1", "\u3000=1", "' =1", "\u200b\u00a0-2+3"),
    ],
)
def test_a_group_that_looks_like_a_formula_begins_with_a_quote(attack, tmp_path):
    table = small(Decimal(1), rows=(Row((attack,), Decimal(-5)),))
    header, line = lines_of(CSV, table, tmp_path)
    assert line == [f"'{attack}", "-5", "published"]
    assert header == ["kind", "value", "status"]


@pytest.mark.parametrize(
    "form", [CSV, CsvFormat(language=Language.EN), CsvFormat(language=Language.JA)]
)
def test_a_hidden_cell_never_reads_as_a_number(form, tmp_path):
    lines = lines_of(form, small(Decimal(7), SUPPRESSED), tmp_path)
    hidden = lines[2]
    assert hidden[1] in {"", "X"}
    assert hidden[2] in {"confidential", "X"}
    assert lines[1][2] not in {"confidential", "X"}


def test_a_group_called_total_is_refused_because_it_would_read_as_a_total(tmp_path):
    with pytest.raises(StorageError, match="TOTAL"):
        CSV.write(small(Decimal(1), rows=(Row(("TOTAL",), Decimal(1)),)), tmp_path / "t.csv", {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", [CSV, PARQUET])
@pytest.mark.parametrize("changed", [{"measure": "status"}, {"measure": "kind"}])
def test_two_columns_of_one_name_are_refused_because_readers_would_lose_one(
    form, changed, tmp_path
):
    with pytest.raises(StorageError, match="two columns"):
        form.write(small(Decimal(1), **changed), tmp_path / "t", {})
    assert list(tmp_path.iterdir()) == []


def test_a_number_is_never_rounded_on_its_way_out(tmp_path):
    with pytest.raises(ValueError, match="decimals"):
        CSV.write(small(Decimal("1.5")), tmp_path / "t.csv", {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_named_as_a_storage_fault(tmp_path):
    with pytest.raises(StorageError, match=r"t\.csv.*run the same command again"):
        CSV.write(small(Decimal(1)), tmp_path / "nowhere" / "t.csv", {})


def test_every_cell_of_the_table_is_one_line_in_order(tmp_path):
    table = purchases()
    lines = lines_of(CSV, table, tmp_path)
    assert lines[0] == ["sub_region", "country", "year", "value", "status"]
    assert lines[1] == ["TOTAL", "TOTAL", "TOTAL", "542212022.34", "published"]
    assert len(lines) == 1 + len(table.rows)
    assert sum(line[4] == "confidential" for line in lines) == table.hidden


def test_lines_end_as_rfc_4180_says_and_quotes_are_doubled(tmp_path):
    table = small(Decimal(1), rows=(Row(('a "b", c',), Decimal(2)),))
    CSV.write(table, tmp_path / "t.csv", {})
    assert (tmp_path / "t.csv").read_bytes() == b'kind,value,status\r\n"a ""b"", c",2,published\r\n'


def test_a_byte_order_mark_comes_only_when_asked_for(tmp_path):
    CSV.write(small(Decimal(1)), tmp_path / "plain.csv", {})
    CsvFormat(bom=True).write(small(Decimal(1)), tmp_path / "bom.csv", {})
    plain, marked = (tmp_path / n for n in ("plain.csv", "bom.csv"))
    assert marked.read_bytes() == b"\xef\xbb\xbf" + plain.read_bytes()


def test_the_japanese_form_uses_labels_and_the_marks_of_official_tables(tmp_path):
    table = small(
        Decimal(0), SUPPRESSED, Decimal(12), labels=(("kind", "a", Text("Apples", "りんご")),)
    )
    assert lines_of(CsvFormat(language=Language.JA), table, tmp_path) == [
        ["種類", "値、単位：円", "状態"],
        ["計", "-", "公表"],
        ["りんご", "X", "X"],
        ["b", "12", "公表"],
    ]


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in ("one.csv", "two.csv"):
        CSV.write(purchases(), tmp_path / name, {})
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@given(st.text(alphabet="' \ufeff\u3000=+-@\t\r\nab＝"))
def test_a_neutral_text_gives_the_text_back(text):
    said = neutral(text)
    dangerous = said.lstrip("' \ufeff\u3000").startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "＝")
    )
    assert (said[1:] if dangerous else said) == text
    assert not said.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


@given(st.integers(-(10**30), 10**30), st.integers(0, 6))
def test_a_written_number_reads_back_as_itself(units, decimals):
    value = Decimal((int(units < 0), Decimal(abs(units)).as_tuple().digits, -decimals))
    text = written(value, decimals)
    assert Decimal(text) == value
    assert "E" not in text
    assert len(text.partition(".")[2]) == decimals


def test_a_number_that_is_not_finite_or_negative_zero_never_gets_out_as_such():
    assert written(Decimal("-0.00"), 2) == "0.00"
    assert written(Decimal("1E+3"), 1) == "1000.0"
    assert exact(Decimal("2.500"), 1) == Decimal("2.5")
    with pytest.raises(ValueError, match="finite"):
        exact(Decimal("NaN"), 2)
