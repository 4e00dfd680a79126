"""Figures whose right value is known: of the documents, of arithmetic, of a textbook's arithmetic."""

import csv
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sekisho.lanes.statistics.indicators.regress import STRENGTHS, Fit, fit, interval_of, t_95
from sekisho.model.indicator import (
    Baseline,
    Compound,
    Estimate,
    Growth,
    Index,
    Policy,
    Projection,
)
from tests.lib.indicators import days, exact_fit, readings, reasons, worked_out

ROOT = Path(__file__).resolve().parents[2]
METI = ROOT / "programmes/cross-border-ecommerce/public/meti-purchases.csv"


def only(result) -> Decimal:
    (figure,) = result.figures
    assert isinstance(figure.estimate, Estimate), figure.estimate
    return figure.estimate.value


@pytest.mark.parametrize(
    ("first", "last", "rate"),
    [("900", "5000", "27.76"), ("912.3", "4856.1", "26.98"), ("100", "100", "0.00")],
)
def test_the_compound_growth_of_the_documents_is_what_their_figures_say(first, last, rate):
    result = worked_out(Compound("2020", "2027"), readings({"2020": first, "2027": last}))
    assert only(result) == Decimal(rate)


def test_the_ministrys_matrix_adds_up_in_2019_and_2021():
    with METI.open(encoding="utf-8", newline="") as file:
        values = {
            (r["year"], r["buyer"], r["seller"]): Decimal(r["value_billion_yen"])
            for r in csv.DictReader(file)
        }
    for year in ("2019", "2021"):
        sums = {(b, s): v for (y, b, s), v in values.items() if y == year and "+" in s}
        assert len(sums) == 3
        for (buyer, both), total in sums.items():
            parts = sum(values[year, buyer, each] for each in both.split("+"))
            assert abs(total - parts) <= Decimal("0.1")


def test_growth_is_the_ratio_less_one():
    result = worked_out(Growth("previous"), readings({"2019": 80, "2020": 100, "2021": 90}))
    assert [f.estimate.value for f in result.figures] == [Decimal("25.00"), Decimal("-10.00")]


def test_growth_from_the_year_before_compares_the_same_month():
    values = {f"2020-{m:02}": 10 * m for m in range(1, 13)} | {"2021-03": 45}
    result = worked_out(Growth("year"), readings(values))
    assert [(f.at, f.estimate.value) for f in result.figures] == [("2021-03", Decimal("50.00"))]


def test_an_index_is_exactly_100_at_its_base_with_no_interval():
    result = worked_out(Index("2020"), readings({"2019": 50, "2020": 40, "2021": 60}, error=1))
    at = {f.at: f.estimate for f in result.figures}
    assert at["2020"] == Estimate(Decimal("100.00"))
    assert at["2021"].value == 150
    assert at["2021"].low < 150 < at["2021"].high


def test_a_day_is_compared_with_the_mean_of_the_same_weekday():
    values = days("2020-03-02", [10, 20, 30, 40, 50, 60, 70, 12, 22, 32, 42, 52, 62, 72, 5.5, 42])
    result = worked_out(Baseline("2020-03-02", "2020-03-15"), readings(values))
    assert [(f.at, f.estimate.value) for f in result.figures] == [
        ("2020-03-16", Decimal("-50.00")),
        ("2020-03-17", Decimal("100.00")),
    ]


def test_months_written_as_their_first_day_are_months():
    values = {"2020-12-01": 10, "2021-01-01": 20, "2021-02-01": 30}
    result = worked_out(Growth("previous"), readings(values), step="month")
    assert [(f.at, str(f.estimate.value)) for f in result.figures] == [
        ("2021-01", "100.00"),
        ("2021-02", "50.00"),
    ]
    assert reasons(worked_out(Growth("previous"), readings(values))) == ["indicators.no-number"] * 2


def test_a_trend_without_scatter_goes_on_without_an_interval():
    values = {str(y): 100 * 2 ** (y - 2018) for y in range(2018, 2023)}
    result = worked_out(Projection("2024"), readings(values))
    assert [(f.at, f.estimate.value) for f in result.figures] == [("2023", 3200), ("2024", 6400)]
    straight = {str(y): 10 * y for y in range(2018, 2023)}
    line = worked_out(Projection("2023", model="linear"), readings(straight))
    assert only(line) == 20230
    assert line.figures[0].estimate.low == line.figures[0].estimate.high == 20230


def test_a_projection_has_the_interval_of_a_single_new_value():
    """By hand: y = 1, 2, 2, 3, 5 at 0..4 gives line 0.9 t + 0.8, residual variance 1.1 / 3."""
    values = {str(2000 + t): y for t, y in enumerate([1, 2, 2, 3, 5])}
    how = Projection("2005", model="linear")
    (figure,) = worked_out(how, readings(values)).figures
    half = 3.182446 * (1.1 / 3 * (1 + 1 / 5 + 9 / 10)) ** 0.5
    assert figure.estimate.value == Decimal("5.3")
    assert abs(float(figure.estimate.high) - (5.3 + half)) <= 0.05


BEFORE = [10, 12, 11, 13, 12, 14, 13, 15, 14, 15]
SINCE = [9, 10, 8, 9, 7, 8, 6, 7, 5, 6]


def test_the_effect_is_what_exact_arithmetic_says():
    """Fits at every strength in fractions, counted by likelihoods of exact determinants."""
    values = [Fraction(v) for v in [*BEFORE, *SINCE]]
    rows = [
        [Fraction(t >= 10), Fraction(max(t - 10, 0)), Fraction(t - 10), Fraction(1)]
        for t in range(20)
    ]
    fits, logs = [], []
    for strength in STRENGTHS:
        found, said = exact_fit(Fraction(str(strength)), rows, values)
        fits.append(found)
        logs.append(said)
    counts = [math.exp(each - max(logs)) for each in logs]
    wanted = [
        sum(c * float(f[n]) for c, f in zip(counts, fits, strict=True)) / sum(counts)
        for n in range(3)
    ]
    how = Policy((("", "2020-03-11"),), (), "2020-03-01", "2020-03-20", "level")
    result = worked_out(how, readings(days("2020-03-01", [*BEFORE, *SINCE])))
    found = {f.what: float(f.estimate.value) for f in result.figures}
    assert abs(found["level"] - wanted[0]) <= 0.006
    assert abs(found["slope"] - wanted[1]) <= 0.006
    assert abs(found["before"] - wanted[2]) <= 0.006
    assert abs(found["effect"] - (wanted[0] + 4.5 * wanted[1])) <= 0.006


def test_errors_that_do_not_go_on_are_fitted_as_a_textbook_does():
    """Two means of ten: the first strength is ordinary least squares, its error s * sqrt(2 / 10)."""
    columns = np.array([[float(t >= 10), 1.0] for t in range(20)])
    values = np.array([float(v) for v in [*BEFORE, *SINCE]])
    found = fit(values, columns)
    first, second = np.array(BEFORE, float), np.array(SINCE, float)
    rest = ((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum()
    assert found.coefficients[0][0] == pytest.approx(second.mean() - first.mean())
    assert found.covariances[0][0][0] == pytest.approx(rest / 18 * 2 / 10)
    assert found.freedom == 18
    assert t_95(18) == pytest.approx(2.1009220, abs=1e-6)


def test_cigarette_sales_after_a_tax_are_what_the_textbook_example_found():
    """California, packs a head, 1970 to 2000; the tax of Proposition 99 held from 1989 on.

    A. Linden, "Conducting interrupted time-series analysis for single- and multiple-group
    comparisons", Stata Journal 15 (2015): the level fell by 20.06 packs, the trend of 1.78 packs
    less a year by 1.49 more. That is the fit without errors that go on. They go on strongly here,
    so the interval is much wider than the one given there, and its middle lies elsewhere.
    """
    sold = (
        "123 121 123.5 124.4 126.7 127.1 128 126.4 126.1 121.9 120.2 118.6 115.4 110.8 104.8 102.8"
    )
    sold += " 99.7 97.5 90.1 82.4 77.8 68.7 67.5 63.4 58.6 56.4 54.5 53.8 52.3 47.2 41.6"
    values = dict(zip(map(str, range(1970, 2001)), sold.split(), strict=True))
    since = np.arange(1970, 2001) - 1989.0
    held = (since >= 0).astype(float)
    columns = np.column_stack([held, held * since, since, np.ones(31)])
    found = fit(np.array([float(v) for v in values.values()]), columns)
    assert found.coefficients[0][:3] == pytest.approx([-20.0581, -1.4947, -1.7795], abs=5e-5)
    assert found.counts[0] < 0.001
    how = Policy((("", "1989"),), (), "1970", "2000", "level")
    level = next(f.estimate for f in worked_out(how, readings(values)).figures if f.what == "level")
    assert level.low < level.value < level.high < 0


def test_the_interval_of_one_strength_alone_is_that_of_student():
    one = Fit(np.array([[3.0]]), np.array([[[4.0]]]), np.array([1.0]), 18)
    value, low, high = interval_of(one, np.array([1.0]))
    assert (value, low, high) == pytest.approx((3, 3 - 2 * 2.1009220, 3 + 2 * 2.1009220), abs=1e-5)
    wider = interval_of(one, np.array([1.0]), least=5.0)
    assert wider[2] - wider[0] == pytest.approx(5 * 2.1009220, abs=1e-5)


def test_what_moves_all_groups_alike_is_no_effect():
    shared = [10, 14, 9, 30, 2, 25, 11, 3, 19, 8] * 2
    north = [v + (5 if n < 10 else -1) for n, v in enumerate(shared)]
    how = Policy(
        (("n", "2020-03-11"),), ("s", "w"), "2020-03-01", "2020-03-20", "level", trend=False
    )
    south, west = ([v + add for v in shared] for add in (1, -1))
    found = [
        readings(days("2020-03-01", v), g) for g, v in zip("nsw", (north, south, west), strict=True)
    ]
    result = worked_out(how, *found, by="area")
    effect, trend = result.figures
    assert (effect.what, effect.estimate.value) == ("effect", Decimal(-6))
    assert effect.estimate.low == effect.estimate.high == -6
    assert (trend.what, trend.estimate.value) == ("before", Decimal(0))


def test_an_effect_in_percent_is_a_ratio_of_geometric_means():
    values = days("2020-03-01", [100, 102, 98, 100] * 3 + [50, 51, 49, 50] * 3)
    how = Policy((("", "2020-03-13"),), (), "2020-03-01", "2020-03-24", trend=False)
    effect = worked_out(how, readings(values)).figures[0]
    assert effect.estimate.value == Decimal("-50.00")
