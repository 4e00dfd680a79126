"""The engine over real delivery files gives the sums that its statement gives over tables."""

from pathlib import Path

import pytest

from sekisho.engines.bounding import DuckDBBounding
from sekisho.engines.duckdb.engine import DuckDBEngine
from sekisho.errors import CancelledError
from sekisho.lanes.statistics.privacy.draw import draw
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.ports import Sources, Watch
from tests.lib.privacy import NoNoise, table_from, table_of
from tests.lib.privacy_constructs import (
    ANSWERS,
    AREAS,
    CONSTRUCTS,
    TRIPS,
    database,
    planned,
    scores,
    survey,
)

SURVEY = database(survey(3), scores(3))
ENGINE = DuckDBBounding(DuckDBEngine())


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Sources:
    folder: Path = tmp_path_factory.mktemp("deliveries")
    natural = "SELECT * REPLACE ((minutes / 10)::DECIMAL(9, 1) AS minutes) FROM trips"
    SURVEY.execute(f"COPY ({natural}) TO '{folder}/trips.parquet' (FORMAT parquet)")
    SURVEY.execute(f"COPY answers TO '{folder}/answers.parquet' (FORMAT parquet)")
    SURVEY.execute(f"COPY \"lookup:areas\" TO '{folder}/areas.csv' (HEADER)")
    return Sources(
        {
            "trips": (TRIPS, (folder / "trips.parquet",)),
            "answers": (ANSWERS, (folder / "answers.parquet",)),
        },
        {"areas": (AREAS, folder / "areas.csv")},
    )


@pytest.mark.parametrize("title", [each.title for each in CONSTRUCTS])
def test_deliveries_give_what_tables_give(title, sources):
    plan = planned(next(each.sql for each in CONSTRUCTS if each.title == title))
    table = table_from(plan, ENGINE.bounded(plan.bound, sources, Watch()), NoNoise())
    assert table == table_of(plan, SURVEY, NoNoise())


WIDE = "MEDIAN(LEAST(GREATEST(fare * minutes, 0), 100000000))"
MEDIANS = {
    "kept groups": ("MEDIAN(minutes)", Contribution(groups=2, rows=2, sampled=True)),
    "too many values to list": (WIDE.replace("fare", "age"), Contribution(groups=4, rows=2)),
    "a bound that is chosen": (
        "MEDIAN(minutes)",
        Contribution(groups=4, rows=2, chosen=frozenset({"groups", "rows"})),
    ),
    "beside a count": ("COUNT(DISTINCT person) AS n, MEDIAN(balance)", Contribution(groups=4)),
    "without a histogram of sizes": ("MEDIAN(LEAST(age, 50))", Contribution(groups=21, rows=99)),
}


@pytest.mark.parametrize("title", MEDIANS)
def test_medians_over_deliveries_are_those_over_tables(title, sources):
    select, declared = MEDIANS[title]
    plan = planned(f"SELECT day, region, {select} AS m FROM trips GROUP BY day, region", declared)
    run = lambda settle: ENGINE.bounded(plan.bound, sources, Watch(), settle)  # noqa: E731
    table = finish(plan, draw(plan, run, NoNoise()))
    assert table == table_of(plan, SURVEY, NoNoise())


def test_a_cancelled_query_gives_nothing(sources):
    plan = planned(CONSTRUCTS[0].sql)
    with pytest.raises(CancelledError):
        ENGINE.bounded(plan.bound, sources, Watch(cancelled=lambda: True))
