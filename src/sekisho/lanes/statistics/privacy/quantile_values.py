"""Quantiles from the bins that were drawn."""

import numpy as np

from sekisho.lanes.statistics.privacy.after import Value
from sekisho.lanes.statistics.privacy.consistency import Level
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.measures import Wanted
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.quantiles import shown_values
from sekisho.query.bound import Integers
from sekisho.query.expressions import Expression
from sekisho.query.grids import Grid


def quantile_values(plan: Plan, drawn: Draw, level: Level) -> dict[tuple[str, int], list[Value]]:
    """The quantiles at a grouping set: numbers whose error is not known.

    Several of the same values are put in the order of their shares, group by group.
    """
    alike: dict[Expression | None, list[tuple[Wanted, Grid, Integers]]] = {}
    for number, vector in enumerate(plan.bound.vectors):
        wanted = plan.bundles[number].wanted[0]
        for at, each in enumerate(vector.levels):
            if vector.grid is not None and each.groups == level:
                one = (wanted, vector.grid, drawn.blocks[number, at][0])
                alike.setdefault(wanted.amounts[0].argument, []).append(one)
    found = {}
    for same in alike.values():
        same.sort(key=lambda one: one[0].share)
        ordered = np.sort(np.stack([bins for _, _, bins in same]), axis=0)
        for (wanted, grid, _), bins in zip(same, ordered, strict=True):
            numbers = shown_values(bins.tolist(), grid, wanted.decimals)
            found[wanted.name, 0] = [Value(one, None) for one in numbers]
    return found
