"""How much clipping took away, estimated from the noisy histogram of contributions' sizes.

Two shares, each with its standard error and each only where that is small: how many units were
scaled down, and, for counts of units, how much of the whole is missing for it. What a sum lost
lies with the few largest contributions, which the noise of a histogram hides; no share is given
for it rather than a guess.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.lanes.statistics.privacy.consistency import Numbers
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.histogram import (
    Counted,
    Share,
    counted_of,
    groups_of,
    kept_of,
)
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.sizes import counts_groups, most_groups
from sekisho.query.bound import AmountKind, BoundVector

RELIABLE = 0.04
"""A share whose standard error is larger is not shown."""

_MODEL_ERROR = 0.1
"""Part of every share of what is missing that stands for the shapes assumed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What clipping did to measures that share one weight a unit; None where it cannot be said.

    Shape: `missing` is the share of the whole that is not counted, `units` that of the units
    which were scaled down.
    """

    measures: tuple[str, ...]
    missing: Share | None
    units: Share | None


def lost_shares(plan: Plan, drawn: Draw) -> tuple[Lost, ...]:
    """One estimate a vector; none for a vector of which every contribution counts fully."""
    return tuple(
        _lost(plan, drawn, number)
        for number, bundle in enumerate(plan.bundles)
        if bundle.histogram_weight or plan.bound.cap is not None
    )


def _lost(plan: Plan, drawn: Draw, number: int) -> Lost:
    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    names = tuple(each.name for each in bundle.wanted)
    if not bundle.histogram_weight:
        return Lost(names, None, None)
    counted = counted_of(plan, number, drawn.histograms[number])
    missing = None
    if plan.bound.lists_groups and counts_groups(vector):
        missing = _missing(plan, number, counted, kept_of(plan, number, drawn.blocks[number, 0]))
    return Lost(names, _shown(missing), _shown(_scaled_down(vector, counted)))


def _shown(share: Share | None) -> Share | None:
    return share if share is not None and share.standard_error <= RELIABLE else None


def _scaled_down(vector: BoundVector, counted: Counted) -> Share | None:
    """The share of units in bins above the size up to which a unit counts fully."""
    above, split = _above(vector)
    total = float(counted.units.sum())
    if total <= counted.spread * math.sqrt(above.size):
        return None
    share = min(1.0, max(0.0, float((above * counted.units).sum()) / total))
    noise = counted.spread * math.sqrt(float(((above - share) ** 2).sum()))
    unsure = 0.29 * float(np.abs(counted.units[split]).sum())
    return Share(share, math.hypot(noise, unsure) / total)


def _above(vector: BoundVector) -> tuple[Numbers, NDArray[np.bool_]]:
    """What part of each bin lies above the bound, and in which bins that is not certain.

    Counts of units have whole sizes: a bin that begins at the bound holds units that are at it.
    """
    low = np.array([float(edge) for edge in vector.edges])
    high = np.append(low[1:], low[-1] * 1.414)
    above: Numbers = np.clip(np.log(high / vector.full) / np.log(high / low), 0.0, 1.0)
    split = (low <= vector.full) & (vector.full < high)
    whole = len(vector.levels) == 1 and all(a.kind is AmountKind.PRESENT for a in vector.amounts)
    if whole and split.any():
        at = int(np.flatnonzero(split)[0])
        sizes = np.arange(low[at], high[at], PRECISION_ONE)
        weights = 1 / sizes
        above[at] = float(weights[sizes > vector.full].sum() / weights.sum())
        split[at] = sizes.size > 1
    return above, split


def _missing(plan: Plan, number: int, counted: Counted, kept: Share) -> Share | None:
    """What the units above the bound lost, against that and what the cells kept together."""
    vector = plan.bound.vectors[number]
    groups = groups_of(vector, counted, most_groups(plan.bound, vector))
    if groups is None or kept.value <= 0:
        return None
    lost, unsure = groups.lost(vector.full / PRECISION_ONE)
    whole = lost + kept.value
    share = lost / whole
    of_lost, of_kept = kept.value / whole**2, share / whole
    error = math.hypot(of_lost * unsure, of_kept * kept.standard_error, _MODEL_ERROR * share)
    return Share(share, error)
