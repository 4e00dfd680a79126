"""What a query means: rows in, cells out, the same on every engine.

A cell is (total, rows, contributors, largest contributions); amounts in hundredths.
"""

import pytest

from sekisho.errors import QueryError
from tests.lib.queries import (
    ENGINES,
    GROUPS_OF_FIRMS,
    SALES,
    cells_of,
    rows_from,
    sources_of,
    table_of,
)

ROWS = """
firm      | region | kind | day        | size | amount | parent
Ann       | N      | a    | 2020-03-31 | 1    | 10.00  | Holding
Ann       | N      | b    | 2021-01-01 | 2    | 5.50   | Holding
Bert      | N      | a    | 2020-12-31 | 3    | -7.25  | Holding
Bert      | S      | a    | 2020-06-15 | 4    | 0      | Holding
Chris     | S      | b    | 2021-06-15 |      | 100.01 |
Chris     | S      | b    | 2021-06-16 | 6    |        |
the depot | N      | a    | 2020-01-01 | 7    | 999    |
"""


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def cells(request, tmp_path):
    def counted(sql, rows=ROWS, dataset=SALES, top=3):
        sources = sources_of(tmp_path, rows_from(rows), dataset=dataset)
        return table_of(cells_of(request.param, sql, sources, top))

    return counted


def test_a_total_is_summed_and_every_contributor_counts_once(cells):
    found = cells("SELECT region, sum(amount) AS v FROM sales GROUP BY region")
    assert found == {
        ("N",): (100725, 4, 3, (99900, 1550, -725)),
        ("S",): (10001, 3, 2, (10001,)),
    }


def test_a_contributor_without_any_value_does_not_count(cells):
    found = cells("SELECT kind, sum(size) AS v FROM sales WHERE size = 6 OR kind = 'b' GROUP BY 1")
    assert found == {("b",): (8, 3, 2, (6, 2))}


def test_declared_non_contributors_may_be_left_out(cells):
    found = cells(
        "SELECT region, sum(amount) AS v FROM sales WHERE firm <> 'the depot' GROUP BY region"
    )
    assert found[("N",)] == (825, 3, 2, (1550, -725))


def test_rollup_gives_each_level_and_the_total(cells):
    found = cells(
        "SELECT region, kind, count(*) AS v FROM sales WHERE firm NOT IN ('the depot', 'it''s us') "
        "GROUP BY ROLLUP (region, kind)"
    )
    assert found == {
        ("N", "a"): (2, 2, 2, (1, 1)),
        ("N", "b"): (1, 1, 1, (1,)),
        ("S", "a"): (1, 1, 1, (1,)),
        ("S", "b"): (2, 2, 1, (2,)),
        ("N", None): (3, 3, 2, (2, 1)),
        ("S", None): (3, 3, 2, (2, 1)),
        (None, None): (6, 6, 3, (2, 2, 2)),
    }


def test_two_rollups_are_crossed(cells):
    sql = (
        "SELECT region, year(day) AS year, count(*) AS v FROM sales "
        "GROUP BY ROLLUP (1), ROLLUP (year)"
    )
    assert set(cells(sql)) == {
        *((r, y) for r in ("N", "S", None) for y in ("2020", "2021", None)),
    }


def test_cube_and_grouping_sets_name_their_sets(cells):
    cube = cells("SELECT region, kind, count(*) AS v FROM sales GROUP BY CUBE (region, kind)")
    sets = cells(
        "SELECT region, kind, count(*) AS v FROM sales "
        "GROUP BY GROUPING SETS ((region, kind), (region), kind, ())"
    )
    assert cube == sets
    assert (None, "b") in cube


def test_a_count_of_contributors_counts_each_once_a_cell(cells):
    found = cells("SELECT region, count(DISTINCT firm) AS v FROM sales GROUP BY ROLLUP (region)")
    assert {groups: cell[0] for groups, cell in found.items()} == {("N",): 3, ("S",): 2, (None,): 4}


def test_contributors_of_one_holding_are_one_contributor(cells):
    found = cells(
        "SELECT region, sum(amount) AS v FROM held_sales WHERE firm <> 'the depot' GROUP BY region",
        dataset=GROUPS_OF_FIRMS,
    )
    assert found == {("N",): (825, 3, 1, (825,)), ("S",): (10001, 3, 2, (10001,))}


def test_largest_contributions_are_by_size_whatever_their_sign(cells):
    found = cells(
        "SELECT sum(amount) AS v FROM sales",
        rows="firm|amount\na|-50\nb|20\nc|30\nd|-10",
        top=2,
    )
    assert found == {(): (-1000, 4, 4, (-5000, 3000))}


def test_equal_contributions_are_ordered_by_name(tmp_path):
    rows = rows_from("firm|amount\nzeta|5\nalpha|5\nmid|5")
    sources = sources_of(tmp_path, rows)
    for engine in ENGINES:
        cells = cells_of(engine, "SELECT sum(amount) AS v FROM sales", sources, 3)
        assert cells.top_contributors.tolist() == [[0, 1, 2]]


def test_a_public_lookup_gives_groups(cells):
    found = cells(
        "SELECT r.name, sum(s.size) AS v FROM sales s JOIN regions r ON s.region = r.code "
        "GROUP BY r.name"
    )
    assert found == {("North",): (13, 4, 3, (7, 3, 3)), ("South",): (10, 3, 2, (6, 4))}


def test_a_missing_group_value_is_refused_and_never_shown_as_a_total(cells):
    rows = "firm|region|amount\na|N|1\nb||2"
    with pytest.raises(QueryError) as refused:
        cells("SELECT region, sum(amount) AS v FROM sales GROUP BY ROLLUP (region)", rows)
    assert [f.code for f in refused.value.faults] == ["query.missing-group"]


def test_an_empty_text_is_a_group_of_its_own(cells):
    rows = "firm|region|amount\na|N|1\nb|N|2"
    sql = (
        "SELECT CASE WHEN amount > 1 THEN '' ELSE region END AS g, count(*) AS v "
        "FROM sales GROUP BY ROLLUP (1)"
    )
    found = cells(sql, rows)
    assert set(found) == {("",), ("N",), (None,)}


def test_no_rows_give_no_cells(cells):
    assert cells("SELECT sum(amount) AS v FROM sales WHERE size > 1000") == {}


def test_a_sum_beyond_64_bits_is_refused(cells):
    rows = "firm|size\n" + "\n".join(f"f{n}|9000000000000000000" for n in range(3))
    with pytest.raises(QueryError) as refused:
        cells("SELECT sum(size) AS v FROM sales", rows)
    assert [f.code for f in refused.value.faults] == ["query.overflow"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("round(amount, 1)", "0.1"),
        ("round(amount, 0)", "0"),
        ("round(-amount, 1)", "-0.1"),
        ("round(amount * 100, -1)", "10"),
        ("round(one / 3, 3)", "0.333"),
        ("round(two / 3, 0)", "1"),
        ("round(-two / 3, 1)", "-0.7"),
        ("coalesce(round(one / 0, 2), -1)", "-1.00"),
        ("floor(-amount)", "-1"),
        ("ceil(amount)", "1"),
        ("abs(-amount)", "0.05"),
        ("amount * amount", "0.0025"),
        ("least(amount, 3, size)", "0.05"),
        ("greatest(amount, NULLIF(size, 7))", "0.05"),
        ("quarter(day)", "4"),
        ("extract(isodow FROM day)", "7"),
        ("date_trunc('week', day)", "2023-12-25"),
        ("date_trunc('quarter', day)", "2023-10-01"),
        ("length(kind)", "2"),
        ("upper(region)", "N"),
        ("day = '2023-12-31'", "true"),
        ("CASE one WHEN 1 THEN 'x' END", "x"),
        ("one BETWEEN 0.5 AND 1", "true"),
    ],
)
def test_expressions_have_one_exact_value(cells, expression, expected):
    rows = "firm|region|kind|day|size|amount\na|n|日本|2023-12-31|7|0.05"
    sql = (
        "WITH part AS (SELECT firm, region, kind, day, size, amount, size - 6 AS one, "
        f"size - 5 AS two FROM sales) SELECT {expression} AS g, count(*) AS v FROM part GROUP BY 1"
    )
    assert list(cells(sql, rows)) == [(expected,)]
