import io
import tomllib
from dataclasses import replace
from datetime import date
from importlib import resources

import pytest
from pypdf import PdfReader

from sekisho.errors import UsageError
from sekisho.formats.pdf import characters, shown, write_pdf
from sekisho.model.document import Bullets, Document, Grid, Heading, KeyValues, Paragraph
from sekisho.rules.packs import installed
from sekisho.terms import Language
from sekisho.text import codes

FONTS = resources.files("sekisho.formats") / "fonts"
DOCUMENT = Document(
    "外国の病院への提供",
    Language.JA,
    date(2026, 11, 22),
    (
        Heading("一", 1),
        Heading("一の一", 3),
        Paragraph("髙橋様の提供", ("第28条第1項",)),
        Bullets(("同意", "契約")),
        KeyValues((("判定", "許可"),)),
        Grid(("国", "人数"), (("日本", "12"), ("ドイツ",)), "表", frozenset({1}), (2, 1)),
    ),
    footer="関所",
)


def read(document):
    return PdfReader(io.BytesIO(write_pdf(document)))


def kinds_of(node, found=None):
    """Every role of the structure tree, in reading order."""
    found = [] if found is None else found
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, dict):
        if "/S" in node:
            found.append(str(node["/S"]))
        kids = node.get("/K", [])
        kids = kids if isinstance(kids, list) else [kids]
        for kid in kids:
            kinds_of(kid, found)
    return found


def test_the_document_says_that_it_is_accessible_and_lasting():
    root = read(DOCUMENT).trailer["/Root"]
    packet = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in packet
    assert "<pdfaid:part>2</pdfaid:part>" in packet
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in packet
    assert root["/Lang"] == "ja-JP"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def test_headings_lists_tables_and_notes_are_tagged_and_no_level_is_left_out():
    kinds = kinds_of(read(DOCUMENT).trailer["/Root"]["/StructTreeRoot"])
    assert [kind for kind in kinds if kind in ("/H1", "/H2", "/H3")] == ["/H1", "/H2"]
    assert {"/L", "/LI", "/Table", "/TH", "/TD", "/Note", "/Caption"} <= set(kinds)
    assert kinds.count("/TH") == 2
    assert kinds.count("/TD") == 4


def test_every_font_is_embedded():
    fonts = [
        font.get_object()["/DescendantFonts"][0].get_object()
        for page in read(DOCUMENT).pages
        for font in page["/Resources"]["/Font"].values()
    ]
    assert fonts
    assert all("BIZUDPGothic" in font["/BaseFont"] for font in fonts)
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


def test_the_same_document_gives_the_same_bytes_and_its_own_date():
    assert write_pdf(DOCUMENT) == write_pdf(DOCUMENT)
    assert read(DOCUMENT).metadata["/CreationDate"] == "D:20261122000000Z"
    assert write_pdf(replace(DOCUMENT, on=date(2026, 11, 23))) != write_pdf(DOCUMENT)


def test_a_long_word_breaks_and_a_long_table_repeats_its_header():
    rows = tuple((f"line {n}", "a" * 300) for n in range(120))
    document = replace(DOCUMENT, blocks=(Grid(("number", "words"), rows),))
    pages = read(document).pages
    assert len(pages) > 10
    assert all("number" in page.extract_text() for page in pages)


def test_a_document_without_a_title_is_refused():
    with pytest.raises(UsageError, match="needs a title"):
        write_pdf(replace(DOCUMENT, title=" "))


def test_the_font_draws_the_kanji_of_names_and_every_sign_of_the_code_page():
    pairs = (
        bytes([a, b]) for a in (*range(0x81, 0xA0), *range(0xE0, 0xFD)) for b in range(0x40, 0xFD)
    )
    wanted = {text for pair in pairs if len(text := pair.decode("cp932", "ignore")) == 1}
    wanted = {
        sign
        for sign in wanted
        if sign > " " and not "\x7f" <= sign <= "\xa0" and not "\ue000" <= sign < "\uf900"
    }
    assert wanted <= characters()
    assert set("髙﨑彅瀨①㈱葛辻") <= characters()
    assert len(characters()) == 7730


def test_every_sentence_and_every_pack_can_be_drawn():
    said = "".join(text for language in Language for text in codes(language).values())
    folder = resources.files("sekisho.rules") / "packs"
    said += "".join(
        (folder / code / "rules.toml").read_text(encoding="utf-8") for code in installed().packs
    )
    said += (folder / "facts.toml").read_text(encoding="utf-8")
    assert set(said) - characters() <= {"\n", "\t"}


def test_what_the_font_lacks_stands_as_its_number_and_parts_of_letters_are_joined():
    assert shown("한국") == "[U+D55C][U+AD6D]"
    assert shown("か\u3099") == "が"
    assert shown("神") == "神"
    assert shown("a\r\nb\tc") == "a\nb c"


def test_the_fonts_come_with_their_licence_and_origin_and_stay_small():
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "1.05-2" in (FONTS / "README.md").read_text(encoding="utf-8")
    sizes = [len((FONTS / f"biz-udp-gothic-{w}.ttf").read_bytes()) for w in ("regular", "bold")]
    assert max(sizes) < 2_100_000


def test_the_wheel_takes_whole_packages():
    project = tomllib.loads(
        (resources.files("sekisho") / ".." / ".." / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/sekisho"]
