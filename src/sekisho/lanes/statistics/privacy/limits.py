"""Up to what a unit counted fully, how that was found, and what was put back for it."""

import math
from decimal import Decimal

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.measures import Reading
from sekisho.lanes.statistics.privacy.plan_bounding import HISTOGRAM_SHARE, Plan
from sekisho.lanes.statistics.privacy.settle import SettledBy, chosen_size
from sekisho.lanes.statistics.privacy.sizes import counts_groups
from sekisho.model.budget import ContributionLimit

_STALE = 2
"""A bound is called stale when the sizes speak for one that differs by more than this factor."""


def limits_of(plan: Plan, drawn: Draw) -> tuple[ContributionLimit, ...]:
    """One limit a vector whose sizes were counted; `plan` is closed as the draw settled it."""
    return tuple(
        _limit(plan, drawn, number)
        for number, bundle in enumerate(plan.bundles)
        if bundle.histogram_weight and number in drawn.settled
    )


def _limit(plan: Plan, drawn: Draw, number: int) -> ContributionLimit:
    bundle, vector, settled = (
        plan.bundles[number],
        plan.bound.vectors[number],
        drawn.settled[number],
    )
    bins, value = drawn.histograms[number], limit_value(plan, number, settled.full)
    other = None
    if settled.by in (SettledBy.DECLARED, SettledBy.EARLIER):
        size = chosen_size(plan, number, bins)
        other = None if size is None else limit_value(plan, number, size)
    units = [round(int(each) / bundle.histogram_weight) for each in bins]
    begins = [limit_value(plan, number, edge) for edge in vector.edges]
    return ContributionLimit(
        measures=tuple(each.name for each in bundle.wanted if not each.name.startswith("#")),
        kind="groups" if counts_groups(vector) else "length",
        value=value,
        by=settled.by.value,
        share=HISTOGRAM_SHARE,
        speaks_for=other,
        is_stale=other is not None and max(value, other) > _STALE * min(value, other),
        factor=settled.factor,
        factor_error=None if settled.factor is None else settled.error,
        bins=tuple(zip(begins, units, strict=True)),
    )


def limit_value(plan: Plan, number: int, size: int) -> Decimal:
    """A size as people read it: groups, or a length in the unit of the first measure."""
    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    if counts_groups(vector):
        return Decimal(size // PRECISION_ONE)
    length = math.sqrt(size / PRECISION_ONE) if vector.squared else size / PRECISION_ONE
    first = bundle.wanted[0]
    decimals = first.decimals if first.reading in (Reading.SUM, Reading.MEAN) else 0
    steps = Decimal(length) / vector.amounts[0].factor
    return Decimal(f"{steps.scaleb(-decimals):.3g}")
