"""Quantiles: bins from declared ends, exact scores, and draws that cost what they are charged."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.errors import QueryError
from sekisho.lanes.statistics.privacy import pick
from sekisho.lanes.statistics.privacy.answer import expected_errors
from sekisho.lanes.statistics.privacy.bounds import Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA, normal_quantile
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.noise import SecureNoise
from sekisho.lanes.statistics.privacy.quantiles import choice_scale, scores
from sekisho.query.grids import grid_between
from tests.lib.privacy import NoNoise, SeededNoise, sums_of, table_from, table_of
from tests.lib.privacy_constructs import database, planned, survey
from tests.lib.privacy_moved import moved

MEDIAN = "SELECT region, MEDIAN(minutes) AS m FROM trips GROUP BY region"
ONE = Contribution(groups=1, rows=1)
SHARES = st.sampled_from([Decimal(q) for q in ("0.5", "0.25", "0.9", "0.01", "0.3333")])
counts = st.lists(st.integers(0, 50), min_size=1, max_size=12)
ends = st.tuples(st.integers(-(2**40), 2**40), st.integers(0, 2**41)).map(
    lambda e: (e[0], min(e[0] + e[1], 2**45 - 1))
)


def trips(values, regions=("north",)):
    """A survey of one row a person and region, minutes in tenths as the engine holds them."""
    base = survey(1)[0]
    rows = [
        (n, base[1], region, base[3], value, *base[5:])
        for n, value in enumerate(values)
        for region in regions
    ]
    return database(rows, [])


# ------------------------------------------------------------------------------------------ bins


@given(ends=ends, most=st.integers(128, 1024), numbers=st.lists(st.integers(-(2**45), 2**45)))
@settings(max_examples=60)
def test_every_number_between_the_ends_has_one_bin(ends, most, numbers):
    low, high = ends
    grid = grid_between(low, high, most)
    assert 1 <= grid.bins <= most
    edges = [grid.ends(at) for at in range(grid.bins)]
    assert edges[0][0] == low
    assert edges[-1][1] == high
    assert all(a[1] + 1 == b[0] for a, b in pairwise(edges))
    for number in numbers:
        first, last = edges[grid.bin_of(number)]
        assert first <= min(max(number, low), high) <= last


@given(ends=ends, most=st.sampled_from([128, 256, 1024]), more=st.lists(st.integers(), max_size=5))
@settings(max_examples=25)
def test_the_engine_puts_a_number_where_plain_python_does(ends, most, more):
    grid = grid_between(*ends, most)
    numbers = [end for at in range(0, grid.bins, 7) for end in grid.ends(at)]
    numbers += [ends[0] - 1, ends[1] + 1, *(m for m in more if abs(m) < 2**62)]
    sql = f"SELECT {grid.bin_sql('x')} FROM (SELECT unnest(?::BIGINT[]) AS x)"
    found = duckdb.execute(sql, [numbers]).fetchall()
    assert [row[0] for row in found] == [grid.bin_of(number) for number in numbers]


def test_bins_grow_with_numbers_that_lie_far_apart_and_are_exact_where_there_is_room():
    assert grid_between(0, 200, 256).ends(7) == (7, 7)
    wide = grid_between(0, 10**7, 1024)
    relative = [(b - a) / a for a, b in map(wide.ends, range(wide.bins)) if a > 100]
    assert max(relative) < 0.02
    assert {b - a for a, b in map(grid_between(-5000, 4999, 250).ends, range(250))} == {39}


# ---------------------------------------------------------------------------------------- scores


@given(held=counts, share=SHARES)
def test_a_score_is_how_far_the_wanted_rank_lies_outside_the_bin(held, share):
    above, whole = share.as_integer_ratio()
    rank, before, oracle = Fraction(above, whole) * sum(held), 0, []
    for one in held:
        missed = max(before - rank, rank - before - one, 0)
        oracle.append(-int(missed * whole))
        before += one
    assert scores(np.array([held]), share)[0].tolist() == oracle
    large = np.array([held]) * 2**56
    assert scores(large, share)[0].tolist() == [max(s * 2**56, -(2**62)) for s in oracle]


@given(held=counts, own=counts, share=SHARES)
def test_a_unit_moves_scores_by_a_range_of_twice_its_weight_at_most(held, own, share):
    size = min(len(held), len(own))
    less = np.array([held[:size]])
    with_unit = less + np.array([own[:size]])
    apart = scores(with_unit, share) - scores(less, share)
    above, whole = share.as_integer_ratio()
    assert apart.max() - apart.min() <= 2 * max(above, whole - above) * sum(own[:size])


def test_that_range_is_reached():
    less, own = np.array([[0, 5, 5, 3, 0]]), np.array([[0, 0, 0, 0, 1]])
    apart = scores(less + own, Decimal("0.5")) - scores(less, Decimal("0.5"))
    assert apart.max() - apart.min() == 2


# ------------------------------------------------------------------------------------- the price


@pytest.mark.parametrize("width", [0.001, 0.1, 0.5, 1.0, 3.0, 8.0])
def test_a_draw_of_bounded_range_is_dominated_by_the_gaussian_it_is_charged_as(width):
    mu = 0.6266570687 * width
    for at in np.linspace(0.02, 0.98, 49) * width:
        # two outcomes with likelihood ratios e^(at - width) and e^at: the worst of that range
        low, high = math.exp(at - width), math.exp(at)
        rare = (1 - low) / (high - low)
        for wrong, right in ((rare, rare * high), (1 - rare, 1 - rare * high)):
            if 1e-12 < wrong < 1 - 1e-12 and 1e-12 < right < 1 - 1e-12:
                power = normal_quantile(right) - normal_quantile(wrong)
                assert abs(power) <= mu + 1e-7


def test_the_scale_of_a_draw_is_never_rounded_down():
    for share, norm in [(Decimal("0.5"), Norm.L2), (Decimal("0.9"), Norm.L1)]:
        above, whole = share.as_integer_ratio()
        exact = 2 * max(above, whole - above) * SIGMA
        least = Decimal(exact) * (Decimal(2) * Decimal(math.pi)).sqrt() / 4
        assert Decimal(choice_scale(share, norm)) >= (least if norm is Norm.L2 else exact)


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("share", ["0.5", "0.9", "0.05"])
def test_a_unit_with_extreme_values_everywhere_costs_no_more_than_is_charged(pure, share):
    sql = f"SELECT region, day, QUANTILE(balance, {share}) AS m FROM trips GROUP BY region, day"
    plan = planned(sql, Contribution(groups=3, rows=2), pure=pure)
    others = [row for row in survey(4, people=9, rows=70) if row[0] is not None]
    base = survey(4)[0]
    less = sums_of(plan, database(others, []))
    for many, value in ((1, 50), (40, -50), (40, 10**9)):
        own = [
            (99, day, region, base[3], base[4], value, *base[6:])
            for day in sorted({row[1] for row in others})
            for region in ("north", "south", "west")
            for _ in range(many)
        ]
        assert moved(plan, sums_of(plan, database(others + own, [])), less) <= plan.charge.loss


# -------------------------------------------------------------------------------------- the draw


def test_places_are_drawn_as_often_as_their_scores_say():
    row = np.array([0, 2**30, 2**29, -(2**31), 2**29])
    drawn = pick.picked(np.tile(row, (40_000, 1)), 2.0**30)
    chance = np.exp(row / 2**30)
    expected = 40_000 * chance / chance.sum()
    found = np.bincount(drawn, minlength=row.size)
    assert float(((found - expected) ** 2 / expected).sum()) < 33


def test_opendp_draws_the_same_and_claims_at_least_what_that_costs():
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_noisy_max
    from opendp.measures import zero_concentrated_divergence
    from opendp.metrics import linf_distance
    from opendp.mod import enable_features

    enable_features("contrib")
    space = vector_domain(atom_domain(T="i64")), linf_distance(T="i64")
    chooser = make_noisy_max(*space, zero_concentrated_divergence(), 4.0)
    row = np.array([0, 4, 2, -8, 2])
    found = np.bincount([chooser(row) for _ in range(1500)], minlength=row.size)
    expected = 1500 * np.exp(row / 4) / np.exp(row / 4).sum()
    assert float(((found - expected) ** 2 / expected).sum()) < 33
    # scores that move by 1 either way: a range of 2 / 4, a concentrated loss of range^2 / 8
    assert chooser.map(1) >= 0.5**2 / 8


def test_what_floats_cannot_decide_is_decided_by_exact_decimals(monkeypatch):
    row = np.tile(np.array([0, 3, 1]), (80, 1))
    monkeypatch.setattr(pick, "_MARGIN", 2.0)
    found = np.bincount(pick.picked(row, 2.0), minlength=3)
    expected = 80 * np.exp(np.array([0, 1.5, 0.5])) / np.exp([0, 1.5, 0.5]).sum()
    assert float(((found - expected) ** 2 / expected).sum()) < 33
    assert pick._decided(2**64 - 1, 0, 1.0)
    assert not pick._decided(2**63, 2**40, 1.0)
    chance = int(Decimal(-1).exp() * 2**64)
    assert pick._decided(chance - 1, 1, 1.0)
    assert not pick._decided(chance + 1, 1, 1.0)


def test_one_place_alone_is_always_drawn():
    assert pick.picked(np.zeros((5, 1), dtype=np.int64), 1.0).tolist() == [0] * 5


# ------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("tenths", [0, 1, 3000, 6000])
def test_where_all_values_are_equal_that_value_is_drawn(tenths):
    table = table_of(planned(MEDIAN, ONE, epsilon="4"), trips([tenths] * 500), SecureNoise(1))
    shown = float(next(r.numbers["m"].value for r in table.rows if r.groups == ("north",)))
    assert shown == pytest.approx(tenths / 10, rel=0.003)


@pytest.mark.parametrize(("tenths", "bound"), [(-(10**9), 0.0), (10**9, 600.0)])
def test_values_outside_the_declared_ends_count_at_the_nearest(tenths, bound):
    table = table_of(planned(MEDIAN, ONE, epsilon="4"), trips([tenths] * 500), SecureNoise(1))
    assert float(table.rows[0].numbers["m"].value) == pytest.approx(bound, abs=2.0)


def test_missing_values_and_empty_groups_leave_nothing_but_the_declared_ends():
    sql = "SELECT region, MEDIAN(balance) AS m FROM trips GROUP BY region"
    base = survey(1)[0]
    rows = [(n, base[1], "north", base[3], base[4], None, *base[6:]) for n in range(300)]
    plan = planned(sql, ONE)
    sums = sums_of(plan, database(rows, []))
    assert not sums.blocks[0, 0].any()
    tables = (table_from(plan, sums, SeededNoise(seed)) for seed in range(15))
    seen = {row.numbers["m"].value for table in tables for row in table.rows}
    assert min(seen) >= -50
    assert max(seen) <= 50
    assert len(seen) > 15


def test_one_unit_alone_hardly_changes_what_is_drawn():
    plan = planned(MEDIAN, ONE)
    alone, nobody = (
        scores(sums_of(plan, d).blocks[0, 0], Decimal("0.5"))
        for d in (
            trips([3000]),
            trips([]),
        )
    )
    moved_by = (alone - nobody) / choice_scale(Decimal("0.5"), Norm.L2)
    assert float(moved_by.max() - moved_by.min()) <= float(plan.charge.loss) ** 0.5 / 0.6266


def test_a_column_of_one_declared_value_has_one_bin():
    sql = "SELECT MEDIAN(LEAST(GREATEST(age, 7), 7)) AS m FROM trips"
    assert table_of(planned(sql), trips([]), SecureNoise(1)).column("m") == [7]


def test_without_noise_the_median_lies_in_the_bin_of_the_true_one():
    values = [row[4] for row in survey(6, people=50, rows=401)]
    found = table_of(planned(MEDIAN, ONE, epsilon="4"), trips(values), NoNoise()).rows[0]
    assert float(found.numbers["m"].value) == pytest.approx(np.median(values) / 10, rel=0.005)


def test_a_falling_order_turns_the_share_round():
    falling = "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY minutes DESC)"
    turned, plain = (
        planned(f"SELECT region, {one} AS m FROM trips GROUP BY region").query.aggregate.measures[0]
        for one in (falling, "QUANTILE(minutes, 0.1)")
    )
    assert (turned.quantile, turned.argument) == (plain.quantile, plain.argument)


# --------------------------------------------------------------------------- refused, and foretold


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT MEDIAN(fare) AS m FROM trips", "nothing bounds the values"),
        ("SELECT shop, MEDIAN(minutes) AS m FROM trips GROUP BY shop", "that a declaration lists"),
        ("SELECT MEDIAN(shop) AS m FROM trips", "does not take these arguments"),
        ("SELECT QUANTILE(minutes, 1) AS m FROM trips", "does not take these arguments"),
        ("SELECT MEDIAN(person) AS m FROM trips", "says whom a row is about"),
        (
            "WITH a AS (SELECT person, MEDIAN(age) AS m FROM trips GROUP BY 1) SELECT SUM(m) AS m FROM a",
            "cannot stand in a WITH part",
        ),
        (
            "SELECT age, day, balance, MEDIAN(minutes) AS m FROM trips GROUP BY age, day, balance",
            "at most 32768 groups",
        ),
    ],
)
def test_a_quantile_that_cannot_be_drawn_safely_is_refused(sql, words):
    with pytest.raises(QueryError, match=words):
        planned(sql)


def test_how_far_off_a_draw_will_be_is_said_in_rows_before_any_is_read():
    plan = planned(MEDIAN, ONE)
    (said,) = expected_errors(plan)
    assert said.in_places
    values = sorted(range(0, 6000, 3))
    exact = trips(values)
    sums = sums_of(plan, exact)
    off = []
    for _ in range(60):
        (bin_,) = pick.picked(scores(sums.blocks[0, 0][:1], Decimal("0.5")), _scale())
        middle = plan.bound.vectors[0].grid.middle(int(bin_))
        off.append(abs(sum(v < middle for v in values) - len(values) / 2))
    assert np.mean(off) == pytest.approx(said.standard_error, rel=0.6, abs=6)


def _scale() -> float:
    return choice_scale(Decimal("0.5"), Norm.L2)


def test_several_quantiles_of_a_group_never_cross():
    sql = "SELECT region, QUANTILE(minutes, 0.75) AS high, MEDIAN(minutes) AS mid, QUANTILE(minutes, 0.25) AS low FROM trips GROUP BY region"
    plan, exact = planned(sql, ONE), trips([10, 2000, 4000])
    sums = sums_of(plan, exact)
    for seed in range(6):
        for row in table_from(plan, sums, SeededNoise(seed)).rows:
            shown = [row.numbers[name].value for name in ("low", "mid", "high")]
            assert shown == sorted(shown)
