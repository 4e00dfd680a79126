"""Intervals hold the number without noise as often as they say."""

import numpy as np
import pytest

from sekisho.lanes.statistics.privacy.uncertainty import around, quotient


def test_ninety_five_of_a_hundred_intervals_hold_the_truth():
    noisy = np.random.default_rng(1).normal(40, 3, 20_000)
    held = [around(value, 9).low <= 40 <= around(value, 9).high for value in noisy]
    assert np.mean(held) == pytest.approx(0.95, abs=0.005)


def test_an_interval_of_a_count_never_reaches_below_zero():
    assert around(-5, 1, lowest=0).low == 0
    assert around(-5, 1, lowest=0).high == 0
    assert around(1, 1, lowest=0).low == 0


def test_a_mean_is_held_by_its_interval_as_often_as_said():
    draw = np.random.default_rng(2)
    above, below = draw.normal(120, 6, 20_000), draw.normal(30, 4, 20_000)
    found = [quotient(a, b, 36, 16, 0) for a, b in zip(above, below, strict=True)]
    assert all(found)
    held = [each.interval.low <= 4 <= each.interval.high for each in found]
    assert np.mean(held) == pytest.approx(0.95, abs=0.006)


def test_a_share_of_a_total_uses_that_both_hold_the_same_noise():
    draw = np.random.default_rng(3)
    part, rest = draw.normal(60, 5, 20_000), draw.normal(40, 5, 20_000)
    found = [quotient(a, a + b, 25, 50, 25) for a, b in zip(part, rest, strict=True)]
    held = [each.interval.low <= 0.6 <= each.interval.high for each in found]
    assert np.mean(held) == pytest.approx(0.95, abs=0.006)


def test_a_quotient_by_what_may_be_zero_has_no_value():
    assert quotient(10, 1, 1, 1, 0) is None
    assert quotient(0, 0, 0, 0, 0) is None
