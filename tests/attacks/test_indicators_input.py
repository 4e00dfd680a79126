"""Bad input gives no figure and a reason, never a number that looks like one."""

from decimal import Decimal

import pytest

from sekisho.lanes.statistics.indicators.written import result_about, result_of
from sekisho.model.indicator import (
    Baseline,
    Compound,
    Estimate,
    Growth,
    Index,
    Policy,
    Projection,
    Reading,
)
from sekisho.present.indicators import words_of
from sekisho.terms import Language
from sekisho.text import sentence
from tests.lib.indicators import days, readings, reasons, worked_out

BEFORE, SINCE = [10, 11, 9, 10] * 3, [5, 6, 4, 5] * 3
TWELVE = Policy((("", "2020-03-13"),), (), "2020-03-01", "2020-03-24", "level")


def test_a_base_of_zero_gives_no_ratio():
    values = readings({"2019": 0, "2020": 5})
    assert reasons(worked_out(Growth("previous"), values)) == ["indicators.base-zero"]
    assert reasons(worked_out(Index("2019"), values)) == ["indicators.base-zero"]
    assert reasons(worked_out(Compound("2019", "2020"), values)) == ["indicators.base-zero"]


def test_a_base_that_noise_may_have_made_gives_no_ratio():
    values = readings({"2019": 5, "2020": 9}, error=3)
    for how in (Growth("previous"), Index("2019"), Compound("2019", "2020")):
        assert reasons(worked_out(how, values)) == ["indicators.base-not-clear"]


def test_a_baseline_of_zero_gives_no_change_for_that_weekday_alone():
    values = days("2020-03-02", [0, 1, 1, 1, 1, 1, 1, 5, 5])
    result = worked_out(Baseline("2020-03-02", "2020-03-08"), readings(values))
    assert [isinstance(f.estimate, Estimate) for f in result.figures] == [False, True]
    assert reasons(result) == ["indicators.base-zero"]


def test_a_hidden_number_is_named_as_missing_and_never_taken_for_zero():
    values = readings({"2018": 4, "2019": None, "2020": 9, "2021": 9})
    found = worked_out(Growth("previous"), values)
    assert reasons(found) == ["indicators.hidden-number"] * 2
    assert found.figures[0].estimate.fields == {"at": "2019"}
    assert reasons(worked_out(Index("2019"), values)) == ["indicators.hidden-number"]
    assert reasons(worked_out(Projection("2023"), values)) == ["indicators.hidden-number"]


def test_a_gap_is_not_bridged():
    values = readings({"2018": 4, "2020": 9})
    found = worked_out(Growth("previous"), values)
    assert [f.estimate.code for f in found.figures] == ["indicators.no-number"]
    assert found.figures[0].estimate.fields == {"at": "2019"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda v: v.pop(3), "indicators.no-number"),
        (lambda v: v.append(v[0]), "indicators.time-twice"),
        (lambda v: v.append(Reading("2020-03-01T00:00+09:00", "", Decimal(1))), "indicators.unread-time"),
        (lambda v: v.append(Reading("2020-03-30T00:00:00Z", "", Decimal(1))), "indicators.unread-time"),
        (lambda v: v.append(Reading("2020-03", "", Decimal(1))), "indicators.times-of-two-kinds"),
        (lambda v: v.append(Reading("2020-02-30", "", Decimal(1))), "indicators.unread-time"),
        (lambda v: v.__setitem__(5, Reading("2020-03-06", "", None)), "indicators.hidden-number"),
        (lambda v: v.clear(), "indicators.no-group"),
    ],
)  # fmt: skip
def test_a_series_with_a_hole_in_it_has_no_effect(change, code):
    values = readings(days("2020-03-01", [*BEFORE, *SINCE]))
    change(values)
    assert reasons(worked_out(TWELVE, values)) == [code]


@pytest.mark.parametrize(
    ("began", "code"),
    [
        ("2020-02-01", "indicators.date-outside"),
        ("2020-03-01", "indicators.date-outside"),
        ("2020-05-01", "indicators.date-outside"),
        ("2020-03-04", "indicators.too-few-around"),
        ("2020-03-22", "indicators.too-few-around"),
        ("2020", "indicators.date-outside"),
        ("soon", "indicators.unread-time"),
    ],
)
def test_a_date_of_which_the_numbers_cannot_tell_is_refused(began, code):
    how = Policy((("", began),), (), "2020-03-01", "2020-03-24", "level")
    values = readings(days("2020-03-01", [*BEFORE, *SINCE]))
    assert reasons(worked_out(how, values)) == [code]


def test_a_policy_over_all_of_history_is_not_fitted():
    """Every page view would wait for it, and days since the year 1 fill the memory."""
    how = Policy((("", "2020-03-13"),), (), "0001-01-01", "9999-12-31", "level")
    result = worked_out(how, readings(days("2020-03-01", [*BEFORE, *SINCE])))
    assert reasons(result) == ["indicators.too-many-times"]
    said = result.figures[0].estimate
    assert all(sentence(said.code, said.fields, language) for language in Language)


def test_a_group_of_comparison_with_a_hole_stops_every_effect_and_is_named():
    how = Policy((("n", "2020-03-13"), ("w", "2020-03-14")), ("s",), "2020-03-01", "2020-03-24")
    north, west, south = (readings(days("2020-03-01", [*BEFORE, *SINCE]), g) for g in "nws")
    result = worked_out(how, north, west, south[:-1], by="area")
    assert reasons(result) == ["indicators.no-number-of"] * 2
    assert result.figures[0].estimate.fields == {"at": "2020-03-24", "group": "s"}


def test_a_number_that_noise_may_have_made_has_no_logarithm():
    how = Policy((("", "2020-03-13"),), (), "2020-03-01", "2020-03-24")
    values = readings(days("2020-03-01", [*BEFORE, *SINCE]), error=4)
    assert reasons(worked_out(how, values)) == ["indicators.not-positive"]


@pytest.mark.parametrize("value", [-5, 0])
def test_growth_through_zero_is_no_compound_growth(value):
    values = readings({"2019": 5, "2020": value})
    assert reasons(worked_out(Compound("2019", "2020"), values)) == ["indicators.not-positive"]


def test_a_projection_needs_four_numbers_and_something_ahead():
    three = readings({"2019": 5, "2020": 6, "2021": 8})
    assert reasons(worked_out(Projection("2023"), three)) == ["indicators.too-few-numbers"]
    four = [*three, *readings({"2022": 9})]
    assert reasons(worked_out(Projection("2022"), four)) == ["indicators.nothing-ahead"]
    assert reasons(worked_out(Projection("9999"), four)) == ["indicators.too-far-ahead"]


def test_every_reason_is_a_sentence_in_both_languages():
    for code, fields in {
        "hidden-number": ("at",),
        "no-number": ("at",),
        "hidden-number-of": ("at", "group"),
        "no-number-of": ("at", "group"),
        "not-positive": ("at",),
        "not-positive-of": ("at", "group"),
        "no-days": (),
        "no-numbers": (),
        "no-baseline-day": (),
    }.items():
        for language in Language:
            assert sentence(f"indicators.{code}", dict.fromkeys(fields, "x"), language)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    "how",
    [
        Baseline("2020-03-01", "2020-03-07"),
        Growth("previous"),
        Growth("year"),
        Index("2020-03-01"),
        Compound("2020-03-01", "2020-03-24"),
        Projection("2020-03-30"),
        TWELVE,
        Policy((("", "2020-03-13"),), (), "2020-03-01", "2020-03-24", trend=False),
    ],
)
def test_every_indicator_speaks_and_reads_back_from_what_was_written(how, language):
    result = worked_out(how, readings(days("2020-03-01", [*BEFORE, *SINCE]), error="0.1"))
    assert all(words_of(result, str, language))
    assert result_of(result_about(result)) == result
