"""What a format cannot hold is refused or goes on elsewhere, saying so; nothing is ever cut."""

from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest

from sekisho.errors import StorageError
from sekisho.formats.csv import CSV
from sekisho.formats.json import JSON
from sekisho.formats.parquet import PARQUET
from sekisho.formats.release_book import ReleaseBook
from sekisho.formats.sdmx_data import SdmxCsv, SdmxMl
from sekisho.model.table import SUPPRESSED, Row, Table, TableDimension
from sekisho.model.text import Text
from sekisho.model.workbook import MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS
from sekisho.terms import Language
from tests.lib.releases import small

ABOUT = {
    "made": "2026-11-22T03:46:04Z",
    "release": "trade.t.r2",
    "method": "disclosure-control",
    "purpose": "dpv:OfficialStatistics",
    "origin": "log.example/trade",
    "programme": {"id": "trade", "title": {"en": "Trade", "ja": "貿易"}},
    "publisher": {"id": "office", "name": {"en": "Office", "ja": "統計局"}},
    "sources": ["A source"],
    "licences": ["CC0-1.0"],
    "privacy": {"epsilon": "0.5", "delta": "1e-6"},
    "correction": {"corrects": "trade.t.r1", "reason": {"en": "Twice", "ja": "二重"}},
    "decision": {
        "rules": [{"citation": {"en": "s. 1", "ja": "第1条"}, "text": {"en": "May.", "ja": "可。"}}]
    },
}


def long_table(rows: int) -> Table:
    return small(rows=tuple(Row((f"g{n}",), SUPPRESSED if n % 5 == 2 else n) for n in range(rows)))


def wide_table(columns: int) -> Table:
    names = tuple(f"c{n}" for n in range(columns))
    title = Text("Many", "多数")
    wide = TableDimension("many", title, names, (title,) * columns, Text("All", "計"))
    return small(dimensions=(wide,), rows=(Row(("a",) * columns, Decimal(1)),))


def read(file):
    book = openpyxl.load_workbook(file, read_only=True)
    pages = [list(page.iter_rows(values_only=True)) for page in book.worksheets]
    book.close()
    return pages


def test_a_table_as_wide_as_a_sheet_is_written_and_one_column_more_is_refused(tmp_path):
    book = ReleaseBook(Language.EN)
    book.write(wide_table(MOST_COLUMNS - 2), tmp_path / "most.xlsx", ABOUT)
    with pytest.raises(StorageError, match=r"16[,]?384"):
        book.write(wide_table(MOST_COLUMNS - 1), tmp_path / "more.xlsx", ABOUT)
    assert [each.name for each in tmp_path.iterdir()] == ["most.xlsx"]
    CSV.write(wide_table(MOST_COLUMNS - 1), tmp_path / "more.csv", ABOUT)
    assert (tmp_path / "more.csv").read_text().count(",") == 2 * MOST_COLUMNS


@pytest.mark.parametrize(
    ("length", "fits"), [(MOST_CHARACTERS, True), (MOST_CHARACTERS + 1, False)]
)
def test_a_text_longer_than_a_cell_is_refused_by_name_and_by_no_other_format(
    tmp_path, length, fits
):
    table = small(rows=(Row(("x" * length,), Decimal(1)),))
    if fits:
        ReleaseBook(Language.JA).write(table, tmp_path / "t.xlsx", ABOUT)
        assert read(tmp_path / "t.xlsx")[0][1][0] == "x" * length
    else:
        with pytest.raises(StorageError, match=r"32[,]?767"):
            ReleaseBook(Language.JA).write(table, tmp_path / "t.xlsx", ABOUT)
        assert list(tmp_path.iterdir()) == []
    for form in (CSV, JSON, PARQUET, SdmxMl(), SdmxCsv()):
        form.write(table, tmp_path / f"whole{form.suffix}", ABOUT)


def test_a_note_longer_than_a_cell_goes_on_in_the_next_row(tmp_path):
    about = {**ABOUT, "sources": ["s" * (MOST_CHARACTERS + 10)]}
    ReleaseBook(Language.EN).write(small(Decimal(1)), tmp_path / "t.xlsx", about)
    notes = read(tmp_path / "t.xlsx")[-1]
    assert (
        "".join(row[1] for row in notes if row[1] and set(row[1]) == {"s"}) == about["sources"][0]
    )


@pytest.mark.parametrize("rows", [9, 10, 11, 19])
def test_the_sheets_together_hold_every_row(tmp_path, rows):
    book = ReleaseBook(Language.EN, most_rows=11)
    book.write(long_table(rows), tmp_path / "t.xlsx", ABOUT)
    *data, notes = read(tmp_path / "t.xlsx")
    assert [row[0] for page in data for row in page[1:]] == [f"g{n}" for n in range(rows)]
    assert all(len(page) <= 11 for page in data)
    said = any(row[0] == "Sheets" and str(len(data)) in row[1] for row in notes)
    assert said == (len(data) > 1)


def test_numbers_show_the_decimals_of_the_table(tmp_path):
    table = small(Decimal("1234.50"), Decimal("-0.10"), decimals=2)
    ReleaseBook(Language.EN).write(table, tmp_path / "t.xlsx", ABOUT)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    cells = [book.worksheets[0].cell(row, 2) for row in (2, 3)]
    assert [(each.value, each.number_format) for each in cells] == [
        (1234.5, "#,##0.00"),
        (-0.1, "#,##0.00"),
    ]


TOLD = """trade.t.r2|2026-11-22|A source|CC0-1.0|dpv:OfficialStatistics|log.example/trade|receipt verify"""
SAID = {
    Language.EN: "Value|JPY|Office|s. 1: May.|epsilon 0.5|trade.t.r1: Twice|confidential|Trade, Small",
    Language.JA: "値|円|統計局|第1条: 可。|イプシロン 0.5|trade.t.r1: 二重|X|貿易「小さな表」",
}


@pytest.mark.parametrize("language", list(Language))
def test_the_notes_tell_everything_in_both_languages(tmp_path, language):
    ReleaseBook(language).write(small(Decimal(1), SUPPRESSED), tmp_path / "t.xlsx", ABOUT)
    notes = read(tmp_path / "t.xlsx")[-1]
    told = "\n".join(str(row[1]) for row in notes)
    assert [word for word in f"{TOLD}|{SAID[language]}".split("|") if word not in told] == []
    assert all(row[0] for row in notes)


def test_a_table_without_cells_is_a_table_without_cells(tmp_path):
    empty = replace(small(Decimal(1)), rows=())
    for form in (CSV, JSON, PARQUET, ReleaseBook(Language.EN), SdmxMl(), SdmxCsv()):
        form.write(empty, tmp_path / f"t{form.suffix}", ABOUT)
    assert (tmp_path / "t.csv").read_text() == "kind,value,status\n"


@pytest.mark.slow
def test_one_row_more_than_excel_holds_goes_on_on_a_second_sheet(tmp_path):
    table = long_table(MOST_ROWS)
    ReleaseBook(Language.EN).write(table, tmp_path / "t.xlsx", ABOUT)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx", read_only=True)
    assert book.sheetnames == ["Data", "Data 2", "Notes"]
    groups = [
        row[0]
        for name in ("Data", "Data 2")
        for row in book[name].iter_rows(min_row=2, max_col=1, values_only=True)
    ]
    book.close()
    assert groups == [f"g{n}" for n in range(MOST_ROWS)]


@pytest.mark.slow
def test_a_million_cells_need_little_memory_beside_the_table(tmp_path):
    import tracemalloc

    table = long_table(1_000_000)
    most = {}
    for form in (CSV, JSON, PARQUET, SdmxMl(), SdmxCsv()):
        tracemalloc.start()
        form.write(table, tmp_path / "t", ABOUT)
        most[form.name] = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    # a million different groups are each held once; a few hundred, as tables have, cost nothing
    assert max(most.values()) < 350, most
