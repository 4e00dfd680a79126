"""What is known of a private release before any row is read."""

from datetime import date
from decimal import Decimal

import pytest

from sekisho.errors import QueryError, UsageError
from sekisho.lanes.statistics.privacy.answer import cost_of, expected_errors, explained
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.terms import Language
from tests.lib.privacy import NoNoise, table_of
from tests.lib.privacy_constructs import CONSTRUCTS, database, ledger_of, planned


def listed(select: str, where: str = "") -> list[tuple]:
    sql = f"SELECT {select} AS g, COUNT(*) AS n FROM trips {where} GROUP BY 1"
    return list(planned(sql).bound.groups[0].values or ())


@pytest.mark.parametrize(
    ("select", "where", "values"),
    [
        ("region", "", ["north", "south", "west"]),
        ("region", "WHERE region <> 'north'", ["south", "west"]),
        ("region", "WHERE region IN ('west', 'north')", ["north", "west"]),
        ("region", "WHERE region = 'nowhere'", ["north", "south", "west"]),
        ("age", "WHERE age > 95 AND age < 99", [96, 97, 98]),
        ("age", "WHERE age BETWEEN 3 AND 4", [3, 4]),
        (
            "day",
            "WHERE day >= DATE '2020-04-05' AND day <> DATE '2020-04-06'",
            [date(2020, 4, 5), date(2020, 4, 7)],
        ),
        ("day", "WHERE day > DATE '2020-04-05'", [date(2020, 4, 6), date(2020, 4, 7)]),
        ("EXTRACT(MONTH FROM day)", "", list(range(1, 13))),
        ("EXTRACT(YEAR FROM day)", "", [2020]),
        ("DATE_TRUNC('month', day)", "", [date(2020, 4, 1)]),
        ("DATE_TRUNC('week', day)", "", [date(2020, 3, 30), date(2020, 4, 6)]),
        ("COALESCE(purpose, 'none')", "", ["work", "shop", "visit", "none"]),
        ("CASE WHEN age < 20 THEN 'a' ELSE region END", "", ["a", "north", "south", "west"]),
        ("UPPER(region)", "", ["NORTH", "SOUTH", "WEST"]),
        ("LEAST(age, 2)", "", [0, 1, 2]),
    ],
)
def test_groups_are_listed_from_declarations_and_where(select, where, values):
    assert listed(select, where) == values


@pytest.mark.parametrize(
    ("argument", "ends"),
    [
        ("minutes", (0, 6000)),
        ("balance", (-50, 50)),
        ("LEAST(GREATEST(fare, 0), 500)", (0, 500)),
        ("GREATEST(LEAST(fare, 9), -9)", (-9, 9)),
        ("ABS(balance)", (0, 50)),
        ("balance - age", (-149, 50)),
        ("CASE WHEN age > 20 THEN 1 ELSE 0 END", (0, 1)),
        ("COALESCE(balance, -80)", (-80, 50)),
        ("balance * balance", (-2500, 2500)),
    ],
)
def test_sums_are_bounded_from_declarations_and_clamps(argument, ends):
    plan = planned(f"SELECT SUM({argument}) AS n FROM trips")
    amount = plan.bound.vectors[0].amounts[0]
    assert (amount.lower, amount.upper) == ends


@pytest.mark.parametrize(
    "argument",
    ["fare", "LEAST(fare, 5)", "GREATEST(balance, fare)", "LEAST(balance, fare)"],
)
def test_a_sum_that_nothing_bounds_on_both_sides_is_refused(argument):
    with pytest.raises(QueryError, match="nothing bounds"):
        planned(f"SELECT SUM({argument}) AS n FROM trips")


def test_more_groups_than_a_million_are_refused_before_anything_is_read():
    sql = "SELECT age, day, region, EXTRACT(MONTH FROM day) AS m, EXTRACT(HOUR FROM left_at) AS h, EXTRACT(DAY FROM day) AS d, COUNT(*) AS n FROM trips GROUP BY 1, 2, 3, 4, 5, 6"
    with pytest.raises(QueryError, match="more than 1000000 groups"):
        planned(sql)


@pytest.mark.parametrize("epsilon", ["0", "-1", "NaN", "1e9"])
def test_an_absurd_epsilon_is_refused(epsilon):
    with pytest.raises(UsageError, match="epsilon"):
        planned("SELECT COUNT(*) AS n FROM trips", epsilon=epsilon)


def test_unlisted_groups_need_a_declared_number_of_them():
    with pytest.raises(QueryError, match="no declaration lists"):
        planned("SELECT shop, COUNT(*) AS n FROM trips GROUP BY shop", Contribution())


@pytest.mark.parametrize("title", [each.title for each in CONSTRUCTS])
def test_every_proof_can_be_read_in_two_languages(title):
    sql = next(each.sql for each in CONSTRUCTS if each.title == title)
    for step in explained(planned(sql)):
        assert step.sentence(Language.EN) != step.sentence(Language.JA)


def test_a_dry_run_shows_the_error_that_the_table_then_has():
    sql = "SELECT region, day, COUNT(*) AS trips FROM trips GROUP BY ROLLUP (region, day)"
    plan = planned(sql)
    said = {each.groups: each.standard_error for each in expected_errors(plan)}
    table = table_of(plan, database([], []), NoNoise())
    for row in table.rows:
        names = tuple(n for n, g in zip(("region", "day"), row.groups, strict=True) if g)
        error = row.numbers["trips"].standard_error
        assert error == pytest.approx(said[names], rel=0.01)
    assert cost_of(plan, ledger_of()) == pytest.approx(Decimal(1), abs=Decimal("0.00001"))


def test_a_smaller_epsilon_gives_a_larger_error():
    sql = "SELECT COUNT(*) AS n FROM trips"
    errors = [
        next(expected_errors(planned(sql, epsilon=e))).standard_error for e in ("2", "1", "0.5")
    ]
    assert errors == sorted(errors)


@pytest.mark.parametrize(
    "declared",
    [
        Contribution(groups=0),
        Contribution(rows=-1),
        Contribution(found_groups=10**12),
        Contribution(found_groups=-1),
        Contribution(length=Decimal(0) - 1),
        Contribution(length=Decimal("NaN")),
        Contribution(lengths={"n": Decimal(0)}),
    ],
)
def test_an_absurd_contribution_is_refused(declared):
    with pytest.raises(UsageError, match="declared contribution"):
        planned("SELECT SUM(minutes) AS n FROM trips", declared)


def test_reversed_clamps_mean_what_sql_means():
    amount = planned("SELECT SUM(LEAST(GREATEST(fare, 240), 0)) AS n FROM trips").bound.vectors[0]
    assert (amount.amounts[0].lower, amount.amounts[0].upper) == (0, 0)
