"""Every SQL construct that differential privacy allows, over one small invented survey.

The catalogue is the source of `docs/reference/sql.md`, of the check of every plan's sensitivity,
and of the comparison of engines.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa

from sekisho.lanes.statistics.privacy.contract import Tables
from sekisho.lanes.statistics.privacy.ledger import Ledger, LossMeasure, open_ledger
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.plan_bounding import Plan, plan_release
from sekisho.model.dataset import Column, Dataset, Lookup, Sensitivity
from sekisho.model.text import Text
from sekisho.query.parse import parse
from sekisho.terms import ColumnType, Method

START = date(2020, 4, 1)
REGIONS = ("north", "south", "west")
C = ColumnType


def named(text: str) -> Text:
    return Text(text, text)


def column(name: str, kind: ColumnType, **more) -> Column:
    return Column(name, kind, named(name), **{"required": True, **more})


TRIPS = Dataset(
    "trips",
    named("Trips"),
    named("One row a trip"),
    (
        column("person", C.INTEGER, sensitivity=Sensitivity.IDENTIFYING, required=False),
        column("day", C.DATE, minimum="2020-04-01", maximum="2020-04-07"),
        column("region", C.STRING, enum=REGIONS),
        column("age", C.INTEGER, minimum="0", maximum="99"),
        column("minutes", C.NUMBER, decimals=1, minimum="0", maximum="600"),
        column("balance", C.INTEGER, minimum="-50", maximum="50", required=False),
        column("purpose", C.STRING, enum=("work", "shop", "visit"), required=False),
        column("left_at", C.DATETIME, minimum="2020-04-01", maximum="2020-04-07"),
        column("shop", C.STRING),
        column("fare", C.INTEGER),
    ),
    Method.DIFFERENTIAL_PRIVACY,
    privacy_unit="person",
    missing_unit="exclude",
)
ANSWERS = Dataset(
    "answers",
    named("Answers"),
    named("One row a question and person"),
    (
        column("person", C.INTEGER, sensitivity=Sensitivity.IDENTIFYING),
        column("question", C.INTEGER, minimum="1", maximum="3"),
        column("score", C.INTEGER, minimum="0", maximum="10"),
    ),
    Method.DIFFERENTIAL_PRIVACY,
    privacy_unit="person",
)
AREAS = Lookup(
    "areas",
    named("Areas"),
    "areas.csv",
    (
        column("region", C.STRING),
        column("area", C.STRING),
        column("factor", C.INTEGER, minimum="1", maximum="3"),
    ),
    key="region",
    licence="CC0-1.0",
    source="invented",
)
TABLES = Tables(
    {"trips": TRIPS, "answers": ANSWERS},
    {"areas": AREAS},
    {("areas", "area"): ("coast", "inland"), ("areas", "region"): REGIONS},
)
CONTRIBUTION = Contribution(groups=4, rows=2, found_groups=5)


@dataclass(frozen=True)
class Construct:
    """One thing that may be written, and what it means."""

    title: str
    meaning: str
    sql: str


CONSTRUCTS = (
    Construct(
        "Counting units",
        "`COUNT(DISTINCT unit)` counts each unit once a group. Totals are counts of their own: a unit stands in many groups, so parts do not add up to them.",
        "SELECT region, COUNT(DISTINCT person) AS people FROM trips GROUP BY region",
    ),
    Construct(
        "Counting rows",
        "A unit's rows in a group are its contribution; a unit with more than counts fully is scaled down.",
        "SELECT region, COUNT(*) AS trips FROM trips GROUP BY region",
    ),
    Construct(
        "Counting rows that have a value",
        "NULL is not counted.",
        "SELECT region, COUNT(purpose) AS stated FROM trips GROUP BY region",
    ),
    Construct(
        "Counting other distinct values",
        "Each value counts once for each unit that has it, so it counts pairs of unit and value.",
        "SELECT region, COUNT(DISTINCT shop) AS shops_of_people FROM trips GROUP BY region",
    ),
    Construct(
        "Sums",
        "Amounts must be bounded: by the column's declaration, or in the query.",
        "SELECT region, SUM(minutes) AS minutes FROM trips GROUP BY region",
    ),
    Construct(
        "Sums of clamped amounts",
        "`LEAST` and `GREATEST` bound what no declaration bounds. They skip NULL, as in SQL.",
        "SELECT region, SUM(LEAST(GREATEST(fare, 0), 500)) AS fares FROM trips GROUP BY region",
    ),
    Construct(
        "Sums that may be negative",
        "A table of such sums is not projected onto numbers above zero.",
        "SELECT region, SUM(balance) AS balance FROM trips GROUP BY region",
    ),
    Construct(
        "Means",
        "Sum and count share one weight a unit, so what clipping takes cancels; a mean whose count may be zero has no value.",
        "SELECT region, AVG(minutes) AS mean_minutes FROM trips GROUP BY region",
    ),
    Construct(
        "Shares",
        "A quotient of two aggregates is written with `ROUND(a / b, digits)`; the digits are explicit.",
        "SELECT region, ROUND(SUM(CASE WHEN purpose = 'work' THEN 1 ELSE 0 END) / COUNT(*), 3) AS work_share FROM trips GROUP BY region",
    ),
    Construct(
        "Medians",
        "One of the bins between the declared ends is drawn for each group, likelier the fewer rows lie between it and the middle. Where the smallest end is not negative and the ends lie far apart, bins grow with the number. No interval is known for it, only about how many rows it is off its place in their order.",
        "SELECT region, MEDIAN(minutes) AS middle FROM trips GROUP BY region",
    ),
    Construct(
        "Quantiles",
        "`QUANTILE(x, q)` and the standard's `PERCENTILE_CONT(q) WITHIN GROUP (ORDER BY x)` mean the same. Each is a draw of its own that takes its share of the budget, a draw for each grouping set.",
        "SELECT region, QUANTILE(minutes, 0.25) AS lower, PERCENTILE_CONT(0.75) WITHIN GROUP (ORDER BY minutes) AS upper FROM trips GROUP BY ROLLUP (region)",
    ),
    Construct(
        "Variances",
        "`VARIANCE`, `VAR_POP`, `STDDEV` and `STDDEV_POP` are read from three sums that one row fills only once, so one costs no more than a count. Amounts are rounded to at most 1,000 steps between their ends.",
        "SELECT VARIANCE(minutes) AS variance, STDDEV_POP(balance) AS spread FROM trips",
    ),
    Construct(
        "Histograms",
        "`WIDTH_BUCKET(x, low, high, n)` numbers equally wide bins from 1 to n; 0 lies below them, n + 1 begins at the upper end. The bins are listed groups, so all are shown, and totals add up. Bins of other widths are a CASE.",
        "SELECT WIDTH_BUCKET(minutes, 0, 600, 3) AS bin, COUNT(*) AS trips FROM trips GROUP BY ROLLUP (1)",
    ),
    Construct(
        "No groups at all",
        "One number for everybody.",
        "SELECT COUNT(DISTINCT person) AS people, SUM(minutes) AS minutes FROM trips",
    ),
    Construct(
        "WHERE",
        "Rows are chosen by their own values. Listed groups that it leaves empty by its own words are not shown.",
        "SELECT region, COUNT(*) AS trips FROM trips WHERE age >= 65 AND region IN ('north', 'south') GROUP BY region",
    ),
    Construct(
        "CASE",
        "New groups from values; their list is the list of results.",
        "SELECT CASE WHEN age < 15 THEN 'child' WHEN age < 65 THEN 'adult' ELSE 'senior' END AS ages, COUNT(*) AS trips FROM trips GROUP BY 1",
    ),
    Construct(
        "Arithmetic",
        "Exact, on integers and decimals whose declared minimum and maximum keep it from overflowing.",
        "SELECT region, SUM(LEAST(minutes * 2 - balance, 300)) AS points FROM trips GROUP BY region",
    ),
    Construct(
        "NULL",
        "`COALESCE` gives missing values a group; a row that has NULL in a group column counts nowhere, not in totals either.",
        "SELECT COALESCE(purpose, 'none') AS purpose, COUNT(*) AS trips FROM trips GROUP BY 1",
    ),
    Construct(
        "Days",
        "A day with declared minimum and maximum is listed day by day.",
        "SELECT day, COUNT(*) AS trips FROM trips WHERE day <= DATE '2020-04-03' GROUP BY day",
    ),
    Construct(
        "Date functions",
        "`YEAR`, `QUARTER`, `MONTH`, `DAY`, `HOUR`, `ISODOW` through `EXTRACT`, and `DATE_TRUNC`.",
        "SELECT EXTRACT(ISODOW FROM day) AS weekday, COUNT(*) AS trips FROM trips GROUP BY 1",
    ),
    Construct(
        "Weeks and months",
        "`DATE_TRUNC` gives the first day of each period that the declared days span.",
        "SELECT DATE_TRUNC('week', left_at) AS week, COUNT(*) AS trips FROM trips GROUP BY 1",
    ),
    Construct(
        "Joining a public look-up table",
        "On its key, so that no row is doubled; its values list groups.",
        "SELECT areas.area, COUNT(*) AS trips FROM trips JOIN areas ON trips.region = areas.region GROUP BY areas.area",
    ),
    Construct(
        "Joining two datasets on the unit",
        "On the privacy unit and nothing else, so that every row still belongs to one unit.",
        "SELECT answers.question, trips.region, COUNT(*) AS pairs FROM trips JOIN answers ON trips.person = answers.person GROUP BY answers.question, trips.region",
    ),
    Construct(
        "One row a unit, then counted",
        "A WITH part that groups by the unit leaves each unit one row: nothing is clipped, and totals add up.",
        "WITH people AS (SELECT person, COUNT(*) AS trips FROM trips GROUP BY person) "
        "SELECT CASE WHEN trips > 2 THEN 'often' ELSE 'seldom' END AS kind, COUNT(*) AS people FROM people GROUP BY ROLLUP (1)",
    ),
    Construct(
        "One number a unit, and how it is distributed",
        "A unit's own total or mean has one row, so its median, its spread and its histogram cost least.",
        "WITH people AS (SELECT person, SUM(minutes) AS minutes FROM trips GROUP BY person) "
        "SELECT MEDIAN(LEAST(minutes, 3000)) AS middle, AVG(LEAST(minutes, 3000)) AS mean FROM people",
    ),
    Construct(
        "A unit's rows gathered by more than the unit",
        "Each row is still made from one unit's rows.",
        "WITH days AS (SELECT person, day, MAX(minutes) AS longest FROM trips GROUP BY person, day) "
        "SELECT day, SUM(longest) AS longest FROM days GROUP BY day",
    ),
    Construct(
        "WITH parts that compute",
        "Rows computed anew keep their unit.",
        "WITH long AS (SELECT person, region, minutes * 2 AS doubled FROM trips WHERE minutes > 10) "
        "SELECT region, SUM(LEAST(doubled, 100)) AS total FROM long GROUP BY region",
    ),
    Construct(
        "ROLLUP",
        "Sums and counts of rows are made to add up.",
        "SELECT region, day, COUNT(*) AS trips FROM trips GROUP BY ROLLUP (region, day)",
    ),
    Construct(
        "CUBE",
        "Every combination of totals.",
        "SELECT region, COALESCE(purpose, 'none') AS purpose, COUNT(*) AS trips, SUM(minutes) AS minutes FROM trips GROUP BY CUBE (1, 2)",
    ),
    Construct(
        "GROUPING SETS",
        "Only the sets that are asked for; margins that two sets share agree.",
        "SELECT region, day, COUNT(*) AS trips FROM trips GROUP BY GROUPING SETS ((region), (day), ())",
    ),
    Construct(
        "Totals of distinct units",
        "Each grouping set takes its share of the budget and is measured on its own.",
        "SELECT region, day, COUNT(DISTINCT person) AS people FROM trips GROUP BY ROLLUP (region, day)",
    ),
    Construct(
        "Several measures",
        "They share the budget; a mean takes two.",
        "SELECT region, COUNT(*) AS trips, COUNT(DISTINCT person) AS people, AVG(minutes) AS mean_minutes FROM trips GROUP BY region",
    ),
    Construct(
        "Arithmetic on results",
        "Costs nothing; errors are carried along.",
        "SELECT region, COUNT(*) * 100 - 5 AS scaled, ROUND(SUM(minutes) / COUNT(DISTINCT person), 1) AS minutes_a_person FROM trips GROUP BY region",
    ),
    Construct(
        "HAVING, ORDER BY, LIMIT",
        "Applied to noisy numbers, after protection: they cost nothing and tell nothing more.",
        "SELECT region, COUNT(*) AS trips FROM trips GROUP BY region HAVING COUNT(*) > 3 ORDER BY trips DESC LIMIT 2",
    ),
    Construct(
        "Groups that no declaration lists",
        "Only where the contribution declares how many such groups one unit may bring; groups of few units stay hidden.",
        "SELECT shop, COUNT(*) AS trips FROM trips GROUP BY shop",
    ),
)


def ledger_of(measure: LossMeasure = LossMeasure.GAUSSIAN) -> Ledger:
    delta = Decimal("1e-9") if measure is LossMeasure.GAUSSIAN else None
    return open_ledger(measure, Decimal(4), delta)


def planned(
    sql: str, contribution: Contribution = CONTRIBUTION, *, epsilon: str = "1", pure: bool = False
) -> Plan:
    query = parse(sql, [TRIPS, ANSWERS], [AREAS], "query.sql")
    ledger = ledger_of(LossMeasure.PURE if pure else LossMeasure.GAUSSIAN)
    return plan_release(query, TABLES, contribution, ledger, Decimal(epsilon))


def survey(seed: int, people: int = 12, rows: int = 60) -> list[tuple]:
    """Rows of `trips`: one person in every group, one in a single group, others between."""
    draw = np.random.default_rng(seed)
    found = []
    for person in [*draw.integers(2, people, rows), *[0] * 21, *[1] * 5]:
        day = int(draw.integers(0, 7)) if person != 1 else 3
        found.append(
            (
                None if draw.random() < 0.05 else int(person),
                START + timedelta(days=day),
                REGIONS[int(draw.integers(0, 3)) if person != 1 else 1],
                int(draw.integers(0, 100)),
                int(draw.integers(0, 6001)),
                None if draw.random() < 0.2 else int(draw.integers(-50, 51)),
                [None, "work", "shop", "visit"][int(draw.integers(0, 4))],
                datetime(2020, 4, 1 + day, int(draw.integers(0, 24))),  # noqa: DTZ001 - local time
                f"shop-{int(draw.integers(0, 5))}",
                int(draw.choice([-(2**60), 0, 7, 500, 2**60])),
            )
        )
    return found


def scores(seed: int, people: int = 12) -> list[tuple]:
    draw = np.random.default_rng([seed, 1])
    return [(p, q, int(draw.integers(0, 11))) for p in range(people) for q in (1, 2, 3)]


def database(trips: list[tuple], answers: list[tuple]) -> duckdb.DuckDBPyConnection:
    """The survey as the tables that rendered SQL reads; decimals are integers of their steps."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        "CREATE TABLE trips (person BIGINT, day DATE, region VARCHAR, age BIGINT, minutes BIGINT, "
        "balance BIGINT, purpose VARCHAR, left_at TIMESTAMP, shop VARCHAR, fare BIGINT)"
    )
    connection.execute("CREATE TABLE answers (person BIGINT, question BIGINT, score BIGINT)")
    connection.execute(
        'CREATE TABLE "lookup:areas" AS SELECT * FROM (VALUES '
        "('north', 'coast', 1::BIGINT), ('south', 'coast', 2), ('west', 'inland', 3)) AS t(region, area, factor)"
    )
    for name, rows in (("trips", trips), ("answers", answers)):
        if rows:
            columns = [pa.array(list(values)) for values in zip(*rows, strict=True)]
            connection.register(
                "arriving", pa.table(columns, [f"c{n}" for n in range(len(columns))])
            )
            connection.execute(f"INSERT INTO {name} SELECT * FROM arriving")
            connection.unregister("arriving")
    return without(connection, None)


def without(connection: duckdb.DuckDBPyConnection, person: int | None) -> duckdb.DuckDBPyConnection:
    """The same survey without one person."""
    where = "" if person is None else f" WHERE person IS DISTINCT FROM {person}"
    for name in ("trips", "answers"):
        connection.execute(
            f'CREATE OR REPLACE VIEW "dataset:{name}" AS SELECT * FROM {name}{where}'
        )
    return connection
