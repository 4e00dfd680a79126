"""How finished tables write numbers, and what their files hold beside them."""

import csv
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from sekisho.errors import DeliveryError, UsageError
from sekisho.lanes.statistics.finished.findings import CellVerdict, Verdict
from sekisho.lanes.statistics.finished.readings import (
    Kind,
    Marks,
    Style,
    read_cell,
    spelling_of,
)
from sekisho.node.audits import audit_files
from sekisho.present.audit_page import audit_page
from sekisho.present.audited import audit_json, audit_lines
from sekisho.terms import Language


def value(text: str, style: Style) -> Decimal | None:
    return read_cell(text, style, Marks()).value


@pytest.mark.parametrize(
    ("text", "style", "number"),
    [
        ("1,234,567.8", Style.POINT, "1234567.8"),
        ("1.234.567,8", Style.COMMA, "1234567.8"),
        ("1\u202f234\u00a0567,8", Style.COMMA, "1234567.8"),
        ("1'234'567.8", Style.POINT, "1234567.8"),
        ("12,34,567.8", Style.POINT, "1234567.8"),
        ("１，２３４", Style.POINT, "1234"),
        ("−12", Style.POINT, "-12"),
        ("1234²", Style.POINT, "1234"),
        ("12 1)", Style.POINT, "12"),
        ("12注1", Style.POINT, "12"),
        ("45.3 %", Style.POINT, "45.3"),
        ("-", Style.POINT, "0"),
    ],
)
def test_numbers_of_many_countries_are_read(text, style, number):
    assert value(text, style) == Decimal(number)


@pytest.mark.parametrize("mark", ["x", "X", "χ", "秘", "(D)", "..", "…", "n.p.", "＊"])
def test_marks_for_hidden_are_known_in_any_width(mark):
    assert read_cell(mark, Style.POINT, Marks()).kind is Kind.HIDDEN


@pytest.mark.parametrize("text", ["1,23", "1.2.3", "12,3456", "abc", "1 2 3", "0x1f", "1e5", "٣"])
def test_what_is_no_number_in_the_style_is_text(text):
    assert read_cell(text, Style.POINT, Marks()).kind is Kind.TEXT


def test_thousands_that_could_be_decimals_are_not_sure():
    assert not spelling_of(["1,234", "5,678"], Marks()).sure
    assert spelling_of(["1,234", "12"], Marks()).sure
    assert spelling_of(["1.234,5", "1.234"], Marks()).style is Style.COMMA


def written(folder: Path, rows: list[list[str]], name: str = "table.csv", **kind: str) -> Path:
    file = folder / name
    with file.open("w", newline="", encoding=kind.get("encoding", "utf-8")) as target:
        csv.writer(target, delimiter=kind.get("delimiter", ",")).writerows(rows)
    return file


PLAIN = [
    ["Area", "A", "B", "Total"],
    ["North", "10", "x", "30"],
    ["South", "5", "15", "20"],
    ["Total", "15", "35", "50"],
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text_files_are_read_in_usual_encodings(tmp_path, encoding, delimiter):
    rows = [["地域", "A", "B", "合計"], *PLAIN[1:3], ["合計", *PLAIN[3][1:]]]
    file = written(tmp_path, rows, encoding=encoding, delimiter=delimiter)
    findings = audit_files([file]).findings
    assert findings.verdict is Verdict.FAIL
    assert [cell.labels for cell in findings.cells] == [("North", "B")]
    assert findings.cells[0].low == "20"


def test_a_total_that_does_not_add_up_is_said_and_not_used(tmp_path):
    rows = [["Area", "n"], ["North", "10"], ["South", "20"], ["East", "x"], ["Total", "25"]]
    other = [["Area", "A", "B"], ["North", "1", "2"], ["South", "3", "4"], ["Total", "9", "9"]]
    contradicted = audit_files([written(tmp_path, other)]).findings
    assert [remark.code for remark in contradicted.remarks][:1] == ["finished.not-additive"]
    assert contradicted.verdict is Verdict.REVIEW
    impossible = audit_files([written(tmp_path, rows)]).findings
    assert impossible.cells[0].verdict is CellVerdict.UNDECIDED
    assert "finished.contradiction" in [remark.code for remark in impossible.remarks]


def test_two_tables_on_one_sheet_are_told_apart(tmp_path):
    rows = [*PLAIN, ["", "", "", ""], ["Table 2", "", "", ""], *PLAIN]
    findings = audit_files([written(tmp_path, rows)]).findings
    assert len(findings.tables) == 2
    assert findings.verdict is Verdict.FAIL


def test_a_long_table_is_read_like_a_crossed_one(tmp_path):
    rows = [["sex", "age", "n"]]
    counts = {("All", "All"): "100", ("All", "0-14"): "30", ("All", "15+"): "70"}
    counts |= {("M", "All"): "48", ("M", "0-14"): "x", ("M", "15+"): "33"}
    counts |= {("F", "All"): "52", ("F", "0-14"): "15", ("F", "15+"): "x"}
    rows += [[*key, text] for key, text in counts.items()]
    findings = audit_files([written(tmp_path, rows)]).findings
    assert {cell.labels: cell.low for cell in findings.cells} == {
        ("M", "0-14"): "15",
        ("F", "15+"): "37",
    }


def test_nested_columns_of_labels_add_up_by_section(tmp_path):
    rows = [
        ["Region", "Town", "2020", "2021"],
        ["North", "", "30", "33"],
        ["", "Aa", "10", "x"],
        ["", "Bb", "20", "22"],
        ["South", "", "9", "9"],
        ["", "Cc", "4", "5"],
        ["", "Dd", "5", "4"],
    ]
    findings = audit_files([written(tmp_path, rows)]).findings
    assert [(cell.labels, cell.low) for cell in findings.cells] == [(("North / Aa", "2021"), "11")]


def test_figures_alone_show_a_total_and_the_reader_is_asked(tmp_path):
    rows = [["Area", "A", "B", "C", "D"]]
    rows += [["p", "1", "2", "5", "4"], ["q", "7", "5", "3", "1"], ["r", "2", "9", "4", "6"]]
    rows += [["everything", "10", "16", "12", "11"], ["s", "x", "1", "1", "1"]]
    audited = audit_files([written(tmp_path, rows)])
    codes = [remark.code for remark in audited.findings.remarks if remark.question]
    assert "finished.by-figures" in codes
    assert 'found_by = "figures"' in audited.structure


def test_a_corrected_structure_is_taken_as_it_stands(tmp_path):
    rows = [["Area", "n"], ["p", "3"], ["q", "x"], ["whole", "9"]]
    file = written(tmp_path, rows)
    first = audit_files([file])
    assert first.findings.verdict is Verdict.REVIEW
    corrected = first.structure.replace(
        "sums = []", '[[table.axis.sums]]\ntotal = "whole"\nparts = ["p", "q"]', 1
    )
    structure = tmp_path / "structure.toml"
    structure.write_text(corrected, encoding="utf-8")
    second = audit_files([file], structure=structure).findings
    assert [(cell.verdict, cell.low) for cell in second.cells] == [(CellVerdict.EXACT, "6")]


def test_every_fault_of_a_structure_file_is_told_at_once(tmp_path):
    structure = tmp_path / "structure.toml"
    structure.write_text(
        'schema = 2\nother = 1\n[[table]]\nsource = 3\ndecimal_sign = "dot"\n'
        '[[table.axis]]\nname = "a"\n[[table.axis.sums]]\ntotal = "t"\nparts = ["p"]\n'
    )
    with pytest.raises(UsageError) as refused:
        audit_files([written(tmp_path, PLAIN)], structure=structure)
    assert len(refused.value.faults) == 5


def test_an_earlier_edition_gives_a_hidden_cell_away(tmp_path):
    earlier = [*PLAIN[:1], ["North", "10", "20", "30"], *PLAIN[2:]]
    now = [row if row[0] != "South" else ["South", "x", "x", "20"] for row in PLAIN]
    now = [["Area", "A", "B", "Total"], ["North", "x", "x", "30"], *now[2:]]
    alone = audit_files([written(tmp_path, now, "now.csv")]).findings
    assert not alone.count(CellVerdict.EXACT)
    both = audit_files(
        [written(tmp_path, now, "now.csv"), written(tmp_path, earlier, "earlier.csv")]
    ).findings
    assert both.verdict is Verdict.FAIL


def test_nearly_equal_tables_are_told_as_a_difference(tmp_path):
    wide = [["Area", "n"], *[[f"a{n}", str(100 + n)] for n in range(9)], ["Total", "936"]]
    narrow = [row[:] for row in wide]
    narrow[3][1], narrow[-1][1] = "101", "935"
    findings = audit_files(
        [written(tmp_path, wide, "all.csv"), written(tmp_path, narrow, "part.csv")]
    )
    codes = [remark.code for remark in findings.findings.remarks]
    assert "finished.nearly-same" in codes


def workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Turnover by region", None, None, None, None])
    page.append(["Region", "2020", None, "2021", None])
    page.append([None, "small", "large", "small", "large"])
    page.merge_cells("B2:C2")
    page.merge_cells("D2:E2")
    for name, *figures in (
        ("North", 1, 2, 3, 4.5),
        ("South", 5, 6, "x", 8),
        ("Total", 6, 8, 10, 12.5),
    ):
        page.append([name, *figures])
    page.append(["1) provisional"])
    page["B4"].comment = openpyxl.comments.Comment("true value elsewhere", "somebody")
    page.row_dimensions[5].hidden = True
    other = book.create_sheet("working")
    other.append(["a", 1])
    other.append(["b", 2])
    other.sheet_state = "hidden"
    file = folder / "book.xlsx"
    book.save(file)
    return file


def test_workbooks_with_merged_headings_are_read_and_what_they_conceal_is_told(tmp_path):
    findings = audit_files([workbook(tmp_path)]).findings
    assert ("South", "2021", "small") in {cell.labels for cell in findings.cells}
    exact = [cell for cell in findings.cells if cell.verdict is CellVerdict.EXACT]
    assert [cell.low for cell in exact] == ["7.0"]
    codes = {remark.code for remark in findings.remarks}
    assert {
        "finished.concealed-comments",
        "finished.concealed-rows",
        "finished.concealed-sheet",
    } <= codes


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(40)),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("broken.xlsx", b"PK\x03\x04" + bytes(100)),
        ("zeros.csv", bytes(1000)),
        ("words.csv", b"no table here\njust words\n"),
        ("empty.csv", b""),
    ],
)
def test_files_that_hold_no_table_are_refused_with_a_sentence(tmp_path, name, data):
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(DeliveryError) as refused:
        audit_files([file])
    assert name in refused.value.sentences(Language.EN)[0]


@pytest.mark.parametrize("language", list(Language))
def test_findings_are_said_in_both_languages_without_markup_from_the_table(tmp_path, language):
    rows = [["Area", "<b>A</b>", "B", "Total"], *PLAIN[1:]]
    findings = audit_files([written(tmp_path, rows)]).findings
    page = audit_page(findings, language)
    assert "<b>A" not in page
    assert "&lt;b&gt;" in page or "<b>" not in "".join(audit_lines(findings, language))
    assert audit_json(findings, language)["verdict"] == "fail"
