"""Japan's own submission through DOCX made by a foreign program, Markdown and JSON."""

import json
import os
import shutil
import subprocess

import pytest

from sekisho.errors import DeliveryError
from sekisho.formats.docx import left_out_of, read_docx, write_docx
from sekisho.formats.markdown import read_markdown
from sekisho.lanes.open.papers import Head, paper_of
from sekisho.lanes.open.template import answers_of_document
from sekisho.lanes.open.template_json import answers_of_json
from sekisho.lanes.open.template_words import outcome_of
from sekisho.model.document import Grid, Heading, Line, Paragraph
from sekisho.terms import Language
from tests.lib.exchange import JAPAN_JSON, JAPAN_MD, ON, form, japan, sound


def codes(notes) -> list[str]:
    return [each.code for each in notes]


def refusal(call, *given) -> str:
    with pytest.raises(DeliveryError) as raised:
        call(*given)
    return raised.value.faults[0].code


@pytest.fixture(scope="module")
def by_pandoc(tmp_path_factory) -> bytes:
    """The real Markdown as DOCX, made by a program that knows nothing of ours."""
    if shutil.which("pandoc") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no pandoc (Debian: apt-get install pandoc)")
        pytest.skip("no pandoc (Debian: apt-get install pandoc)")
    made = tmp_path_factory.mktemp("pandoc") / "japan.docx"
    subprocess.run(["pandoc", JAPAN_MD, "-o", made], check=True)
    return made.read_bytes()


def test_the_real_submission_keeps_its_five_interventions_and_its_empty_issues():
    assert {issue: len(rows) for issue, rows in japan().items()} == {"a": 2, "b": 1, "d": 2}
    first, second = japan()["a"]
    assert first["title"] == "Supporting SMEs in introducing teleworking"
    assert (first["status"], first["note"]) == ("ongoing", "N/A")
    assert (second["status"], second.get("note")) == ("ongoing", None)
    assert second["reference"].endswith("/2020_04_10_3.html")
    guidelines, guidance = japan()["d"]
    assert (guidelines.get("status"), guidelines["note"]) == (None, "N/A")
    assert "(Japanese text only)" in guidelines["reference"]
    assert guidance["intervention"].endswith("to do so safely.")


def test_a_docx_by_pandoc_gives_the_same_answers_as_the_markdown(by_pandoc):
    found = answers_of_document(form(), read_docx(by_pandoc))
    assert sound(form(), found.given) == japan()
    assert codes(found.notes).count("documents.left-empty") == 2
    assert left_out_of(by_pandoc) == ()


def test_every_word_of_the_real_json_is_in_the_answers():
    given = json.loads(JAPAN_JSON.read_text("utf-8"))
    answers = sound(form(), answers_of_json(form(), given).given)
    for issue in given["issues"]:
        rows = answers.get(issue["code"], ())
        assert len(rows) == len(issue["interventions"])
        for row, said in zip(rows, issue["interventions"], strict=True):
            assert row["title"] == said["title"]
            assert row["intervention"] == said["text"]
            assert row.get("reference", "").split() == said["references"]
            status = {"ongoing": "Ongoing"}.get(row.get("status"), "")
            assert ", ".join(filter(None, (status, row.get("note")))) == said["outcome"]


def test_pandoc_reads_every_word_of_the_docx_that_is_written(tmp_path, by_pandoc):
    written = tmp_path / "written.docx"
    written.write_bytes(write_docx(paper_of(form(), japan(), Head(ON), Language.EN)))
    command = ["pandoc", "-f", "docx", "-t", "plain", "--wrap=none", written]
    read = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    read = " ".join(read.split())
    for rows in japan().values():
        for row in rows:
            assert row["note"] in read if "note" in row else True
            # a table of plain text breaks long words over lines; words are compared instead
            for word in set(row["intervention"].split()):
                assert word in read or len(word) > 20


@pytest.mark.parametrize(
    ("said", "status", "note"),
    [
        ("Ongoing, N/A", "ongoing", "N/A"),
        ("Ongoing", "ongoing", ""),
        ("ONGOING.", "ongoing", ""),
        ("実施中、成果は調査中", "ongoing", "成果は調査中"),
        ("N/A", "", "N/A"),
        ("Ongoing since March, N/A", "", "Ongoing since March, N/A"),
        ("Not completed", "", "Not completed"),
        ("", "", ""),
    ],
)
def test_an_outcome_is_split_without_losing_a_word(said, status, note):
    question = form().questions
    column = next(iter(question)).column("status")
    assert outcome_of(column, said) == (status, note)


def filled(*rows: tuple[str, str, str], **kept: str) -> tuple[Grid, ...]:
    """A table in the template's look as somebody typed it: no styles, no roles."""
    titles = {each.id: each.title.en for each in form().sections}
    header = tuple(each.en for each in form().layout.headers)
    given = {row[0][:1]: row for row in rows}
    lines = [given.get(each, (f"{each}. {title}", "", "")) for each, title in titles.items()]
    return (Grid(header, tuple(lines)),)


def test_a_template_typed_by_hand_without_styles_is_understood():
    title = Line("A law on telework", "strong")
    text = (title, Line("It passed."), Line("In May."), Line("Reference: https://example.org/law"))
    grid = filled(("a. Business continuity and resilience", text, "Completed, in force"))
    given = answers_of_document(form(), grid).given
    assert given["a"] == [
        {
            "title": "A law on telework",
            "intervention": "It passed.\nIn May.",
            "reference": "https://example.org/law",
            "status": "completed",
            "note": "in force",
        }
    ]


def test_a_document_from_another_template_is_refused():
    other = (
        Heading("Annual report", 1),
        Paragraph("Our firm did well."),
        Grid(("A", "B", "C"), ()),
    )
    assert refusal(answers_of_document, form(), other) == "documents.another-template"
    assert refusal(answers_of_document, form(), ()) == "documents.another-template"


def test_a_document_with_half_of_the_issues_is_refused():
    heads = tuple(Heading(f"{s.id}. {s.title.en}", 2) for s in form().sections[:3])
    assert refusal(answers_of_document, form(), heads) == "documents.sections-missing"


def test_two_reports_in_one_document_are_refused():
    heads = tuple(Heading(f"{s.id}. {s.title.en}", 2) for s in form().sections)
    assert refusal(answers_of_document, form(), heads * 2) == "documents.section-twice"


def test_a_heading_that_only_looks_like_an_issue_is_not_taken_for_one():
    heads = [Heading(f"{s.id}. {s.title.en}", 2) for s in form().sections]
    heads[0] = Heading("а. Business continuity and resilience", 2)  # a Cyrillic а
    assert refusal(answers_of_document, form(), heads) == "documents.sections-missing"


def test_a_word_of_mixed_scripts_is_told():
    heads = [Heading(f"{s.id}. {s.title.en}", 2) for s in form().sections]
    found = answers_of_document(form(), [heads[0], Paragraph("Support for Jаpan"), *heads[1:]])
    assert "documents.lookalikes" in codes(found.notes)


def test_text_outside_the_issues_is_told_and_never_dropped_in_silence():
    heads = [Heading(f"{s.id}. {s.title.en}", 2) for s in form().sections]
    found = answers_of_document(form(), [Paragraph("A preface"), *heads])
    assert codes(found.notes) == ["documents.outside"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], "documents.not-answers"),
        ({"x": 1}, "documents.not-answers"),
        ({"issues": []}, "documents.another-template"),
        ({"issues": [{"code": "z", "interventions": []}]}, "documents.another-template"),
        ({"issues": [{"code": "a", "title": "Another issue"}]}, "documents.another-template"),
        ({"form": "another", "answers": {}}, "documents.another-template"),
    ],
)
def test_json_of_another_form_is_refused(value, code):
    assert refusal(answers_of_json, form(), value) == code


@pytest.mark.parametrize(
    ("intervention", "code"),
    [
        ({"text": "x", "budget": "1"}, "documents.unknown-part"),
        ({"text": ["x", 5]}, "documents.not-text"),
        ("text", "documents.not-a-list"),
    ],
)
def test_json_with_a_part_that_has_no_place_is_refused_whole(intervention, code):
    issues = [{"code": s.id, "interventions": []} for s in form().sections]
    issues[0]["interventions"] = [intervention]
    assert refusal(answers_of_json, form(), {"issues": issues}) == code


def test_markdown_keeps_every_word_that_it_does_not_know():
    text = (
        "Heading\n=======\n\n# One #\n\n**Bold** and *soft* and `code` and [a link](https://e.org/x).\n"
        "<b>raw</b> \\*kept\\* 3 * 4 * 5 snake_case_name <https://e.org/>\n\n- one\n- two\n  more\n\n"
        "| a | b |\n|---|---|\n| 1 \\| x | 2 | 3 |\n\n```\n# no heading\n```\n"
    )
    blocks = read_markdown(text.encode())
    assert blocks[1] == Heading("One", 1)
    assert blocks[2].text == (
        "Bold and soft and code and a link (https://e.org/x). "
        "<b>raw</b> *kept* 3 * 4 * 5 snake_case_name https://e.org/"
    )
    assert blocks[3].items == ("one", "two more")
    assert blocks[4].header == ("a", "b")
    assert [cell[0].text for cell in blocks[4].rows[0]] == ["1 | x", "2 | 3"]
    assert blocks[5].text == "# no heading"
