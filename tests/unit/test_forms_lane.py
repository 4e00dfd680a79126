"""The open lane's own judgements: whole answers, deadlines, drafts of two officers, versions."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.lanes.open.deadlines import (
    Standing,
    closes_at,
    due_in_round,
    reminder_due,
    standing,
)
from sekisho.lanes.open.drafts import Saving, carried, differing, saved, status_of
from sekisho.lanes.open.read_answers import read_answers
from sekisho.lanes.open.schema import answers_schema
from sekisho.lanes.open.validate import asked_questions, counted, validate
from sekisho.lanes.open.written import answers_bytes, answers_json, submission_bytes
from sekisho.model.form import Check, Comparison, Condition, Deadline
from sekisho.model.submission import BothText, Leftover, Money, SubmissionState
from sekisho.model.text import Text
from sekisho.present.answers import leftover_text
from sekisho.terms import Language
from tests.lib.forms import ANSWERS, answers, survey
from tests.lib.forms_submissions import AT, draft, read, submission

FORM = survey()
SCHEMA = jsonschema.Draft202012Validator(answers_schema(FORM))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def codes(**changed: object) -> list[str]:
    found, faults = read_answers(FORM, answers(**changed))
    return [f"{each.place}: {each.code}" for each in [*faults, *validate(FORM, found)]]


# -- whole answers --------------------------------------------------------------------------------


def test_whole_answers_have_no_fault():
    assert codes() == []


def test_each_answer_becomes_a_value_of_its_kind():
    found = read()
    assert found["staff"] == Decimal(120)
    assert found["spent"] == Money(Decimal(1200000), "JPY")
    assert found["since"] == date(2020, 4, 7)
    assert found["lessons"] == BothText("Fewer meetings.\nMore writing.", "会議が減りました。")
    assert found["sites"][0] == {"goods": "rice", "sales": Decimal("12.50")}
    assert found["tools"] == ("video", "other")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"region": None}, ["region: forms.missing"]),
        ({"region": "  "}, ["region: forms.missing"]),
        ({"other_tool": None}, ["other_tool: forms.missing"]),
        ({"teleworkers": 121}, ["teleworkers: forms.check-failed"]),
        ({"sites": [{"goods": "tea"}]}, ["sites.sales:1: forms.missing"]),
        ({"spent": {"amount": 1, "currency": "USD"}}, ["spent: forms.other-currency"]),
        ({"since": "2020-06-24"}, ["since: forms.too-much"]),
        ({"tools": ["video", "video"]}, ["tools: forms.chosen-twice", ]),
        ({"sites": [{"goods": "tea", "sales": 1}] * 51}, ["sites: forms.too-many-rows"]),
        ({"other_tool": "a\nb"}, ["other_tool: forms.one-line", "other_tool: forms.missing"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_question(changed, said):
    assert codes(**changed) == said


def test_what_is_not_asked_is_neither_missed_nor_counted():
    found = read(tools=["video"], other_tool="written before")
    assert "other_tool" not in [each.id for each in asked_questions(FORM, found)]
    assert validate(FORM, found) == []
    assert "other_tool" not in counted(FORM, found)


def test_a_check_that_lacks_an_answer_says_nothing_and_sums_add_what_is_there():
    assert codes(teleworkers=None) == []
    total = Check(
        "sum", "staff + teleworkers", Comparison.AT_MOST, "199", Text("too many", "多すぎます")
    )
    form = replace(FORM, checks=(total,))
    assert [f.code for f in validate(form, read())] == ["forms.check-failed"]
    assert validate(form, read(teleworkers=79)) == []
    assert validate(form, read(teleworkers=None)) == []
    assert validate(form, read())[0].sentence() == "staff: too many"


def test_a_condition_of_a_condition_holds_only_when_both_do():
    questions = list(FORM.sections[0].questions)
    questions[4] = replace(questions[4], when=Condition("teleworkers", Comparison.AT_LEAST, "1"))
    questions[2] = replace(questions[2], when=Condition("region", Comparison.IS, "south"))
    form = replace(FORM, sections=(replace(FORM.sections[0], questions=tuple(questions)),))
    assert "other_tool" not in [q.id for q in asked_questions(form, read())]
    assert "other_tool" in [q.id for q in asked_questions(form, read(region="south"))]


def test_the_same_answers_give_the_same_bytes_whatever_their_order():
    found = read()
    assert answers_bytes(found) == answers_bytes(dict(reversed(found.items())))
    assert submission_bytes(submission()) == submission_bytes(submission())


# -- the schema for programs ----------------------------------------------------------------------


def test_the_schema_is_a_schema_and_takes_the_sample():
    jsonschema.Draft202012Validator.check_schema(answers_schema(FORM))
    SCHEMA.validate(ANSWERS)


@pytest.mark.parametrize(
    "changed",
    [
        {"region": "nort"}, {"region": None}, {"staff": "many"}, {"staff": 1.5}, {"staff": -1}, {"tools": "video"},
        {"tools": ["video", "video"]}, {"other_tool": None}, {"other_tool": "x" * 201}, {"since": "7 April"},
        {"spent": 5}, {"spent": {"amount": 5, "currency": "USD"}}, {"sites": [{"goods": "tea"}]}, {"unknown": 1},
        {"lessons": "text"}, {"sites": [{"goods": "tea", "sales": 1, "x": 2}]}, {"report": "file.pdf"},
    ],
)  # fmt: skip
def test_what_the_schema_refuses_the_form_refuses_too(changed):
    assert not SCHEMA.is_valid(answers(**changed))
    if changed not in ({"tools": "video"}, {"spent": 5}):
        assert codes(**changed), changed


texts = st.text("abc 医療\n", max_size=30)
whole = st.fixed_dictionaries(
    {"region": st.sampled_from(["north", "south"]), "staff": st.integers(0, 100_000)},
    optional={
        "teleworkers": st.integers(0, 200),
        "tools": st.lists(st.sampled_from(["video", "vpn", "other"]), unique=True),
        "other_tool": st.text("abc 医療", max_size=20),
        "spent": st.builds(lambda n: {"amount": n, "currency": "JPY"}, st.integers(0, 10**15)),
        "since": st.dates(date(2000, 1, 1), date(2020, 6, 23)).map(str),
        "lessons": st.fixed_dictionaries({}, optional={"en": texts, "ja": texts}),
        "sites": st.lists(
            st.fixed_dictionaries(
                {
                    "goods": st.sampled_from(["rice", "tea"]),
                    "sales": st.decimals(0, 10**9, places=2).map(float),
                },
                optional={"remark": st.text("abc", max_size=9)},
            ),
            max_size=4,
        ),
    },
)


@given(whole)
def test_what_the_form_takes_the_schema_takes(given_answers):
    found, faults = read_answers(FORM, given_answers)
    if not faults and not validate(FORM, found):
        SCHEMA.validate(answers_json(counted(FORM, found)))
    elif {f.code for f in [*faults, *validate(FORM, found)]} == {"forms.missing"}:
        assert not SCHEMA.is_valid(answers_json(found))


# -- deadlines ------------------------------------------------------------------------------------

TOKYO = Deadline(date(2020, 6, 23), "Asia/Tokyo")


def test_a_day_ends_at_midnight_on_the_clocks_of_the_declared_zone():
    assert closes_at(TOKYO) == at("2020-06-23T15:00:00+00:00")
    last = at("2020-06-23T23:59:59.999999+09:00")
    assert standing(FORM, last) is Standing.OPEN
    assert standing(FORM, last + timedelta(microseconds=1)) is Standing.CLOSED


def test_one_second_past_is_late_even_where_it_is_still_the_day():
    in_los_angeles = at("2020-06-23T08:00:01-07:00")
    assert standing(FORM, in_los_angeles) is Standing.CLOSED
    takes_late = replace(FORM, deadline=replace(TOKYO, late=True))
    assert standing(takes_late, in_los_angeles) is Standing.LATE
    assert standing(takes_late, in_los_angeles - timedelta(seconds=2)) is Standing.OPEN


def test_a_form_opens_with_its_first_day_in_its_own_zone():
    assert standing(FORM, at("2020-05-31T23:59:59+09:00")) is Standing.NOT_OPEN
    assert standing(FORM, at("2020-06-01T00:00:00+09:00")) is Standing.OPEN


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        ("2020-06-23", "UTC", "2020-06-24T00:00:00+00:00"),
        ("2020-06-23", "Pacific/Kiritimati", "2020-06-23T10:00:00+00:00"),
        ("2020-06-23", "Etc/GMT+12", "2020-06-24T12:00:00+00:00"),
        # Midnight is skipped: clocks of Beirut went from 00:00 to 01:00 on 29 March 2020.
        ("2020-03-28", "Asia/Beirut", "2020-03-28T22:00:00+00:00"),
        # The hour before midnight stands twice: clocks of Havana went back at 01:00 on 1 November.
        ("2020-10-31", "America/Havana", "2020-11-01T04:00:00+00:00"),
        # A whole day is skipped: Samoa had no 30 December 2011.
        ("2011-12-29", "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
    ],
)
def test_a_day_ends_once_whatever_the_clocks_do(day, zone, instant):
    assert closes_at(Deadline(date.fromisoformat(day), zone)) == at(instant)


def test_reminders_are_due_from_their_day_on_and_never_after_the_deadline():
    assert reminder_due(FORM, at("2020-06-08T12:00:00+09:00")) is None
    assert reminder_due(FORM, at("2020-06-09T00:00:00+09:00")) == 14
    assert reminder_due(FORM, at("2020-06-23T23:59:59+09:00")) == 0
    assert reminder_due(FORM, at("2020-06-24T00:00:00+09:00")) is None


def test_a_request_comes_round_on_the_same_day_or_the_months_last():
    first = date(2020, 1, 31)
    assert [due_in_round(first, 1, n).isoformat() for n in (1, 2, 3, 13)] == [
        "2020-01-31",
        "2020-02-29",
        "2020-03-31",
        "2021-01-31",
    ]


# -- two officers on one draft --------------------------------------------------------------------

FIRM = FORM.sections[0]


def save(base_draft, by, base, settles=False, **given_answers):
    found, faults = read_answers(FORM, given_answers)
    assert faults == []
    return saved(base_draft, FIRM, Saving("firm", found, base, by, AT, settles=settles))


def test_officers_who_save_one_after_the_other_meet_no_clash():
    first = save(draft(), "one", 0, region="north")
    second = save(first, "two", first.revision, region="north", staff=5)
    assert second.clashes == ()
    assert second.revision == 2
    assert second.changed_by == "two"


def test_a_save_over_somebody_elses_loses_neither_text():
    first = save(draft(), "one", 0, region="north", other_tool="written by one")
    second = save(first, "two", 0, region="south", other_tool="written by two")
    assert second.answers["other_tool"] == "written by one"
    assert [clash.answers["other_tool"] for clash in second.clashes] == ["written by two"]
    assert [q.id for q in differing(FIRM, second, second.clashes[0])] == ["region", "other_tool"]
    third = save(second, "three", 0, other_tool="written by three")
    assert len(third.clashes) == 2


def test_who_chooses_with_both_in_view_settles_the_clash():
    first = save(draft(), "one", 0, other_tool="one")
    second = save(first, "two", 0, other_tool="two")
    settled = save(second, "one", second.revision, settles=True, other_tool="one and two")
    assert settled.clashes == ()
    assert settled.answers["other_tool"] == "one and two"
    kept = save(second, "one", second.revision, settles=True, other_tool="one")
    assert kept.clashes == ()


def test_a_choice_made_before_a_third_version_came_does_not_lose_the_third():
    first = save(draft(), "one", 0, other_tool="one")
    second = save(first, "two", 0, other_tool="two")
    seen = second.revision
    third = save(second, "three", 0, other_tool="three")
    settled = save(third, "one", seen, settles=True, other_tool="one and two")
    assert [clash.answers["other_tool"] for clash in settled.clashes] == ["three"]


def test_the_same_text_twice_is_no_clash_and_no_change():
    first = save(draft(), "one", 0, region="north")
    assert save(first, "two", 0, region="north") == first


def test_different_sections_never_clash():
    first = save(draft(), "one", 0, region="north")
    costs, _ = read_answers(FORM, {"spent": {"amount": 5, "currency": "JPY"}})
    both = saved(first, FORM.sections[1], Saving("costs", costs, 0, "two", AT))
    assert both.clashes == ()
    assert set(both.answers) == {"region", "spent"}


words = st.text("abc", min_size=1, max_size=3)


@given(st.lists(st.tuples(words, st.integers(0, 6), st.booleans()), max_size=8))
def test_whatever_the_order_of_saves_no_text_is_lost_that_nobody_had_in_view(saves):
    current = draft()
    seen: dict[str, int] = {}
    for text, back, settles in saves:
        base = max(current.revision - back, 0)
        before = current
        current = save(current, "x", base, settles=settles, other_tool=text)
        seen[text] = current.revision
        kept = {
            current.answers.get("other_tool"),
            *(c.answers["other_tool"] for c in current.clashes),
        }
        assert text in kept
        for clash in before.clashes:
            if clash.revision > base or not settles:
                assert clash in current.clashes
        stood = before.answers.get("other_tool")
        if stood and before.section_revisions.get("firm", 0) > base:
            assert stood in kept


# -- a form that changed --------------------------------------------------------------------------


def test_a_draft_is_carried_to_a_changed_form_and_nothing_of_it_is_lost():
    old = FORM
    questions = [
        replace(q, title=Text("Staff on 1 June", "6月1日の従業員数"))
        if q.id == "staff"
        else replace(q, required=True)
        for q in FIRM.questions
        if q.id != "teleworkers"
    ]
    new = replace(
        old,
        version=2,
        sections=(replace(FIRM, questions=tuple(questions)), old.sections[1]),
        checks=(),
    )
    begun = save(
        draft(),
        "one",
        0,
        **{k: v for k, v in ANSWERS.items() if k in {q.id for q in FIRM.questions}},
    )
    clashing = save(begun, "two", 0, region="south", staff=7)
    moved = carried(clashing, old, new, "digest")
    assert moved.version == 2
    assert set(moved.answers) == {"region", "tools", "other_tool"}
    assert {(left.question, left.title.en) for left in moved.leftovers} == {
        ("staff", "Staff"),
        ("teleworkers", "Staff who telework"),
    }
    assert [dict(c.answers) for c in moved.clashes] == [{"region": "south"}]
    assert Decimal(7) in {left.answer for left in moved.leftovers}
    late = save(moved, "two", clashing.revision, region="south")
    assert len(late.clashes) == 2


def test_what_is_left_over_is_shown_in_words_whatever_it_was():
    found = read()
    title = Text("Old", "旧")
    told = {
        name: leftover_text(Leftover(name, title, found[name]), Language.EN)
        for name in ("staff", "spent", "since", "lessons", "tools", "sites")
    }
    assert told["staff"] == "120"
    assert told["spent"] == "1,200,000 JPY"
    assert told["since"] == "7 April 2020"
    assert "会議が減りました。" in told["lessons"]
    assert told["tools"] == "video\nother"
    assert told["sites"] == "rice | 12.50\ntea | 3.00 | =1+1"


# -- who has answered -----------------------------------------------------------------------------


def test_the_status_tells_who_has_answered_who_has_begun_and_who_has_not():
    found = status_of(
        ["a", "b", "c"],
        [
            submission(participant="a"),
            submission("MUS-1", participant="z", state=SubmissionState.OPENED),
        ],
        {"b": draft(participant="b")},
    )
    assert [each.participant for each in found.answered] == ["a", "z"]
    assert found.drafting == ("b",)
    assert found.waiting == ("c",)
