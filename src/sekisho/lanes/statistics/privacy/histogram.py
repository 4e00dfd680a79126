"""What a noisy histogram of sizes says: how many units are large, and what a bound takes away."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm, sigma_for
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.consistency import Numbers
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.query.bound import BoundVector, Integers

CUT = 4.0
"""Standard deviations above which a bin stands out of the noise."""

_SHAPE_BINS = 8
_LEAST_BINS = 4
"""With fewer that stand out nothing says how the tail falls off."""
_MOST_WEIGHT = 10.0
"""Beyond this the shape, not the noise, is what is uncertain."""
_DOUBT = 1.5
"""How far the tail may be from its curve, as a multiple of the curve."""
_LEAST_FALL = 0.28
"""The curve of the tail falls at least as this power of the size."""
_STEEPEST = (-9.0, 1.5)
"""Powers of the size between which units may lie inside a bin."""
_HIDDEN = 0.3
"""Units of each bin of a tail of which nothing is known, as a multiple of the noise."""
_POINTS = 16


@dataclass(frozen=True, slots=True)
class Share:
    """An estimate, mostly a share from 0 to 1, with its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Counted:
    """A noisy histogram: units a bin, and the standard deviation of each."""

    units: Numbers
    spread: float

    @property
    def standing_out(self) -> NDArray[np.intp]:
        """The bins that are certainly not empty."""
        return np.flatnonzero(self.units > CUT * self.spread)


def counted_of(plan: Plan, number: int, bins: Integers) -> Counted:
    """The noisy histogram of a vector, in units."""
    bundle = plan.bundles[number]
    spread = SIGMA / bundle.histogram_weight * _stretch(bundle.clip.norm)
    return Counted(bins / bundle.histogram_weight, spread)


def kept_of(plan: Plan, number: int, cells: Integers) -> Share:
    """What the noisy cells of a vector add up to, in groups, with its standard error."""
    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    unit = bundle.clip.scale * vector.amounts[0].factor
    one = sigma_for(vector.levels[0].precision, bundle.clip.norm) / unit
    error = one * _stretch(bundle.clip.norm) * math.sqrt(cells[0].size)
    return Share(float(cells[0].sum(dtype=float)) / unit, error)


def _stretch(norm: Norm) -> float:
    """Standard deviations of noise of scale 1."""
    return 1.0 if norm is Norm.L2 else math.sqrt(2)


@dataclass(frozen=True, slots=True)
class Groups:
    """In how many groups units stand, as far as the noise lets one see.

    Shape: points and weights are (bins, points): numbers of groups inside a bin and what part of
        its units has them; `even` are the weights were nothing known of the shape, as it is not
        where few bins stand out: then units may lie anywhere inside theirs. Bins up to `last`
        stand out; `doubt` is the standard error of each bin after it.
    """

    units: Numbers
    points: Numbers
    weights: Numbers
    even: Numbers
    last: int
    doubt: Numbers
    spread: float
    squared: bool
    is_shaped: bool

    @property
    def total(self) -> float:
        """Pairs of unit and group."""
        return float((self.units * (self.weights * self.points).sum(axis=1)).sum())

    def lost(self, bound: float) -> tuple[float, float]:
        """Pairs that a bound takes away, and the standard error of that."""
        kept = np.minimum(1.0, bound / self.points)
        gone = self.points * (1.0 - (np.sqrt(kept) if self.squared else kept))
        away, even = (self.weights * gone).sum(axis=1), (self.even * gone).sum(axis=1)
        lost = max(0.0, float((self.units * away).sum()))
        inside = away - even
        if not self.is_shaped:
            inside = np.sqrt((self.weights * (gone - away[:, None]) ** 2).sum(axis=1))
        error = math.hypot(
            self.spread * math.sqrt(float((away[: self.last + 1] ** 2).sum())),
            float((away[self.last + 1 :] * self.doubt).sum()),
            float((inside * self.units).sum()),
        )
        return lost, error


def groups_of(vector: BoundVector, counted: Counted, most: int) -> Groups | None:
    """The numbers of groups behind a histogram of counts of units; None where no bin stands out.

    The parabola that the logarithms of the bins follow says how units lie inside a bin and how
    the tail falls off; the noisy counts of the tail correct it as far as they say more.

    Shape: `most` is the largest number of groups that a unit can stand in.
    """
    seen = counted.standing_out
    if not seen.size:
        return None
    low = np.array([edge / PRECISION_ONE for edge in vector.edges])
    high = np.maximum(low, np.minimum(most, np.append(low[1:] - 1, most)))
    middle, last = np.log(low * (high + 1)) / 2, int(seen[-1])
    slope, curve = _shape(counted, seen, middle, np.log((high + 1) / low))
    noise = counted.spread**2
    doubt = (_DOUBT * curve) ** 2
    units: Numbers = counted.units.copy()
    units[last + 1 :] = (units[last + 1 :] * doubt + curve * noise) / (doubt + noise)
    inside = np.linspace(0, 1, _POINTS)
    points = low[:, None] * (high / low)[:, None] ** inside
    lies = np.log(points) - middle[:, None]
    weights = np.exp(slope[:, None] * lies)
    weights /= weights.sum(axis=1, keepdims=True)
    even = np.full_like(points, 1 / _POINTS)
    tail: Numbers = np.sqrt(doubt * noise / (doubt + noise))
    is_shaped = seen.size >= _LEAST_BINS
    known = (last, tail, counted.spread, vector.squared, is_shaped)
    return Groups(units, points, weights, even, *known)


def _shape(
    counted: Counted, seen: NDArray[np.intp], middle: Numbers, width: Numbers
) -> tuple[Numbers, Numbers]:
    """How units lie inside each bin, as a power of the size, and the curve of the tail's units."""
    last, known = int(seen[-1]), seen[-_SHAPE_BINS:]
    tail = np.arange(last + 1, middle.size)
    if seen.size < _LEAST_BINS:
        return np.zeros(middle.size), np.full(tail.size, _HIDDEN * counted.spread)
    logs = np.log(counted.units[known] / width[known])
    weights = np.minimum(counted.units[known] / counted.spread, _MOST_WEIGHT)
    bend = np.polynomial.Polynomial.fit(middle[known], logs, 2, w=weights)
    if bend.convert().coef[-1] >= 0:
        bend = np.polynomial.Polynomial.fit(middle[known], logs, 1, w=weights)
    slope = np.clip(bend.deriv()(middle), *_STEEPEST)
    slope[: known[0]] = 0.0
    slowest = logs[-1] - _LEAST_FALL * (middle[tail] - middle[last])
    curve: Numbers = np.exp(np.minimum(slowest, bend(middle[tail]))) * width[tail]
    return slope, curve
