"""Up to what a unit counted fully, how that was found, and what was put back for it."""

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.measures import Reading
from sekisho.lanes.statistics.privacy.plan_bounding import HISTOGRAM_SHARE, Plan
from sekisho.lanes.statistics.privacy.settle import SettledBy, chosen_size
from sekisho.lanes.statistics.privacy.sizes import counts_groups

_STALE = 2
"""A bound is called stale when the sizes speak for one that differs by more than this factor."""


class LimitKind(StrEnum):
    """What a limit counts."""

    GROUPS = "groups"
    """Groups that a unit stands in."""
    LENGTH = "length"
    """The root of the sum, over groups, of the squares of a unit's amounts (their sum, under a
    budget of pure epsilon), in the unit of the first measure."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Up to what a unit counts fully in measures that share one weight.

    Units: `speaks_for` is what the noisy sizes speak for when the limit was not chosen from them;
        a count is `factor` times what was counted, with that standard error.
    """

    measures: tuple[str, ...]
    kind: LimitKind
    value: Decimal
    by: SettledBy
    share: Decimal
    """Part of the loss that counting the sizes took."""
    speaks_for: Decimal | None = None
    factor: Decimal | None = None
    error: Decimal | None = None
    bins: tuple[tuple[Decimal, int], ...] = ()
    """The noisy histogram of sizes: where each bin begins, and how many units it holds."""

    @property
    def is_stale(self) -> bool:
        """Whether the sizes speak for a limit that is more than twice, or under half, of this."""
        if self.speaks_for is None:
            return False
        low, high = sorted((self.value, self.speaks_for))
        return high > _STALE * low


def limits_of(plan: Plan, drawn: Draw) -> tuple[Limit, ...]:
    """One limit a vector whose sizes were counted; `plan` is closed as the draw settled it."""
    return tuple(
        _limit(plan, drawn, number)
        for number, bundle in enumerate(plan.bundles)
        if bundle.histogram_weight and number in drawn.settled
    )


def _limit(plan: Plan, drawn: Draw, number: int) -> Limit:
    bundle, vector, settled = (
        plan.bundles[number],
        plan.bound.vectors[number],
        drawn.settled[number],
    )
    bins = drawn.histograms[number]
    other = None
    if settled.by in (SettledBy.DECLARED, SettledBy.EARLIER):
        size = chosen_size(plan, number, bins)
        other = None if size is None else _value(plan, number, size)
    units = [round(int(each) / bundle.histogram_weight) for each in bins]
    begins = [_value(plan, number, edge) for edge in vector.edges]
    return Limit(
        tuple(each.name for each in bundle.wanted if not each.name.startswith("#")),
        LimitKind.GROUPS if counts_groups(vector) else LimitKind.LENGTH,
        _value(plan, number, settled.full),
        settled.by,
        HISTOGRAM_SHARE,
        other,
        settled.factor,
        None if settled.factor is None else settled.error,
        tuple(zip(begins, units, strict=True)),
    )


def _value(plan: Plan, number: int, size: int) -> Decimal:
    """A size as people read it: groups, or a length in the unit of the first measure."""
    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    if counts_groups(vector):
        return Decimal(size // PRECISION_ONE)
    length = math.sqrt(size / PRECISION_ONE) if vector.squared else size / PRECISION_ONE
    first = bundle.wanted[0]
    decimals = first.decimals if first.reading in (Reading.SUM, Reading.MEAN) else 0
    steps = Decimal(length) / vector.amounts[0].factor
    return Decimal(f"{steps.scaleb(-decimals):.3g}")
