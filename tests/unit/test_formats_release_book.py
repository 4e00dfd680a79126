"""The workbook of a release: every cell, hidden ones as marks, notes in two languages."""

import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from sekisho.formats.release_book import ReleaseBook
from sekisho.model.table import SUPPRESSED, Row, Table, TableDimension, Uncertainty
from sekisho.model.text import Text
from sekisho.terms import Language

ABOUT = {
    "made": "2026-11-22T03:46:04Z",
    "release": "trade.t.r1",
    "method": "disclosure-control",
    "programme": {"id": "trade", "title": {"en": "Trade", "ja": "貿易"}},
    "sources": ["A source"],
    "licences": ["CC0-1.0"],
    "decision": {
        "rules": [{"citation": {"en": "s. 1", "ja": "第1条"}, "text": {"en": "May.", "ja": "可。"}}]
    },
}


def table(rows: tuple[Row, ...], group: str = "=HYPERLINK(1)") -> Table:
    place = TableDimension(
        "place", Text("Place", "場所"), ("place",), (Text("Place", "場所"),), Text("All", "全体")
    )
    labels = (("place", "a", Text(group, "あ")),)
    title = Text("Trade by place", "場所別の貿易")
    return Table(
        "t", title, (place,), "value", Text("Value", "金額"), Text("yen", "円"), 1, rows, labels
    )


ROWS = (Row((None,), Decimal("12.5")), Row(("a",), SUPPRESSED), Row(("b",), Decimal("-3.0")))


def opened(tmp_path: Path, made: ReleaseBook, rows: tuple[Row, ...] = ROWS):
    file = tmp_path / f"t{made.suffix}"
    made.write(table(rows), file, ABOUT)
    return openpyxl.load_workbook(io.BytesIO(file.read_bytes()))


def test_numbers_are_numbers_and_hidden_cells_are_marks(tmp_path):
    page = opened(tmp_path, ReleaseBook(Language.EN)).worksheets[0]
    lines = [[cell.value for cell in row] for row in page.iter_rows()]
    assert lines[0][:2] == ["Place", "Value, in yen"]
    assert lines[1] == ["All", 12.5, "published"]
    assert lines[2] == ["=HYPERLINK(1)", "confidential", "confidential"]
    assert lines[3][1] == -3
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)


def test_japanese_has_its_own_book_with_the_marks_of_official_tables(tmp_path):
    book = opened(tmp_path, ReleaseBook(Language.JA))
    assert book.sheetnames == ["データ", "注記"]
    assert book.worksheets[0]["B3"].value == "X"
    notes = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert notes["許可の根拠"] == "第1条: 可。"
    assert "場所別の貿易" in notes["引用のしかた"]


def test_a_table_longer_than_a_sheet_goes_on_on_the_next_and_nothing_is_cut(tmp_path):
    rows = tuple(Row((f"g{n}",), n) for n in range(25))
    book = opened(tmp_path, ReleaseBook(Language.EN, most_rows=11), rows)
    assert book.sheetnames == ["Data", "Data 2", "Data 3", "Notes"]
    seen = [row[0].value for page in book.worksheets[:3] for row in page.iter_rows(min_row=2)]
    assert seen == [f"g{n}" for n in range(25)]
    notes = {row[0].value: row[1].value for row in book.worksheets[3].iter_rows()}
    assert "3" in notes["Sheets"]


def test_estimates_stand_with_their_interval(tmp_path):
    noisy = Uncertainty(Decimal("2.0"), Decimal("1.0"), Decimal("9.0"))
    page = opened(tmp_path, ReleaseBook(Language.EN), (Row((None,), Decimal("5.0"), noisy),))
    assert [cell.value for cell in page.worksheets[0][2]][:5] == ["All", 5, 2, 1, 9]


@pytest.mark.parametrize("language", list(Language))
def test_the_same_release_gives_the_same_bytes(tmp_path, language):
    files = []
    for name in ("one", "two"):
        file = tmp_path / name
        ReleaseBook(language).write(table(ROWS), file, ABOUT)
        files.append(file.read_bytes())
    assert files[0] == files[1]
