"""Text that wants to be more than text, in a PDF."""

import io
import socket
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from sekisho.formats.pdf import characters, shown, write_pdf
from sekisho.model.document import Bullets, Document, Grid, Heading, KeyValues, Line, Paragraph
from sekisho.terms import Language

HOSTILE = [
    '#import "@preview/cetz:0.3.0"',
    '#read("/etc/passwd")',
    '#panic("x")',
    "#{ while true {} }",
    "*strong* _emphasis_ `raw` $x^2$ = heading - item + item / term: text",
    "@reference <label> \\ // comment /* comment */ ~ --- ... \\u{1F600}",
    "<script>alert(1)</script> &amp; <!-- -->",
    '"}], "kind": "heading"',
    "https://example.org/?a=b#c",
]
HIDING = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200f",
    "\ufeff",
    "\u00ad",
    "\x00",
    "\x1b",
    "\x7f",
    "\u0085",
]


def everywhere(text):
    blocks = (
        Heading(text),
        Paragraph(text, (text,)),
        Bullets((text,)),
        KeyValues(((text, text),)),
        Grid(
            (text,),
            ((text,), ((Line(text, "strong"), Line(text, "item"), Line(text, "code")),)),
            text,
        ),
    )
    return Document(f"title {text}", Language.EN, date(2026, 11, 22), blocks, text, text)


def words_of(pdf):
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text().split()) for page in pages).replace("\u200b", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_of_typst_and_html_is_shown_letter_for_letter(text):
    document = everywhere(text)
    read = words_of(write_pdf(document))
    assert read.count("".join(text.split())) >= 11


@pytest.mark.parametrize("sign", HIDING)
def test_what_hides_or_turns_text_stands_as_its_number(sign):
    read = words_of(write_pdf(everywhere(f"pay{sign}load")))
    assert f"pay[U+{ord(sign):04X}]load" in read


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_gives_a_document(text):
    assert write_pdf(everywhere(text)).startswith(b"%PDF-1.7")


@given(st.text())
def test_nothing_is_shown_that_the_font_cannot_draw(text):
    assert set(shown(text)) <= characters() | {"\n"}


def test_a_link_goes_to_the_web_or_nowhere():
    links = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a.example/\n",
        "https://a.example/x",
    ]
    rows = tuple(((Line("source", link=link),),) for link in links)
    document = Document("t", Language.EN, date(2026, 1, 1), (Grid(("a",), rows),))
    page = PdfReader(io.BytesIO(write_pdf(document))).pages[0]
    found = [note.get_object()["/A"]["/URI"] for note in page["/Annots"]]
    assert found == ["https://a.example/x"]


@pytest.mark.parametrize(
    "block",
    [
        Heading(" "),
        Paragraph(""),
        Bullets(()),
        Bullets(("",)),
        KeyValues(()),
        Grid((), ()),
        Grid(("",), ()),
        Grid(("a",), ((), ("1", "2"))),
        Grid(("a",), (("1",),), numbers=frozenset({7}), widths=(1, 2, 3)),
    ],
)
def test_empty_and_uneven_blocks_give_a_document(block):
    document = Document("t", Language.JA, date(2026, 1, 1), (block, Heading("h", 9)))
    assert write_pdf(document).startswith(b"%PDF")


def test_nothing_is_fetched(monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    assert write_pdf(everywhere("plain")).startswith(b"%PDF")
