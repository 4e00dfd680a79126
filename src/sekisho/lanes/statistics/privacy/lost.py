"""How much clipping took away, estimated from the noisy histogram of contributions' sizes."""

import math
from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.consistency import Numbers
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.query.bound import AmountKind, BoundVector

_CUT = 4.0
"""Standard deviations above which a bin of the tail is believed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The share of the whole that is missing because units were scaled down: an estimate.

    Shape: 0 <= share <= 1; the error is that of the noise in the histogram.
    """

    measures: tuple[str, ...]
    share: float
    standard_error: float


def lost_shares(plan: Plan, drawn: Draw) -> tuple[Lost, ...]:
    """One estimate a vector; a vector without a histogram loses nothing or does not say.

    Bins above the highest that stands out of the noise count as empty: they are few units, and
    their noise times their size would drown the estimate.
    """
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
    units = drawn.histograms[number] / bundle.histogram_weight
    seen = np.flatnonzero(units > _CUT * spread)
    if seen.size == 0:
        return Lost(names, 0.0, 1.0)
    kept = slice(0, int(seen[-1]) + 1)
    whole = _typical(vector)[kept]
    stays = np.minimum(1.0, _fraction(vector)[kept])
    total = float((units[kept] * whole).sum())
    left = float((units[kept] * whole * stays).sum())
    if total <= 0:
        return Lost(names, 0.0, 1.0)
    ratio = min(1.0, max(0.0, left / total))
    error = spread * math.sqrt(float((((stays - ratio) * whole / total) ** 2).sum()))
    return Lost(names, 1.0 - ratio, min(1.0, error))


def _middles(vector: BoundVector) -> Numbers:
    """A typical size of each bin: the geometric middle of the smallest and largest in it."""
    step = PRECISION_ONE if _counts_groups(vector) else 0
    low = np.array([float(edge) for edge in vector.edges])
    high = np.append(low[1:], low[-1] * 1.414) - step
    middles: Numbers = np.sqrt(low * np.maximum(low, high))
    return middles


def _counts_groups(vector: BoundVector) -> bool:
    return all(a.kind is AmountKind.PRESENT for a in vector.amounts)


def _typical(vector: BoundVector) -> Numbers:
    """What a unit of each bin adds to the whole: groups for counts of units, else its length."""
    sizes = _middles(vector)
    lengths: Numbers = np.sqrt(sizes)
    return sizes if _counts_groups(vector) or not vector.squared else lengths


def _fraction(vector: BoundVector) -> Numbers:
    """Which share of itself a unit of each bin keeps."""
    ratio: Numbers = vector.full / _middles(vector)
    root: Numbers = np.sqrt(ratio)
    return root if vector.squared else ratio
