"""What a user writes never becomes SQL: names and constants come out as nothing but that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.query.expressions import Literal, Type
from sekisho.query.render import Renderer, identifier, text
from sekisho.query.render_cells import render_cells
from sekisho.terms import ColumnType
from tests.lib.queries import ENGINES, cells_of, codes_of, read, sale, sources_of, table_of

NASTY = [
    "'; DROP TABLE sales; --",
    "' OR 1=1 --",
    "x') UNION SELECT 1, 2 --",
    "\\'; SELECT 1 --",
    "$$ x $$",
    "{0} {all}",
    "/* */ --",
    "\n;",
    '"',
    "%s %(x)s",
]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
def test_a_constant_is_only_ever_a_constant(tmp_path, nasty, engine):
    quoted = nasty.replace("'", "''")
    sources = sources_of(tmp_path, [sale("a", "1", kind=nasty), sale("b", "2", kind="plain")])
    sql = (
        f"SELECT CASE WHEN kind = '{quoted}' THEN '{quoted}' ELSE kind END AS k, sum(amount) AS v "
        f"FROM sales WHERE kind IN ('{quoted}', 'plain') GROUP BY k"
    )
    found = table_of(cells_of(engine, sql, sources))
    assert {groups: cell[0] for groups, cell in found.items()} == {(nasty,): 100, ("plain",): 200}


@given(st.text())
def test_a_rendered_text_ends_where_it_ends(value):
    rendered = text(value)
    assert rendered[0] == rendered[-1] == "'"
    assert rendered[1:-1].replace("''", "").count("'") == 0
    assert rendered[1:-1].replace("''", "'") == value


@given(st.text())
def test_a_rendered_name_ends_where_it_ends(value):
    rendered = identifier(value)
    assert rendered[0] == rendered[-1] == '"'
    assert rendered[1:-1].replace('""', "").count('"') == 0


def test_duckdb_reads_back_the_very_text():
    import duckdb

    for value in [*NASTY, "\x01\x7f", "日本", "😀", "'" * 7]:
        literal = Renderer().expression(Literal(value, Type(ColumnType.STRING)))
        connection = duckdb.connect()
        assert connection.execute(f"SELECT {literal}").fetchall() == [(value,)]
        connection.close()


@pytest.mark.parametrize(
    "name",
    ['"a""; DROP TABLE sales; --"', '"a b"', '"a.b"', '"#unit"', '"1a"', '"a\'b"', '"*"', '""'],
)
def test_a_name_that_is_no_plain_word_is_refused(name):
    assert codes_of(f"SELECT region AS {name}, count(*) AS n FROM sales GROUP BY 1") in (
        ["bad-name"],
        ["unreadable"],
    )
    assert codes_of(f"SELECT count(*) AS n FROM sales AS {name}") in (["bad-name"], ["unreadable"])


def test_no_word_of_the_query_is_passed_through():
    sql = (
        "WITH zebra AS (SELECT firm AS walrus, region AS giraffe FROM sales) /* okapi */ "
        "SELECT q.giraffe AS lynx, count(*) AS bison -- otter\nFROM zebra AS q GROUP BY q.giraffe"
    )
    rendered = render_cells(read(sql).aggregate, 2)
    for word in ("okapi", "otter", "lynx", "bison", "zebra"):
        assert word not in rendered
    for word in ("walrus", "giraffe"):
        assert rendered.count(word) == rendered.count(f'"{word}"') + rendered.count(f'.{word}"')


@pytest.mark.parametrize(
    "table",
    [
        "read_csv('/etc/passwd')",
        "read_parquet('x.parquet')",
        "glob('*')",
        "'/etc/passwd'",
        '"/etc/passwd"',
        "duckdb_secrets()",
        "information_schema.tables",
        "pg_catalog.pg_class",
        "generate_series(1, 10)",
        "unnest([1])",
        "(VALUES (1)) AS t(x)",
        "LATERAL (SELECT 1) x",
        '"dataset:sales"',
    ],
)
def test_nothing_but_declared_tables_can_be_read(table):
    codes = codes_of(f"SELECT count(*) AS n FROM {table}")
    assert codes
    assert set(codes) <= {
        "not-a-table",
        "unknown-table",
        "unknown-table-near",
        "qualified-name",
        "sub-query",
        "unreadable",
        "unknown-part",
    }


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH 'x.db'",
        "COPY sales TO 'x.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '1TB'",
        "PRAGMA database_list",
        "CREATE TABLE x AS SELECT 1",
        "CREATE MACRO count(x) AS 1",
        "INSERT INTO sales VALUES (1)",
        "DELETE FROM sales",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL pragma_version()",
        "EXPORT DATABASE 'x'",
        "DESCRIBE sales",
        "SUMMARIZE sales",
        "FROM sales",
        "VALUES (1)",
        "TABLE sales",
        "PIVOT sales ON region",
        "BEGIN",
        "(SELECT 1) UNION (SELECT 2)",
    ],
)
def test_nothing_but_one_select_is_read(statement):
    assert codes_of(statement)
    assert codes_of(f"SELECT count(*) AS n FROM sales; {statement}")


@pytest.mark.parametrize("depth", [50, 500, 5000, 30_000])
def test_deep_nesting_is_refused_and_never_crashes(depth):
    for inside in (
        "(" * depth + "size" + ")" * depth,
        "NOT " * depth + "online",
        "size" + " + 1" * depth,
        "-" * depth + "size",
        "CASE WHEN online THEN " * depth + "1" + " END" * depth,
        "abs(" * depth + "size" + ")" * depth,
    ):
        codes_of(f"SELECT sum({inside}) AS v FROM sales")


def test_very_long_conditions_are_no_trouble():
    many = " OR ".join(f"size = {n}" for n in range(2000))
    assert codes_of(f"SELECT count(*) AS n FROM sales WHERE {many}") == []
    assert codes_of("SELECT count(*) AS n FROM sales WHERE " + "x" * 200_000) == ["too-long"]


def test_with_parts_that_double_themselves_are_refused():
    parts = ["p0 AS (SELECT person, age FROM people)"]
    parts += [
        f"p{n} AS (SELECT x.person, x.age FROM p{n - 1} x JOIN p{n - 1} y ON x.person = y.person)"
        for n in range(1, 40)
    ]
    sql = f"WITH {', '.join(parts)} SELECT count(*) AS n FROM p39"
    assert codes_of(sql) == ["too-many-tables"]


def test_values_that_double_themselves_are_still_computed_in_time(tmp_path):
    parts = ["p0 AS (SELECT firm, size FROM sales)"]
    parts += [
        f"p{n} AS (SELECT firm, CASE WHEN size > 0 THEN size - size + 1 ELSE size END AS size "
        f"FROM p{n - 1})"
        for n in range(1, 25)
    ]
    sql = f"WITH {', '.join(parts)} SELECT sum(size) AS n FROM p24"
    sources = sources_of(tmp_path, [sale("a", "1", size=5)])
    assert table_of(cells_of(ENGINES[1], sql, sources)) == {(): (1, 1, 1, (1,))}
