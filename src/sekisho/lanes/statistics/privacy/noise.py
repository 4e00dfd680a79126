"""Noise of the discrete Gaussian and the discrete Laplace distribution, from OpenDP.

OpenDP is imported here and nowhere else. Its samplers work on integers of any size with the
operating system's randomness, so no floating-point number ever touches what is drawn.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sekisho.errors import UsageError, fault
from sekisho.lanes.statistics.privacy.pick import picked

Integers = NDArray[np.int64]
_Sampler = Callable[[list[int]], list[int]]

_CHUNK = 1024


@cache
def _sampler(kind: str, scale: float) -> _Sampler:
    try:
        from opendp.domains import atom_domain, vector_domain
        from opendp.measurements import make_gaussian, make_laplace
        from opendp.metrics import l1_distance, l2_distance
        from opendp.mod import enable_features
    except ModuleNotFoundError as missing:
        raise UsageError(fault("privacy.opendp_missing")) from missing
    enable_features("contrib")
    domain = vector_domain(atom_domain(T="i64"))
    if kind == "gaussian":
        sampler: _Sampler = make_gaussian(domain, l2_distance(T="i64"), scale)
    else:
        sampler = make_laplace(domain, l1_distance(T="i64"), scale)
    return sampler


@dataclass(frozen=True, slots=True)
class SecureNoise:
    """The Noise port over OpenDP, drawn in chunks by a few threads.

    Privacy: gaussian adds the discrete Gaussian of that sigma, laplace the discrete Laplace of
    that scale, each independently to every value; what a value loses by it is the caller's sum.
    """

    threads: int = 2

    def gaussian(self, values: Integers, sigma: float) -> Integers:
        """Each value plus discrete Gaussian noise of scale sigma (in integer units)."""
        return self._draw(_sampler("gaussian", sigma), values)

    def laplace(self, values: Integers, scale: float) -> Integers:
        """Each value plus discrete Laplace noise."""
        return self._draw(_sampler("laplace", scale), values)

    def choose(self, scores: Integers, scale: float) -> Integers:
        """The place of one score of each row, drawn with a chance that grows as exp(score / scale).

        OpenDP's noisy maximum draws the same, but a row a call, fifty times slower.
        """
        return picked(scores, scale)

    def _draw(self, sampler: _Sampler, values: Integers) -> Integers:
        flat = values.reshape(-1)
        parts = [flat[at : at + _CHUNK].tolist() for at in range(0, flat.size, _CHUNK)]
        if not parts:
            return values.copy()
        with ThreadPoolExecutor(self.threads) as pool:
            drawn = list(pool.map(sampler, parts))
        whole = np.concatenate([np.asarray(part, dtype=np.int64) for part in drawn])
        return whole.reshape(values.shape)
