"""Writes `docs/reference/sql.md` from the catalogue of constructs, each with an example that ran.

python -m tests.lib.privacy_page docs/reference/sql.md
"""

import sys
from pathlib import Path

from sekisho.errors import QueryError
from tests.lib.privacy import SeededNoise, table_of
from tests.lib.privacy_constructs import (
    CONSTRUCTS,
    CONTRIBUTION,
    Contribution,
    database,
    planned,
    scores,
    survey,
)

SHOWN = 5
REFUSED = (
    "SELECT person, COUNT(*) AS n FROM trips GROUP BY person",
    "SELECT COUNT(*) AS n FROM trips WHERE person <> 7",
    "SELECT region, MAX(minutes) AS n FROM trips GROUP BY region",
    "SELECT region, SUM(fare) AS n FROM trips GROUP BY region",
    "SELECT SUM(fare * fare) AS n FROM trips",
    "SELECT MEDIAN(fare) AS n FROM trips",
    "SELECT shop, MEDIAN(minutes) AS n FROM trips GROUP BY shop",
    "SELECT COUNT(*) AS n FROM trips JOIN answers ON trips.age = answers.score",
    "WITH r AS (SELECT region, COUNT(*) AS n FROM trips GROUP BY region) SELECT SUM(n) AS n FROM r",
    "SELECT shop, region, COUNT(*) AS n FROM trips GROUP BY ROLLUP (shop, region)",
    "SELECT region, COUNT(DISTINCT shop) AS n FROM trips GROUP BY ROLLUP (region)",
    "SELECT region, COUNT(*) OVER () AS n FROM trips",
    "SELECT * FROM trips",
)
HEAD = """# SQL for private statistics

A release plan or a question of an analyst is one SELECT over datasets whose method is
`differential-privacy`. What stands here is all that may be written; anything else is refused
before a row is read, with its place and what to write instead. This page is generated; every
example was run, on an invented survey of a dozen people with noise that can be repeated, so the
noise is larger than the counts. How the protection works stands in
[differential privacy](../explanation/differential-privacy.md).

The survey has `trips` (unit `person`; day, region, age, minutes with one decimal, balance,
purpose, left_at, shop, fare), `answers` (unit `person`; question, score), and the public look-up
table `areas` (region, area, factor). One person is declared to stand in {groups} groups with
{rows} rows each; epsilon is 1 for each example, of a budget of epsilon 4 and delta 1e-9.

## Values

| what | meaning |
|---|---|
| numbers | integers, and decimals with declared digits; there are no floating-point numbers, so there is no NaN and no infinity |
| casts | none; a column has the type that its declaration says |
| arithmetic | exact; refused where declared minimum and maximum do not keep it below 2^62 steps |
| division | only as `ROUND(a / b, digits)`, half away from zero; by zero it has no value |
| NULL | aggregates skip it, `LEAST`, `GREATEST` and `COALESCE` too; a row that has NULL in a group column counts nowhere |
| rows without a unit | refused on delivery, or left out where the dataset says `missing_unit = "exclude"` |
| values outside a listed group | count nowhere; the list is the declaration's, and all of it is shown |
| names | a name that is used again in a later WITH part means the later value, bounds included |

"""


def example(sql: str) -> list[str]:
    """The first rows of an example's table, numbers with the interval of their noise."""
    found = "shop" in sql and "GROUP BY shop" in sql
    trips = survey(3)
    if found:
        base = trips[0]
        trips = [(n, *base[1:8], "market" if n % 5 else "kiosk", 5) for n in range(900)]
    declared = Contribution(groups=1, rows=1, found_groups=2) if found else CONTRIBUTION
    table = table_of(planned(sql, declared), database(trips, scores(3)), SeededNoise(1))
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    for row in table.rows[:SHOWN]:
        cells = []
        for column in table.columns:
            if column in table.group_columns:
                cells.append(row.groups[table.group_columns.index(column)] or "*total*")
            else:
                cells.append(number(row.numbers[column]))
        lines.append("| " + " | ".join(cells) + " |")
    if len(table.rows) > SHOWN:
        lines.append(f"\n… {len(table.rows) - SHOWN} more rows.")
    return lines


def number(shown) -> str:
    if shown.value is None:
        return "not estimable"
    if shown.interval is None:
        return str(shown.value)
    return f"{shown.value} ({shown.interval.low:.0f} to {shown.interval.high:.0f})"


def page() -> str:
    text = [
        HEAD.format(groups=CONTRIBUTION.groups, rows=CONTRIBUTION.rows) + "## What may be written\n"
    ]
    for each in CONSTRUCTS:
        text.append(f"### {each.title}\n\n{each.meaning}\n")
        text.append(f"```sql\n{each.sql}\n```\n")
        text.append("\n".join(example(each.sql)) + "\n")
    text.append("## What is refused\n\n| written | answer |\n|---|---|")
    for sql in REFUSED:
        text.append(f"| `{sql}` | {refusal(sql)} |")
    return "\n".join(text) + "\n"


def refusal(sql: str) -> str:
    """The sentences with which a query is refused."""
    try:
        planned(sql)
    except QueryError as error:
        return "; ".join(error.sentences()).replace("|", "\\|")
    raise SystemExit(f"not refused: {sql}")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
