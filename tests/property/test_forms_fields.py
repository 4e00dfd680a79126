"""What a page's fields hold is what was answered: to the page and back, nothing changes."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from sekisho.lanes.open.read_answers import read_answers, read_questions
from sekisho.lanes.open.validate import validate
from sekisho.terms import Language
from sekisho.web.pages.form_input import field_of, fields_of, given_answers
from sekisho.web.pages.form_views import Filled, error_lines, section_view
from sekisho.web.posted import Posted
from tests.lib.forms import survey

FORM = survey()
words = st.text("aZ <>&\"' \n\r\t=医療؟שﺱ\u200d", max_size=40)
rows = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "goods": st.sampled_from(["rice", "tea"]),
            "sales": st.decimals(0, 10**6, places=2).map(str),
            "remark": st.text('ab"<', max_size=9),
        },
    ),
    max_size=5,
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "region": st.sampled_from(["north", "south"]),
        "staff": st.integers(0, 10**5),
        "tools": st.lists(st.sampled_from(["video", "vpn", "other"]), unique=True),
        "other_tool": st.text("ab\"<>&'", max_size=20),
        "spent": st.builds(lambda n: {"amount": n, "currency": "JPY"}, st.integers(0, 10**12)),
        "since": st.dates(min_value=date(2000, 1, 1), max_value=date(2020, 6, 23)).map(str),
        "lessons": st.fixed_dictionaries({}, optional={"en": words, "ja": words}),
        "sites": rows,
    },
)


@given(answers)
def test_answers_come_back_from_the_fields_of_their_pages(given_json):
    found, faults = read_answers(FORM, given_json)
    assert faults == []
    for section in FORM.sections:
        here = {q.id: found[q.id] for q in section.questions if q.id in found}
        posted = Posted(fields_of(section, found))
        again, wrong = read_questions(section.questions, given_answers(section, posted, found))
        assert wrong == []
        assert again == here


values = st.lists(
    st.text(max_size=6) | st.sampled_from(["other", "north", "12", "-1", "１２"]), max_size=2
)
names = st.sampled_from(
    [
        "region",
        "staff",
        "tools",
        "other_tool",
        "spent-amount",
        "spent-currency",
        "since-year",
        "since-month",
        "since-day",
        "lessons-en",
        "lessons-ja",
        "sites-rows",
        "sites-1-goods",
        "sites-2-sales",
        "report-remove",
        "x",
    ]
)


@given(st.dictionaries(names, values))
def test_whatever_is_sent_becomes_answers_or_errors_that_lead_to_a_field(fields):
    for section in FORM.sections:
        posted = Posted({name: each for name, each in fields.items() if each})
        found, faults = read_questions(section.questions, given_answers(section, posted, {}))
        every = [*faults, *validate(FORM, found)]
        for language in Language:
            lines = error_lines(FORM, every, language, "/address")
            assert all("#" in line.place and line.text for line in lines)
            errors = {field_of(each): ("wrong",) for each in every}
            assert section_view(FORM, section, Filled(posted.fields, errors, found), language)
