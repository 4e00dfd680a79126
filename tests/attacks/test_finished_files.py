"""Tables as offices really have them, and files that lie, swell or never end."""

import csv
import time
from pathlib import Path

import openpyxl
import pytest

from sekisho.errors import DeliveryError, UsageError
from sekisho.formats.sheets import read_sheets
from sekisho.formats.unpack import FileKind, kind_of
from sekisho.lanes.statistics.finished.findings import CellVerdict, Verdict
from sekisho.lanes.statistics.finished.readings import Kind, Marks, Style, read_cell
from sekisho.node.audits import audit_files
from tests.lib.packages import edited, parts_of, with_part, xlsx

SHEET = "xl/worksheets/sheet1.xml"


def written(folder: Path, rows: list[list[str]], name: str = "table.csv") -> Path:
    file = folder / name
    with file.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target).writerows(rows)
    return file


def codes(file: Path) -> list[str]:
    with pytest.raises(DeliveryError) as refused:
        read_sheets(file)
    return [each.code for each in refused.value.faults]


def test_three_marks_for_hidden_in_one_table_are_all_hidden(tmp_path):
    rows = [
        ["Area", "A", "B", "C", "Total"],
        ["North", "10", "x", "..", "60"],
        ["South", "(D)", "15", "30", "50"],
        ["East", "1", "2", "3", "6"],
        ["Total", "16", "37", "63", "116"],
    ]
    findings = audit_files([written(tmp_path, rows)]).findings
    assert {cell.labels: cell.low for cell in findings.cells} == {
        ("North", "B"): "20",
        ("North", "C"): "30",
        ("South", "A"): "5",
    }


def test_notes_in_cells_do_not_hide_the_figures(tmp_path):
    rows = [
        ["Area", "A", "B", "Total"],
        ["North", "10 1)", "x", "30*"],
        ["South", "5²", "15 [p]", "20"],
        ["Total", "15 r", "35†", "50注1"],
        ["1) provisional", "", "", ""],
    ]
    findings = audit_files([written(tmp_path, rows)]).findings
    assert [(cell.labels, cell.low) for cell in findings.cells] == [(("North", "B"), "20")]


STYLES = {
    "America": ("1,234,567.5", "234,567.5", "1,000,000.0"),
    "Germany": ("1.234.567,5", "234.567,5", "1.000.000,0"),
    "France": ("1\u202f234\u202f567,5", "234\u202f567,5", "1\u202f000\u202f000,0"),
    "Switzerland": ("1'234'567.5", "234'567.5", "1'000'000.0"),
    "India": ("12,34,567.5", "2,34,567.5", "10,00,000.0"),
    "Japan": ("１，２３４，５６７．５", "２３４，５６７．５", "１，０００，０００．０"),
}


@pytest.mark.parametrize("country", STYLES)
def test_the_thousands_of_many_countries_are_understood_in_a_whole_table(tmp_path, country):
    whole, part, rest = STYLES[country]
    rows = [
        ["Area", "A", "B"],
        ["North", part, "x"],
        ["South", rest, part],
        ["Total", whole, whole],
    ]
    findings = audit_files([written(tmp_path, rows)]).findings
    assert [(cell.labels, cell.low) for cell in findings.cells] == [(("North", "B"), "1,000,000.0")]


def test_a_hierarchy_that_labels_do_not_tell_is_asked_for_and_nothing_is_inferred(tmp_path):
    rows = [["Group", "Persons"], ["alpha", "31"], ["beta", "x"], ["gamma", "58"], ["delta", "7"]]
    audited = audit_files([written(tmp_path, rows)])
    assert audited.findings.verdict is Verdict.REVIEW
    asked = [remark.code for remark in audited.findings.remarks if remark.question]
    assert asked == ["finished.no-total"]
    assert "sums = []" in audited.structure
    assert not audited.findings.count(CellVerdict.EXACT)


def test_figures_of_more_digits_than_a_float_holds_are_told_to_the_last_one(tmp_path):
    rows = [["Area", "Yen"], ["North", "90071992547409930001"], ["South", "x"]]
    rows.append(["Total", "90071992547409930078"])
    findings = audit_files([written(tmp_path, rows)]).findings
    assert [(cell.verdict, cell.low) for cell in findings.cells] == [(CellVerdict.EXACT, "77")]


def test_a_row_of_thousands_of_digits_is_no_figure():
    assert read_cell("9" * 10_000, Style.POINT, Marks()).kind is Kind.TEXT
    assert read_cell("0." + "1" * 10_000, Style.POINT, Marks()).kind is Kind.TEXT


def _entry(number: int) -> bytes:
    name = b"%d" % number
    return b"PK\x01\x02" + bytes(24) + len(name).to_bytes(2, "little") + bytes(16) + name


def test_a_directory_of_150000_entries_is_refused_before_it_is_read(tmp_path):
    whole = b"PK\x03\x04" + bytes(200) + b"".join(_entry(number) for number in range(150_000))
    file = tmp_path / "table.xlsx"
    file.write_bytes(whole)
    began = time.process_time()
    assert kind_of(whole) is FileKind.ZIP
    assert codes(file) == ["sheets.refused", "documents.too-many-parts"]
    assert time.process_time() - began < 1


def test_one_wide_row_does_not_widen_a_million_others(tmp_path):
    file = tmp_path / "wide.csv"
    file.write_text("," * 20_000 + "\n" + "a,1\n" * 100_000, encoding="utf-8")
    assert codes(file) == ["sheets.too-many-cells"]


def with_sheet(change: str, by: str) -> bytes:
    return edited(xlsx(("Area", "n"), ("North", 1), ("South", 2)), SHEET, change, by)


@pytest.mark.parametrize("said", ["A1", "A1:XFD1048576", "XFD1048576"])
def test_what_a_sheet_says_of_its_own_size_is_not_believed(tmp_path, said):
    package = xlsx(("Area", "n"), ("North", 1), ("South", 2))
    text = parts_of(package)[SHEET].decode()
    before, _, rest = text.partition("<dimension")
    _, _, after = rest.partition("/>")
    lying = f'{before}<dimension ref="{said}"/>{after}'
    file = tmp_path / "table.xlsx"
    file.write_bytes(with_part(package, SHEET, lying.encode()))
    (sheet,) = read_sheets(file)
    assert len(sheet.rows) == 3
    assert {len(row) for row in sheet.rows} == {2}


def test_a_row_beyond_the_end_of_every_sheet_is_not_counted_up_to(tmp_path):
    row = '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData>'
    file = tmp_path / "table.xlsx"
    file.write_bytes(with_sheet("</sheetData>", row))
    assert codes(file)[0] in {"sheets.too-many-cells", "sheets.damaged"}


def test_merged_headings_and_indents_of_a_workbook_are_understood_row_by_row(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Area", "2020", None])
    page.append([None, "men", "women"])
    page.merge_cells("B1:C1")
    page.merge_cells("A1:A2")
    for name, indent, *figures in (("All", 0, 9, "x"), ("North", 1, 4, 6), ("South", 1, 5, 7)):
        page.append([name, *figures])
        page.cell(page.max_row, 1).alignment = openpyxl.styles.Alignment(indent=indent)
    file = tmp_path / "book.xlsx"
    book.save(file)
    findings = audit_files([file]).findings
    assert [(cell.verdict, cell.low) for cell in findings.cells] == [(CellVerdict.EXACT, "13")]


@pytest.mark.parametrize(
    ("name", "kind"), [("text.xlsx", "csv"), ("book.csv", "xlsx"), ("noname", "csv")]
)
def test_a_file_is_what_its_bytes_say_whatever_its_name(tmp_path, name, kind):
    file = tmp_path / name
    if kind == "csv":
        written(tmp_path, [["Area", "n"], ["North", "1"], ["South", "x"], ["Total", "3"]], name)
    else:
        file.write_bytes(xlsx(("Area", "n"), ("North", 1), ("South", "x"), ("Total", 3)))
    assert [cell.low for cell in audit_files([file]).findings.cells] == ["2"]


def test_labels_that_span_more_combinations_than_anybody_prints_are_refused(tmp_path):
    rows = [["one", "two", "three", "four", "n"]]
    rows += [[f"a{n % 70}", f"b{n % 71}", f"c{n % 73}", f"d{n % 79}", "1"] for n in range(1000)]
    with pytest.raises(UsageError) as refused:
        audit_files([written(tmp_path, rows)])
    assert refused.value.faults[0].code == "finished.too-large"


@pytest.mark.slow
def test_a_million_rows_of_text_are_read_and_audited(tmp_path):
    file = tmp_path / "long.csv"
    with file.open("w", encoding="utf-8") as target:
        target.write("town,year,n\n")
        for town in range(100_000):
            for year in range(2011, 2021):
                hidden = town % 1000 == 0 and year == 2015
                target.write(f"t{town},{year},{'x' if hidden else town % 97 + year}\n")
    began = time.process_time()
    findings = audit_files([file]).findings
    assert findings.tables[0].cells == 1_000_000
    assert findings.tables[0].hidden == 100
    assert time.process_time() - began < 120


@pytest.mark.slow
def test_a_million_different_labels_are_read_in_time(tmp_path):
    file = tmp_path / "labels.csv"
    with file.open("w", encoding="utf-8") as target:
        target.write("firm,n,m\n")
        target.writelines(f"firm {n} of them,{n % 89},{n % 7}\n" for n in range(1_000_000))
        target.write("Total,x,2999997\n")
    began = time.process_time()
    findings = audit_files([file]).findings
    assert findings.tables[0].cells == 2_000_002
    assert time.process_time() - began < 120
