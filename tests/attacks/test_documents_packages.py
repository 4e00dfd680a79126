"""Files that mean harm: bombs, macros, entities, programs, links outward, names, lies about type."""

import io
import tracemalloc
import zipfile

import pytest

from sekisho.errors import DeliveryError
from sekisho.formats.unpack import (
    FileKind,
    Limits,
    harmless_package,
    kind_of,
    safe_name,
    unpack,
)
from tests.lib.packages import (
    DOCX_MAIN,
    docx,
    edited,
    lying_about_size,
    packed,
    parts_of,
    related,
    with_part,
    xlsx,
)

MIB = 1024 * 1024
ENTITIES = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'
FETCHING = '<!DOCTYPE x SYSTEM "file:///etc/passwd">'


def refusal(data: bytes, wanted: FileKind = FileKind.DOCX, limits: Limits | None = None) -> str:
    with pytest.raises(DeliveryError) as raised:
        unpack(data, wanted, limits or Limits())
    return raised.value.faults[0].code


def test_sound_files_pass_with_every_part():
    for data, kind in ((docx("text"), FileKind.DOCX), (xlsx(), FileKind.XLSX)):
        assert kind_of(data) is kind
        assert unpack(data, kind) == parts_of(data)


def test_a_part_that_unfolds_to_far_more_than_its_size_is_refused_before_memory_is_used():
    bomb = with_part(docx(), "word/media/zeros.bin", bytes(300 * MIB))
    tracemalloc.start()
    assert refusal(bomb) == "documents.bomb"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * MIB


def test_many_parts_that_together_unfold_to_too_much_are_refused():
    one = bytes(range(256)) * 4096
    many = packed({**parts_of(docx()), **{f"word/p{n}.dat": one for n in range(40)}})
    assert refusal(many, limits=Limits(unpacked=20 * MIB)) == "documents.bomb"


def test_a_package_of_thousands_of_parts_is_refused():
    many = packed({**parts_of(docx()), **{f"word/p{n}.dat": b"" for n in range(1001)}})
    assert refusal(many) == "documents.too-many-parts"


@pytest.mark.parametrize("declared", [10, 2**31])
def test_a_size_that_the_directory_lies_about_is_not_believed(declared):
    package = with_part(docx(), "word/media/zeros.bin", bytes(5 * MIB))
    lying = lying_about_size(package, "word/media/zeros.bin", declared)
    assert refusal(lying) in {"documents.bomb", "documents.damaged"}


def test_a_file_inside_a_file_is_never_unfolded():
    inner = packed({"zeros": bytes(50 * MIB)})
    assert unpack(with_part(docx(), "word/media/inner.zip", inner), FileKind.DOCX)


@pytest.mark.parametrize("declaration", [ENTITIES, FETCHING, "<!DOCTYPE x>"])
@pytest.mark.parametrize("part", [DOCX_MAIN, "word/styles.xml", "_rels/.rels"])
def test_xml_that_declares_entities_is_refused(declaration, part):
    parts = parts_of(docx())
    head, _, rest = parts[part].partition(b"?>")
    parts[part] = head + b"?>" + declaration.encode() + rest
    assert refusal(packed(parts)) == "documents.document-type"


def test_xml_under_another_name_is_checked_because_its_declared_type_says_xml():
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"
    package = edited(docx(), "[Content_Types].xml", "/word/styles.xml", "/word/styles.dat")
    parts = parts_of(package)
    content = parts.pop("word/styles.xml")
    parts["word/styles.dat"] = content.replace(b"?>", b"?>" + ENTITIES.encode(), 1)
    assert kind.encode() in parts["[Content_Types].xml"]
    assert refusal(packed(parts)) == "documents.document-type"


def test_entities_in_utf_16_are_refused_too():
    parts = parts_of(docx())
    text = parts[DOCX_MAIN].decode("utf-8").partition("?>")[2]
    whole = f'<?xml version="1.0" encoding="UTF-16"?>{ENTITIES}{text}'
    parts[DOCX_MAIN] = whole.encode("utf-16")
    assert refusal(packed(parts)) == "documents.document-type"


def test_xml_in_an_encoding_that_readers_disagree_about_is_refused():
    parts = parts_of(docx())
    parts[DOCX_MAIN] = b'<?xml version="1.0" encoding="UTF-7"?><x>+ADw-</x>'
    assert refusal(packed(parts)) == "documents.bad-xml"


def test_elements_thousands_deep_are_refused():
    deep = b"<x>" * 100_000 + b"</x>" * 100_000
    assert refusal(with_part(docx(), "word/deep.xml", deep)) == "documents.too-deep"


@pytest.mark.parametrize(
    "name", ["word/vbaProject.bin", "word/vbaData.xml", "xl/macrosheets/sheet1.xml"]
)
def test_macros_are_refused_by_their_part(name):
    assert refusal(with_part(docx(), name, b"<x/>")) == "documents.macros"


def test_macros_are_refused_by_their_type_whatever_their_part_is_called():
    package = with_part(docx(), "word/picture.bin", b"\xd0\xcf\x11\xe0")
    extra = '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    package = edited(package, "[Content_Types].xml", "</Types>", extra)
    assert refusal(package) == "documents.macros"


def test_macros_are_refused_by_their_relationship():
    package = related(docx(), DOCX_MAIN, "x/vbaProject", "p.bin", mode="Internal")
    assert refusal(package) == "documents.macros"


def test_a_document_with_macros_that_is_called_docx_is_refused():
    package = edited(
        docx(),
        "[Content_Types].xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        "application/vnd.ms-word.document.macroEnabled.main+xml",
    )
    assert refusal(package) == "documents.macros"


def test_embedded_files_and_programs_are_refused():
    assert refusal(with_part(docx(), "word/embeddings/a.bin", b"MZ")) == "documents.embedded"
    package = related(docx(), DOCX_MAIN, "aFChunk", "chunk.html", mode="Internal")
    assert refusal(package) == "documents.embedded"


@pytest.mark.parametrize("kind", ["attachedTemplate", "image", "frame", "externalLinkPath"])
@pytest.mark.parametrize("target", ["https://attacker.example/x", "file://host/share/x"])
def test_whatever_would_be_fetched_from_elsewhere_is_refused(kind, target):
    assert refusal(related(docx(), DOCX_MAIN, kind, target)) == "documents.fetches"


def test_a_target_outside_is_refused_even_when_it_is_called_internal():
    package = related(docx(), DOCX_MAIN, "image", "//host/share/x.png", mode="Internal")
    assert refusal(package) == "documents.fetches"


def test_a_link_that_a_reader_may_click_is_text_and_passes():
    package = related(docx(), DOCX_MAIN, "hyperlink", "https://example.org/")
    assert unpack(package, FileKind.DOCX)


@pytest.mark.parametrize(
    "name",
    ["../evil.xml", "/etc/passwd", "word/../../x", "word\\x.xml", "c:/x", "word//x", "a/./b"],
)
def test_a_part_whose_name_leads_out_of_the_package_is_refused(name):
    assert refusal(with_part(docx(), name, b"<x/>")) == "documents.part-name"


def test_a_part_that_is_a_symbolic_link_is_refused():
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as package:
        for name, content in parts_of(docx()).items():
            package.writestr(name, content)
        link = zipfile.ZipInfo("word/link.xml")
        link.external_attr = 0o120777 << 16
        package.writestr(link, "/etc/passwd")
    assert refusal(whole.getvalue()) == "documents.part-name"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("twin", [DOCX_MAIN, DOCX_MAIN.upper()])
def test_two_parts_of_one_name_are_refused(twin):
    parts = list(parts_of(docx("what one program reads")).items())
    other = parts_of(docx("what the other one reads"))[DOCX_MAIN]
    assert refusal(packed([*parts, (twin, other)])) == "documents.part-twice"


def test_a_part_with_a_password_is_refused():
    data = bytearray(docx())
    for place in range(len(data) - 4):
        if data[place : place + 4] == b"PK\x01\x02":
            data[place + 8] |= 1
    assert refusal(bytes(data)) in {"documents.encrypted", "documents.another-kind"}


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_part_folded_as_no_document_is_refused(how):
    assert refusal(packed(parts_of(docx()), how)) == "documents.folding"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", FileKind.PDF),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), FileKind.OLD_OFFICE),
        (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
        (b"# a report\n", FileKind.TEXT),
        (b"MZ\x90\x00\x03", FileKind.OTHER),
        (b"\xff\xfea\x00", FileKind.OTHER),
        (b"", FileKind.TEXT),
        (packed({"a.txt": b"a"}), FileKind.ZIP),
        (b"PK\x03\x04 and then nothing", FileKind.ZIP),
    ],
)
def test_a_file_is_told_by_its_bytes_and_refused_when_it_is_another(data, kind):
    assert kind_of(data) is kind
    assert refusal(data) in {"documents.another-kind", "documents.damaged", "documents.bad-xml"}


def test_a_workbook_called_docx_is_refused_and_named():
    with pytest.raises(DeliveryError) as raised:
        unpack(xlsx(), FileKind.DOCX)
    assert "xlsx" in str(raised.value)


@pytest.mark.parametrize("cut", [10, 100, 1000, -30, -5])
def test_a_file_cut_short_is_refused_in_words(cut):
    assert refusal(docx()[:cut]).startswith("documents.")


def test_damage_anywhere_is_refused_in_words_or_harmless():
    sound = docx("text")
    codes = set()
    for place in range(0, len(sound), 397):
        broken = bytearray(sound)
        broken[place] ^= 0xFF
        try:
            unpack(bytes(broken), FileKind.DOCX)
        except DeliveryError as error:
            codes.add(error.faults[0].code.partition(".")[0])
    assert codes == {"documents"}


def test_a_file_that_is_too_large_is_refused_before_it_is_opened():
    assert refusal(b"PK\x03\x04" + bytes(21 * MIB)) == "documents.too-large"


def test_libraries_read_a_fresh_package_and_not_the_file():
    hidden = b"in front of the package" + docx("text")
    assert refusal(hidden) == "documents.another-kind"
    behind = docx("text") + b"behind the package"
    with zipfile.ZipFile(harmless_package(behind, FileKind.DOCX)) as package:
        assert package.read(DOCX_MAIN) == parts_of(docx("text"))[DOCX_MAIN]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\report.docx", "report.docx"),
        ("報告書.docx", "報告書.docx"),
        ("report\u202excod.exe", "reportxcod.exe"),
        ("\u200b\u200b", "file"),
        ("..", "file"),
        ("a" * 500, "a" * 120),
        ("<script>.docx", "script.docx"),
        ("con\x00.txt", "con.txt"),
    ],
)
def test_a_file_name_leads_nowhere_and_shows_what_it_is(given, kept):
    assert safe_name(given) == kept
