"""Variances: three sums at the price of one, an interval that holds, and values at the edges."""

import statistics
from decimal import Decimal

import numpy as np
import pytest

from sekisho.errors import QueryError
from sekisho.lanes.statistics.privacy.answer import expected_errors
from sekisho.lanes.statistics.privacy.measures import Contribution
from tests.lib.privacy import SeededNoise, sums_of, table_from
from tests.lib.privacy_constructs import database, planned, survey

ONE = Contribution(groups=1, rows=1)
QUIET = SeededNoise(1, loud=0.0)
SQL = "SELECT VARIANCE(minutes) AS v, STDDEV(minutes) AS s, STDDEV_POP(minutes) AS p, VAR_POP(minutes) AS a FROM trips"


def trips(tenths):
    base = survey(1)[0]
    return database([(n, *base[1:4], value, *base[5:]) for n, value in enumerate(tenths)], [])


def spread(tenths, noise, sql=SQL, epsilon="4"):
    plan = planned(sql, ONE, epsilon=epsilon)
    (row,) = table_from(plan, sums_of(plan, trips(tenths)), noise).rows
    return row.numbers


SKEWED = [min(6000, int(each)) for each in np.random.default_rng(2).lognormal(6, 1, 2000)]


def test_without_noise_they_are_the_variances_of_plain_python():
    found, natural = spread(SKEWED, QUIET), [each / 10 for each in SKEWED]
    for name, oracle in (
        ("v", statistics.variance),
        ("s", statistics.stdev),
        ("p", statistics.pstdev),
        ("a", statistics.pvariance),
    ):
        assert float(found[name].value) == pytest.approx(oracle(natural), rel=0.002)


@pytest.mark.parametrize("values", [SKEWED, [0] * 1000 + [6000] * 1000, [3000] * 2000])
def test_the_interval_holds_the_variance_without_noise(values):
    true = statistics.pvariance([each / 10 for each in values])
    sql = "SELECT VAR_POP(minutes) AS a FROM trips"
    plan = planned(sql, ONE, epsilon="1")
    sums, held = sums_of(plan, trips(values)), 0
    for seed in range(120):
        inside = table_from(plan, sums, SeededNoise(seed)).rows[0].numbers["a"].interval
        held += inside.low <= true * 1.002 + 0.05 and true * 0.998 - 0.05 <= inside.high
    assert held >= 0.9 * 120


def test_three_sums_cost_and_scatter_like_one_count():
    three, one = (
        planned(sql, ONE).bundles[0]
        for sql in ("SELECT VARIANCE(minutes) AS v FROM trips", "SELECT COUNT(*) AS v FROM trips")
    )
    steps = three.wanted[0].moments.steps
    assert three.clip.scale * steps**2 == pytest.approx(one.clip.scale, rel=0.01)


def test_nobody_leaves_no_value_and_one_unit_hardly_any():
    for values in ([], [3000]):
        assert [each.value for each in spread(values, SeededNoise(3)).values()] == [None] * 4


def test_values_at_and_beyond_the_declared_ends_stay_between_none_and_the_most():
    for values in ([0] * 99, [6000] * 99, [10**9] * 99, [-(10**9)] * 99, [None] * 5):
        for each in spread(values, SeededNoise(4)).values():
            if each.value is not None:
                assert 0 <= each.value <= 92_000
                assert 0 <= each.interval.low <= each.value <= each.interval.high


def test_what_nothing_bounds_or_nothing_varies_is_refused():
    for argument in ("fare", "LEAST(GREATEST(age, 7), 7)"):
        with pytest.raises(QueryError, match="nothing bounds"):
            planned(f"SELECT VARIANCE({argument}) AS v FROM trips")
    with pytest.raises(QueryError, match="cannot stand in a WITH part"):
        planned(
            "WITH p AS (SELECT person, STDDEV(age) AS s FROM trips GROUP BY person) SELECT AVG(s) AS m FROM p"
        )


def test_a_dry_run_foretells_the_error_of_the_sums():
    assert [each.measure for each in expected_errors(planned(SQL, ONE))] == ["v", "s", "p", "a"]


def test_amounts_are_rounded_to_fewer_steps_where_units_have_many_rows():
    sql = "SELECT region, VARIANCE(minutes) AS v FROM trips GROUP BY region"
    few, many = (
        planned(sql, Contribution(groups=3, rows=rows)).bundles[0].wanted[0].moments
        for rows in (1, 200)
    )
    assert few.steps > many.steps >= 60
    assert many.step * many.steps >= Decimal(600)
