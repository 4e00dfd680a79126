"""What one unit moves, in exact integers: the check of every plan's sensitivity."""

from decimal import Decimal

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.quantiles import choice_scale, scores
from sekisho.query.bound import BoundSums, Integers, projection


def moved(plan, whole: BoundSums, less: BoundSums) -> Decimal:
    """What the difference of two runs costs under the plan's noise."""
    total = Decimal(0)
    at = {group: n for n, group in enumerate(whole.found)}
    places = [at[group] for group in less.found]
    for number, (vector, bundle) in enumerate(zip(plan.bound.vectors, plan.bundles, strict=True)):
        power = 2 if bundle.clip.norm is Norm.L2 else 1
        size = 0
        for level, one in enumerate(vector.levels):
            if vector.grid is not None:
                blocks = (whole.blocks[number, level], less.blocks[number, level])
                rows = (blocks[0] - blocks[1]).sum(axis=1)
                size += one.precision * sum(abs(int(x)) ** power for x in rows)
                total += chosen(bundle, *blocks)
                continue
            apart = whole.blocks[number, level].copy()
            if plan.bound.lists_groups:
                apart -= less.blocks[number, level]
            else:
                apart[:, places] -= less.blocks[number, level]
            size += one.precision * sum(abs(int(x)) ** power for x in apart.flat)
        assert size <= vector.allowance
        if vector.grid is None:
            total += Decimal(size) / (PRECISION_ONE * SIGMA**power)
        if vector.edges:
            apart = whole.histograms[number] - less.histograms[number]
            assert sum(abs(int(x)) for x in apart) <= 1
            total += (
                Decimal(int(abs(apart).max()) * bundle.histogram_weight) ** power / SIGMA**power
            )
    return total


def chosen(bundle, whole: Integers, less: Integers) -> Decimal:
    """What drawing bins costs, from how far their scores really moved, group by group.

    The log-likelihoods of a group's bins move by their scores over the scale, all but a constant:
    so what counts is the range. A draw of range r is Gaussian-private with mu 0.6267 r.
    """
    share, norm = bundle.wanted[0].share, bundle.clip.norm
    apart = scores(whole, share) - scores(less, share)
    scale = Decimal(choice_scale(share, norm))
    ranges = [Decimal(int(x)) / scale for x in apart.max(axis=1) - apart.min(axis=1)]
    if norm is Norm.L1:
        return sum(ranges, Decimal(0))
    return sum((Decimal("0.62665706866") * each) ** 2 for each in ranges)


def natural(row, plan):
    """A rendered row with decimals as the language means them."""
    fields = projection(plan.bound).fields
    return tuple(
        Decimal(v).scaleb(-f.type.decimals) if f.type.decimals and v is not None else v
        for v, f in zip(row, fields, strict=True)
    )
