"""Without noise and with wide bounds a private table is the plain query's table."""

from datetime import datetime
from decimal import Decimal

import pytest

from sekisho.lanes.statistics.privacy.estimates import as_text
from sekisho.lanes.statistics.privacy.measures import Contribution
from tests.lib.privacy import NoNoise, SeededNoise, table_of
from tests.lib.privacy_constructs import CONSTRUCTS, database, planned, scores, survey

TITLES = {each.title: each.sql for each in CONSTRUCTS}
WIDE = Contribution(groups=40, rows=40, found_groups=40)
NOT_PLAIN = {
    "Counting other distinct values": "counts pairs of unit and value",
    "Groups that no declaration lists": "hides groups of few units",
    "Medians": "gives the middle of a bin",
    "Quantiles": "gives the middle of a bin",
    "Variances": "has no value for so few rows",
    "Histograms": "uses a function that the engine does not know",
    "One number a unit, and how it is distributed": "gives the middle of a bin",
}
QUOTIENTS = ("Means", "Shares", "Several measures", "Arithmetic on results")
ROUNDED = {"GROUPING SETS": 10}
"""Totals of unlisted cells are sums of rounded ones."""
SURVEY = database(survey(5), scores(5))


def plain(sql: str) -> list[tuple]:
    """What DuckDB itself answers over the rows that have a unit, in natural decimals."""
    SURVEY.execute(
        "CREATE OR REPLACE TEMP VIEW natural_trips AS SELECT * REPLACE "
        "((minutes / 10)::DECIMAL(12, 1) AS minutes) FROM trips WHERE person IS NOT NULL"
    )
    SURVEY.execute('CREATE OR REPLACE TEMP VIEW areas AS SELECT * FROM "lookup:areas"')
    sql = sql.replace("FROM trips", "FROM natural_trips AS trips")
    return SURVEY.execute(sql).fetchall()


def said(value):
    if isinstance(value, datetime):
        value = value.date()
    return None if value is None else as_text(value)


@pytest.mark.parametrize("title", [t for t in TITLES if t not in NOT_PLAIN])
def test_without_noise_the_table_is_the_plain_querys(title):
    plan = planned(TITLES[title], WIDE, epsilon="4")
    table = table_of(plan, SURVEY, NoNoise())
    shown = len(table.group_columns)
    private = {
        tuple(row.groups): [row.numbers[c].value for c in table.columns if c in row.numbers]
        for row in table.rows
    }
    expected = plain(TITLES[title])
    assert expected
    for row in expected:
        groups = tuple(said(v) for v in row[:shown])
        if None in groups and groups not in private:
            continue
        for mine, theirs in zip(private[groups], row[shown:], strict=True):
            if mine is None:
                assert title in QUOTIENTS
                continue
            assert Decimal(str(mine)) == pytest.approx(
                Decimal(str(theirs)), abs=ROUNDED.get(title, Decimal("0.002"))
            )


def test_every_listed_group_is_shown_also_the_empty_ones():
    table = table_of(planned(TITLES["CUBE"]), database([], []), SeededNoise(1))
    assert len(table.rows) == 3 * 4 + 3 + 4 + 1
    assert all(row.numbers["trips"].value >= 0 for row in table.rows)


def test_parts_add_up_to_their_totals_exactly():
    table = table_of(planned(TITLES["CUBE"]), SURVEY, SeededNoise(2))
    cells = {row.groups: row.numbers["trips"].value for row in table.rows}
    for region in ("north", "south", "west"):
        parts = [v for (r, p), v in cells.items() if r == region and p is not None]
        assert sum(parts) == cells[region, None]
    assert sum(v for (r, p), v in cells.items() if r and p is None) == cells[None, None]
    money = {row.groups: row.numbers["minutes"].value for row in table.rows}
    assert sum(v for (r, p), v in money.items() if r and p) == money[None, None]


def test_distinct_units_are_never_made_to_add_up():
    plan = planned(TITLES["Totals of distinct units"], WIDE, epsilon="4")
    table = table_of(plan, SURVEY, NoNoise())
    cells = {row.groups: row.numbers["people"].value for row in table.rows}
    assert sum(v for (r, d), v in cells.items() if r and d is None) > cells[None, None]


def test_a_mean_is_the_mean_of_the_clamped_amounts():
    trips = [(n, *row[1:]) for n, row in enumerate(survey(2, rows=400) * 5)]
    plan = planned(TITLES["Means"], Contribution(groups=1), epsilon="4")
    many = database(trips, [])
    found = dict(
        many.execute("SELECT region, avg(minutes) / 10 FROM trips GROUP BY ALL").fetchall()
    )
    for row in table_of(plan, many, NoNoise()).rows:
        number = row.numbers["mean_minutes"]
        assert float(number.value) == pytest.approx(found[row.groups[0]], abs=0.05)
        assert number.interval.low < number.value < number.interval.high


def test_a_mean_over_a_group_that_may_be_empty_has_no_value():
    table = table_of(planned(TITLES["Means"]), database([], []), SeededNoise(3))
    assert [row.numbers["mean_minutes"].value for row in table.rows] == [None] * 3


def test_results_can_be_filtered_ordered_and_cut_after_the_noise():
    table = table_of(planned(TITLES["HAVING, ORDER BY, LIMIT"]), SURVEY, SeededNoise(4))
    trips = table.column("trips")
    assert len(trips) <= 2
    assert trips == sorted(trips, reverse=True)
    assert all(value > 3 for value in trips)


def test_arithmetic_on_results_carries_its_error_along():
    table = table_of(planned(TITLES["Arithmetic on results"], WIDE), SURVEY, NoNoise())
    plan = planned(TITLES["Counting rows"], WIDE)
    single = table_of(plan, SURVEY, NoNoise()).rows[0].numbers["trips"]
    scaled = table.rows[0].numbers["scaled"]
    assert scaled.value == single.value * 100 - 5
    assert scaled.interval.low <= scaled.value <= scaled.interval.high
    assert scaled.standard_error > 100 * single.standard_error


def test_the_sample_of_groups_is_the_same_in_every_run():
    sampled = Contribution(groups=2, rows=2, sampled=True)
    plan = planned("SELECT day, region, COUNT(*) AS n FROM trips GROUP BY day, region", sampled)
    first, again = (table_of(plan, SURVEY, NoNoise()).column("n") for _ in range(2))
    assert first == again
    assert plan.bound.cap == 2


def test_a_group_that_many_units_have_is_found_and_one_of_a_few_is_not():
    people = [(p, *survey(1)[0][1:8], "everywhere", 7) for p in range(100, 900)]
    people += [(p, *survey(1)[0][1:8], "rare", 7) for p in range(100, 103)]
    found = Contribution(groups=2, rows=1, found_groups=2)
    plan = planned(TITLES["Groups that no declaration lists"], found, epsilon="2")
    table = table_of(plan, database(people, []), SeededNoise(6))
    assert table.column("shop") == ["everywhere"]


def test_pure_epsilon_draws_laplace_noise_and_keeps_no_delta():
    noise = SeededNoise(7)
    plan = planned(TITLES["CUBE"], pure=True)
    table_of(plan, SURVEY, noise)
    assert plan.charge.delta == 0
    assert plan.charge.loss == 1


@pytest.mark.parametrize("title", ["Counting units", "CUBE", "Means", "ROLLUP"])
def test_duckdb_sums_do_not_depend_on_threads(title):
    plan = planned(TITLES[title])
    one = table_of(plan, SURVEY, NoNoise())
    other = database(survey(5)[::-1], scores(5)[::-1])
    other.execute("SET threads = 3")
    assert table_of(plan, other, NoNoise()) == one
