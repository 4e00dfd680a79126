"""What clipping took is said where it is known, within its error, and not at all elsewhere."""

import math

import numpy as np
import pytest

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.lost import RELIABLE, lost_shares
from sekisho.lanes.statistics.privacy.measures import Contribution
from tests.lib.privacy_constructs import planned

COUNTS = "SELECT day, age, COUNT(DISTINCT person) AS n FROM trips GROUP BY day, age"
SUMS = "SELECT day, age, SUM(minutes) AS n FROM trips GROUP BY day, age"
GROUPS = 700


def drawn(plan, sizes, total, noise):
    """A draw over units of those sizes whose weighted cells add up to a total."""
    (vector,), (bundle,) = plan.bound.vectors, plan.bundles
    edges = [*map(float, vector.edges), math.inf]
    bins = np.histogram(sizes, edges)[0] * bundle.histogram_weight
    bins = bins + noise.normal(0, SIGMA, bins.size)
    cells = np.full((1, GROUPS), total * bundle.clip.scale * vector.amounts[0].factor / GROUPS)
    cells = cells + noise.normal(0, SIGMA, cells.shape)
    return Draw({(0, 0): np.rint(cells)}, {0: np.rint(bins)})


def counts_of(people: int, bound: int, shape: str = "lognormal"):
    """Groups of each of many people, and what of them a bound keeps."""
    draw = np.random.default_rng(5)
    groups = draw.lognormal(3, 1, people) if shape == "lognormal" else 10 * draw.pareto(1.5, people)
    groups = np.clip(np.rint(groups), 1, GROUPS)
    kept = groups * np.minimum(1, np.sqrt(bound / groups))
    return groups, kept


@pytest.mark.parametrize("shape", ["lognormal", "pareto"])
@pytest.mark.parametrize("people", [3_000, 20_000, 400_000])
def test_a_share_that_is_shown_holds_the_truth(people, shape):
    plan = planned(COUNTS, Contribution(groups=60), epsilon="1")
    groups, kept = counts_of(people, 60, shape)
    true = 1 - kept.sum() / groups.sum()
    scaled = (groups > 60).mean()
    held, said = [], 0
    for seed in range(100):
        noise = np.random.default_rng(seed)
        (lost,) = lost_shares(plan, drawn(plan, groups * PRECISION_ONE, kept.sum(), noise))
        for share, truth in ((lost.missing, true), (lost.units, scaled)):
            if share is not None:
                assert share.standard_error <= RELIABLE
                held.append(abs(share.value - truth) <= 2 * share.standard_error)
                said += share is lost.missing
    assert not held or np.mean(held) >= 0.95
    assert said == (100 if people > 100_000 else said)


def test_of_few_people_it_is_not_said_how_much_is_missing():
    plan = planned(COUNTS, Contribution(groups=60), epsilon="0.5")
    groups, kept = counts_of(300, 60)
    for seed in range(50):
        noise = np.random.default_rng(seed)
        (lost,) = lost_shares(plan, drawn(plan, groups * PRECISION_ONE, kept.sum(), noise))
        assert lost.missing is None


def test_of_sums_only_the_share_of_people_is_said_however_heavy_the_tail():
    plan = planned(SUMS, Contribution(groups=4, rows=2), epsilon="1")
    full = plan.bound.vectors[0].full
    draw = np.random.default_rng(6)
    sizes = full * 0.2 * (1 + draw.pareto(0.8, 50_000))
    true, held = (sizes > full).mean(), []
    for seed in range(100):
        (lost,) = lost_shares(plan, drawn(plan, sizes, 1e6, np.random.default_rng(seed)))
        assert lost.missing is None
        assert lost.units is not None
        held.append(abs(lost.units.value - true) <= 2 * lost.units.standard_error)
    assert np.mean(held) >= 0.95


def test_nothing_is_said_of_units_that_all_count_fully():
    once = "SELECT day, COUNT(DISTINCT person) AS n FROM trips GROUP BY day"
    plan = planned(once, Contribution(groups=7))
    assert lost_shares(plan, Draw({}, {})) == ()


def test_where_groups_are_dropped_it_is_said_that_it_is_not_known_how_much():
    plan = planned(COUNTS, Contribution(groups=5, sampled=True))
    assert plan.bundles[0].histogram_weight == 0
    (lost,) = lost_shares(plan, Draw({}, {}))
    assert (lost.missing, lost.units) == (None, None)


def test_an_empty_dataset_has_no_share():
    plan = planned(COUNTS, Contribution(groups=60), epsilon="1")
    for seed in range(20):
        noise = np.random.default_rng(seed)
        (lost,) = lost_shares(plan, drawn(plan, np.array([]), 0, noise))
        assert lost.missing is None
