"""Budgets as people read them, and as they are kept."""

from decimal import Decimal

import pytest

from sekisho.errors import UsageError
from sekisho.lanes.statistics.privacy.calibrate import (
    SIGMA,
    check_budget,
    discretisation_delta,
    epsilon_at,
    gaussian_delta,
    mu2_of_pure,
    mu2_within,
    normal_quantile,
)

DELTA = Decimal("1e-9")


@pytest.mark.parametrize(
    ("epsilon", "delta", "mu"),
    [
        ("0.1", "1e-9", 0.01992),
        ("0.25", "1e-9", 0.04811),
        ("0.5", "1e-9", 0.09369),
        ("1", "1e-9", 0.18197),
        ("2", "1e-9", 0.35155),
        ("4", "1e-9", 0.67213),
        ("8", "1e-9", 1.26225),
        ("1", "1e-6", 0.2367),
        ("4", "1e-6", 0.83786),
    ],
)
def test_mu_agrees_with_the_published_curve(epsilon, delta, mu):
    found = float(mu2_within(Decimal(epsilon), Decimal(delta))) ** 0.5
    assert found == pytest.approx(mu, abs=6e-6)


@pytest.mark.parametrize("epsilon", ["0.01", "0.3", "1", "5", "20"])
@pytest.mark.parametrize("delta", ["1e-15", "1e-9", "1e-3"])
def test_the_way_there_and_back_never_gains_privacy_loss(epsilon, delta):
    mu2 = mu2_within(Decimal(epsilon), Decimal(delta))
    back = epsilon_at(mu2, Decimal(delta))
    assert back <= Decimal(epsilon) + Decimal("1e-6")
    assert float(back) == pytest.approx(float(epsilon), rel=1e-4, abs=1e-5)
    assert gaussian_delta(float(mu2) ** 0.5, float(epsilon)) <= float(delta)


def test_dp_accounting_finds_the_same_epsilon():
    from dp_accounting.pld import privacy_loss_distribution as pld

    mu2 = mu2_within(Decimal(1), DELTA)
    one = pld.from_gaussian_mechanism(
        1 / float(mu2) ** 0.5, value_discretization_interval=1e-4, pessimistic_estimate=True
    )
    assert one.get_epsilon_for_delta(1e-9) == pytest.approx(1.0, abs=2e-4)


def test_sixty_releases_cost_what_composed_loss_distributions_say():
    from dp_accounting.pld import privacy_loss_distribution as pld

    mu2 = mu2_within(Decimal(1), DELTA) / 60
    one = pld.from_gaussian_mechanism(float(mu2) ** -0.5, value_discretization_interval=1e-3)
    composed = one.self_compose(60).get_epsilon_for_delta(1e-9)
    ledger = float(epsilon_at(mu2 * 60, DELTA))
    assert 0.98 * composed <= ledger <= composed + 1e-6


def test_pure_epsilon_as_mu_covers_randomised_response():
    assert float(mu2_of_pure(Decimal(1))) ** 0.5 == pytest.approx(
        2 * normal_quantile(2.718281828459045 / 3.718281828459045), rel=1e-6
    )


def test_the_float_curve_lies_within_its_allowance_of_exact_arithmetic():
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        for mu, epsilon in [(0.0013, 0.01), (0.18, 1.0), (1.26, 8.0), (2.6, 20.0), (5.0, 0.1)]:
            m, e = mpmath.mpf(mu), mpmath.mpf(epsilon)
            exact = mpmath.ncdf(m / 2 - e / m) - mpmath.exp(e) * mpmath.ncdf(-m / 2 - e / m)
            assert gaussian_delta(mu, epsilon) >= exact


def test_rounding_a_gaussian_differs_from_the_discrete_one_by_less_than_is_charged():
    import numpy as np
    from scipy.special import ndtr

    for sigma in (3.0, 10.0, 30.0):
        at = np.arange(-14 * sigma, 14 * sigma + 1)
        discrete = np.exp(-(at**2) / (2 * sigma**2))
        discrete /= discrete.sum()
        rounded = ndtr((at + 0.5) / sigma) - ndtr((at - 0.5) / sigma)
        apart = np.abs(discrete - rounded).sum() / 2
        assert 0.0195 / sigma**2 < apart < 0.021 / sigma**2


def test_a_hundred_million_numbers_add_less_delta_than_a_hundredth_of_the_budget():
    assert discretisation_delta(10**8, Decimal(1)) < DELTA / 100
    assert SIGMA == 2**30


@pytest.mark.parametrize("epsilon", ["0", "-1", "NaN", "Infinity", "21", "1e300"])
def test_an_absurd_epsilon_is_refused(epsilon):
    with pytest.raises(UsageError, match="epsilon must be above 0"):
        check_budget(Decimal(epsilon), DELTA)


@pytest.mark.parametrize("delta", ["0", "-1e-9", "NaN", "0.5", "1e-20"])
def test_an_absurd_delta_is_refused(delta):
    with pytest.raises(UsageError, match="delta must lie"):
        check_budget(Decimal(1), Decimal(delta))
