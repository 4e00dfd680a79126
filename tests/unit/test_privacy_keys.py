"""Groups found in the data show only when enough units stand behind them."""

from decimal import Decimal

import pytest
from scipy.stats import norm

from sekisho.errors import UsageError
from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm, clip_for, weight
from sekisho.lanes.statistics.privacy.calibrate import SIGMA, mu2_within
from sekisho.lanes.statistics.privacy.keys import threshold_for

MU2 = mu2_within(Decimal(1), Decimal("1e-9"))


def threshold(full, cap, chance):
    clip = clip_for(Norm.L2, MU2, full * PRECISION_ONE)
    found = threshold_for(
        lambda d: weight(clip, d * PRECISION_ONE),
        cap,
        Decimal(chance) * (1 + Decimal(1).exp()),
        Decimal(1),
    )
    return clip, found


@pytest.mark.parametrize(
    ("full", "cap", "people"), [(1, 1, 36), (10, 100, 123), (50, 1000, 287), (200, 8460, 595)]
)
def test_the_threshold_stands_at_the_people_that_the_method_names(full, cap, people):
    clip, found = threshold(full, cap, "1e-10")
    assert found.tau / clip.scale == pytest.approx(people, rel=0.01)


@pytest.mark.parametrize(("full", "cap"), [(1, 1), (10, 300), (200, 8460)])
def test_a_group_of_one_unit_shows_at_most_as_often_as_charged(full, cap):
    clip, found = threshold(full, cap, "1e-6")
    for own in range(1, cap + 1):
        shift = found.tau - weight(clip, own * PRECISION_ONE)
        assert own * norm.sf(shift / SIGMA) <= 1e-6


def test_a_cap_of_no_groups_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        threshold(1, 0, "1e-9")
