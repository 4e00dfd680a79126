"""No plan's sums move by more than its noise is made for, whichever unit comes or goes.

The integers before noise are compared with and without each unit: no statistics, so a bound that
is off by one is found with certainty.
"""

from decimal import Decimal

import pytest

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.query.bound import BoundSums, projection
from sekisho.query.bound_evaluate import evaluate_bound
from sekisho.query.render import Renderer
from tests.lib.privacy import sums_of
from tests.lib.privacy_constructs import CONSTRUCTS, database, planned, scores, survey, without

TITLES = {each.title: each.sql for each in CONSTRUCTS}
SURVEY = database(survey(3), scores(3))
FOUND = "Groups that no declaration lists"


def moved(plan, whole: BoundSums, less: BoundSums) -> Decimal:
    """What the difference of two runs costs under the plan's noise."""
    total = Decimal(0)
    at = {group: n for n, group in enumerate(whole.found)}
    places = [at[group] for group in less.found]
    for number, (vector, bundle) in enumerate(zip(plan.bound.vectors, plan.bundles, strict=True)):
        power = 2 if bundle.clip.norm is Norm.L2 else 1
        size = 0
        for level, one in enumerate(vector.levels):
            apart = whole.blocks[number, level].copy()
            if plan.bound.lists_groups:
                apart -= less.blocks[number, level]
            else:
                apart[:, places] -= less.blocks[number, level]
            size += one.precision * sum(abs(int(x)) ** power for x in apart.flat)
        assert size <= vector.allowance
        total += Decimal(size) / (PRECISION_ONE * SIGMA**power)
        if vector.edges:
            apart = whole.histograms[number] - less.histograms[number]
            assert sum(abs(int(x)) for x in apart) <= 1
            total += (
                Decimal(int(abs(apart).max()) * bundle.histogram_weight) ** power / SIGMA**power
            )
    return total


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


def natural(row, plan):
    """A rendered row with decimals as the language means them."""
    fields = projection(plan.bound).fields
    return tuple(
        Decimal(v).scaleb(-f.type.decimals) if f.type.decimals and v is not None else v
        for v, f in zip(row, fields, strict=True)
    )


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
