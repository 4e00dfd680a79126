"""Groups that no declaration lists: shown only when enough units stand behind them.

A group that only one unit has must stay unseen but with a chance of delta, so two things are
needed: a threshold on the noisy count, and a cap on how many groups one unit may bring.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from sekisho.errors import UsageError, fault
from sekisho.lanes.statistics.privacy.calibrate import (
    SIGMA,
    SMALLEST_DELTA,
    normal_quantile,
    round_up,
)

# INVARIANT: the discrete Gaussian's tail exceeds the normal one by less than this many standard
# deviations at sigma 2^30 (held by test_a_group_of_one_unit_shows_at_most_as_often_as_charged).
_TAIL_ALLOWANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Threshold:
    """A noisy weighted count above `tau` (integer units) shows its group.

    Units: `delta` is what the ledger is charged on top; `cap` groups a unit at most.
    """

    tau: int
    cap: int
    delta: Decimal


def threshold_for(
    weight_of: Callable[[int], int], cap: int, delta: Decimal, epsilon: Decimal
) -> Threshold:
    """The threshold under which a group of a single unit stays, but with a chance of delta.

    For a unit with d groups of its own each weighs weight_of(d); by the union bound the chance
    that any shows is at most d times the tail above tau, so tau is the largest over d <= cap.

    Units: delta is the share of the budget's reserve that may be spent on this; epsilon the
        budget's, which bounds how delta grows under composition.
    Raises: UsageError when the cap or delta is not positive.
    Privacy: keys that others share see Gaussian noise only; keys of the unit alone show with at
        most delta / (1 + e^epsilon), so the charge is delta.
    """
    if cap < 1:
        raise UsageError(fault("privacy.cap_not_positive"))
    if not (delta.is_finite() and delta > 0):
        raise UsageError(fault("privacy.delta_out_of_range", smallest=SMALLEST_DELTA, largest=1))
    chance = float(delta / (1 + round_up(epsilon.exp())))
    tau = max(
        weight_of(low) + SIGMA * (_tail_quantile(chance / high) + _TAIL_ALLOWANCE)
        for low, high in _runs(cap)
    )
    return Threshold(int(tau) + 1, cap, delta)


def _tail_quantile(probability: float) -> float:
    return -normal_quantile(probability)


def _runs(cap: int) -> Iterator[tuple[int, int]]:
    """Every d up to the cap: one by one, then in runs of a hundredth, bounded from both ends.

    The weight falls with d and the tail grows, so the ends of a run bound all inside it.
    """
    low = 1
    while low <= cap:
        high = min(cap, max(low, low + low // 100 - 1)) if low > 100 else low
        yield low, high
        low = high + 1
