"""Reading forms from a programme folder: values, the dataset they give, every fault at its place."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import ProgrammeError
from sekisho.model.dataset import Sensitivity
from sekisho.model.form import Comparison, QuestionKind, Visible
from sekisho.programmes.check import checked_programme
from sekisho.terms import ColumnType, Language
from tests.lib.forms import ASK, FILES, FORM, HEAD, REQUEST, SURVEY, survey
from tests.lib.programme_folder import check_own_rules, packed


def faults(*changes: tuple[str, str], file: str = "forms/telework.toml") -> list[str]:
    text = FILES[file]
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(FILES | {file: text}), check_own_rules)
    return raised.value.sentences()


def test_a_form_is_read_whole():
    form = survey()
    assert form.visible is Visible.MEMBERS
    assert form.may_be_public
    assert form.deadline is not None
    assert (form.deadline.day, form.deadline.zone, form.deadline.late) == (
        date(2020, 6, 23),
        "Asia/Tokyo",
        False,
    )
    assert form.reminders_days == (14, 3)
    assert [section.id for section in form.sections] == ["firm", "costs"]
    question = form.question("other_tool")
    assert question.when.op is Comparison.INCLUDES
    assert form.question("spent").minimum == Decimal(0)
    assert [c.kind for c in form.question("sites").columns] == [
        QuestionKind.CHOICE,
        QuestionKind.NUMBER,
        QuestionKind.TEXT,
    ]
    assert form.section_of("lessons").id == "costs"


def test_one_declaration_gives_the_dataset_that_statistics_may_read():
    programme = checked_programme(packed(FILES), check_own_rules)
    dataset = programme.dataset("answers")
    assert dataset.contributor == "participant"
    assert dataset.primary_key == ("submission", "row")
    columns = {column.name: column for column in dataset.columns}
    assert columns["participant"].sensitivity is Sensitivity.IDENTIFYING
    assert columns["goods"].enum == ("rice", "tea")
    assert columns["goods"].sensitivity is Sensitivity.PUBLIC
    assert columns["sales"].decimals == 2
    assert columns["tools_vpn"].type is ColumnType.BOOLEAN
    assert columns["since"].maximum == "2020-06-23"
    assert not {"lessons", "report", "remark", "sites"} & set(columns)


def test_a_request_for_data_is_a_form_without_questions():
    programme = checked_programme(packed(FILES), check_own_rules)
    form = programme.form(ASK)
    assert form.ask.dataset == "volumes"
    assert form.ask.every_months == 1
    assert form.sections == ()


def test_a_programme_may_hold_forms_and_no_dataset_of_its_own():
    kept = ("README.md", "programme.toml", "forms/telework.toml", "rules/rules.cedar")
    programme = checked_programme(packed({name: FILES[name] for name in kept}), check_own_rules)
    assert [each.id for each in programme.datasets] == ["answers"]


WRONG = [
    (("day = 2020-06-23", 'day = "2020-06-23"'), "is no day"),
    (("opens = 2020-06-01", "opens = 2020-07-01"), "opens after its deadline"),
    (('zone = "Asia/Tokyo"', 'zone = "Asia/Tokio"'), "did you mean `Asia/Tokyo`"),
    (("reminders_days = [14, 3]", "reminders_days = [14, -3]"), "0 to 400 whole days"),
    (('id = "staff"', 'id = "region"'), "`region` is used twice"),
    (('id = "costs"', 'id = "firm"'), "`firm` is used twice"),
    (('id = "vpn"', 'id = "video"'), "`video` is used twice"),
    (('id = "staff"', 'id = "participant"'), "every dataset of a form has"),
    (('id = "staff"\nkind = "number"', 'id = "staff"\nkind = "text"'), "belongs to questions"),
    (('currency = "JPY"', 'currency = "Yen"'), "three capital letters"),
    (('"text/csv"', '"text/html"'), "no media type `text/html`"),
    (("maximum = 100000", 'maximum = "many"'), "not a value of kind `number`"),
    (("minimum = 0\nmaximum = 100000", "minimum = 9\nmaximum = 1"), "minimum is over the maximum"),
    (('question = "tools", op', 'question = "lessons", op'), "no question `lessons` stands before"),
    (('op = "includes", value', 'op = "at-least", value'), "does not fit a question"),
    (('value = "other" }', 'value = "others" }'), "did you mean `other`"),
    (('left = "teleworkers"', 'left = "teleworker"'), "did you mean `teleworkers`"),
    (('right = "staff"', 'right = "lessons"'), "cannot compare questions of kind `text`"),
    (('right = "staff"', 'right = "since"'), "different kinds"),
    (('table = "sites"', 'table = "site"'), "did you mean `sites`"),
    (('public = ["region", "goods"]', 'public = ["region", "lessons"]'), "no column `lessons`"),
    (('id = "answers"', 'id = "volumes"'), "dataset `volumes` is declared elsewhere"),
    (("most = 50\n", "most = 5000\n"), "allows at most 2000"),
    (('kind = "several"', 'kind = "choices"'), "did you mean `choice`"),
    (("visible =", "visibel ="), "did you mean `visible`"),
    (("most = 200\n", "most = 0\n"), "lies outside 1"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[each[1] for each in WRONG])
def test_a_fault_of_a_form_is_told_with_its_line(change, said):
    told = faults(change)
    assert any(said in each for each in told), told
    assert all(each.startswith(("forms/telework.toml:", "releases/")) for each in told), told
    line = SURVEY[: SURVEY.index(change[0].split("\n", maxsplit=1)[0])].count("\n") + 1
    assert any(abs(int(each.split(":")[1]) - line) <= 12 for each in told), (line, told)


def test_all_faults_of_a_form_are_told_at_once():
    told = faults(WRONG[1][0], WRONG[2][0], WRONG[3][0], WRONG[9][0], WRONG[10][0])
    assert len(told) == 5


def test_a_form_that_asks_nothing_is_a_fault():
    told = faults(
        (REQUEST[REQUEST.index("[ask]") :], ""),
        file="forms/traffic.toml",
    )
    assert "asks nothing" in told[0]


def test_a_request_needs_a_day_and_a_dataset_that_can_be_delivered():
    told = faults(('dataset = "volumes"', 'dataset = "answers"'), file="forms/traffic.toml")
    assert "no dataset `answers` can be asked for" in told[0]
    told = faults(
        ('[deadline]\nday = 2020-06-30\nzone = "Asia/Tokyo"\n', ""), file="forms/traffic.toml"
    )
    assert "needs a deadline" in told[0]


def test_a_fault_of_a_forms_dataset_stands_in_the_forms_file():
    told = faults(
        ('method = "disclosure-control"', 'method = "disclosure-control", holding = "nobody"')
    )
    assert any(each.startswith("forms/telework.toml:") and "nobody" in each for each in told)


def check_all_is_said(error):
    for language in Language:
        assert all(error.sentences(language))


scraps = st.sampled_from(
    ["[", "]", "{", "}", '"', "=", "\n", "-1", "nan", "2020-01-01", "[[", "sections", "id", "0"]
)


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), scraps), min_size=1, max_size=5)
)
def test_a_mutated_form_becomes_a_value_or_a_programme_error(changes):
    text = SURVEY
    for at, length, scrap in changes:
        start = at % len(text)
        text = text[:start] + scrap + text[start + length :]
    kept = {
        "README.md": "# x\n",
        "programme.toml": HEAD,
        "rules/rules.cedar": FILES["rules/rules.cedar"],
    }
    try:
        programme = checked_programme(packed(kept | {"forms/telework.toml": text}), check_own_rules)
    except ProgrammeError as error:
        check_all_is_said(error)
    else:
        assert programme.form(FORM) is not None
