"""The cells of an aggregation with their largest contributions, as one SQL statement.

Rows are first gathered by finest group and contributor; every grouping set is then built from
these sums, so the data are read once and a contributor counts once a cell.
"""
# ruff: noqa: S608 - the text is built from a closed plan by `render`

from sekisho.query.dialect import DUCKDB, Dialect
from sekisho.query.plan import Aggregate
from sekisho.query.render import Renderer


def render_cells(aggregate: Aggregate, top: int, dialect: Dialect = DUCKDB) -> str:
    """One row a cell: gid, g0, g1, …, total, n, contributors, overflow, v1, c1, v2, c2, …

    `gid` has a bit for every group that is totalled, the first group's highest. `v1` is the
    largest contribution and `c1` whose it is; missing ones are NULL. Amounts are integers in
    units of 10**-decimals of the measure; `overflow` tells that one does not fit 64 bits.
    """
    groups = [f"g{n}" for n in range(len(aggregate.groups))]
    listed = "".join(f"{g}, " for g in groups)
    gid = f"grouping_id({', '.join(groups)})" if groups else "0"
    sets = ", ".join(
        "(" + ", ".join([*(groups[n] for n in s), "code"]) + ")" for s in aggregate.grouping_sets
    )
    narrow = dialect.narrow
    tops = "".join(
        f", TRY_CAST(t[{n}].v AS {narrow}) AS v{n}, t[{n}].c AS c{n}" for n in range(1, top + 1)
    )
    value = "1" if aggregate.measures[0].counts_units else "coalesce(sum(v), 0)"
    ordered = ", ".join(f"{g} NULLS FIRST" for g in ["gid", *groups])
    return f"""
WITH base AS MATERIALIZED ({_gathered(aggregate, groups, dialect)}),
units AS MATERIALIZED (
  SELECT u, row_number() OVER (ORDER BY u) - 1 AS code FROM (SELECT DISTINCT u FROM base)
),
parts AS (
  SELECT {gid} AS gid, {listed}code, {value} AS v, sum(k) AS k, sum(n) AS n
  FROM base JOIN units USING (u) GROUP BY GROUPING SETS ({sets})
),
cells AS (
  SELECT gid, {listed}sum(v) AS total, CAST(sum(n) AS {narrow}) AS n,
    count(*) FILTER (k > 0) AS contributors, max(abs(v)) AS largest,
    min({{'a': -abs(v), 'c': code, 'v': v}}, {max(top, 1)}) FILTER (k > 0) AS t
  FROM parts GROUP BY ALL
)
SELECT gid, {listed}TRY_CAST(total AS {narrow}) AS total, n, contributors,
  (TRY_CAST(total AS {narrow}) IS NULL OR TRY_CAST(largest AS {narrow}) IS NULL) AS overflow{tops}
FROM cells ORDER BY {ordered}
"""


def _gathered(aggregate: Aggregate, groups: list[str], dialect: Dialect) -> str:
    """Per finest group and contributor: the amount, rows with a value, rows."""
    render = Renderer(dialect)
    measure = aggregate.measures[0]
    named = [
        f"{render.expression(g.expression)} AS {name}"
        for g, name in zip(aggregate.groups, groups, strict=True)
    ]
    argument = measure.argument
    if argument is None or measure.counts_units:
        amount, known = "count(*)", "count(*)"
    elif measure.function.value == "count":
        amount = known = f"count({render.expression(argument)})"
    else:
        inner = render.expression(argument)
        amount, known = f"sum({inner})", f"count({inner})"
    columns = ", ".join(
        [*named, f"{_contributor(aggregate, render)} AS u", f"{amount} AS v", f"{known} AS k"]
    )
    by = ", ".join(str(n + 1) for n in range(len(groups) + 1))
    source = render.source(aggregate.source)
    return f"SELECT {columns}, count(*) AS n FROM ({source}) AS s GROUP BY {by}"


def _contributor(aggregate: Aggregate, render: Renderer) -> str:
    """Whose a row is: the holding where there is one, else the contributor itself."""
    unit = render.name(str(aggregate.unit))
    if aggregate.holding is None:
        return unit
    holding = render.name(aggregate.holding)
    return (
        f"(CASE WHEN {holding} IS NULL THEN concat('c', CAST({unit} AS VARCHAR)) "
        f"ELSE concat('h', CAST({holding} AS VARCHAR)) END)"
    )
