"""The one door to statsmodels: a straight-line fit whose errors may go on from time to time."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sekisho.errors import UsageError, fault

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients, their covariance, and how many degrees of freedom are left."""

    coefficients: Floats
    covariance: Floats
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


def fit(values: Floats, columns: Floats, lags: int) -> Fit:
    """Ordinary least squares with errors of Newey and West over so many lags, small-sample scaled.

    Shape: values (n,), columns (n, k) with n > k and full rank.
    Source: W. K. Newey and K. D. West, Econometrica 55 (1987).
    """
    import statsmodels.api as sm

    model: Any = sm.OLS(values, columns)
    found = model.fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    return Fit(
        np.asarray(found.params, dtype=np.float64),
        np.asarray(found.cov_params(), dtype=np.float64),
        int(found.df_resid),
    )


def t_95(freedom: int) -> float:
    """Half the width, in standard errors, of a 95 % interval with so many degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))
