"""Answers to any form as documents for people: DOCX and PDF, in both languages, text as text."""

import io

import pytest
from pypdf import PdfReader

from sekisho.formats.docx import read_docx, write_docx
from sekisho.formats.pdf import write_pdf
from sekisho.lanes.open.papers import Head, paper_of
from sekisho.model.document import Grid, Heading, Paragraph
from sekisho.terms import Language
from tests.lib.exchange import ON, every_kind, form, japan, sound

TYPST = '#let x = read("/etc/passwd"); #x $a$ *b* @c <d>'
ANSWERS = {
    "one_what": f"{TYPST}\nsecond line",
    "one_kind": "two",
    "one_marks": ["a", "c"],
    "one_cost": {"amount": "12.50", "currency": "USD"},
    "one_yen": "1200",
    "one_since": "2020-06-23",
    "one_share": "0.125",
    "one_both": {"en": "English words", "ja": "日本語の言葉"},
    "many": [{"what": "row one", "kind": "one"}, {"what": "row two", "since": "2020-01-02"}],
}


def said_in(document: bytes) -> str:
    blocks = read_docx(document)
    lines = [b.text for b in blocks if isinstance(b, Heading | Paragraph)]
    for grid in (b for b in blocks if isinstance(b, Grid)):
        lines += [*grid.header, *(line.text for row in grid.rows for cell in row for line in cell)]
    return "\n".join(lines)


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_of_answer_stands_in_the_docx(language):
    answers = sound(every_kind(), ANSWERS)
    said = said_in(write_docx(paper_of(every_kind(), answers, Head(ON), language)))
    wanted = [TYPST, "second line", "12.50 USD", "1200 JPY", "2020-06-23", "English words"]
    wanted += ["日本語の言葉", "row one", "row two", "2020-01-02"]
    wanted += ["Option two", "Option a"] if language is Language.EN else ["Option two（日本語）"]
    assert [each for each in wanted if each not in said] == []


@pytest.mark.parametrize("language", list(Language))
def test_the_pdf_says_the_same_and_reads_no_file(language):
    answers = sound(every_kind(), ANSWERS)
    made = write_pdf(paper_of(every_kind(), answers, Head(ON), language))
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    packed = "".join(said.split())
    assert "".join(TYPST.split()) in packed
    assert "root:" not in said
    assert "日本語の言葉" in packed


def test_a_submission_as_pdf_has_its_words():
    made = write_pdf(paper_of(form(), japan(), Head(ON, (("By", "Japan"),), "PE-1"), Language.EN))
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    # lines break within long words, with a hyphen of their own
    packed = "".join(said.split()).replace("-", "").replace("\u00ad", "")
    for rows in japan().values():
        for row in rows:
            words = f"{row['title']} {row['intervention']}".replace("-", "").split()
            assert [word for word in words if word not in packed] == []


def test_a_form_without_answers_is_a_document_too():
    for asked in (form(), every_kind()):
        assert "Question" in said_in(write_docx(paper_of(asked, {}, Head(ON), Language.EN))) or (
            asked.layout is not None
        )
