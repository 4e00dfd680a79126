"""Weights are integers, and no unit ever weighs more than the plan says."""

from decimal import Decimal
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import UsageError
from sekisho.lanes.statistics.privacy.bounds import (
    PRECISION_ONE,
    Norm,
    check_weights,
    clip_for,
    sigma_for,
    size_of,
    weight,
)
from sekisho.lanes.statistics.privacy.calibrate import SIGMA, mu2_within

MU2 = mu2_within(Decimal(1), Decimal("1e-9"))
amounts = st.integers(-(2**40), 2**40)


@given(st.lists(amounts, min_size=1, max_size=30), st.integers(1, 2**50), st.sampled_from(Norm))
def test_a_clipped_contribution_is_never_longer_than_its_bound(contribution, full, norm):
    clip = clip_for(norm, MU2 if norm is Norm.L2 else Decimal(1), full)
    size = size_of(clip, {PRECISION_ONE: contribution})
    if size == 0:
        return
    scaled = [weight(clip, size) * x for x in contribution]
    if norm is Norm.L2:
        assert sum(x * x for x in scaled) <= clip.sensitivity**2
        assert clip.sensitivity**2 <= MU2 * SIGMA**2
    else:
        assert sum(abs(x) for x in scaled) <= clip.sensitivity <= SIGMA


@given(
    st.lists(st.integers(1, PRECISION_ONE), min_size=1, max_size=5),
    st.lists(amounts, min_size=1, max_size=6),
    st.sampled_from(Norm),
)
def test_components_of_lower_precision_get_the_noise_that_pays_for_them(precisions, values, norm):
    loss = MU2 if norm is Norm.L2 else Decimal(1)
    clip = clip_for(norm, loss, PRECISION_ONE)
    parts = dict.fromkeys(set(precisions), values)
    size = size_of(clip, parts)
    if size == 0:
        return
    w = weight(clip, size)
    if norm is Norm.L2:
        spent = sum(
            Decimal((w * x) ** 2) / Decimal(sigma_for(p, norm)) ** 2
            for p, xs in parts.items()
            for x in xs
        )
    else:
        spent = sum(
            Decimal(abs(w * x)) / Decimal(sigma_for(p, norm)) for p, xs in parts.items() for x in xs
        )
    assert spent <= loss * (1 + Decimal("1e-20"))


def test_the_weights_of_task_a_are_checked_for_every_number_of_groups():
    clip = clip_for(Norm.L2, MU2, 200 * PRECISION_ONE)
    assert check_weights(clip, 8460 * PRECISION_ONE, PRECISION_ONE) == 8460
    assert clip.scale == isqrt(clip.sensitivity**2 // 200)
    assert weight(clip, 200 * PRECISION_ONE) == clip.scale
    assert weight(clip, 201 * PRECISION_ONE) < clip.scale


def test_a_share_too_small_for_the_bound_is_refused():
    with pytest.raises(UsageError, match="too small for the declared bound"):
        clip_for(Norm.L2, Decimal("1e-12"), 2**70)
