"""What people send as answers to break, mislead or flood whoever reads them."""

import io
import json
import zipfile
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import UsageError
from sekisho.lanes.open.files import file_faults, safe_name, told_type
from sekisho.lanes.open.read_answers import read_answers
from sekisho.lanes.open.reference import ALPHABET, new_reference, read_reference
from sekisho.lanes.open.rows import dataset_csv
from sekisho.lanes.open.validate import MOST_BYTES, validate
from sekisho.lanes.open.written import answers_json
from sekisho.model.form import Form, Question, QuestionKind, Section
from sekisho.model.text import Text
from sekisho.programmes.form_vocabulary import FILE_TYPES
from sekisho.terms import Language
from tests.lib.forms import answers, survey

FORM = survey()
LONG = Text("Long", "長い")


def codes(given: object, form: Form = FORM) -> set[str]:
    return {each.code for each in read_answers(form, given)[1]}


@pytest.mark.parametrize(
    "point",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x85",
        "\u00ad",
        "\u200b",
        "\u202e",
        "\u2066",
        "\u2060",
        "\ufeff",
        "\ud800",
        "\U000e0041",
    ],
)
def test_control_invisible_and_direction_turning_characters_are_named_and_refused(point):
    _, faults = read_answers(FORM, answers(lessons={"en": f"a{point}b"}))
    assert [each.code for each in faults] == ["forms.unreadable-character"]
    assert f"U+{ord(point):04X}" in faults[0].sentence()
    assert point not in faults[0].sentence()


@pytest.mark.parametrize(
    "text", ["שלום", "مرحبا\u200c", "कि\u200dताब", "👩\u200d👧", "医療　通信", "a\tb"]
)
def test_scripts_of_every_direction_and_their_joiners_stay_as_they_are(text):
    read, faults = read_answers(FORM, answers(lessons={"en": text}))
    assert faults == []
    assert read["lessons"].en == text


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "=HYPERLINK(1)", "{{7*7}}", "'; DROP TABLE x"]
)
def test_markup_formulas_and_code_are_only_text(text):
    read, faults = read_answers(FORM, answers(other_tool=text))
    assert faults == []
    assert read["other_tool"] == text


def test_a_formula_in_a_text_never_reaches_the_dataset():
    read, _ = read_answers(FORM, answers())
    assert "=1+1" in json.dumps(answers_json(read))
    from sekisho.programmes.read import read_folder
    from tests.lib.forms import FILES
    from tests.lib.forms_submissions import submission
    from tests.lib.programme_folder import packed

    programme = read_folder(packed(FILES)).programme
    written = dataset_csv(FORM, programme.dataset("answers"), [submission(answers=read)])
    assert "=1+1" not in written
    assert "Fax" not in written


def test_answers_of_three_hundred_pages_are_refused_with_both_sizes_and_kept_out_of_memory():
    page = "あ" * 3000
    sections = tuple(
        Section(
            f"s{n}",
            LONG,
            None,
            (Question(f"q{n}", QuestionKind.TEXT, LONG, lines=50, most=100_000),),
        )
        for n in range(10)
    )
    form = Form("long", 1, LONG, LONG, sections)
    given = {f"q{n}": "\n".join([page] * 30) for n in range(10)}
    read, faults = read_answers(form, given)
    assert faults == []
    assert [each.code for each in validate(form, read)] == ["forms.too-large"]
    assert str(MOST_BYTES) in validate(form, read)[0].sentence()
    _, faults = read_answers(form, {"q1": page * 300})
    assert "900000 characters and may have 100000" in faults[0].sentence()


@pytest.mark.parametrize(
    "given",
    [
        "1e9", "0x10", "NaN", "inf", "1,000", "1_000", "--1", "12.5.1", "9" * 30, True, [1], {"a": 1},
        float("nan"), float("inf"), 10**40, Decimal("NaN"), Decimal("1e400000000"), Decimal("1e-400000000"), "½", "٣ ٤",
    ],
)  # fmt: skip
def test_what_is_no_plain_number_is_no_number(given):
    assert codes(answers(staff=given)) == {"forms.not-a-number"}


@pytest.mark.parametrize(
    ("given", "code"), [(1.5, "decimals"), (-1, "too-little"), (100001, "too-much")]
)
def test_numbers_keep_to_their_bounds(given, code):
    assert codes(answers(staff=given)) == {f"forms.{code}"}


def test_full_width_digits_are_digits():
    read, faults = read_answers(FORM, answers(staff="１２０", since="２０２０-０４-０７"))
    assert faults == []
    assert read["staff"] == Decimal(120)


@pytest.mark.parametrize(
    "given",
    ["2020-02-30", "20200407", "2020-4-7", "2020-W15-2", 20200407, "today", "2020-04-07T00:00"],
)
def test_what_is_no_day_is_no_day(given):
    assert codes(answers(since=given)) == {"forms.not-a-date"}


def test_an_unknown_question_or_column_is_told_with_a_guess_and_without_its_bytes():
    _, faults = read_answers(
        FORM, answers(stuff=1, sites=[{"good": "tea", "sales": 1, "\u202e": 2}])
    )
    told = [each.sentence(language) for each in faults for language in Language]
    assert any("`staff`" in each for each in told)
    assert not any("\u202e" in each for each in told)


@pytest.mark.parametrize("given", [None, [], "x", 7, {1: 2}])
def test_what_is_no_object_is_refused_whole(given):
    if given is not None:
        assert codes(given) == {"forms.not-answers"}


def test_nested_and_odd_shapes_are_refused_at_their_place():
    given = answers(
        region=["north"],
        tools={"a": 1},
        spent={"amount": {}},
        lessons=["x"],
        sites={"goods": "tea"},
        report="x.pdf",
    )
    _, faults = read_answers(FORM, given)
    assert {str(each.place) for each in faults} == {
        "region",
        "tools",
        "spent",
        "lessons",
        "sites",
        "report",
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([each.id for each in FORM.questions]), json_values))
def test_any_json_becomes_answers_or_faults_with_sentences_in_both_languages(given):
    read, faults = read_answers(FORM, given)
    for each in [*faults, *validate(FORM, read)]:
        assert each.sentence(Language.EN)
        assert each.sentence(Language.JA)
    again, wrong = read_answers(FORM, answers_json(read))
    assert wrong == []
    assert again == read


# -- reference numbers ----------------------------------------------------------------------------


@given(st.lists(st.integers(0, 31), min_size=11, max_size=11), st.data())
def test_no_single_slip_and_no_swap_reads_as_another_reference(drawn, data):
    given = iter(drawn)
    reference = new_reference("policy-exchange", lambda _n: next(given))
    assert read_reference(reference) == reference
    assert read_reference(f" {reference.lower()} ") == reference
    at = [place for place, c in enumerate(reference) if c != "-" and place > 2]
    place = data.draw(st.sampled_from(at))
    other = data.draw(st.sampled_from(ALPHABET))
    slipped = reference[:place] + other + reference[place + 1 :]
    if slipped != reference:
        with pytest.raises(UsageError):
            read_reference(slipped)
    first, second = data.draw(st.sampled_from(list(pairwise(at))))
    swapped = list(reference)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    if "".join(swapped) != reference:
        with pytest.raises(UsageError):
            read_reference("".join(swapped))


def test_references_are_drawn_from_more_than_anyone_can_try():
    assert len(ALPHABET) ** 11 > 2**54
    drawn = []
    new_reference("policy-exchange", lambda n: drawn.append(n) or 0)
    assert drawn == [32] * 11


# -- files ----------------------------------------------------------------------------------------

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def office(*parts: str, size: int = 10) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts:
            packed.writestr(part, b"0" * size)
    return stored.getvalue()


QUESTION = Question("report", QuestionKind.FILE, LONG, file_types=tuple(FILE_TYPES))


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.pdf", b"", "file-empty"),
        ("a.pdf", b"MZ\x90\x00" + b"\xff" * 20, "file-other-type"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n", "file-lies"),
        ("a.png", PDF, "file-lies"),
        ("a.txt", b"<html><script>", "file-other-type"),
        ("a.svg", b"<svg onload='x'>", "file-other-type"),
        ("a.csv", b"a,b\n\x00", "file-other-type"),
        ("a.docx", b"PK\x03\x04 broken", "file-other-type"),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin"), "file-macro"),
        ("a.docx", office("xl/workbook.xml"), "file-lies"),
        ("a.zip", office("evil.sh"), "file-other-type"),
        ("a.xlsx", office("xl/workbook.xml", "xl/a.xml", size=110 * 1024 * 1024), "file-packed"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(name, data, code):
    assert [each.code for each in file_faults(QUESTION, name, data)] == [f"forms.{code}"]


def test_a_file_larger_than_its_question_allows_is_refused():
    small = Question("report", QuestionKind.FILE, LONG, most=2048)
    assert file_faults(small, "a.txt", b"a" * 2049)[0].sentence().count("2 KiB") == 1
    assert file_faults(small, "a.txt", b"a" * 2048) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\system32\\x.exe", "x.pdf"),
        ("/etc/cron.d/job.pdf", "job.pdf"),
        ("..", "file.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "file.pdf"),
        ("報告書.pdf", "報告書.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.pdf"),
        ("a\x00b\nc.pdf", "abc.pdf"),
        ('x"; filename="y.html', "x; filename=y.pdf"),
        ("a" * 300 + ".pdf", "a" * 96 + ".pdf"),
    ],
)
def test_a_file_name_leads_nowhere_and_shows_what_the_file_is(name, kept):
    assert safe_name(name, "application/pdf") == kept


@given(st.text(max_size=60), st.sampled_from(sorted(FILE_TYPES)))
def test_every_file_name_becomes_one_that_any_system_can_save(name, kind):
    safe = safe_name(name, kind)
    assert safe.endswith(FILE_TYPES[kind])
    assert not set('/\\<>:"|?*\x00\n') & set(safe)
    assert not safe.startswith(".")
    assert len(safe) <= 100


@given(st.binary(max_size=200))
def test_any_bytes_have_a_type_or_none(data):
    assert told_type(data, "x") in {*FILE_TYPES, None}
