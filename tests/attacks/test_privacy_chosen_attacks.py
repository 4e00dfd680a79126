"""Attacks on the choice of a bound: it may know the noisy count of sizes, and nothing else."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import beta, norm

from sekisho.errors import TamperedError, UsageError
from sekisho.lanes.statistics.privacy import draw as drawing
from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Clip, Norm, weight
from sekisho.lanes.statistics.privacy.calibrate import SIGMA, epsilon_at
from sekisho.lanes.statistics.privacy.draw import from_bytes, to_bytes
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.noise import SecureNoise
from sekisho.lanes.statistics.privacy.settle import (
    SettledBy,
    corrections,
    settle_sizes,
    with_sizes,
)
from tests.lib.privacy import NoNoise, SeededNoise
from tests.lib.privacy_simulated import CHOSEN, GROUPS, Crowd, crowd, plan_for, spread

PEOPLE = crowd(spread(3000))
PLAN = plan_for("4")


def again(plan, drawn):
    """What follows from a draw's noisy numbers alone."""
    settled = settle_sizes(plan, drawn.histograms)
    return corrections(with_sizes(plan, settled), settled, drawn.histograms, drawn.blocks)


def agrees(plan, drawn) -> bool:
    return again(plan, from_bytes(to_bytes(drawn))) == drawn.settled


# ----------------------------------------------------------------------------- what it may know


def test_everything_settled_follows_from_the_kept_noisy_numbers():
    for seed in range(20):
        drawn = PEOPLE.drawn(PLAN, SeededNoise(seed))
        assert drawn.settled[0].by is SettledBy.CHOSEN
        assert agrees(PLAN, drawn)


def test_a_choice_that_looks_at_exact_sizes_is_found(monkeypatch):
    """The fault that must not be: one unit then moves the choice with certainty."""

    def peeking(self, exact):
        blind = {n: each * self.plan.bundles[n].histogram_weight for n, each in exact.items()}
        return with_sizes(self.plan, settle_sizes(self.plan, blind)).bound

    edge = np.full(1200, 1)
    edge[-160:] = 300
    people = crowd(edge)
    plan = plan_for("1")
    honest = [people.drawn(plan, SeededNoise(seed)) for seed in range(8)]
    monkeypatch.setattr(drawing._Settling, "settle", peeking)
    faulty = people.drawn(plan, SeededNoise(3))
    assert len({each.settled[0].full for each in honest}) > 1
    cells = faulty.blocks[0, 0] - SeededNoiseCells(plan, 3)
    used = {seed: people.counted(clip_at(plan, each)) for seed, each in enumerate(honest)}
    assert (people.drawn(plan, SeededNoise(3)).blocks[0, 0] == faulty.blocks[0, 0]).all()
    assert not all((cells == each).all() for each in used.values())


def SeededNoiseCells(plan, seed):  # noqa: N802 - reads as the noise it stands for
    """The noise that a seed gives to the cells: drawn second, after that of the histogram."""
    noise = SeededNoise(seed)
    noise.gaussian(np.zeros(len(plan.bound.vectors[0].edges), dtype=np.int64), float(SIGMA))
    return noise.gaussian(np.zeros((1, GROUPS), dtype=np.int64), float(SIGMA))


def clip_at(plan, drawn):
    clip = plan.bundles[0].clip
    return Clip(clip.norm, clip.sensitivity, drawn.settled[0].full)


def test_the_weights_are_those_of_the_noisy_choice():
    for seed in range(5):
        drawn = PEOPLE.drawn(PLAN, SeededNoise(seed))
        cells = drawn.blocks[0, 0] - SeededNoiseCells(PLAN, seed)
        assert (cells == PEOPLE.counted(clip_at(PLAN, drawn))).all()


def test_one_heavy_unit_moves_one_bin_by_one_and_the_sums_by_no_more_than_the_rest_of_the_loss():
    base = spread(500)
    heavy = crowd(np.append(base, GROUPS))
    less = heavy.without(base.size)
    vector = PLAN.bound.vectors[0]
    apart = heavy.bins(vector) - less.bins(vector)
    assert np.abs(apart).sum() == 1
    bundle = PLAN.bundles[0]
    for groups in (1, 7, 33, 200, GROUPS):
        clip = Clip(Norm.L2, bundle.clip.sensitivity, groups * PRECISION_ONE)
        moved = heavy.counted(clip) - less.counted(clip)
        size = sum(int(each) ** 2 for each in moved)
        assert size <= bundle.clip.sensitivity**2
        assert Decimal(size + bundle.histogram_weight**2) / SIGMA**2 <= PLAN.charge.loss


def test_a_heavy_unit_that_moves_the_maximum_leaves_the_choice_as_likely_as_it_was():
    base = spread(2000)
    heavy = crowd(np.append(np.minimum(base, 100), GROUPS))
    less = heavy.without(base.size)
    chosen = [
        [each.drawn(PLAN, SeededNoise(seed)).settled[0].full for seed in range(30)]
        for each in (heavy, less)
    ]
    assert sum(a == b for a, b in zip(*chosen, strict=True)) >= 28


# ------------------------------------------------------------------------------- odd bodies of data


@pytest.mark.parametrize("sizes", [[], [1], [GROUPS], [3] * 20])
def test_of_none_or_few_units_nothing_is_chosen_and_nothing_corrected(sizes):
    few = crowd(np.array(sizes, dtype=np.int64))
    for seed in range(20):
        table = few.table(plan_for("1"), SeededNoise(seed))
        (limit,) = table.limits
        assert (limit.by, limit.value, limit.factor) == ("unseen", 1, None)


@pytest.mark.parametrize("size", [1, 2, 8, 9, 64, 513, GROUPS])
def test_where_all_units_are_equal_the_bound_lies_about_there_and_numbers_hold_the_truth(size):
    equal = crowd(np.full(4000, size))
    table = equal.table(PLAN, SeededNoise(size))
    (limit,) = table.limits
    assert limit.by == "chosen"
    assert size / 4 <= limit.value <= GROUPS
    numbers = [row.numbers["n"] for row in table.rows]
    held = [
        n.interval.low <= t <= n.interval.high for n, t in zip(numbers, equal.truth, strict=True)
    ]
    assert np.mean(held) >= 0.93


def test_sizes_at_the_edge_of_a_bin_stand_in_the_bin_that_begins_there():
    edges = np.array(PLAN.bound.vectors[0].edges) // PRECISION_ONE
    for n, edge in enumerate(edges[edges <= GROUPS]):
        assert crowd(np.array([edge])).bins(PLAN.bound.vectors[0])[n] == 1


def test_bins_of_a_choice_do_not_follow_from_what_is_declared_of_it():
    plans = [plan_for("1", replace(CHOSEN, groups=each)) for each in (1, 5, 300)]
    assert len({plan.bound.vectors[0].edges for plan in plans}) == 1


# --------------------------------------------------------------- earlier releases, and other words


@pytest.mark.parametrize(
    "sizes",
    [
        (0,),
        (-PRECISION_ONE,),
        (PRECISION_ONE + 1,),
        ((GROUPS + 1) * PRECISION_ONE,),
        (2**200,),
        (PRECISION_ONE, PRECISION_ONE),
    ],
)
def test_an_earlier_release_that_names_no_size_of_this_query_is_refused(sizes):
    with pytest.raises(UsageError):
        plan_for("1", replace(CHOSEN, earlier=sizes))


@pytest.mark.parametrize("groups", [1, 2, 350, GROUPS])
def test_an_earlier_release_that_lies_within_the_domain_costs_accuracy_and_no_privacy(groups):
    plan = plan_for("4", replace(CHOSEN, earlier=(groups * PRECISION_ONE,)))
    assert not plan.bound.is_open
    assert plan.charge.loss == PLAN.charge.loss
    clip, loss = plan.bundles[0].clip, PLAN.charge.loss
    allowance = plan.bound.vectors[0].allowance
    assert all(
        weight(clip, d * PRECISION_ONE) ** 2 * d * PRECISION_ONE <= allowance
        for d in range(1, GROUPS + 1)
    )
    assert Decimal(clip.sensitivity**2 + plan.bundles[0].histogram_weight ** 2) / SIGMA**2 <= loss


def test_an_earlier_bound_that_no_longer_fits_is_called_stale_and_one_that_fits_is_not():
    fits = int(PEOPLE.table(PLAN, SeededNoise(1)).limits[0].value)
    for groups, stale in ((1, True), (fits, False), (GROUPS, True)):
        plan = plan_for("4", replace(CHOSEN, earlier=(groups * PRECISION_ONE,)))
        (limit,) = PEOPLE.table(plan, SeededNoise(2)).limits
        assert (limit.by, limit.value, limit.is_stale) == ("earlier", groups, stale)
        assert limit.speaks_for is not None


def test_a_bound_beyond_the_domain_is_refused_and_one_beyond_the_groups_scales_nobody():
    for groups in (0, -1, 10**7):
        with pytest.raises(UsageError):
            plan_for("1", Contribution(groups=groups))
    whole = plan_for("1", Contribution(groups=GROUPS + 1))
    assert not whole.bound.is_open
    assert whole.bundles[0].histogram_weight == 0


def test_groups_kept_by_hash_need_a_number():
    with pytest.raises(UsageError):
        plan_for("1", replace(CHOSEN, sampled=True))


def test_a_draw_kept_without_what_was_settled_is_counted_as_it_was_before():
    declared = plan_for("4", Contribution(groups=20))
    drawn = PEOPLE.drawn(declared, SeededNoise(1))
    old = replace(drawn, settled={})
    table = finish(declared, old)
    assert table.limits == ()
    assert all(row.numbers["n"].clipped is None for row in table.rows)
    assert table.column("n") == finish(declared, drawn).as_counted("n")


@pytest.mark.parametrize("broken", [b'[["x", 1]]', b'[[0, 1, "nobody", null, "0"]]', b"7"])
def test_a_kept_choice_that_cannot_be_read_is_refused(broken):
    import json
    import zlib

    held = json.loads(zlib.decompress(to_bytes(PEOPLE.drawn(PLAN, NoNoise()))))
    held["settled"] = json.loads(broken)
    with pytest.raises(TamperedError):
        from_bytes(zlib.compress(json.dumps(held).encode()))


# -------------------------------------------------------------------------------------- audit


def lower_bound(with_person: np.ndarray, without: np.ndarray) -> float:
    """A mu that the mechanism certainly exceeds at 95 %: likelihood ratios against 0."""
    runs = with_person.size
    hits, alarms = int((with_person > 0).sum()), int((without > 0).sum())
    hit_rate = beta.ppf(0.025, hits, runs - hits + 1)
    alarm_rate = beta.ppf(0.975, alarms + 1, runs - alarms)
    return float(norm.ppf(hit_rate) - norm.ppf(alarm_rate))


def ratios(plan, seen: Crowd, pair: tuple[Crowd, Crowd], noise, runs: int) -> np.ndarray:
    """The logarithm of how much likelier each draw is with the canary than without it.

    The attacker knows both crowds, reads the choice off the draw, and looks at all numbers.
    """
    found = []
    vector, bundle = plan.bound.vectors[0], plan.bundles[0]
    bins = [each.bins(vector) * bundle.histogram_weight for each in pair]
    for _ in range(runs):
        drawn = seen.drawn(plan, noise)
        cells = [each.counted(clip_at(plan, drawn)) for each in pair]
        ratio = 0.0
        for got, (here, gone) in ((drawn.histograms[0], bins), (drawn.blocks[0, 0][0], cells)):
            apart = (here - gone).astype(float) / SIGMA
            off = (got - gone).astype(float) / SIGMA
            ratio += float(off @ apart) - float(apart @ apart) / 2
        found.append(ratio)
    return np.array(found)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_audit_with_a_choice_agrees_with_the_claim_and_is_not_blind():
    base = spread(400)
    here = crowd(np.append(base, 90))
    pair = (here, here.without(base.size))
    plan = plan_for("8")
    claimed = float(plan.charge.loss) ** 0.5
    noise = SecureNoise(1)
    found = lower_bound(*(ratios(plan, seen, pair, noise, 4000) for seen in pair))
    assert found <= claimed
    assert found >= 0.87 * claimed
    assert epsilon_at(Decimal(found) ** 2, Decimal("0.95e-9")) <= Decimal(8)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_audit_finds_a_choice_that_is_not_paid_for():
    """Sizes counted at five times the price that they were charged at."""
    base = spread(400)
    here = crowd(np.append(base, 90))
    pair = (here, here.without(base.size))
    plan = plan_for("8")
    claimed = float(plan.charge.loss) ** 0.5
    louder = replace(plan.bundles[0], histogram_weight=plan.bundles[0].histogram_weight * 4)
    broken = replace(plan, bundles=(louder,))
    found = lower_bound(*(ratios(broken, seen, pair, SecureNoise(1), 4000) for seen in pair))
    assert found > claimed
