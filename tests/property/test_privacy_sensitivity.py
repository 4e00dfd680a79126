"""No plan's sums move by more than its noise is made for, whichever unit comes or goes.

The integers before noise are compared with and without each unit: no statistics, so a bound that
is off by one is found with certainty.
"""

from decimal import Decimal

import pytest

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.query.bound import projection
from sekisho.query.bound_evaluate import evaluate_bound
from sekisho.query.render import Renderer
from tests.lib.privacy import sums_of
from tests.lib.privacy_constructs import CONSTRUCTS, database, planned, scores, survey, without
from tests.lib.privacy_moved import moved, natural

TITLES = {each.title: each.sql for each in CONSTRUCTS}
SURVEY = database(survey(3), scores(3))
FOUND = "Groups that no declaration lists"


CASES = [(title, pure) for title in TITLES for pure in (False, True) if title != FOUND or not pure]


@pytest.mark.parametrize(("title", "pure"), CASES)
def test_no_unit_costs_more_than_the_plan_is_charged_for(title, pure):
    plan = planned(TITLES[title], pure=pure)
    whole = sums_of(plan, without(SURVEY, None))
    for person in range(3):
        less = sums_of(plan, without(SURVEY, person))
        assert moved(plan, whole, less) <= plan.charge.loss


@pytest.mark.parametrize("title", TITLES)
def test_a_plan_never_spends_more_than_it_is_charged_for(title):
    plan = planned(TITLES[title])
    spent = sum(
        Decimal(b.clip.sensitivity**2 + b.histogram_weight**2) / SIGMA**2 for b in plan.bundles
    )
    assert spent <= plan.charge.loss
    assert spent >= plan.charge.loss * Decimal("0.97")


@pytest.mark.parametrize("title", TITLES)
def test_the_engine_gives_the_integers_of_plain_python_for_every_construct(title):
    plan = planned(TITLES[title])
    connection = without(SURVEY, None)
    rows = connection.execute(Renderer().source(projection(plan.bound))).fetchall()
    oracle = evaluate_bound(plan.bound, [natural(row, plan) for row in rows])
    engine = sums_of(plan, connection)
    assert tuple(engine.found) == tuple(oracle.found)
    for key, block in oracle.blocks.items():
        assert (engine.blocks[key] == block).all()
    for key, bins in oracle.histograms.items():
        assert (engine.histograms[key] == bins).all()


def test_one_more_in_the_bound_is_found(monkeypatch):
    from dataclasses import replace

    plan = planned(TITLES["Counting units"])
    vector = plan.bound.vectors[0]
    worse = replace(vector, scale=vector.scale + 1, full=vector.full + PRECISION_ONE)
    broken = replace(plan, bound=replace(plan.bound, vectors=(worse,)))
    trips = [(9, *row[1:]) for row in survey(1)]
    whole, less = sums_of(broken, database(trips, [])), sums_of(broken, database([], []))
    with pytest.raises(AssertionError):
        moved(broken, whole, less)
