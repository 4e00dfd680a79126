"""What one unit moves, in exact integers: the check of every plan's sensitivity."""

from decimal import Decimal

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.query.bound import BoundSums, projection


def moved(plan, whole: BoundSums, less: BoundSums) -> Decimal:
    """What the difference of two runs costs under the plan's noise."""
    total = Decimal(0)
    at = {group: n for n, group in enumerate(whole.found)}
    places = [at[group] for group in less.found]
    for number, (vector, bundle) in enumerate(zip(plan.bound.vectors, plan.bundles, strict=True)):
        power = 2 if bundle.clip.norm is Norm.L2 else 1
        size = 0
        for level, one in enumerate(vector.levels):
            apart = whole.blocks[number, level].copy()
            if plan.bound.lists_groups:
                apart -= less.blocks[number, level]
            else:
                apart[:, places] -= less.blocks[number, level]
            size += one.precision * sum(abs(int(x)) ** power for x in apart.flat)
        assert size <= vector.allowance
        total += Decimal(size) / (PRECISION_ONE * SIGMA**power)
        if vector.edges:
            apart = whole.histograms[number] - less.histograms[number]
            assert sum(abs(int(x)) for x in apart) <= 1
            total += (
                Decimal(int(abs(apart).max()) * bundle.histogram_weight) ** power / SIGMA**power
            )
    return total


def natural(row, plan):
    """A rendered row with decimals as the language means them."""
    fields = projection(plan.bound).fields
    return tuple(
        Decimal(v).scaleb(-f.type.decimals) if f.type.decimals and v is not None else v
        for v, f in zip(row, fields, strict=True)
    )
