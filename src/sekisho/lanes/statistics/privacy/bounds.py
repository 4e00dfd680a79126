"""How much one privacy unit may weigh: integer weights with exact integer proofs.

A unit's whole contribution, a vector of integers over groups and components, is scaled by one
integer weight so that its length never exceeds S. Adding or removing the unit then moves the
sums by at most S, whatever the other units hold: nothing about them enters the weight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from math import isqrt

from sekisho.errors import UsageError, fault
from sekisho.lanes.statistics.privacy.calibrate import SIGMA

PRECISION_ONE = 2**16
"""Precision of a component that gets noise of exactly sigma; a smaller one gets more noise."""

LARGEST_CONTRIBUTION = 2**40
"""Clamp on one unit's integer in one group: keeps squares and sums inside wide integers."""


class Norm(StrEnum):
    """How the length of a contribution is measured: Gaussian noise needs L2, Laplace L1."""

    L2 = "l2"
    L1 = "l1"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clipping: contributions of size up to `full` count fully, larger ones are scaled.

    Shape: full > 0 is in steps of the components (square of the length for L2, length for L1),
    already multiplied by PRECISION_ONE.
    """

    norm: Norm
    sensitivity: int
    full: int

    @property
    def scale(self) -> int:
        """Integer units that stand for one step: the weight of a unit that is not scaled down."""
        return _root(self, self.full)


def _allowance(clip: Clip) -> int:
    if clip.norm is Norm.L2:
        return PRECISION_ONE * clip.sensitivity**2
    return PRECISION_ONE * clip.sensitivity


def _root(clip: Clip, size: int) -> int:
    quotient = _allowance(clip) // size
    return isqrt(quotient) if clip.norm is Norm.L2 else quotient


def clip_for(norm: Norm, loss: Decimal, full: int) -> Clip:
    """The clip that a share of the budget buys.

    Units: loss is mu squared for L2, epsilon for L1; full as in `Clip`.
    Raises: UsageError when the share is so small that a whole contribution weighs nothing.
    Privacy: neighbours differ in one unit; noise of sigma 2^30 makes the sums lose at most `loss`.
    """
    wide = loss * SIGMA**2 if norm is Norm.L2 else loss * SIGMA
    floor = int(wide.to_integral_value(rounding=ROUND_FLOOR))
    clip = Clip(norm, isqrt(floor) if norm is Norm.L2 else floor, full)
    if full <= 0 or clip.scale <= 0:
        raise UsageError(fault("privacy.budget_too_small_for_bound"))
    return clip


def size_of(clip: Clip, parts: Mapping[int, Sequence[int]]) -> int:
    """The size of one unit's contribution: precision times squares (L2) or absolutes (L1).

    Shape: parts maps a precision to the integers of its components.
    """
    if clip.norm is Norm.L2:
        return sum(p * sum(x * x for x in values) for p, values in parts.items())
    return sum(p * sum(abs(x) for x in values) for p, values in parts.items())


def weight(clip: Clip, size: int) -> int:
    """The integer weight of a unit whose contribution has that size.

    Privacy: weight^2 * size <= 2^16 S^2 (L2), weight * size <= 2^16 S (L1), for every size.
    """
    return clip.scale if size <= clip.full else _root(clip, size)


def check_weights(clip: Clip, largest_size: int, step: int) -> int:
    """Check the inequality for sizes step, 2 step, … up to the largest; returns how many.

    Run when a plan is made: for counts of distinct units the sizes are 1 … groups times the
    precision, so the table is checked whole; what a plan prints is what was checked.
    """
    allowance = _allowance(clip)
    power = 2 if clip.norm is Norm.L2 else 1
    for size in range(step, largest_size + 1, step):
        if weight(clip, size) ** power * size > allowance:
            raise ArithmeticError("a weight exceeds its bound")
    return largest_size // step


def sigma_for(precision: int, norm: Norm) -> float:
    """Noise scale of a component: sigma at full precision, larger below, rounded up.

    Units: standard deviation (L2) or Laplace scale (L1), in integer units.
    """
    if norm is Norm.L1:
        return float(-(-SIGMA * PRECISION_ONE // precision))
    square = -(-(SIGMA**2) * PRECISION_ONE // precision)
    root = isqrt(square)
    return float(root if root * root == square else root + 1)
