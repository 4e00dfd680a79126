"""From a budget that people read (epsilon, delta) to Gaussian privacy loss, and back.

Privacy loss is kept as mu squared: a release whose clipped sums have length S under noise of
standard deviation sigma costs (S / sigma)^2, and costs add, also when later questions depend on
earlier answers. Every conversion here is rounded to the side that protects.
"""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from sekisho.errors import UsageError, fault

SIGMA = 2**30
"""Standard deviation of the noise in integer units; fixed, so noise is drawn before sums exist."""

MAX_EPSILON = Decimal(20)
SMALLEST_DELTA = Decimal("1e-15")
LARGEST_DELTA = Decimal("1e-3")

_DIGITS = 12
_DOWN = Context(prec=_DIGITS, rounding=ROUND_FLOOR)
_UP = Context(prec=_DIGITS, rounding=ROUND_CEILING)

# The rounded and the discrete Gaussian differ in relative density by (z^2 - 1) / (24 sigma^2) to
# first order, in total variation by 0.02017 / sigma^2; 0.021 leaves room for the higher orders.
_TOTAL_VARIATION = Decimal("0.021")

# INVARIANT: erfc, exp and the arithmetic around them err by less than this, relatively, for
# epsilon up to 20 (held by test_the_float_curve_lies_within_its_allowance_of_exact_arithmetic).
_FLOAT_ALLOWANCE = 1e-12


def round_up(value: Decimal) -> Decimal:
    """The value in 12 significant digits, never smaller."""
    return _UP.plus(value)


def round_down(value: Decimal) -> Decimal:
    """The value in 12 significant digits, never larger."""
    return _DOWN.plus(value)


def check_budget(epsilon: Decimal, delta: Decimal | None) -> None:
    """Refuse a budget that promises nothing or cannot be computed with.

    Raises: UsageError when epsilon is not in (0, 20], or delta not in [1e-15, 1e-3]; a budget
        declared as pure epsilon has no delta.
    """
    if not (epsilon.is_finite() and 0 < epsilon <= MAX_EPSILON):
        raise UsageError(fault("privacy.epsilon_out_of_range", largest=MAX_EPSILON))
    if delta is not None and not (delta.is_finite() and SMALLEST_DELTA <= delta <= LARGEST_DELTA):
        raise UsageError(
            fault("privacy.delta_out_of_range", smallest=SMALLEST_DELTA, largest=LARGEST_DELTA)
        )


def _normal_below(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def gaussian_delta(mu: float, epsilon: float) -> float:
    """The smallest delta that mu leaves at an epsilon, never understated.

    Units: mu > 0; 0 <= epsilon <= 20.
    Source: Balle and Wang 2018, theorem 8; Dong, Roth and Su 2022, corollary 2.13.
    """
    over = _normal_below(mu / 2 - epsilon / mu)
    under = math.exp(epsilon) * _normal_below(-mu / 2 - epsilon / mu)
    return max(0.0, over - under) + _FLOAT_ALLOWANCE * (over + under)


def mu2_within(epsilon: Decimal, delta: Decimal) -> Decimal:
    """The largest mu squared that keeps (epsilon, delta), rounded down.

    Raises: UsageError when the budget lies outside its range.
    """
    check_budget(epsilon, delta)
    low, high = 0.0, 64.0
    for _ in range(120):
        middle = (low + high) / 2
        if middle > 0 and gaussian_delta(middle, float(epsilon)) <= float(delta):
            low = middle
        else:
            high = middle
    return round_down(Decimal(low) ** 2 * (1 - Decimal("1e-12")))


def epsilon_at(mu2: Decimal, delta: Decimal) -> Decimal:
    """The epsilon that mu squared amounts to at a delta, rounded up to six decimals.

    Shape: mu2 >= 0, any number of releases added together.
    """
    if mu2 <= 0:
        return Decimal(0)
    mu = math.sqrt(float(mu2)) * (1 + 1e-12)
    low, high = 0.0, 1.0
    while gaussian_delta(mu, high) > float(delta) and high < 700:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if gaussian_delta(mu, middle) <= float(delta) else (middle, high)
    return Decimal(high).quantize(Decimal("1e-6"), rounding=ROUND_CEILING)


def mu2_of_pure(epsilon: Decimal) -> Decimal:
    """Mu squared that covers any mechanism of pure epsilon, rounded up.

    The trade-off curve of randomised response has its vertex at 1 / (1 + e^epsilon) on the
    diagonal; the Gaussian curve through that point lies below both its lines.
    """
    check_budget(epsilon, None)
    error = 1 / (1 + math.exp(float(epsilon)))
    low, high = 0.0, 64.0
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if _normal_below(-middle / 2) > error else (low, middle)
    return round_up(Decimal(high) ** 2 * (1 + Decimal("1e-9")))


def discretisation_delta(coordinates: int, epsilon: Decimal) -> Decimal:
    """The delta that drawing from the discrete Gaussian adds to the continuous formula.

    Rounding a Gaussian to integers is post-processing, so it keeps mu exactly; the discrete
    Gaussian differs from it by a total variation of at most 0.021 / sigma^2 a coordinate.

    Privacy: (epsilon, delta + this) for that many noisy numbers in total, at sigma 2^30.
    """
    growth = 1 + round_up(Decimal(math.exp(float(epsilon)) * (1 + 1e-12)))
    return round_up(growth * _TOTAL_VARIATION * coordinates / Decimal(SIGMA) ** 2)


def normal_quantile(probability: float) -> float:
    """The z with that much of the standard normal below it; a float, for intervals and cuts."""
    low, high = -40.0, 40.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _normal_below(middle) < probability else (low, middle)
    return high
