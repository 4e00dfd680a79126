"""Medians and other quantiles: one private draw a group from the bins of a public grid.

A bin's score says how far, in weighted rows, the wanted rank lies outside it; bins are drawn with
a chance that falls exponentially with that. Units weigh as they do in counts, so a unit in many
groups, or with many rows, weighs less in each.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from sekisho.errors import QueryError, fault
from sekisho.lanes.statistics.privacy.bounds import LARGEST_CONTRIBUTION, Clip, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.contract import Contract, ends_of_argument
from sekisho.ports import Noise
from sekisho.query.bound import Amount, AmountKind, Integers
from sekisho.query.grids import LARGEST, Grid, grid_between
from sekisho.query.plan import Measure

MOST_CELLS = 2**22
"""Groups times bins of one quantile; groups beyond it are refused."""
FEWEST_BINS = 128
MOST_BINS = 1024
_CELLS = 2**19
"""Groups times bins up to which bins are as many as they may be."""

_GDP_OF_RANGE = Decimal("0.6266570687")
"""Root of 2 pi over 4, rounded up: the mu of a draw whose log-likelihood ratio has range 1.

# INVARIANT: a draw of range r is Gaussian-private with mu at most this times r (held by
# test_a_draw_of_bounded_range_is_dominated_by_the_gaussian_it_is_charged_as).
"""
_LEAST_SCORE = -(2**62)


def quantile_amount(measure: Measure, contract: Contract) -> tuple[Amount, tuple[int, int]]:
    """The rows that a quantile is over, and the ends of their values in steps.

    Raises: QueryError when nothing bounds the values.
    """
    argument = measure.argument
    step = Decimal(10) ** (argument.type.decimals if argument else 0)
    low, high = (end * step for end in ends_of_argument(measure, contract.domains))
    if max(abs(low), abs(high)) >= LARGEST:
        raise QueryError(fault("privacy.quantile_unbounded", measure.place, measure=measure.name))
    ends = int(low), int(high)
    # Weights are made from all of a unit's rows, so the clamp must never bite: there are no
    # datasets of that many rows.
    return Amount(AmountKind.ROWS, argument, limit=LARGEST_CONTRIBUTION), ends


def grid_for(ends: tuple[int, int], groups: int) -> Grid:
    """The grid of a quantile: finer where there are fewer groups to draw for."""
    most = min(MOST_BINS, max(FEWEST_BINS, _CELLS // max(1, groups)))
    return grid_between(*ends, most)


def choice_scale(share: Decimal, norm: Norm) -> float:
    """The scale of the draw: scores divided by it are exponents; rounded up.

    Removing a unit that weighs t in a group moves a score there by at most max(q, 1 - q) t either
    way, a range of twice that over the scale. Ranges r of several groups cost the sum of
    (0.6267 r)^2 in mu squared, or of r in pure epsilon; with weights of length S over the groups
    that is (S / sigma)^2 or S / sigma, as for noise on counts.

    Units: integer units of `scores`, which multiply weighted rows by the share's denominator.
    Privacy: neighbours differ in one unit; a vector clipped to length S costs what Gaussian
        (L2) or Laplace (L1) noise of sigma 2^30 would.
    """
    above, whole = share.as_integer_ratio()
    most = 2 * max(above, whole - above) * SIGMA
    exact = Decimal(most) * (_GDP_OF_RANGE if norm is Norm.L2 else 1)
    scale = float(exact)
    return scale if Decimal(scale) >= exact else float(np.nextafter(scale, np.inf))


def scores(sums: Integers, share: Decimal) -> Integers:
    """How far the wanted rank lies outside each bin, negative; 0 for the bin that holds it.

    Cut at a number that is the same for all data, so that it cannot overflow.

    Shape: sums is (groups, bins), weighted rows >= 0; so is the result.
    Units: weighted rows times the denominator of the share.
    """
    above, whole = share.as_integer_ratio()
    largest = float(sums.sum(axis=1, dtype=np.float64).max(initial=0))
    held = sums if largest * whole < 2**61 else sums.astype(object)
    upto = np.cumsum(held, axis=1)
    target, over = upto[:, -1:] * above, upto * whole
    under = over - held * whole
    missed = np.maximum(np.maximum(under - target, target - over), 0)
    cut: Integers = np.maximum(-missed, _LEAST_SCORE).astype(np.int64)
    return cut


def drawn_bins(sums: Integers, share: Decimal, norm: Norm, noise: Noise) -> Integers:
    """One bin a group.

    Shape: sums is (groups, bins); returns (1, groups).
    Privacy: see `choice_scale`.
    """
    return noise.choose(scores(sums, share), choice_scale(share, norm)).reshape(1, -1)


def places_off(clip: Clip, share: Decimal) -> float:
    """How many fully counted rows a draw lies off the wanted rank on average.

    True where values lie closely; at a gap between values a draw may lie anywhere in it.
    """
    return choice_scale(share, clip.norm) / share.as_integer_ratio()[1] / clip.scale


def shown_values(bins: Sequence[int], grid: Grid, decimals: int) -> list[Decimal | int]:
    """The numbers that stand for bins, in the measure's unit."""
    middles = [grid.middle(int(each)) for each in bins]
    return [Decimal(each).scaleb(-decimals) for each in middles] if decimals else list(middles)
