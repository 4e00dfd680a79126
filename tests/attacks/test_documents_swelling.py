"""Small files that would fill the memory, or keep a node busy, when they are read."""

import time

import pytest

from sekisho.errors import DeliveryError
from sekisho.formats.docx import read_docx
from sekisho.formats.markdown import read_markdown
from sekisho.formats.sheets import read_sheets
from sekisho.formats.unpack import FileKind, unpack
from sekisho.formats.xlsx import read_xlsx
from tests.lib.packages import DOCX_MAIN, docx, edited, parts_of, with_part, xlsx

SHEET = "xl/worksheets/sheet1.xml"
WHOLE_SHEET = '</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'


def refused(read) -> list[str]:
    began = time.monotonic()
    with pytest.raises(DeliveryError) as raised:
        read()
    assert time.monotonic() - began < 20
    return [each.code for each in raised.value.faults]


def with_rows(rows: str) -> bytes:
    package = xlsx(("a", 1))
    text = parts_of(package)[SHEET].decode()
    before, rest = text.split("<sheetData>")
    after = rest.split("</sheetData>")[1]
    return with_part(package, SHEET, f"{before}<sheetData>{rows}</sheetData>{after}".encode())


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>',
        "".join(f'<row r="{number * 1_000_000}"/>' for number in range(1, 1000)),
    ],
)
def test_a_row_far_beyond_every_sheet_is_not_counted_up_to(rows):
    assert refused(lambda: read_xlsx(with_rows(rows))) == ["documents.too-many-cells"]


def test_one_cell_in_the_last_row_of_a_sheet_is_read():
    (sheet,) = read_xlsx(
        with_rows('<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>')
    )
    assert sheet.rows[-1] == ("x",)


@pytest.mark.parametrize("ref", ["A1:XFD1048576", "a1:xfd1048576", "$A$1:$XFD$1048576", "A:XFD"])
def test_cells_merged_over_a_whole_sheet_are_refused_before_they_are_made(ref, tmp_path):
    package = edited(xlsx(("a", 1)), SHEET, "</sheetData>", WHOLE_SHEET)
    file = tmp_path / "table.xlsx"
    file.write_bytes(edited(package, SHEET, "A1:XFD1048576", ref))
    assert refused(lambda: read_sheets(file))[0] == "sheets.refused"
    assert refused(lambda: read_xlsx(file.read_bytes()))


def test_many_merged_ranges_count_together(tmp_path):
    ranges = "".join(f'<mergeCell ref="A{n}:XFD{n}"/>' for n in range(1, 100))
    merged = f"</sheetData><mergeCells>{ranges}</mergeCells>"
    file = tmp_path / "table.xlsx"
    file.write_bytes(edited(xlsx(("a", 1)), SHEET, "</sheetData>", merged))
    assert "documents.too-many-cells" in refused(lambda: read_sheets(file))


def test_a_table_that_merges_a_few_cells_is_read(tmp_path):
    merged = '</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
    file = tmp_path / "table.xlsx"
    file.write_bytes(edited(xlsx(("a", 1)), SHEET, "</sheetData>", merged))
    assert len(read_sheets(file)) == 1


def test_a_workbook_with_millions_of_styles_is_refused():
    package = xlsx(("a", 1))
    styles = parts_of(package)["xl/styles.xml"].decode()
    cut = styles.index("</cellXfs>")
    many = f"{styles[:cut]}{'<xf/>' * 200_000}{styles[cut:]}".encode()
    assert refused(lambda: read_xlsx(with_part(package, "xl/styles.xml", many))) == [
        "documents.too-many-elements"
    ]


def with_table(rows: str) -> bytes:
    return edited(docx("x"), DOCX_MAIN, "<w:body>", f"<w:body><w:tbl>{rows}</w:tbl>")


def test_a_wide_row_above_many_empty_ones_is_refused():
    wide = '<w:tc><w:tcPr><w:gridSpan w:val="64"/></w:tcPr></w:tc>' * 3_000
    package = with_table(f"<w:tr>{wide}</w:tr>{'<w:tr/>' * 24_000}")
    assert len(package) < 50_000
    assert refused(lambda: read_docx(package)) == ["documents.too-many-cells"]


def test_many_tables_count_together():
    wide = '<w:tc><w:tcPr><w:gridSpan w:val="64"/></w:tcPr></w:tc>' * 50
    table = f"<w:tbl><w:tr>{wide}</w:tr>{'<w:tr/>' * 100}</w:tbl>"
    package = edited(docx("x"), DOCX_MAIN, "<w:body>", f"<w:body>{table * 20}")
    assert refused(lambda: read_docx(package)) == ["documents.too-many-cells"]


@pytest.mark.parametrize("span", ["²", "٣", "9" * 5_000, "-1", ""])
def test_a_span_that_is_no_plain_number_is_no_span(span):
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr><w:p/></w:tc>'
    (grid, *_) = read_docx(with_table(f"<w:tr>{cell}</w:tr>"))
    assert len(grid.header) == 1


def test_a_document_of_millions_of_empty_paragraphs_is_refused():
    package = edited(docx("x"), DOCX_MAIN, "<w:body>", f"<w:body>{'<w:p/>' * 1_100_000}")
    assert refused(lambda: unpack(package, FileKind.DOCX)) in (
        ["documents.too-many-elements"],
        ["documents.bomb"],
    )


@pytest.mark.parametrize("tables", [1, 100])
def test_a_wide_head_above_many_empty_rows_of_markdown_is_refused(tables):
    wide, many = 200_000 // tables, 200_000 // tables
    text = b"|" * wide + b"\n|-|\n" + b"|\n" * many + b"\n"
    assert len(text) * tables < 1_000_000
    assert refused(lambda: read_markdown(text * tables)) == ["documents.too-many-cells"]
