"""Charts of indicators: bands, gaps, and words for those who do not see them."""

import pytest

from sekisho.model.indicator import Baseline, Growth, Index, Policy, Projection
from sekisho.present.indicator_chart import NARROW, indicator_description, indicator_svg
from sekisho.terms import Language
from tests.lib.indicators import days, readings, worked_out

YEARS = {str(y): 100 + 7 * (y % 3) + y - 2010 for y in range(2010, 2020)}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    "how",
    [Growth("previous"), Index("2012"), Projection("2022"), Projection("2022", model="linear")],
)
def test_a_chart_stands_alone_with_its_words(how, language):
    result = worked_out(how, readings(YEARS, error=2))
    drawn = indicator_svg(result, str, language, NARROW)
    assert drawn is not None
    assert indicator_description(result, str, language).split(" ")[0] in drawn
    assert f'lang="{language.value}"' in drawn
    assert "http" not in drawn.replace("http://www.w3.org", "")


def test_no_line_crosses_a_day_that_was_not_published():
    values = days("2020-03-02", [10] * 7 + [9, 8, 7, 6, 5, 4, 3])
    gone = {at: v for at, v in values.items() if at != "2020-03-12"}
    how = Baseline("2020-03-02", "2020-03-08")

    def strokes(series):
        drawn = indicator_svg(worked_out(how, readings(series)), str, Language.EN)
        line = drawn.split("mark-line")[-1].split("</g>")[0]
        return line.count("M")

    assert strokes(gone) == strokes(values) + 1


def test_nothing_is_drawn_where_nothing_could_be_estimated():
    result = worked_out(Growth("previous"), readings({"2019": 0, "2020": 5}))
    assert indicator_svg(result, str, Language.EN) is None
    assert indicator_description(result, str, Language.EN)


def test_effects_stand_from_the_lowest_to_the_highest():
    how = Policy(
        tuple((g, "2020-03-13") for g in "abc"),
        ("z",),
        "2020-03-01",
        "2020-03-24",
        "level",
        trend=False,
    )
    shared = [10, 12, 9, 11] * 6
    groups = [
        readings(
            days(
                "2020-03-01", [v + (lift if n >= 12 else 0) + n % 2 for n, v in enumerate(shared)]
            ),
            g,
        )
        for g, lift in (("a", 3), ("b", -6), ("c", 0), ("z", 0))
    ]
    result = worked_out(how, *groups, by="area")
    drawn = indicator_svg(result, {"a": "Up", "b": "Down", "c": "Same"}.get, Language.EN)
    assert drawn.index(">Down<") < drawn.index(">Same<") < drawn.index(">Up<")
    assert "3 groups" in indicator_description(result, str, Language.EN)
