"""A private table leaves as a table of one measure with its facts beside it."""

import json

from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.publish import as_table, facts_of
from sekisho.model.programme import Dimension, ReleasePlan
from sekisho.model.table import SUPPRESSED
from sekisho.model.text import Text
from sekisho.terms import Method
from tests.lib.privacy import SeededNoise, table_of
from tests.lib.privacy_constructs import database, ledger_of, planned, scores, survey

SAME = Text("x", "x")


def release_plan(sql: str, measure: str) -> ReleasePlan:
    return ReleasePlan(
        "trips-by-region",
        SAME,
        SAME,
        Method.DIFFERENTIAL_PRIVACY,
        sql,
        "trips.sql",
        (Dimension("place", SAME, ("region",), SAME),),
        measure,
        SAME,
        SAME,
    )


def test_every_row_keeps_its_place_and_its_number():
    sql = "SELECT region, COUNT(*) AS trips FROM trips GROUP BY ROLLUP (region)"
    private = table_of(planned(sql), database(survey(3), scores(3)), SeededNoise(1))
    table = as_table(release_plan(sql, "trips"), private)
    assert [row.groups for row in table.rows] == [("north",), ("south",), ("west",), (None,)]
    assert [row.cell for row in table.rows] == private.column("trips")
    facts = json.loads(json.dumps(facts_of(private, ledger_of(), "person")))
    assert facts["epsilon"].startswith("1.0") or facts["epsilon"].startswith("0.99")
    assert len(facts["intervals"]["trips"]) == 4


def test_what_cannot_be_estimated_is_hidden_and_never_zero():
    sql = "SELECT region, AVG(minutes) AS mean_minutes FROM trips GROUP BY region"
    private = table_of(planned(sql, Contribution()), database([], []), SeededNoise(1))
    table = as_table(release_plan(sql, "mean_minutes"), private)
    assert [row.cell for row in table.rows] == [SUPPRESSED] * 3
