"""Which bound on contributions is settled, and by how much counts are corrected for it.

Both follow from the noisy histogram of sizes and from the noisy cells: they are settled once, when
the noise is drawn, and kept with it, so that a table made again is the same everywhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from itertools import pairwise
from math import prod

import numpy as np

from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm
from sekisho.lanes.statistics.privacy.calibrate import SIGMA
from sekisho.lanes.statistics.privacy.histogram import Groups, counted_of, groups_of, kept_of
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.plan_bounding import settled as closed
from sekisho.lanes.statistics.privacy.sizes import counts_groups, most_groups
from sekisho.query.bound import Integers

UNLIKE = 0.5
"""How far the part that one cell loses may be from the average, as a share of the average."""

_MOST_UNSURE = 0.25
"""A bound is not chosen for a correction whose standard error is a larger share of it."""
_WORTH = 1.5
"""Nor for one that makes the expected error of a cell larger than this times that without it."""
_STILL_SOUND = 1.4
"""How much worse than that a correction may turn out and still be made, now that the bound is."""
_GROWTH = 2**0.25
"""Ratio of the numbers of groups among which is chosen."""
_SHIFT = Decimal("0.000001")


class SettledBy(StrEnum):
    """Where the size up to which a unit counts fully came from."""

    DECLARED = "declared"
    CHOSEN = "chosen"
    """From the noisy histogram of this very draw."""
    EARLIER = "earlier"
    """From an earlier release, which chose it."""
    UNSEEN = "unseen"
    """What is declared, or the least: no size stood out of the noise."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the noise let one settle of one vector.

    Units: `full` as in a clip; a corrected count is `factor` times the counted one, where that
        is sound, and the factor's standard error is `error`.
    """

    full: int
    by: SettledBy
    factor: Decimal | None = None
    error: Decimal = Decimal(0)

    @property
    def allowance(self) -> float:
        """How far a corrected count may be from the truth because its cell is unlike the rest.

        A share of the count, taken as one standard error.
        """
        return 0.0 if self.factor is None else UNLIKE * (1 - 1 / float(self.factor))


def settle_sizes(plan: Plan, histograms: Mapping[int, Integers]) -> dict[int, Settled]:
    """The size of every vector, from noisy histograms; declared ones stay as they are."""
    found: dict[int, Settled] = {}
    for number, vector in enumerate(plan.bound.vectors):
        if not vector.is_open:
            earlier = number in plan.earlier
            by = SettledBy.EARLIER if earlier else SettledBy.DECLARED
            found[number] = Settled(vector.full, by)
            continue
        size = chosen_size(plan, number, histograms[number])
        by = SettledBy.UNSEEN if size is None else SettledBy.CHOSEN
        found[number] = Settled(plan.bundles[number].clip.full if size is None else size, by)
    return found


def with_sizes(plan: Plan, settled: Mapping[int, Settled]) -> Plan:
    """The plan whose open vectors are closed as settled."""
    sizes = {n: each.full for n, each in settled.items() if plan.bound.vectors[n].is_open}
    bound, bundles = closed(plan.bound, plan.bundles, sizes)
    return replace(plan, bound=bound, bundles=bundles)


def chosen_size(plan: Plan, number: int, bins: Integers) -> int | None:
    """The size that a noisy histogram speaks for; None when no bin stands out of the noise."""
    if counts_groups(plan.bound.vectors[number]):
        return _groups_chosen(plan, number, bins)
    return _length_chosen(plan, number, bins)


# -------------------------------------------------------------------------------- counts of units


@dataclass(frozen=True, slots=True)
class _Expected:
    """The error of a mean cell under a bound, with a correction and without one."""

    corrected: float
    clipped: float
    is_sound: bool


def _groups_chosen(plan: Plan, number: int, bins: Integers) -> int | None:
    """The number of groups with the least expected error, corrected where that is worth it."""
    vector = plan.bound.vectors[number]
    most = most_groups(plan.bound, vector)
    groups = groups_of(vector, counted_of(plan, number, bins), most)
    if groups is None:
        return None
    grid = sorted({min(most, round(_GROWTH**n)) for n in range(4 * most.bit_length() + 1)})
    expected = {bound: _expected(plan, number, groups, bound) for bound in grid}
    clipped = min(grid, key=lambda bound: expected[bound].clipped)
    sound = [bound for bound in grid if expected[bound].is_sound]
    corrected = min(sound, key=lambda bound: expected[bound].corrected, default=clipped)
    worth = expected[corrected].corrected <= _WORTH * expected[clipped].clipped
    return (corrected if worth else clipped) * PRECISION_ONE


def _expected(plan: Plan, number: int, groups: Groups, bound: int) -> _Expected:
    """Root mean square errors of a cell that is like the mean one."""
    cells = _cells(plan, number)
    total = max(1.0, groups.total)
    lost, unsure = groups.lost(bound)
    kept = max(total - lost, total * 1e-3)
    factor, error = total / kept, unsure / kept
    noise = _noise_of_a_cell(plan, number, bound * PRECISION_ONE)
    corrected = math.hypot(
        factor * noise, UNLIKE * (1 - 1 / factor) * total / cells, error * kept / cells
    )
    clipped = math.hypot(noise, min(lost, total) / cells)
    return _Expected(corrected, clipped, error <= _MOST_UNSURE * factor)


def _cells(plan: Plan, number: int) -> int:
    """Among how many groups a vector's counts are shared out; where none is listed, a unit's."""
    level = plan.bound.vectors[number].levels[0]
    listed = prod(plan.bound.sizes(level)) if plan.bound.lists_groups else plan.bound.cap or 1
    return max(1, listed)


def _noise_of_a_cell(plan: Plan, number: int, full: int) -> float:
    """The standard deviation of the noise of a cell, in steps, were that the size."""
    clip = plan.bundles[number].clip
    if clip.norm is Norm.L2:
        return SIGMA / clip.sensitivity * math.sqrt(full / PRECISION_ONE)
    return SIGMA / clip.sensitivity * math.sqrt(2) * full / PRECISION_ONE


# ------------------------------------------------------------------------ sums, and several at once


def _length_chosen(plan: Plan, number: int, bins: Integers) -> int | None:
    """The size at which noise and what is lost are least together.

    What all units lose, added up as if it pointed one way, against the noise of all cells: the
    triangle inequality, since nothing is known of where the amounts lie.
    """
    vector, clip = plan.bound.vectors[number], plan.bundles[number].clip
    counted = counted_of(plan, number, bins)
    seen = counted.standing_out
    if not seen.size:
        return None
    edges = [float(edge) / PRECISION_ONE for edge in vector.edges]
    middles = np.array([math.sqrt(a * b) for a, b in pairwise(edges)])
    lengths = np.append(middles, edges[-1] * math.sqrt(2))
    lengths = np.sqrt(lengths) if vector.squared else lengths
    units = counted.units.copy()
    units[int(seen[-1]) + 1 :] = 0.0
    cells = sum(_cells_at(plan, number))
    best: tuple[float, int] | None = None
    for size in _between(vector.edges[0], vector.edges[min(int(seen[-1]) + 1, len(edges) - 1)]):
        if replace(clip, full=size).scale <= 0:
            break
        length = math.sqrt(size / PRECISION_ONE) if vector.squared else size / PRECISION_ONE
        lost = max(0.0, float((units * np.maximum(lengths - length, 0.0)).sum()))
        loss = lost**2 + cells * _noise_of_a_cell(plan, number, size) ** 2
        if best is None or loss < best[0]:
            best = (loss, size)
    return None if best is None else best[1]


def _cells_at(plan: Plan, number: int) -> list[int]:
    if not plan.bound.lists_groups:
        return [plan.bound.cap or 1]
    return [max(1, prod(plan.bound.sizes(level))) for level in plan.bound.vectors[number].levels]


def _between(first: int, last: int) -> list[int]:
    """Sizes that grow by the fourth root of 4, in integers alone."""
    sizes = [max(1, first)]
    while sizes[-1] < last:
        sizes.append(max(sizes[-1] + 1, sizes[-1] * 1414 // 1000))
    return sizes


# -------------------------------------------------------------------------------------- correction


def corrections(
    plan: Plan,
    settled: Mapping[int, Settled],
    histograms: Mapping[int, Integers],
    blocks: Mapping[tuple[int, int], Integers],
) -> dict[int, Settled]:
    """What was settled with the factor of every count that is corrected; `plan` is closed.

    Sound for distinct units in listed groups: of rows and sums nothing tells what was lost.
    """
    found = dict(settled)
    for number, vector in enumerate(plan.bound.vectors):
        if number in histograms and plan.bound.lists_groups and counts_groups(vector):
            cells = blocks[number, 0]
            found[number] = _corrected(plan, number, found[number], histograms[number], cells)
    return found


def _corrected(
    plan: Plan, number: int, settled: Settled, bins: Integers, cells: Integers
) -> Settled:
    vector = plan.bound.vectors[number]
    most = most_groups(plan.bound, vector)
    groups = groups_of(vector, counted_of(plan, number, bins), most)
    kept = kept_of(plan, number, cells)
    if groups is None or kept.value <= kept.standard_error:
        return settled
    bound = vector.full // PRECISION_ONE
    expected = _expected(plan, number, groups, bound)
    lost, unsure = groups.lost(bound)
    factor = 1 + lost / kept.value
    error = math.hypot(unsure, lost / kept.value * kept.standard_error) / kept.value
    worth = expected.corrected <= _STILL_SOUND * _WORTH * expected.clipped
    if not worth or error > _STILL_SOUND * _MOST_UNSURE * factor:
        return settled
    return replace(
        settled,
        factor=Decimal(factor).quantize(_SHIFT, ROUND_HALF_EVEN),
        error=Decimal(error).quantize(_SHIFT, ROUND_CEILING),
    )
