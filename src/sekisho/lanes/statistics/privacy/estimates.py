"""From noisy integers to consistent tables of every measure, with variances, level by level."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from sekisho.lanes.statistics.privacy.bounds import Norm, sigma_for
from sekisho.lanes.statistics.privacy.consistency import (
    Level,
    Measured,
    Numbers,
    as_integers,
    cube_variance,
    fit_cube,
    totals_of,
    without_negatives,
)
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.measures import Wanted
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.settle import Settled
from sekisho.lanes.statistics.privacy.uncertainty import rounding_variance
from sekisho.query.bound import Integers, Value

_LAPLACE_STRETCH = 1.17
"""A Laplace interval of 95 % is wider than the normal one of the same variance."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """One component at one grouping set, in steps of its decimals.

    Shape: published (integers) and fitted (before negatives were removed) are one a group, in
    row-major order; variance is that of every fitted value, or one a group where what clipping
    took was put back: then it holds how far that may be wrong, too.
    """

    published: Integers
    fitted: Numbers
    variance: float | Numbers


Grid = dict[tuple[str, int, Level], Estimates]
"""By measure, component of the measure, and grouping set."""


def estimates_of(plan: Plan, drawn: Draw) -> Grid:
    """Every component of every measure at every grouping set of the query, as it was counted."""
    found: Grid = {}
    for number, bundle in enumerate(plan.bundles):
        for wanted in bundle.wanted if plan.bound.vectors[number].grid is None else ():
            for part in range(len(wanted.amounts)):
                for level, estimates in _component(plan, drawn, number, wanted, part):
                    found[wanted.name, part, level] = estimates
    return found


def corrected(plan: Plan, drawn: Draw, counted: Grid) -> Grid:
    """The same with counts corrected for clipping, where that is sound."""
    settled = {
        wanted.name: drawn.settled.get(number)
        for number, bundle in enumerate(plan.bundles)
        for wanted in bundle.wanted
    }
    return {key: _corrected(each, settled[key[0]]) for key, each in counted.items()}


def _corrected(estimates: Estimates, settled: Settled | None) -> Estimates:
    """The estimates times a factor, with its own error and what a cell may be unlike the rest."""
    if settled is None or settled.factor is None:
        return estimates
    factor, error = float(settled.factor), float(settled.error)
    fitted: Numbers = estimates.fitted * factor
    published: Numbers = np.asarray(estimates.published, dtype=np.float64) * factor
    unsure = (error * estimates.fitted) ** 2 + (settled.allowance * np.maximum(fitted, 0.0)) ** 2
    variance: Numbers = estimates.variance * factor**2 + unsure
    return Estimates(as_integers(published), fitted, variance)


def _component(
    plan: Plan, drawn: Draw, number: int, wanted: Wanted, part: int
) -> Iterator[tuple[Level, Estimates]]:
    measured = _measured(plan, drawn, number, wanted, part)
    nonnegative = wanted.nonnegative or part > 0
    sets = plan.query.aggregate.grouping_sets
    if not plan.bound.lists_groups:
        yield sets[0], _alone(measured[0], nonnegative=nonnegative)
    elif _is_additive(plan, number):
        yield from _additive(plan, measured, sets, nonnegative=nonnegative)
    else:
        level = measured[0].level
        sizes = [len(plan.bound.groups[axis].values or ()) for axis in level]
        yield level, _distinct(measured[0], sizes)


def _is_additive(plan: Plan, number: int) -> bool:
    """Whether the parts of a vector's measures add up to their totals."""
    if len(plan.query.aggregate.grouping_sets) == 1:
        return True
    return all(each.is_additive for each in plan.bundles[number].wanted)


def _measured(plan: Plan, drawn: Draw, number: int, wanted: Wanted, part: int) -> list[Measured]:
    """The noisy sums of a component, scaled back to steps."""
    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    at = bundle.place_of(wanted.name) + part
    unit = bundle.clip.scale * vector.amounts[at].factor
    found: list[Measured] = []
    for place, level in enumerate(vector.levels):
        scale = sigma_for(level.precision, bundle.clip.norm) / unit
        variance = scale**2
        if bundle.clip.norm is Norm.L1:
            variance *= 2 * _LAPLACE_STRETCH
        values = drawn.blocks[number, place][at] / unit
        if plan.bound.lists_groups:
            values = values.reshape(plan.bound.sizes(level))
        found.append(Measured(level.groups, values, variance))
    return found


def _alone(measured: Measured, *, nonnegative: bool) -> Estimates:
    """Groups found in the data: there is no table to be consistent with."""
    values = np.maximum(measured.values, 0.0) if nonnegative else measured.values
    published = as_integers(values)
    return Estimates(published, measured.values, measured.variance + rounding_variance(1))


def _additive(
    plan: Plan, measured: Sequence[Measured], sets: Sequence[Level], *, nonnegative: bool
) -> Iterator[tuple[Level, Estimates]]:
    """Cells that fit all levels best, settled above zero, rounded; totals are their sums."""
    shape = tuple(len(group.values or ()) for group in plan.bound.groups)
    fitted = fit_cube(shape, measured)
    settled = as_integers(without_negatives(fitted) if nonnegative else fitted)
    for level in sets:
        inside = prod(shape[axis] for axis in level)
        variance = cube_variance(shape, measured, level)
        variance += rounding_variance(prod(shape) // max(1, inside))
        published = settled.sum(axis=tuple(a for a in range(len(shape)) if a not in level))
        flat: Numbers = totals_of(fitted, level).reshape(-1)
        yield level, Estimates(np.asarray(published).reshape(-1), flat, variance)


def _distinct(measured: Measured, sizes: Sequence[int]) -> Estimates:
    """Distinct units of one grouping set: settled on their own, never made to add up."""
    values = measured.values.reshape(tuple(sizes))
    settled = as_integers(without_negatives(values)).reshape(-1)
    variance = measured.variance + rounding_variance(1)
    return Estimates(settled, values.reshape(-1), variance)


def groups_of(plan: Plan, drawn: Draw, level: Level) -> Iterator[tuple[str | None, ...]]:
    """The groups of a grouping set in row-major order, None where a column is totalled."""
    if not plan.bound.lists_groups:
        yield from drawn.found
        return
    lists = [
        [as_text(v) for v in group.values or ()] if axis in level else [None]
        for axis, group in enumerate(plan.bound.groups)
    ]
    yield from product(*lists)


def as_text(value: Value) -> str:
    """A group's value as tables write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
