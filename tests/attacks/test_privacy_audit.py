"""An audit bounds from below what the noise really gives away, and finds planted faults.

One person more or less shifts the noisy numbers along one known direction, so the likelihood
ratio is one number; no test of any attacker is stronger. From how often it passes the midpoint
with and without the person follows a lower bound on mu that is wrong once in twenty times.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import beta, norm

from sekisho.lanes.statistics.privacy.calibrate import SIGMA, epsilon_at
from sekisho.lanes.statistics.privacy.draw import draw
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.noise import SecureNoise
from tests.lib.privacy import sums_of, table_from
from tests.lib.privacy_constructs import REGIONS, database, planned, survey

SQL = "SELECT day, region, COUNT(DISTINCT person) AS n FROM trips GROUP BY day, region"
CANARY = 77
EPSILON = "8"
"""At a smaller epsilon the same faults hide in many more runs; the code is the same."""
DELTA = Decimal("0.95e-9")
"""What a budget of delta 1e-9 leaves to its noise."""


@dataclass
class Quiet:
    """Noise that is quieter than asked: a fault that an audit must find."""

    share: float = 1.0

    def gaussian(self, values, sigma):
        return SecureNoise().gaussian(values, sigma * self.share)

    def laplace(self, values, scale):
        return SecureNoise().laplace(values, scale * self.share)


def neighbours(groups: int = 4):
    """A survey with and without one person who stands in that many groups."""
    others = [row for row in survey(2) if row[0] is not None]
    base = survey(1)[0]
    cells = [(d, r) for d in range(7) for r in REGIONS][:groups]
    mine = [(CANARY, date(2020, 4, 1 + day), region, *base[3:]) for day, region in cells]
    return database(others + mine, []), database(others, [])


def flat(plan, sums) -> np.ndarray:
    """All noisy integers of a plan in one row."""
    parts = [block.reshape(-1) for block in sums.blocks.values()]
    weights = [plan.bundles[n].histogram_weight for n in sums.histograms]
    return np.concatenate(
        parts + [h * w for h, w in zip(sums.histograms.values(), weights, strict=True)]
    )


def lower_bound(with_person: np.ndarray, without: np.ndarray, threshold: float) -> float:
    """A mu that the mechanism certainly exceeds, at a level of 95 %."""
    runs = with_person.size
    hits, alarms = int((with_person > threshold).sum()), int((without > threshold).sum())
    hit_rate = beta.ppf(0.025, hits, runs - hits + 1) if hits else 0.0
    alarm_rate = beta.ppf(0.975, alarms + 1, runs - alarms) if alarms < runs else 1.0
    return float(norm.ppf(hit_rate) - norm.ppf(alarm_rate))


def audited(plan, noise, runs: int, groups: int = 4) -> float:
    """The lower bound on mu from that many draws of each of the neighbours."""
    here, gone = (flat(plan, sums_of(plan, each)) for each in neighbours(groups))
    direction = (here - gone) / np.linalg.norm((here - gone).astype(float))
    moved = float((here - gone) @ direction)
    seen = []
    for exact in (here, gone):
        noisy = noise.gaussian(np.tile(exact, (runs, 1)), float(SIGMA))
        seen.append((noisy - gone) @ direction)
    return lower_bound(seen[0], seen[1], moved / 2)


def claimed(plan) -> float:
    return float(plan.charge.loss) ** 0.5


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_audit_agrees_with_the_claim_and_is_not_blind():
    plan = planned(SQL, Contribution(groups=4), epsilon=EPSILON)
    found = audited(plan, SecureNoise(), 30_000)
    assert found <= claimed(plan)
    assert found >= 0.9 * claimed(plan)
    realised = epsilon_at(Decimal(found) ** 2, DELTA)
    assert Decimal("7.2") <= realised <= Decimal(EPSILON)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("share", "runs"), [(0.95, 60_000), (0.5, 3_000)])
def test_the_audit_finds_noise_that_is_too_small(share, runs):
    plan = planned(SQL, Contribution(groups=4), epsilon=EPSILON)
    assert audited(plan, Quiet(share), runs) > claimed(plan)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("bound", [3, 10])
def test_the_audit_finds_a_bound_that_is_off_by_one(bound):
    plan = planned(SQL, Contribution(groups=bound), epsilon=EPSILON)
    vector = plan.bound.vectors[0]
    loose = replace(vector, full=vector.full * (bound + 1) // bound)
    broken = replace(plan, bound=replace(plan.bound, vectors=(loose,)))
    assert audited(broken, SecureNoise(), 60_000, bound + 1) > claimed(plan)
    assert audited(plan, SecureNoise(), 60_000, bound + 1) <= claimed(plan)


def test_groups_taken_from_the_data_would_be_found_at_once():
    rare = neighbours(1)
    with_person, without = (
        each.execute("SELECT DISTINCT day, region FROM trips").fetchall() for each in rare
    )
    others = database([row for row in survey(2) if row[1].day != 1], [])
    assert len(set(with_person)) >= len(set(without))
    plan = planned(SQL, Contribution(groups=4), epsilon=EPSILON)
    shown = [table_from(plan, sums_of(plan, each), SecureNoise()).rows for each in (*rare, others)]
    assert len({tuple(row.groups for row in rows) for rows in shown}) == 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_finished_table_tells_no_more_than_its_noisy_numbers():
    plan = planned(SQL, Contribution(groups=4), epsilon=EPSILON)
    here, gone = (sums_of(plan, each) for each in neighbours())
    cells = (here.blocks[0, 0] - gone.blocks[0, 0])[0] > 0
    seen = []
    for sums in (here, gone):
        tables = (table_from(plan, sums, SecureNoise(1)) for _ in range(2000))
        seen.append(np.array([sum(np.array(t.column("n"))[cells]) for t in tables], dtype=float))
    middle = (seen[0].mean() + seen[1].mean()) / 2
    assert lower_bound(seen[0], seen[1], middle) <= claimed(plan)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_group_of_ones_own_shows_as_often_as_it_is_charged_for_at_most():
    sql = "SELECT shop, COUNT(*) AS n FROM trips GROUP BY shop"
    plan = planned(sql, Contribution(groups=2, rows=1, found_groups=3), epsilon=EPSILON)
    assert plan.threshold is not None
    base = survey(1)[0]
    alone = database([(7, *base[1:8], f"mine-{n}", 1) for n in range(3)], [])
    sums = sums_of(plan, alone)
    weight = int(sums.blocks[0, 0].max())
    easy = replace(plan.threshold, tau=weight + int(2.0 * SIGMA))
    lower = replace(plan, threshold=easy)
    shown = sum(bool(draw(lower, lambda _: sums, SecureNoise(1)).found) for _ in range(4000))
    assert beta.ppf(0.025, shown, 4000 - shown + 1) <= 3 * norm.sf(2.0)
