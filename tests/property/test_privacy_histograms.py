"""Bins of equal width begin where they say, and one number a unit is distributed as it is."""

import statistics
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.query.expressions import Case, ColumnRef, Literal
from sekisho.query.render import Renderer
from tests.lib.privacy import NoNoise, SeededNoise, table_of
from tests.lib.privacy_constructs import database, planned, survey

WIDE = Contribution(groups=40, rows=40)


def bins_of(low, high, count, column="minutes"):
    sql = f"SELECT WIDTH_BUCKET({column}, {low}, {high}, {count}) AS bin, COUNT(*) AS n FROM trips GROUP BY 1"
    (group,) = planned(sql, WIDE).query.aggregate.groups
    return group.expression


@settings(max_examples=40)
@given(
    low=st.integers(-500, 500),
    width=st.integers(1, 700),
    count=st.integers(1, 60),
    tenths=st.lists(st.integers(-9000, 9000), max_size=20),
)
def test_a_number_counts_in_the_bin_of_the_exact_quotient(low, width, count, tenths):
    case = bins_of(low, low + width, count)
    assert isinstance(case, Case)
    edges = [(low + Fraction(width * at, count)) * 10 for at in range(count + 1)]
    near = {int(edge) + step for edge in edges for step in (-1, 0, 1)}
    numbers = sorted({*tenths, *near})
    sql = (
        f'SELECT {Renderer().expression(case)} FROM (SELECT unnest(?::BIGINT[]) AS "trips.minutes")'
    )
    found = [row[0] for row in duckdb.execute(sql, [numbers]).fetchall()]
    for number, bin_ in zip(numbers, found, strict=True):
        place = (Fraction(number, 10) - low) * count / width
        assert bin_ == (0 if place < 0 else count + 1 if place >= count else int(place) + 1)


def test_missing_values_have_no_bin():
    case = bins_of(-50, 50, 3, "balance")
    first, value = case.branches[0]
    assert isinstance(first.item, ColumnRef)
    assert value == Literal(None, value.type)


def test_a_histogram_shows_every_bin_adds_up_and_is_never_negative():
    sql = "SELECT WIDTH_BUCKET(minutes, 0, 600, 8) AS bin, COUNT(*) AS n FROM trips GROUP BY ROLLUP (1)"
    plan, exact = planned(sql), database(survey(7), [])
    for seed in range(3):
        cells = {
            r.groups[0]: r.numbers["n"].value for r in table_of(plan, exact, SeededNoise(seed)).rows
        }
        assert set(cells) == {None, *map(str, range(10))}
        assert min(cells.values()) >= 0
        assert sum(v for bin_, v in cells.items() if bin_ is not None) == cells[None]


PEOPLE = (
    "WITH p AS (SELECT person, {gathered} AS x FROM trips GROUP BY person) SELECT {asked} FROM p"
)


@pytest.mark.parametrize(
    ("gathered", "oracle"),
    [
        ("SUM(minutes)", sum),
        ("AVG(minutes)", statistics.mean),
        ("MAX(minutes)", max),
        ("COUNT(*)", len),
    ],
)
def test_one_number_a_unit_is_distributed_as_plain_python_says(gathered, oracle):
    trips = survey(8, people=300, rows=1500)
    held: dict[int, list[Decimal]] = {}
    for row in trips:
        if row[0] is not None:
            held.setdefault(row[0], []).append(Decimal(int(row[4])) / 10)
    numbers = sorted(min(float(oracle(each)), 2000.0) for each in held.values())
    clamped = "LEAST(x, 2000)"
    asked = (
        f"MEDIAN({clamped}) AS m, AVG({clamped}) AS a, COUNT(*) AS n, STDDEV_POP({clamped}) AS s"
    )
    sql = PEOPLE.format(gathered=gathered, asked=asked)
    plan = planned(sql, epsilon="4")
    assert all(bundle.histogram_weight == 0 for bundle in plan.bundles)
    (row,) = table_of(plan, database(trips, []), NoNoise()).rows
    shown = {name: each.value and float(each.value) for name, each in row.numbers.items()}
    assert shown["n"] == len(numbers)
    middle = (numbers[(len(numbers) - 1) // 2], numbers[len(numbers) // 2])
    assert middle[0] * 0.99 - 0.1 <= shown["m"] <= middle[1] * 1.01 + 0.1
    for name, true in (("a", statistics.mean(numbers)), ("s", statistics.pstdev(numbers))):
        if shown[name] is not None:
            assert shown[name] == pytest.approx(true, rel=0.02, abs=1.5)
