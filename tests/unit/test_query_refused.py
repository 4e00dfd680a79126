"""What is not in the query language is refused, at its place, with what to write instead."""

import pytest

from sekisho.errors import QueryError
from sekisho.query.expressions import MeasureFunction
from sekisho.terms import Language
from tests.lib.queries import codes_of, faults_of, read

REFUSED = {
    "": ["empty"],
    "-- nothing but this": ["empty"],
    "SELECT * FROM sales": ["star", "rows"],
    "SELECT s.* FROM sales s": ["star", "rows"],
    "SELECT region FROM sales": ["rows"],
    "SELECT DISTINCT region FROM sales": ["select-distinct", "rows"],
    "SELECT count(*) AS n": ["no-from"],
    "SELECT count(*) FROM sales": ["needs-name"],
    "SELECT count(*) AS n FROM sales WHERE": ["unreadable"],
    "SELECT count(* AS n FROM sales": ["unreadable"],
    "SELECT count(*) AS n FROM 'unclosed": ["unreadable"],
    "SELECT count(*) AS n FROM sales; SELECT 1": ["several-statements"],
    "SELECT count(*) AS n FROM sales UNION ALL SELECT count(*) AS n FROM sales": ["set-operation"],
    "SELECT count(*) AS n FROM sales EXCEPT SELECT 1": ["set-operation"],
    "DROP TABLE sales": ["only-select"],
    "EXPLAIN SELECT 1": ["only-select"],
    "SELECT sum(count(*)) OVER () AS n FROM sales": ["window"],
    "SELECT region, rank() OVER (ORDER BY size) AS n, count(*) AS m FROM sales GROUP BY 1": [
        "window"
    ],
    "SELECT count(*) AS n FROM sales QUALIFY row_number() OVER () = 1": ["window"],
    "SELECT count(*) AS n FROM (SELECT size FROM sales) x": ["sub-query"],
    "SELECT count(*) AS n FROM sales WHERE size IN (SELECT 1)": ["sub-query"],
    "SELECT count(*) AS n FROM sales WHERE EXISTS (SELECT 1)": ["sub-query"],
    "SELECT (SELECT 1) AS x, count(*) AS n FROM sales": ["sub-query"],
    "SELECT count(*) AS n FROM sales WHERE size > ALL (SELECT 1)": ["not-in-language"],
    "WITH RECURSIVE p AS (SELECT size FROM sales) SELECT count(*) AS n FROM p": ["recursive"],
    "WITH p AS (WITH q AS (SELECT size FROM sales) SELECT size FROM q) SELECT count(*) AS n FROM p": [
        "nested-with"
    ],
    "WITH sales AS (SELECT age FROM people) SELECT count(*) AS n FROM sales": ["redefined"],
    "WITH p AS (SELECT size FROM sales), P AS (SELECT size FROM sales) SELECT count(*) AS n FROM p": [
        "redefined"
    ],
    "WITH p AS (SELECT code FROM regions) SELECT count(*) AS n FROM p": ["part-without-unit"],
    "WITH p AS (SELECT region, sum(size) AS s FROM sales GROUP BY region) SELECT sum(s) AS n FROM p": [
        "inner-aggregate"
    ],
    "WITH p AS (SELECT firm, sum(size) AS s FROM sales GROUP BY ROLLUP (firm)) "
    "SELECT sum(s) AS n FROM p": ["inner-aggregate"],
    "WITH p AS (SELECT firm, median(size) AS s FROM sales GROUP BY firm) SELECT sum(s) AS n FROM p": [
        "inner-quantile"
    ],
    "WITH p AS (SELECT size FROM sales ORDER BY size LIMIT 3) SELECT count(*) AS n FROM p": [
        "unknown-part",
        "unknown-part",
    ],
    "SELECT count(*) AS n FROM sales TABLESAMPLE (10)": ["sample"],
    "SELECT region, count(*) AS n FROM sales GROUP BY 1 LIMIT 3 OFFSET 2": ["offset"],
    "SELECT region, count(*) AS n FROM sales GROUP BY 1 LIMIT size": ["limit"],
    "SELECT count(*) AS n FROM sale": ["unknown-table-near"],
    "SELECT count(*) AS n FROM zebra": ["unknown-table"],
    "SELECT count(*) AS n FROM main.sales": ["qualified-name"],
    "SELECT sum(sizee) AS n FROM sales": ["unknown-column-near"],
    "SELECT sum(zebra) AS n FROM sales": ["unknown-column"],
    "SELECT sum(x.size) AS n FROM sales": ["unknown-table"],
    "SELECT sum(main.sales.size) AS n FROM sales": ["qualified-name"],
    "SELECT sum(rouund(size)) AS n FROM sales": ["unknown-function-near"],
    "SELECT sum(zebra(size)) AS n FROM sales": ["unknown-function"],
    "SELECT approx_quantile(size, 0.5) AS n FROM sales": ["unknown-function-near"],
    "SELECT corr(size, size) AS n FROM sales": ["unknown-function"],
    "SELECT width_bucket(size, 5, 5, 3) AS g, COUNT(*) AS n FROM sales GROUP BY 1": [
        "width-bucket"
    ],
    "SELECT width_bucket(size, 0, 5, 0) AS g, COUNT(*) AS n FROM sales GROUP BY 1": [
        "width-bucket"
    ],
    "SELECT width_bucket(size, 0, size, 3) AS g, COUNT(*) AS n FROM sales GROUP BY 1": [
        "width-bucket"
    ],
    "SELECT p.age, count(*) AS n FROM people p JOIN visits v ON p.person = v.person "
    "WHERE age > 1 GROUP BY 1": ["ambiguous-column"],
    "SELECT count(*) AS n FROM people p JOIN visits p ON p.person = p.person": ["duplicate-alias"],
    "SELECT count(*) AS n, count(*) AS N FROM sales": ["duplicate-name"],
    "SELECT count(*) AS n FROM sales, regions": ["join-kind"],
    "SELECT count(*) AS n FROM sales CROSS JOIN regions": ["join-kind"],
    "SELECT count(*) AS n FROM sales NATURAL JOIN regions": ["join-kind"],
    "SELECT count(*) AS n FROM sales JOIN regions USING (code)": ["join-kind"],
    "SELECT count(*) AS n FROM sales s FULL JOIN regions r ON s.region = r.code": ["join-kind"],
    "SELECT count(*) AS n FROM regions r LEFT JOIN sales s ON s.region = r.code": ["join-order"],
    "SELECT count(*) AS n FROM sales s JOIN regions r ON s.region <> r.code": ["join-condition"],
    "SELECT count(*) AS n FROM sales s JOIN regions r ON s.region = r.code AND r.rank = 1": [
        "join-condition"
    ],
    "SELECT count(*) AS n FROM sales s JOIN regions r ON s.region = r.name": ["join-key"],
    "SELECT count(*) AS n FROM sales s JOIN regions r ON s.region = upper(r.code)": ["join-key"],
    "SELECT count(*) AS n FROM people p JOIN visits v ON p.age = v.age": ["join-unit"],
    "SELECT count(*) AS n FROM sales WHERE sum(size) > 1": ["aggregate-here"],
    "SELECT sum(size) AS n FROM sales GROUP BY sum(size)": ["aggregate-here"],
    "SELECT sum(sum(size)) AS n FROM sales": ["aggregate-here"],
    "SELECT sum(DISTINCT size) AS n FROM sales": ["distinct"],
    "SELECT sum(size) FILTER (WHERE size > 1) AS n FROM sales": ["filter-clause"],
    "SELECT max(size) AS n FROM sales": ["extreme"],
    "SELECT min(day) AS n FROM sales": ["extreme"],
    "SELECT sum(kind) AS n FROM sales": ["function-arguments"],
    "SELECT quantile(size, 2) AS n FROM sales": ["function-arguments"],
    "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY size) AS n FROM sales": ["within-group"],
    "SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY size) AS n FROM sales": [
        "function-arguments"
    ],
    "SELECT percentile_cont(0.00001) WITHIN GROUP (ORDER BY size) AS n FROM sales": [
        "function-arguments"
    ],
    "SELECT sum(year(size)) AS n FROM sales": ["function-arguments"],
    "SELECT sum(round(size, amount)) AS n FROM sales": ["function-arguments"],
    "SELECT sum(ceil(amount, 1)) AS n FROM sales": ["function-arguments"],
    "SELECT trim(BOTH 'x' FROM kind) AS k, count(*) AS n FROM sales GROUP BY 1": [
        "function-arguments"
    ],
    "SELECT date_trunc('century', day) AS d, count(*) AS n FROM sales GROUP BY 1": [
        "function-arguments"
    ],
    "SELECT extract(epoch FROM day) AS d, count(*) AS n FROM sales GROUP BY 1": ["extract-unit"],
    "SELECT sum(amount / size) AS n FROM sales": ["division"],
    "SELECT sum(kind + 1) AS n FROM sales": ["not-exact"],
    "SELECT sum(-kind) AS n FROM sales": ["not-exact"],
    "SELECT sum(amount * amount * 0.0000000000000001) AS n FROM sales": ["not-exact"],
    "SELECT sum(round(floor(ceil(round(amount, 1))), 1)) AS n FROM sales": ["round-nested"],
    "SELECT CAST(size AS TEXT) AS s, count(*) AS n FROM sales GROUP BY 1": ["cast"],
    "SELECT sum(amount::INTEGER) AS n FROM sales": ["cast"],
    "SELECT sum(TRY_CAST(kind AS INTEGER)) AS n FROM sales": ["cast"],
    "SELECT count(*) AS n FROM sales WHERE kind LIKE 'a%'": ["pattern"],
    "SELECT count(*) AS n FROM sales WHERE kind SIMILAR TO 'a'": ["pattern"],
    "SELECT kind || region AS k, count(*) AS n FROM sales GROUP BY 1": ["concatenation"],
    "SELECT concat(kind, region) AS k, count(*) AS n FROM sales GROUP BY 1": ["concatenation"],
    "SELECT count(*) AS n FROM sales WHERE kind = ?": ["placeholder"],
    "SELECT count(*) AS n FROM sales WHERE kind = :k": ["placeholder"],
    "SELECT count(*) AS n FROM sales WHERE day < current_date": ["clock"],
    "SELECT count(*) AS n FROM sales WHERE moment < now()": ["clock"],
    "SELECT sum(size + 1e300) AS n FROM sales": ["bad-number"],
    "SELECT count(*) AS n FROM sales WHERE day = '2020-02-30'": ["bad-date"],
    "SELECT count(*) AS n FROM sales WHERE kind = 'a\0b'": ["bad-text"],
    "SELECT sum(NULL) AS n FROM sales": ["null"],
    "SELECT count(*) AS n FROM sales WHERE kind = NULL": ["compare-null"],
    "SELECT count(*) AS n FROM sales WHERE kind IN ('a', NULL)": ["compare-null"],
    "SELECT count(*) AS n FROM sales WHERE kind IN (region)": ["in-constants"],
    "SELECT count(*) AS n FROM sales WHERE kind = 1": ["types-differ"],
    "SELECT count(*) AS n FROM sales WHERE size BETWEEN 'a' AND 'b'": ["types-differ"],
    "SELECT sum(CASE WHEN online THEN 1 ELSE 'x' END) AS n FROM sales": ["case-types"],
    "SELECT count(*) AS n FROM sales WHERE size": ["not-a-condition"],
    "SELECT count(*) AS n FROM sales WHERE NOT size": ["not-a-condition"],
    "SELECT region, count(*) AS n FROM sales GROUP BY 3": ["group-position"],
    "SELECT upper(region) AS kind, count(*) AS n FROM sales GROUP BY kind": ["group-name"],
    "SELECT 'x' AS x, count(*) AS n FROM sales GROUP BY 1": ["group-constant"],
    "SELECT count(*) AS n FROM sales GROUP BY region": ["group-not-shown"],
    "SELECT region, kind, count(*) AS n FROM sales GROUP BY region": ["not-grouped"],
    "SELECT region, count(*) AS n FROM sales GROUP BY ALL": ["group-all"],
    "SELECT region, count(*) AS n FROM sales GROUP BY region WITH ROLLUP": ["with-rollup"],
    "SELECT region, kind, day, size, online, amount, moment, upper(kind) AS u, lower(kind) AS l, "
    "count(*) AS n FROM sales GROUP BY CUBE (1, 2, 3, 4, 5, 6, 7, 8, 9)": ["too-many-sets"],
    "SELECT region, kind, day, size, count(*) AS n FROM sales "
    "GROUP BY CUBE (1, 2, 3, 4), CUBE (1, 2, 3, 4), CUBE (1, 2, 3)": ["too-many-sets"],
    "SELECT region, count(*) AS n FROM sales GROUP BY 1 ORDER BY kind": ["order-not-output"],
    "SELECT region FROM sales GROUP BY region": ["no-measure"],
    "SELECT name, count(*) AS n FROM regions GROUP BY name": ["no-unit"],
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_not_in_the_language_is_refused(sql):
    assert codes_of(sql) == REFUSED[sql]


@pytest.mark.parametrize("sql", REFUSED)
def test_every_refusal_is_a_sentence_in_both_languages_at_a_place_in_the_file(sql):
    with pytest.raises(QueryError) as refused:
        read(sql)
    for fault in refused.value.faults:
        assert fault.place.file == "plan.sql"
        assert 1 <= fault.place.line <= sql.count("\n") + 1
        assert 1 <= fault.place.column <= len(sql) + 1
        assert fault.sentence(Language.EN).startswith("plan.sql:")
        assert fault.sentence(Language.JA) != fault.sentence(Language.EN)


def test_all_faults_are_told_at_once_in_the_order_of_the_text():
    sql = (
        "SELECT regoin, firm,\n"
        "  sum(amonut) AS v, zebra(size) AS z, max(size) AS m\n"
        "FROM sales s JOIN region r ON s.region = r.code\n"
        "WHERE kind LIKE 'a%' AND day > current_date\n"
    )
    assert faults_of(sql) == [("unknown-table-near", 3, 19)]
    assert faults_of(sql.replace("region r", "regions r")) == [
        ("unknown-column-near", 1, 8),
        ("unknown-column-near", 2, 7),
        ("unknown-function", 2, 21),
        ("pattern", 4, 7),
        ("clock", 4, 26),
    ]


def test_a_broken_with_part_is_not_reported_again_where_it_is_used():
    assert codes_of("WITH p AS (SELECT zebra FROM sales) SELECT count(*) AS n FROM p") == [
        "unknown-column"
    ]


def test_a_suggestion_names_what_was_probably_meant():
    with pytest.raises(QueryError) as refused:
        read("SELECT regoin, count(*) AS n FROM sales GROUP BY 1")
    assert "did you mean `region`?" in str(refused.value)
    assert "`region` のことでしょうか" in refused.value.sentences(Language.JA)[0]


def test_names_are_found_in_any_case_unless_they_are_quoted():
    assert codes_of("select REGION, Count(*) as N from SALES group by Region") == []
    assert codes_of('SELECT "REGION", count(*) AS n FROM sales GROUP BY 1') == [
        "unknown-column-near"
    ]


def test_what_follows_the_aggregation_is_kept_apart_from_it():
    query = read(
        "SELECT region, round(sum(amount) / count(*), 2) AS mean, median(size) AS mid FROM sales "
        "GROUP BY region HAVING count(*) > 3 ORDER BY mean DESC, 1 LIMIT 5"
    )
    assert not query.is_plain
    assert [m.function for m in query.aggregate.measures] == [
        MeasureFunction.SUM,
        MeasureFunction.COUNT,
        MeasureFunction.QUANTILE,
    ]
    assert query.having is not None
    assert [(k.column, k.falling) for k in query.order] == [("mean", True), ("region", False)]
    assert query.limit == 5
    assert query.measure_of("mid").function is MeasureFunction.QUANTILE
    assert query.measure_of("mean") is None


def test_grouping_elements_are_multiplied_and_sets_counted_once():
    def sets(by):
        sql = f"SELECT region, kind, year(day) AS y, count(*) AS n FROM sales GROUP BY {by}"
        return read(sql).aggregate.grouping_sets

    assert sets("ROLLUP (1, 2), ROLLUP (3)") == ((0, 1, 2), (0, 1), (0, 2), (0,), (2,), ())
    assert sets("region, CUBE (kind, y)") == ((0, 1, 2), (0, 1), (0, 2), (0,))
    assert sets("GROUPING SETS ((1, 2), ROLLUP (3)), 1") == ((0, 1), (0, 2), (0,))[:0] + sets(
        "GROUPING SETS ((1, 2), (1, 3), (1))"
    )
    assert sets("ROLLUP ((1, 2), 3)") == ((0, 1, 2), (0, 1), ())
    assert sets("ROLLUP (1), ROLLUP (1), 2, 3") == ((0, 1, 2), (1, 2))
