"""The one door to statsmodels: a straight-line fit whose errors go on from time to time.

How strongly errors go on is not known and cannot be told well from a short series. Intervals that
take one estimate of it for the truth are too narrow, and so are those of Newey and West: over 24 to
100 times whose errors go on, they held the truth in 55 to 90 of 100 cases where they promise 95.
Here eleven strengths from 0 to 0.95 are fitted; each counts as much as the series speaks for it.
"""

import math
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sekisho.errors import UsageError, fault

Floats = NDArray[np.float64]
STRENGTHS = (*(step / 10 for step in range(10)), 0.95)
"""Correlations of one time's error with the next one's; errors that alternate are left out."""
_NOTHING = 1e-18


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients and covariances at every strength, and how much each counts.

    Shape: coefficients (m, k), covariances (m, k, k), counts (m,) with sum 1.
    """

    coefficients: Floats
    covariances: Floats
    counts: Floats
    freedom: int


def regressions_are_installed() -> bool:
    """Whether this installation can estimate effects of policies (extra `indicators`)."""
    return find_spec("statsmodels") is not None


def need_regressions() -> None:
    """Refuse in words where statsmodels is not installed.

    Raises: UsageError, which names the extra to install.
    """
    if not regressions_are_installed():
        raise UsageError(fault("indicators.not-installed"))


def fit(values: Floats, columns: Floats) -> Fit:
    """Generalised least squares with errors of first order, averaged over their strength.

    The count of a strength is its restricted likelihood, with a flat prior over strengths and the
    scale integrated out; given the strength, a coefficient has a t distribution.

    Shape: values (n,), columns (n, k) with n > k and full rank; times in a row.
    Source: D. A. Harville, JASA 72 (1977); A. Zellner and G. C. Tiao, JASA 59 (1964).
    """
    apart = np.abs(np.subtract.outer(np.arange(len(values)), np.arange(len(values))))
    found = [_at(strength**apart, values, columns) for strength in STRENGTHS]
    logs = np.array([each[2] for each in found])
    counts = np.exp(logs - logs.max())
    return Fit(
        np.array([each[0] for each in found]),
        np.array([each[1] for each in found]),
        counts / counts.sum(),
        len(values) - columns.shape[1],
    )


def _at(errors: Floats, values: Floats, columns: Floats) -> tuple[Floats, Floats, float]:
    """Coefficients, their covariance, and the logarithm of the restricted likelihood."""
    found = _least_squares()(values, columns, sigma=errors).fit()
    freedom = len(values) - columns.shape[1]
    left = float(found.ssr)
    if left <= _NOTHING * float(values @ values):
        left = 0.0
    bread = np.asarray(found.normalized_cov_params, dtype=np.float64)
    volume = np.linalg.slogdet(bread)[1] - np.linalg.slogdet(errors)[1]
    said = (float(volume) - freedom * math.log(left)) / 2 if left else 0.0
    return np.asarray(found.params, dtype=np.float64), bread * left / freedom, said


@cache
def _least_squares() -> Any:
    """The library's model; what it warns of while it is loaded concerns its own makers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from statsmodels.regression.linear_model import GLS

    return GLS


def interval_of(fitted: Fit, weights: Floats, least: float = 0.0) -> tuple[float, float, float]:
    """A weighted sum of coefficients with its 95 % interval, never narrower than `least` allows.

    Units: `least` is a standard error that is known from elsewhere.
    """
    values = fitted.coefficients @ weights
    variances = np.einsum("i,mij,j->m", weights, fitted.covariances, weights)
    errors = np.sqrt(np.maximum(variances, 0.0))
    value = float(fitted.counts @ values)
    low, high = value, value
    if errors.max() > 0:
        low, high = (_quantile(fitted, values, errors, part) for part in (0.025, 0.975))
    half = t_95(fitted.freedom) * least
    return value, min(low, value - half), max(high, value + half)


def _quantile(fitted: Fit, values: Floats, errors: Floats, part: float) -> float:
    """Where so much of the mixture of t distributions lies below, by halving."""
    from scipy.special import stdtr

    low, high = float((values - 1e4 * errors).min()), float((values + 1e4 * errors).max())
    for _ in range(90):
        middle = (low + high) / 2
        below = float(fitted.counts @ stdtr(fitted.freedom, (middle - values) / errors))
        low, high = (middle, high) if below < part else (low, middle)
    return (low + high) / 2


def t_95(freedom: int) -> float:
    """Half the width, in standard errors, of a 95 % interval with so many degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))
