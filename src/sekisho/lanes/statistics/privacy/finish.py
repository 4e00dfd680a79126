"""From a saved draw to the table that leaves: deterministic, so it can be done again at will."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from itertools import repeat
from typing import Any, cast

import numpy as np

from sekisho.lanes.statistics.privacy.after import (
    Row,
    Value,
    evaluate,
    is_true,
    mean_of,
    number_of,
)
from sekisho.lanes.statistics.privacy.consistency import Numbers
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.estimates import (
    Estimates,
    Grid,
    corrected,
    estimates_of,
    groups_of,
)
from sekisho.lanes.statistics.privacy.limits import limits_of
from sekisho.lanes.statistics.privacy.lost import lost_shares
from sekisho.lanes.statistics.privacy.measures import Reading, Wanted
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.quantile_values import quantile_values
from sekisho.lanes.statistics.privacy.settle import with_sizes
from sekisho.lanes.statistics.privacy.spread import spread_of
from sekisho.lanes.statistics.privacy.table import Number, PrivateRow, PrivateTable
from sekisho.lanes.statistics.privacy.uncertainty import NORMAL_REACH, Interval
from sekisho.query.expressions import ColumnRef, Named, Type, columns_of
from sekisho.query.plan import OrderKey
from sekisho.terms import ColumnType

Variances = dict[tuple[str, int], float | Numbers]
"""By measure and component; one a row, or the same for all."""
Shown = tuple[tuple[str | None, ...], Row | None, dict[str, Number]]


def finish(plan: Plan, drawn: Draw) -> PrivateTable:
    """The table of a draw: consistent, with uncertainty, filtered and ordered as asked."""
    query, plan = plan.query, with_sizes(plan, drawn.settled)
    names = {g.name for g in query.aggregate.groups}
    shown_groups = [
        o
        for o in query.outputs
        if isinstance(o.expression, ColumnRef) and o.expression.name in names
    ]
    rest = [o for o in query.outputs if o not in shown_groups]
    at = {g.name: n for n, g in enumerate(query.aggregate.groups)}
    places = [at[str(getattr(o.expression, "name", ""))] for o in shown_groups]
    kept: list[tuple[Row | None, PrivateRow]] = []
    for groups, row, numbers in _shown(plan, drawn, rest):
        if row is None or is_true(query.having, row):
            kept.append((row, PrivateRow(tuple(groups[p] for p in places), numbers)))
    outputs = {o.name: o.expression for o in query.outputs}
    for key in reversed(query.order):
        _sort(kept, key, outputs)
    rows = tuple(each for _, each in kept[: query.limit])
    return PrivateTable(
        tuple(o.name for o in shown_groups),
        tuple(o.name for o in query.outputs),
        rows,
        lost_shares(plan, drawn),
        plan.charge,
        limits_of(plan, drawn),
    )


def _corrected_outputs(plan: Plan, drawn: Draw, outputs: Sequence[Named]) -> list[Named]:
    """The outputs that follow from a count which is corrected for clipping."""
    names = {
        wanted.name
        for number, each in drawn.settled.items()
        if each.factor is not None
        for wanted in plan.bundles[number].wanted
    }
    return [o for o in outputs if any(c.name in names for c in columns_of(o.expression))]


def _sort(
    kept: list[tuple[Row | None, PrivateRow]], key: OrderKey, outputs: dict[str, Any]
) -> None:
    """Sort in place by one output; what is missing comes last, whichever way."""
    held = {id(row): evaluate(outputs[key.column], row).value for row, _ in kept if row}
    known = [each for each in kept if held[id(each[0])] is not None]
    missing = [each for each in kept if held[id(each[0])] is None]
    known.sort(key=lambda each: held[id(each[0])], reverse=key.falling)
    kept[:] = known + missing


def _shown(plan: Plan, drawn: Draw, outputs: Sequence[Named]) -> Iterator[Shown]:
    """Row by row its groups, what HAVING and ORDER BY look at, and its numbers.

    Counts and sums shown as they are come column by column; a row of values is made only where
    something else looks at it.
    """
    counted = estimates_of(plan, drawn)
    grid = corrected(plan, drawn, counted)
    query, plain = plan.query, _plain(plan, outputs)
    rest = [o for o in outputs if o.name not in plain]
    changed = {o.name for o in _corrected_outputs(plan, drawn, outputs)}
    before = [o for o in rest if o.name in changed]
    looked = bool(rest or query.order) or query.having is not None
    rows: Iterator[Row | None] = _rows(plan, drawn, grid) if looked else repeat(None)
    clipped: Iterator[Row | None] = _rows(plan, drawn, counted) if before else repeat(None)
    for level in query.aggregate.grouping_sets:
        columns = []
        for name, wanted in plain.items():
            key = (wanted.name, 0, level)
            own = _numbers(wanted, counted[key]) if name in changed else repeat(None)
            columns.append(_numbers(wanted, grid[key], own))
        for groups, *numbers in zip(groups_of(plan, drawn, level), *columns, strict=True):
            row, old = next(rows), next(clipped)
            found = dict(zip(plain, numbers, strict=True))
            if row is not None and rest:
                found |= {o.name: number_of(o.expression, row) for o in rest}
                found = {o.name: found[o.name] for o in outputs}
            if old is not None:
                for o in before:
                    found[o.name] = replace(found[o.name], clipped=number_of(o.expression, old))
            yield groups, row, found


def _plain(plan: Plan, outputs: Sequence[Named]) -> dict[str, Wanted]:
    """The outputs that show one noisy count or sum as it is."""
    wanted = {
        each.name: each
        for bundle in plan.bundles
        for each in bundle.wanted
        if each.moments is None and each.reading not in (Reading.MEAN, Reading.QUANTILE)
    }
    return {
        o.name: wanted[o.expression.name]
        for o in outputs
        if isinstance(o.expression, ColumnRef) and o.expression.name in wanted
    }


def _numbers(
    wanted: Wanted, estimates: Estimates, clipped: Iterable[Number | None] = repeat(None)
) -> list[Number]:
    """One count or sum, group by group, each with what it was as it was counted."""
    published, lows, highs = _ends(wanted, 0, estimates)
    error = np.sqrt(estimates.variance * _step(wanted, 0) ** 2)
    errors = np.broadcast_to(error, len(published)).tolist()
    several = zip(published, errors, lows, highs, clipped, strict=False)
    return [Number(v, e, Interval(low, high), own) for v, e, low, high, own in several]


def _rows(plan: Plan, drawn: Draw, grid: Grid) -> Iterator[Row]:
    """Everything that an expression may look at, row by row."""
    wanted = {w.name: w for bundle in plan.bundles for w in bundle.wanted}
    asked = [wanted[m.name] for m in plan.query.aggregate.measures]
    groups = plan.query.aggregate.groups
    typed = [cache(partial(_typed, kind=g.expression.type)) for g in groups]
    for level in plan.query.aggregate.grouping_sets:
        variances = _variances(asked, grid, level)
        columns = {
            (w.name, part): _values(w, part, grid[w.name, part, level])
            for w in asked
            if w.reading is not Reading.QUANTILE
            for part in range(len(w.amounts))
        } | quantile_values(plan, drawn, level)
        for at, texts in enumerate(groups_of(plan, drawn, level)):
            values = {
                g.name: read(text) for g, read, text in zip(groups, typed, texts, strict=True)
            }
            row = Row(values, _at(variances, at))
            for each in asked:
                values[each.name] = _measured(each, columns, at, row)
            yield row


def _measured(
    wanted: Wanted, columns: Mapping[tuple[str, int], list[Value]], at: int, row: Row
) -> Value:
    first = columns[wanted.name, 0][at]
    if wanted.moments is not None:
        sums = tuple(columns[wanted.name, part][at] for part in range(len(wanted.amounts)))
        return spread_of(wanted.name, sums, wanted.moments, row)
    if wanted.reading is not Reading.MEAN:
        return first
    return mean_of(first, columns[wanted.name, 1][at], wanted.shown_decimals, row)


def _at(variances: Variances, row: int) -> Mapping[tuple[str, int], float]:
    """The variances of a row: the same for all but those of corrected counts."""
    if all(isinstance(each, float) for each in variances.values()):
        return cast("Mapping[tuple[str, int], float]", variances)
    return {
        name: each if isinstance(each, float) else float(each[row])
        for name, each in variances.items()
    }


def _variances(asked: list[Wanted], grid: Grid, level: tuple[int, ...]) -> Variances:
    """The variance of every component at a grouping set, in the measures' units."""
    return {
        (w.name, part): grid[w.name, part, level].variance * _step(w, part) ** 2
        for w in asked
        if w.reading is not Reading.QUANTILE
        for part in range(len(w.amounts))
    }


def _step(wanted: Wanted, part: int) -> float:
    return 10.0**-wanted.decimals if part == 0 else 1.0


def _values(wanted: Wanted, part: int, estimates: Estimates) -> list[Value]:
    """One component of a measure, group by group, in the measure's unit."""
    gradient = {(wanted.name, part): 1.0}
    return [
        Value(v, gradient, Interval(low, high))
        for v, low, high in zip(*_ends(wanted, part, estimates), strict=True)
    ]


def _ends(
    wanted: Wanted, part: int, estimates: Estimates
) -> tuple[Sequence[int | Decimal], list[float], list[float]]:
    """The values of a component and the ends of their intervals.

    The interval is that of the fitted value, which projection onto tables without negatives does
    not change, widened to hold the published value.
    """
    decimals = wanted.decimals if part == 0 else 0
    reach = NORMAL_REACH * np.sqrt(estimates.variance)
    low, high = estimates.fitted - reach, estimates.fitted + reach
    if wanted.nonnegative or part > 0:
        low, high = np.maximum(low, 0.0), np.maximum(high, 0.0)
    step = _step(wanted, part)
    lows = (np.minimum(low, estimates.published) * step).tolist()
    highs = (np.maximum(high, estimates.published) * step).tolist()
    whole = estimates.published.tolist()
    return [Decimal(v).scaleb(-decimals) for v in whole] if decimals else whole, lows, highs


_READ: dict[ColumnType, Callable[[str], Any]] = {
    ColumnType.INTEGER: int,
    ColumnType.NUMBER: Decimal,
    ColumnType.DATE: date.fromisoformat,
    ColumnType.DATETIME: datetime.fromisoformat,
    ColumnType.BOOLEAN: lambda text: text == "true",
}


def _typed(text: str | None, kind: Type) -> Value:
    """A group's text as the value that HAVING and ORDER BY compare."""
    return Value(None if text is None else _READ.get(kind.of, str)(text))
