"""An audit bounds from below what drawn bins, and the sums of a variance, really give away.

The databases are the worst there are: half of all values at either end and one in the middle, so
that one person more tips every bin on one side against every bin on the other. What a draw says
of the person is then exactly the ratio of two known chances; no test of any attacker is stronger.
"""

from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import beta, norm

from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.noise import SecureNoise
from sekisho.lanes.statistics.privacy.quantiles import choice_scale, scores
from tests.lib.privacy import sums_of
from tests.lib.privacy_constructs import REGIONS, database, planned, survey

MEDIAN = "SELECT region, MEDIAN(age) AS m FROM trips GROUP BY region"
EPSILON = "8"
HALF = Decimal("0.5")
CANARY = 77


def neighbours(column: int, canary, others):
    """A survey with and without one person, everybody with one row in every region."""
    base = survey(1)[0]

    def rows(person, value):
        row = [person, *base[1:]]
        row[column] = value
        return [(*row[:2], region, *row[3:]) for region in REGIONS]

    held = [row for n, value in enumerate(others) for row in rows(n, value)]
    return database([*held, *rows(CANARY, canary)], []), database(held, [])


def lower_bound(here, gone) -> float:
    """A mu that is certainly exceeded, at a level of 95 %, by the best of a few thresholds."""
    best, runs, several = 0.0, here.size, 5
    for threshold in np.quantile(np.concatenate([here, gone]), np.linspace(0.1, 0.9, several)):
        hits, alarms = int((here > threshold).sum()), int((gone > threshold).sum())
        if hits > 0 and alarms < runs:
            low = beta.ppf(0.025 / several, hits, runs - hits + 1)
            high = beta.ppf(1 - 0.025 / several, alarms + 1, runs - alarms)
            best = max(best, float(norm.ppf(low) - norm.ppf(high)))
    return best


def audited(plan, runs: int, quieter: float = 1.0) -> float:
    """The lower bound from that many draws of each of the neighbours."""
    pair = neighbours(3, 99, [0] * 20 + [50] + [99] * 20)
    held = [scores(sums_of(plan, each).blocks[0, 0], HALF) for each in pair]
    scale = choice_scale(HALF, plan.bundles[0].clip.norm) * quieter
    chances = [np.exp((each - each.max(axis=1, keepdims=True)) / scale) for each in held]
    logs = [np.log(each / each.sum(axis=1, keepdims=True)) for each in chances]
    told = logs[0] - logs[1]
    seen = []
    for each in held:
        groups = np.arange(each.shape[0])
        bins = [
            SecureNoise().choose(np.repeat(each[g : g + 1], runs, axis=0), scale) for g in groups
        ]
        seen.append(sum(told[g, bins[g]] for g in groups))
    return lower_bound(*seen)


def claimed(plan) -> float:
    """The mu that the draw is charged as, without what the counts of sizes cost."""
    return plan.bundles[0].clip.sensitivity / SIGMA


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_drawn_bins_give_away_what_they_are_charged_as_and_the_audit_is_not_blind():
    plan = planned(MEDIAN, Contribution(groups=3), epsilon=EPSILON)
    found = audited(plan, 40_000)
    assert found <= claimed(plan)
    assert found >= 0.75 * claimed(plan)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_audit_finds_draws_at_half_the_scale():
    plan = planned(MEDIAN, Contribution(groups=3), epsilon=EPSILON)
    assert audited(plan, 10_000, quieter=0.5) > claimed(plan)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_sums_of_a_variance_give_away_what_they_are_charged_as():
    sql = "SELECT region, VARIANCE(minutes) AS v FROM trips GROUP BY region"
    plan = planned(sql, Contribution(groups=3), epsilon=EPSILON)
    here, gone = (sums_of(plan, each).blocks[0, 0] for each in neighbours(4, 6000, [0, 6000]))
    apart = (here - gone).astype(float)
    direction = apart / np.linalg.norm(apart)
    noisy = SecureNoise().gaussian(np.zeros((2, 30_000, apart.size), dtype=np.int64), float(SIGMA))
    along = noisy @ direction.reshape(-1)
    found = lower_bound(along[0] + np.linalg.norm(apart), along[1])
    assert found <= claimed(plan)
    assert found >= 0.85 * claimed(plan)


def test_the_worst_neighbours_reach_the_range_that_is_charged():
    plan = planned(MEDIAN, Contribution(groups=3), epsilon=EPSILON)
    here, gone = (
        scores(sums_of(plan, each).blocks[0, 0], HALF)
        for each in neighbours(3, 99, [0] * 20 + [50] + [99] * 20)
    )
    ranges = (here - gone).max(axis=1) - (here - gone).min(axis=1)
    mu = 0.6266570687 * float(np.sqrt((ranges.astype(float) ** 2).sum()))
    assert mu / choice_scale(HALF, plan.bundles[0].clip.norm) == pytest.approx(
        claimed(plan), rel=1e-6
    )
