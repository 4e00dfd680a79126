"""Nobody learns who contributes: every way to show, filter or compute with a unit is refused."""

import pytest

from tests.lib.queries import codes_of, faults_of, read


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT firm, count(*) AS n FROM sales GROUP BY firm",
        "SELECT firm AS region, count(*) AS n FROM sales GROUP BY 1",
        'SELECT "firm" AS x, count(*) AS n FROM sales GROUP BY x',
        "SELECT FIRM, count(*) AS n FROM Sales GROUP BY ROLLUP (Firm)",
        "SELECT upper(firm) AS x, count(*) AS n FROM sales GROUP BY 1",
        "SELECT coalesce(firm, 'x') AS x, count(*) AS n FROM sales GROUP BY CUBE (1)",
        "SELECT CASE WHEN firm = 'A' THEN 1 ELSE 0 END AS x, count(*) AS n FROM sales GROUP BY 1",
        "SELECT CASE firm WHEN 'A' THEN 1 END AS x, count(*) AS n FROM sales GROUP BY 1",
        "SELECT firm < 'M' AS x, count(*) AS n FROM sales GROUP BY 1",
        "SELECT length(firm) AS x, count(*) AS n FROM sales GROUP BY GROUPING SETS ((1), ())",
        "SELECT nullif(firm, 'A') AS x, count(*) AS n FROM sales GROUP BY 1",
        "WITH p AS (SELECT firm AS f FROM sales) SELECT f, count(*) AS n FROM p GROUP BY f",
        (
            "WITH p AS (SELECT firm AS f FROM sales), q AS (SELECT f AS g FROM p) "
            "SELECT g, count(*) AS n FROM q GROUP BY g"
        ),
        "WITH p AS (SELECT lower(firm) AS f FROM sales) SELECT f, count(*) AS n FROM p GROUP BY f",
        "WITH p AS (SELECT firm = 'A' AS f FROM sales) SELECT count(*) AS n FROM p WHERE f",
        (
            "WITH p AS (SELECT firm, max(firm) AS f FROM sales GROUP BY firm) "
            "SELECT f, count(*) AS n FROM p GROUP BY f"
        ),
        "SELECT r.name, count(*) AS n FROM sales s JOIN regions r ON s.firm = r.code GROUP BY 1",
        (
            "SELECT r.name, count(*) AS n FROM sales s JOIN regions r ON upper(s.firm) = r.code "
            "GROUP BY 1"
        ),
        "SELECT count(*) AS n FROM sales WHERE firm = 'A'",
        "SELECT count(*) AS n FROM sales WHERE firm IN ('A')",
        "SELECT count(*) AS n FROM sales WHERE firm > 'A' AND firm < 'B'",
        "SELECT count(*) AS n FROM sales WHERE firm BETWEEN 'A' AND 'B'",
        "SELECT count(*) AS n FROM sales WHERE firm IS NOT NULL",
        "SELECT count(*) AS n FROM sales WHERE firm <> region",
        "SELECT count(*) AS n FROM sales WHERE NOT (firm = 'the depot')",
        "SELECT count(*) AS n FROM sales WHERE firm <> 'the depot' OR size > 3",
        "SELECT count(*) AS n FROM sales WHERE CASE WHEN firm = 'A' THEN TRUE ELSE FALSE END",
        "SELECT sum(CASE WHEN firm = 'A' THEN amount ELSE 0 END) AS v FROM sales",
        "SELECT count(firm) AS n FROM sales",
        "SELECT count(DISTINCT upper(firm)) AS n FROM sales",
        "SELECT sum(length(firm)) AS n FROM sales",
        "SELECT region, count(*) AS n FROM sales GROUP BY region HAVING sum(length(firm)) > 3",
        "SELECT person, count(*) AS n FROM people GROUP BY person",
        (
            "SELECT p.age, count(*) AS n FROM people p JOIN visits v ON p.person = v.person "
            "AND upper(p.person) = v.name GROUP BY 1"
        ),
        "SELECT parent, count(*) AS n FROM held_sales GROUP BY parent",
    ],
)
def test_a_unit_is_never_shown_filtered_or_computed_with(sql):
    assert "unit-column" in codes_of(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS n FROM sales WHERE firm <> 'A'",
        "SELECT count(*) AS n FROM sales WHERE 'A' <> firm",
        "SELECT count(*) AS n FROM sales WHERE firm NOT IN ('the depot', 'A')",
        "SELECT count(*) AS n FROM sales WHERE size > 1 AND firm <> 'THE DEPOT'",
        "WITH p AS (SELECT firm AS f FROM sales) SELECT count(*) AS n FROM p WHERE f <> 'A'",
    ],
)
def test_only_declared_non_contributors_can_be_left_out(sql):
    assert codes_of(sql) == ["contributor-filter"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT owner, count(*) AS n FROM sales GROUP BY owner",
        "SELECT count(*) AS n FROM sales WHERE owner = 'A'",
        "SELECT count(DISTINCT owner) AS n FROM sales",
        "SELECT id, count(*) AS n FROM sales GROUP BY id",
        "SELECT count(*) AS n FROM sales WHERE id < 10",
        "WITH p AS (SELECT owner AS o FROM sales) SELECT count(*) AS n FROM p WHERE o = 'A'",
        (
            "SELECT p.age, count(*) AS n FROM people p JOIN visits v ON p.person = v.person "
            "AND p.name = v.name GROUP BY 1"
        ),
        "SELECT r.name, count(*) AS n FROM sales s JOIN regions r ON s.owner = r.code GROUP BY 1",
    ],
)
def test_identifying_columns_and_keys_are_never_used(sql):
    assert "identifying-column" in codes_of(sql)


def test_a_unit_may_be_counted_and_joined_on():
    read("SELECT region, count(DISTINCT firm) AS n FROM sales GROUP BY region")
    read(
        "SELECT p.age, count(*) AS n FROM people p JOIN visits v ON p.person = v.person GROUP BY 1"
    )


def test_a_message_repeats_no_constant_of_the_query():
    sql = "SELECT count(*) AS n FROM sales WHERE firm <> 'Secret Vendor Ltd' AND day = 'Secret2'"
    from sekisho.errors import QueryError

    with pytest.raises(QueryError) as refused:
        read(sql)
    assert "Secret" not in str(refused.value)


def test_the_place_is_where_the_unit_stands():
    sql = "SELECT region, count(*) AS n\nFROM sales\nWHERE size > 1\n  AND sales.firm = 'A'\nGROUP BY 1"
    assert faults_of(sql) == [("unit-column", 4, 7)]
