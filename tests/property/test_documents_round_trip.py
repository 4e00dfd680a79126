"""Nothing is lost between answers and their DOCX, XLSX and JSON, whatever people write."""

import json

import pytest
from hypothesis import given

from sekisho.formats.docx import read_docx, write_docx
from sekisho.formats.xlsx import read_xlsx, write_xlsx
from sekisho.lanes.open.papers import Head, paper_of
from sekisho.lanes.open.template import answers_of_document
from sekisho.lanes.open.template_json import answers_of_json
from sekisho.lanes.open.workbooks import answers_of_book, book_of
from sekisho.lanes.open.written import answers_json
from sekisho.model.submission import Answers
from sekisho.terms import Language
from tests.lib.exchange import ON, every_kind, form, given_answers, japan, sound

REPORT, EVERY_KIND = form(), every_kind()
LANGUAGES = pytest.mark.parametrize("language", list(Language))


def through_docx(answers: Answers, language: Language) -> Answers:
    head = Head(ON, (("Submitted by", "An economy"),), "A footer")
    written = write_docx(paper_of(REPORT, answers, head, language))
    return sound(REPORT, answers_of_document(REPORT, read_docx(written)).given)


@LANGUAGES
@given(given_answers(REPORT))
def test_a_report_comes_back_from_its_docx(language, said):
    answers = sound(REPORT, said)
    assert through_docx(answers, language) == answers


@LANGUAGES
@pytest.mark.parametrize("asked", [REPORT, EVERY_KIND], ids=["report", "every-kind"])
def test_answers_come_back_from_their_workbook(language, asked):
    @given(given_answers(asked))
    def holds(said):
        answers = sound(asked, said)
        written = write_xlsx(book_of(asked, answers, ON, language))
        assert sound(asked, answers_of_book(asked, read_xlsx(written)).given) == answers

    holds()


@given(given_answers(EVERY_KIND))
def test_answers_come_back_from_their_json(said):
    answers = sound(EVERY_KIND, said)
    written = json.dumps({"form": "every-kind", "version": 3, "answers": answers_json(answers)})
    assert sound(EVERY_KIND, answers_of_json(EVERY_KIND, json.loads(written)).given) == answers


@LANGUAGES
def test_the_real_submission_comes_back_from_docx_and_workbook(language):
    assert through_docx(japan(), language) == japan()
    written = write_xlsx(book_of(REPORT, japan(), ON, language))
    assert sound(REPORT, answers_of_book(REPORT, read_xlsx(written)).given) == japan()


@LANGUAGES
def test_the_same_answers_give_the_same_bytes(language):
    head = Head(ON)
    paper, book = paper_of(REPORT, japan(), head, language), book_of(REPORT, japan(), ON, language)
    assert write_docx(paper) == write_docx(paper)
    assert write_xlsx(book) == write_xlsx(book)


def test_a_text_of_90_000_characters_goes_on_in_the_next_line_of_its_sheet():
    text = "長い文😀" * 22_500
    answers = sound(
        EVERY_KIND, {"one_what": text, "many": [{"what": text, "kind": "two"}, {"what": "b"}]}
    )
    sheets = read_xlsx(write_xlsx(book_of(EVERY_KIND, answers, ON, Language.JA)))
    lines = next(each for each in sheets if each.name == "many").rows[2:]
    assert [line[0] for line in lines].count(lines[0][0]) == 6
    assert sound(EVERY_KIND, answers_of_book(EVERY_KIND, sheets).given) == answers


def test_a_report_of_300_pages_comes_back_from_its_docx():
    page = "Measures for clinics and schools, and what came of them. " * 52
    rows = [{"title": f"Page {n}", "intervention": page, "note": "N/A"} for n in range(50)]
    answers = sound(REPORT, dict.fromkeys("abcd", rows) | {"e": [{"intervention": page * 9}] * 11})
    assert sum(len(row["intervention"]) for part in answers.values() for row in part) > 850_000
    assert through_docx(answers, Language.EN) == answers
