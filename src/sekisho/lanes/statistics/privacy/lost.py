"""How much clipping took away, estimated from the noisy histogram of contributions' sizes."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.consistency import Numbers
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.query.bound import AmountKind, BoundVector

_CUT = 4.0
"""Standard deviations above which a bin of the tail is believed."""
_SHAPE_BINS = 8
_MOST_WEIGHT = 10.0
"""Beyond this the shape, not the noise, is what is uncertain."""
_POINTS = 16


@dataclass(frozen=True, slots=True)
class Lost:
    """The share of the whole that is missing because units were scaled down: an estimate.

    Shape: 0 <= share <= 1; the error is that of the noise in the histogram.
    """

    measures: tuple[str, ...]
    share: float
    standard_error: float


def lost_shares(plan: Plan, drawn: Draw) -> tuple[Lost, ...]:
    """One estimate a vector; a vector without a histogram loses nothing or does not say."""
    return tuple(
        _lost(plan, drawn, number)
        for number, bundle in enumerate(plan.bundles)
        if bundle.histogram_weight
    )


def _lost(plan: Plan, drawn: Draw, number: int) -> Lost:
    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    names = tuple(each.name for each in bundle.wanted)
    spread = SIGMA / bundle.histogram_weight
    spread *= 1.0 if bundle.clip.norm is Norm.L2 else math.sqrt(2)
    counted = drawn.histograms[number] / bundle.histogram_weight
    seen = np.flatnonzero(counted > _CUT * spread)
    if seen.size == 0:
        return Lost(names, 0.0, 1.0)
    last = int(seen[-1])
    units = _with_tail(counted, seen, spread)
    whole, stays = _typical(vector)
    total = float((units * whole).sum())
    left = float((units * stays).sum())
    if total <= 0:
        return Lost(names, 0.0, 1.0)
    ratio = min(1.0, max(0.0, left / total))
    away = (whole * ratio - stays) / total
    noise = spread * math.sqrt(float((away[: last + 1] ** 2).sum()))
    guessed = float((away[last + 1 :] * units[last + 1 :]).sum())
    return Lost(names, 1.0 - ratio, min(1.0, math.hypot(noise, guessed)))


def _with_tail(counted: Numbers, seen: NDArray[np.intp], spread: float) -> Numbers:
    """The bins up to the last that stands out of the noise, then a tail that bends as they do.

    Above it the noise of few units times their size would drown the estimate. Sizes of
    contributions fall off like a lognormal curve, a parabola in these bins; what the parabola
    adds counts in full as an error.
    """
    units: Numbers = counted.copy()
    last = int(seen[-1])
    tail = np.arange(last + 1, units.size)
    known = seen[-_SHAPE_BINS:]
    if known.size < 4:
        units[tail] = 0.0
        return units
    logs, weights = np.log(units[known]), np.minimum(units[known] / spread, _MOST_WEIGHT)
    bend = np.polynomial.Polynomial.fit(known, logs, 2, w=weights)
    if bend.convert().coef[-1] >= 0:
        bend = np.polynomial.Polynomial.fit(known, logs, 1, w=weights)
    straight = logs[-1] - 0.1 * (tail - last)
    units[tail] = np.exp(np.minimum(straight, bend(tail)))
    return units


def _counts_groups(vector: BoundVector) -> bool:
    return all(a.kind is AmountKind.PRESENT for a in vector.amounts)


def _typical(vector: BoundVector) -> tuple[Numbers, Numbers]:
    """What a unit of each bin adds to the whole, and what of that is kept.

    Groups for counts of units, else its length; the mean over sizes that fall as 1 / size.
    """
    low = np.array([float(edge) for edge in vector.edges])
    top = np.append(low[1:], low[-1] * 1.414)
    high = np.maximum(low, top - (PRECISION_ONE if _counts_groups(vector) else 0))
    inside = np.linspace(0, 1, _POINTS)
    sizes = low[:, None] * (high / low)[:, None] ** inside
    own = sizes if _counts_groups(vector) or not vector.squared else np.sqrt(sizes)
    kept = np.minimum(1.0, vector.full / sizes)
    kept = np.sqrt(kept) if vector.squared else kept
    whole: Numbers = own.mean(axis=1)
    left: Numbers = (own * kept).mean(axis=1)
    return whole, left
