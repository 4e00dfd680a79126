"""A bound that is chosen later: the same integers on every engine, and no unit moves them too far.

Whatever size is settled between the two parts of the bounding query, the histogram and the sums
together cost what the plan is charged for.
"""

from decimal import Decimal

import pytest

from sekisho.engines.bounding import DuckDBBounding
from sekisho.engines.duckdb.engine import DuckDBEngine
from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.settle import Settled, SettledBy, with_sizes
from sekisho.lanes.statistics.privacy.sizes import largest_size
from sekisho.ports import Sources, Watch
from sekisho.query.bound import projection
from sekisho.query.bound_evaluate import evaluate_bound
from sekisho.query.render import Renderer
from tests.lib.privacy import NoNoise, drawn_of, sums_of
from tests.lib.privacy_constructs import (
    ANSWERS,
    AREAS,
    CONSTRUCTS,
    TRIPS,
    database,
    planned,
    scores,
    survey,
    without,
)
from tests.lib.privacy_moved import moved, natural

CHOSEN = Contribution(found_groups=5, chosen=frozenset({"groups", "rows", "length"}))
TITLES = {each.title: each.sql for each in CONSTRUCTS}
SURVEY = database(survey(3), scores(3))
OPEN = [title for title, sql in TITLES.items() if planned(sql, CHOSEN).bound.is_open]
FOUND = "Groups that no declaration lists"
COUNTS = "SELECT day, region, COUNT(DISTINCT person) AS n FROM trips GROUP BY day, region"


def sizes_of(plan, doublings: int) -> dict[int, int]:
    """A size for every open vector: the smallest, or one that many doublings above it."""
    found = {}
    for number, vector in enumerate(plan.bound.vectors):
        most = largest_size(plan.bound, vector.amounts, vector.levels) or PRECISION_ONE << 40
        if vector.is_open:
            found[number] = min(most, PRECISION_ONE << doublings)
    return found


def closed(plan, doublings: int):
    return with_sizes(
        plan, {n: Settled(s, SettledBy.CHOSEN) for n, s in sizes_of(plan, doublings).items()}
    )


def test_what_is_chosen_is_not_known_before_the_charge():
    assert len(OPEN) > 20
    for title in OPEN:
        plan = planned(TITLES[title], CHOSEN)
        assert all(v.scale == 0 for v in plan.bound.vectors if v.is_open)
        assert any(step.rule == "privacy.proof_chosen_l2" for step in plan.proof)


def test_a_unit_with_one_row_or_one_group_leaves_nothing_to_choose():
    rows = Contribution(chosen=frozenset({"groups", "rows"}))
    for sql in (
        TITLES["One row a unit, then counted"],
        "SELECT COUNT(DISTINCT person) AS people FROM trips",
    ):
        plan = planned(sql, rows)
        assert not plan.bound.is_open
        assert all(bundle.histogram_weight == 0 for bundle in plan.bundles)


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("title", OPEN)
def test_no_unit_costs_more_than_the_charge_whatever_is_settled(title, pure):
    if title == FOUND and pure:
        return
    plan = planned(TITLES[title], CHOSEN, pure=pure)
    for doublings in (0, 24) if pure else (0, 3):
        later = closed(plan, doublings)
        assert later.charge == plan.charge
        whole = sums_of(later, without(SURVEY, None))
        for person in (0,) if pure else (0, 1):
            assert moved(later, whole, sums_of(later, without(SURVEY, person))) <= plan.charge.loss


@pytest.mark.parametrize("title", OPEN)
def test_a_plan_that_chooses_spends_no_more_than_its_charge(title):
    plan = planned(TITLES[title], CHOSEN)
    spent = sum(
        Decimal(b.clip.sensitivity**2 + b.histogram_weight**2) / 2**60 for b in plan.bundles
    )
    assert plan.charge.loss * Decimal("0.97") <= spent <= plan.charge.loss


@pytest.mark.parametrize("title", OPEN)
def test_the_staged_query_gives_the_integers_of_plain_python(title):
    plan = planned(TITLES[title], CHOSEN)
    later, connection = closed(plan, 2), without(SURVEY, None)
    engine = sums_of(plan, connection, lambda _: later.bound)
    rows = connection.execute(Renderer().source(projection(plan.bound))).fetchall()
    oracle = evaluate_bound(later.bound, [natural(row, plan) for row in rows])
    assert tuple(engine.found) == tuple(oracle.found)
    for key, block in oracle.blocks.items():
        assert (engine.blocks[key] == block).all()
    for key, bins in oracle.histograms.items():
        assert (engine.histograms[key] == bins).all()


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Sources:
    folder = tmp_path_factory.mktemp("deliveries")
    natural_rows = "SELECT * REPLACE ((minutes / 10)::DECIMAL(9, 1) AS minutes) FROM trips"
    SURVEY.execute(f"COPY ({natural_rows}) TO '{folder}/trips.parquet' (FORMAT parquet)")
    SURVEY.execute(f"COPY answers TO '{folder}/answers.parquet' (FORMAT parquet)")
    SURVEY.execute(f"COPY \"lookup:areas\" TO '{folder}/areas.csv' (HEADER)")
    trips, answers = folder / "trips.parquet", folder / "answers.parquet"
    return Sources(
        {"trips": (TRIPS, (trips,)), "answers": (ANSWERS, (answers,))},
        {"areas": (AREAS, folder / "areas.csv")},
    )


@pytest.mark.parametrize("title", ["Counting units", "Means", "Totals of distinct units", FOUND])
def test_deliveries_give_what_tables_give_in_two_parts(title, sources):
    plan = planned(TITLES[title], CHOSEN)
    engine, later = DuckDBBounding(DuckDBEngine()), closed(plan, 1)
    seen = []

    def settle(histograms):
        seen.append(histograms)
        return later.bound

    got = engine.bounded(plan.bound, sources, Watch(), settle)
    told = sums_of(plan, without(SURVEY, None), lambda _: later.bound)
    assert tuple(got.found) == tuple(told.found)
    for key, block in told.blocks.items():
        assert (got.blocks[key] == block).all()
    for key, bins in told.histograms.items():
        assert (got.histograms[key] == bins).all()
        assert (seen[0][key] == bins).all()


def test_of_few_units_none_stands_out_and_the_smallest_bound_is_taken():
    rows = [(n // 5, *survey(1)[0][1:]) for n in range(100)]
    plan = planned(COUNTS, CHOSEN)
    drawn = drawn_of(plan, database(rows, []), NoNoise())
    assert drawn.settled[0] == Settled(PRECISION_ONE, SettledBy.UNSEEN)
