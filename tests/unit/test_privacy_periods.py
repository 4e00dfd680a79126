"""A query is charged to the budgets of the periods whose rows it may read."""

from dataclasses import replace
from datetime import date

import pytest

from sekisho.errors import QueryError
from sekisho.lanes.statistics.privacy.periods import (
    charged_periods,
    period_ends,
    periods_between,
)
from sekisho.query.parse import parse
from sekisho.terms import ColumnType
from tests.lib.privacy_constructs import ANSWERS, TABLES, TRIPS, column

YEAR = replace(
    TRIPS,
    columns=(
        *TRIPS.columns,
        column("month_day", ColumnType.DATE, minimum="2020-01-01", maximum="2020-12-31"),
        column("any_day", ColumnType.DATE),
    ),
)
TABLES_OF_YEAR = replace(TABLES, datasets={"trips": YEAR, "answers": ANSWERS})


def charged(where: str, day: str = "month_day", period: str = "month") -> tuple[str, ...]:
    sql = f"SELECT region, COUNT(*) AS n FROM trips AS t {where} GROUP BY region"
    query = parse(sql, [YEAR, ANSWERS], [], "query.sql")
    return charged_periods(query, TABLES_OF_YEAR, "trips", day, period)


def test_a_query_over_two_months_is_charged_to_both():
    where = "WHERE t.month_day BETWEEN DATE '2020-04-30' AND DATE '2020-05-01'"
    assert charged(where) == ("2020-04", "2020-05")


def test_a_query_without_where_is_charged_to_the_whole_declared_year():
    assert len(charged("")) == 12
    assert charged("", period="year") == ("2020",)


def test_a_budget_for_once_needs_no_days():
    assert charged("", period="once") == ("once",)


def test_days_that_nothing_bounds_are_refused():
    with pytest.raises(QueryError, match="which days"):
        charged("", day="any_day")
    where = "WHERE t.any_day >= DATE '2021-02-01'"
    with pytest.raises(QueryError, match="which days"):
        charged(where, day="any_day")


def test_periods_end_on_their_last_day():
    assert period_ends("2020-02") == date(2020, 2, 29)
    assert period_ends("2020") == date(2020, 12, 31)
    assert period_ends("once") is None
    assert periods_between(date(2020, 12, 31), date(2021, 1, 1), "year") == ("2020", "2021")
