"""What holds of every indicator over every series, and what the intervals hold of the truth."""

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sekisho.lanes.statistics.indicators.ratios import Ratio, ratio_of
from sekisho.lanes.statistics.indicators.series import Known
from sekisho.model.indicator import (
    Baseline,
    Compound,
    Estimate,
    Growth,
    Index,
    NotEstimable,
    Policy,
    Projection,
)
from tests.lib.indicators import days, readings, worked_out

amounts = st.decimals(min_value=1, max_value=10**6, places=2)
errors = st.decimals(min_value=0, max_value=100, places=2)
series = st.lists(amounts, min_size=4, max_size=12)


def years(values):
    return {str(2000 + n): v for n, v in enumerate(values)}


@given(series, errors)
def test_every_interval_holds_its_own_figure(values, error):
    for how in (Growth("previous"), Index("2000"), Compound("2000", "2003"), Projection("2015")):
        for figure in worked_out(how, readings(years(values), error=error)).figures:
            found = figure.estimate
            if isinstance(found, Estimate) and found.low is not None:
                assert found.low <= found.value <= found.high


@given(series)
def test_growth_and_index_are_what_plain_division_says(values):
    growth = worked_out(Growth("previous"), readings(years(values))).figures
    for figure, (before, now) in zip(growth, pairwise(values), strict=True):
        assert abs(figure.estimate.value - (now / before - 1) * 100) <= Decimal("0.006")
    index = worked_out(Index("2000"), readings(years(values))).figures
    for figure, now in zip(index, values, strict=True):
        assert abs(figure.estimate.value - now / values[0] * 100) <= Decimal("0.006")


@given(amounts, amounts, st.integers(1, 40))
def test_compound_growth_leads_from_the_one_number_to_the_other(first, last, span):
    assume(Decimal("0.01") < last / first < 100)
    result = worked_out(
        Compound("2000", str(2000 + span)), readings({"2000": first, str(2000 + span): last})
    )
    rate = float(result.figures[0].estimate.value) / 100
    assert math.isclose(
        float(first) * (1 + rate) ** span, float(last), rel_tol=span * 2e-4 / (1 + rate)
    )


@given(series, st.integers(1, 1000))
def test_the_unit_of_the_numbers_changes_no_ratio(values, scale):
    for how in (Growth("previous"), Index("2000"), Compound("2000", "2003")):
        once = worked_out(how, readings(years(values), error="0.5"))
        scaled = [v * scale for v in values]
        again = worked_out(how, readings(years(scaled), error=Decimal("0.5") * scale))
        for a, b in zip(once.figures, again.figures, strict=True):
            if isinstance(a.estimate, NotEstimable):
                assert a.estimate.code == b.estimate.code
            else:
                assert abs(a.estimate.value - b.estimate.value) <= Decimal("0.01")


@given(st.permutations(range(20)), st.lists(amounts, min_size=20, max_size=20))
def test_the_order_of_the_rows_changes_nothing(order, values):
    found = readings(days("2020-03-02", values))
    mixed = [found[n] for n in order]
    for how in (Baseline("2020-03-02", "2020-03-08"), Growth("previous"), Projection("2020-03-30")):
        assert worked_out(how, found).figures == worked_out(how, mixed).figures


@given(amounts, amounts, errors, errors)
def test_a_larger_error_never_gives_a_narrower_interval(number, base, small, more):
    def wide(error):
        found = ratio_of(Known(float(number), float(error)), Known(float(base), float(error)), "")
        return (
            found.high - found.low if isinstance(found, Ratio) and found.low is not None else None
        )

    narrow, wider = wide(small), wide(small + more)
    if narrow is not None and wider is not None:
        assert narrow <= wider * (1 + 1e-9)


@pytest.mark.parametrize("base_error", [0.05, 0.2, 0.4])
def test_fiellers_interval_holds_the_true_ratio_as_often_as_it_says(base_error):
    rng = np.random.default_rng(7)
    true, held, asked = 1.5, 0, 4000
    for number, base in zip(
        rng.normal(1.5, 0.3, asked), rng.normal(1, base_error, asked), strict=True
    ):
        found = ratio_of(Known(number, 0.3), Known(base, base_error), "")
        held += isinstance(found, NotEstimable) or found.low <= true <= found.high
    assert held / asked >= 0.94


def errors_that_go_on(rng, many, strength):
    found = [rng.normal() / math.sqrt(1 - strength**2)]
    for _ in range(many - 1):
        found.append(strength * found[-1] + rng.normal())
    return found


def coverage(strength, *, trend, many, began, runs, noise=0.0):
    """How often the interval of an effect of -3 holds it, noise of the numbers added on top."""
    rng = np.random.default_rng(round(100 * strength) + many + began)
    start = f"2020-03-{began + 1:02}"
    last = list(days("2020-03-01", [0] * many))[-1]
    how = Policy((("", start),), (), "2020-03-01", last, "level", weekdays=True, trend=trend)
    held = 0
    for _ in range(runs):
        shown = [
            100 + 5 * (n % 7 == 0) - 3 * (n >= began) + rest + noise * rng.normal()
            for n, rest in enumerate(errors_that_go_on(rng, many, strength))
        ]
        values = readings(days("2020-03-01", [round(v, 6) for v in shown]), error=noise)
        effect = worked_out(how, values).figures[0].estimate
        held += effect.low <= -3 <= effect.high
    return held / runs


def test_the_interval_of_an_effect_holds_it_as_often_as_it_says():
    assert coverage(0.5, trend=False, many=42, began=21, runs=40, noise=1.0) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("trend", [True, False])
@pytest.mark.parametrize("strength", [0.0, 0.4, 0.7])
def test_the_interval_of_an_effect_holds_it_over_many_series(strength, trend, noise):
    found = [
        coverage(strength, trend=trend, many=many, began=began, runs=150, noise=noise)
        for many, began in ((31, 15), (50, 18), (50, 25))
    ]
    assert sum(found) / len(found) >= 0.92
    assert min(found) >= 0.89


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_interval_of_a_projection_holds_the_next_number_as_often_as_it_says(noise):
    rng = np.random.default_rng(11)
    held, asked = 0, 3000
    for _ in range(asked):
        numbers = [10 + 0.5 * t + rng.normal() * 0.5 for t in range(9)]
        shown = {
            str(2000 + t): round(v + noise * rng.normal(), 6) for t, v in enumerate(numbers[:8])
        }
        how = Projection("2008", model="linear")
        found = worked_out(how, readings(shown, error=noise)).figures[0].estimate
        held += float(found.low) <= numbers[8] <= float(found.high)
    assert held / asked >= 0.94
