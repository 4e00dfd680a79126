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

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm, sigma_for
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.consistency import Numbers
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.query.bound import AmountKind, BoundVector

RELIABLE = 0.04
"""A share whose standard error is larger is not shown."""

_CUT = 4.0
"""Standard deviations above which a bin stands out of the noise."""
_SHAPE_BINS = 8
_LEAST_BINS = 4
"""With fewer that stand out nothing says how the tail falls off."""
_MOST_WEIGHT = 10.0
"""Beyond this the shape, not the noise, is what is uncertain."""
_DOUBT = 1.5
"""How far the tail may be from its curve, as a multiple of the curve."""
_MODEL_ERROR = 0.1
"""Part of every share of what is missing that stands for the shapes assumed."""
_POINTS = 16


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share, 0 to 1, with its standard error."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Lost:
    """What clipping did to measures that share one weight a unit; None where it cannot be said.

    Shape: `missing` is the share of the whole that is not counted, `units` that of the units
    which were scaled down.
    """

    measures: tuple[str, ...]
    missing: Share | None
    units: Share | None


@dataclass(frozen=True, slots=True)
class _Counted:
    """A noisy histogram: units a bin, and the standard deviation of each."""

    units: Numbers
    spread: float


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
    spread = SIGMA / bundle.histogram_weight
    spread *= 1.0 if bundle.clip.norm is Norm.L2 else math.sqrt(2)
    counted = _Counted(drawn.histograms[number] / bundle.histogram_weight, spread)
    missing = None
    if plan.bound.lists_groups and all(a.kind is AmountKind.PRESENT for a in vector.amounts):
        missing = _missing(vector, counted, _kept(plan, drawn, number))
    return Lost(names, _shown(missing), _shown(_scaled_down(vector, counted)))


def _shown(share: Share | None) -> Share | None:
    return share if share is not None and share.standard_error <= RELIABLE else None


def _scaled_down(vector: BoundVector, counted: _Counted) -> Share | None:
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


def _kept(plan: Plan, drawn: Draw, number: int) -> Share:
    """What the noisy cells of a vector add up to, in groups, with its standard deviation."""
    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    unit = bundle.clip.scale * vector.amounts[0].factor
    cells = drawn.blocks[number, 0][0]
    one = sigma_for(vector.levels[0].precision, bundle.clip.norm) / unit
    one *= 1.0 if bundle.clip.norm is Norm.L2 else math.sqrt(2)
    return Share(float(cells.sum(dtype=float)) / unit, one * math.sqrt(cells.size))


def _missing(vector: BoundVector, counted: _Counted, kept: Share) -> Share | None:
    """What the units above the bound lost, against that and what the cells kept together.

    The parabola that the logarithms of the bins follow says how units lie inside a bin and how
    the tail falls off; the noisy counts of the tail correct it as far as they say more.
    """
    seen = np.flatnonzero(counted.units > _CUT * counted.spread)
    if seen.size < _LEAST_BINS or kept.value <= 0:
        return None
    last, known, bins = int(seen[-1]), seen[-_SHAPE_BINS:], np.arange(counted.units.size)
    logs = np.log(counted.units[known])
    weights = np.minimum(counted.units[known] / counted.spread, _MOST_WEIGHT)
    bend = np.polynomial.Polynomial.fit(known, logs, 2, w=weights)
    if bend.convert().coef[-1] >= 0:
        bend = np.polynomial.Polynomial.fit(known, logs, 1, w=weights)
    slope = np.where(bins < known[0], 0.0, np.clip(bend.deriv()(bins), -3.0, 0.5))
    tail = bins[last + 1 :]
    curve = np.exp(np.minimum(logs[-1] - 0.1 * (tail - last), bend(tail)))
    doubt, noise = (_DOUBT * curve) ** 2, counted.spread**2
    units: Numbers = counted.units.copy()
    units[tail] = (units[tail] * doubt + curve * noise) / (doubt + noise)
    away, even = _away(vector, slope), _away(vector, 0.0 * slope)
    lost = max(0.0, float((units * away).sum()))
    errors = (
        counted.spread * math.sqrt(float((away[: last + 1] ** 2).sum())),
        float((away[tail] * np.sqrt(doubt * noise / (doubt + noise))).sum()),
        float(((away - even) * units).sum()),
    )
    whole = lost + kept.value
    share = lost / whole
    of_lost, of_kept = kept.value / whole**2, share / whole
    error = math.hypot(
        *(of_lost * each for each in errors), of_kept * kept.standard_error, _MODEL_ERROR * share
    )
    return Share(share, error)


def _away(vector: BoundVector, slope: Numbers) -> Numbers:
    """How many groups a unit of each bin loses: the mean over sizes that fall off by the slope."""
    low = np.array([float(edge) for edge in vector.edges]) / PRECISION_ONE
    high = np.maximum(low, np.append(low[1:], low[-1] * 1.414) - 1)
    inside = np.linspace(0, 1, _POINTS)
    sizes = low[:, None] * (high / low)[:, None] ** inside
    weights = np.exp(slope[:, None] * (inside - 0.5))
    weights /= weights.sum(axis=1, keepdims=True)
    kept = np.minimum(1.0, vector.full / PRECISION_ONE / sizes)
    kept = np.sqrt(kept) if vector.squared else kept
    lost: Numbers = (weights * sizes * (1.0 - kept)).sum(axis=1)
    return lost
