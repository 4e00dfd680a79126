"""From a saved draw to the table that leaves: deterministic, so it can be done again at will."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any

import numpy as np

from sekisho.lanes.statistics.privacy.after import (
    Row,
    Value,
    evaluate,
    is_true,
    mean_of,
    number_of,
)
from sekisho.lanes.statistics.privacy.draw import Draw
from sekisho.lanes.statistics.privacy.estimates import Estimates, Grid, estimates_of, groups_of
from sekisho.lanes.statistics.privacy.lost import lost_shares
from sekisho.lanes.statistics.privacy.measures import Reading, Wanted
from sekisho.lanes.statistics.privacy.plan_bounding import Plan
from sekisho.lanes.statistics.privacy.table import PrivateRow, PrivateTable
from sekisho.lanes.statistics.privacy.uncertainty import NORMAL_REACH, Interval
from sekisho.query.expressions import ColumnRef, Type
from sekisho.query.plan import OrderKey
from sekisho.terms import ColumnType


def finish(plan: Plan, drawn: Draw) -> PrivateTable:
    """The table of a draw: consistent, with uncertainty, filtered and ordered as asked."""
    query = plan.query
    names = {g.name for g in query.aggregate.groups}
    shown_groups = [
        o
        for o in query.outputs
        if isinstance(o.expression, ColumnRef) and o.expression.name in names
    ]
    rest = [o for o in query.outputs if o not in shown_groups]
    at = {g.name: n for n, g in enumerate(query.aggregate.groups)}
    places = [at[str(getattr(o.expression, "name", ""))] for o in shown_groups]
    kept: list[tuple[Row, PrivateRow]] = []
    for groups, row in _rows(plan, drawn):
        if is_true(query.having, row):
            numbers = {o.name: number_of(o.expression, row) for o in rest}
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
    )


def _sort(kept: list[tuple[Row, PrivateRow]], key: OrderKey, outputs: dict[str, Any]) -> None:
    """Sort in place by one output; what is missing comes last, whichever way."""
    held = {id(row): evaluate(outputs[key.column], row).value for row, _ in kept}
    known = [each for each in kept if held[id(each[0])] is not None]
    missing = [each for each in kept if held[id(each[0])] is None]
    known.sort(key=lambda each: held[id(each[0])], reverse=key.falling)
    kept[:] = known + missing


def _rows(plan: Plan, drawn: Draw) -> Iterator[tuple[tuple[str | None, ...], Row]]:
    grid = estimates_of(plan, drawn)
    wanted = {w.name: w for bundle in plan.bundles for w in bundle.wanted}
    asked = [wanted[m.name] for m in plan.query.aggregate.measures]
    groups = plan.query.aggregate.groups
    typed = [cache(partial(_typed, kind=g.expression.type)) for g in groups]
    for level in plan.query.aggregate.grouping_sets:
        variances = _variances(asked, grid, level)
        columns = {
            (w.name, part): _values(w, part, grid[w.name, part, level])
            for w in asked
            for part in range(len(w.amounts))
        }
        for at, texts in enumerate(groups_of(plan, drawn, level)):
            values = {
                g.name: read(text) for g, read, text in zip(groups, typed, texts, strict=True)
            }
            row = Row(values, variances)
            for each in asked:
                values[each.name] = _measured(each, columns, at, row)
            yield texts, row


def _measured(
    wanted: Wanted, columns: Mapping[tuple[str, int], list[Value]], at: int, row: Row
) -> Value:
    first = columns[wanted.name, 0][at]
    if wanted.reading is not Reading.MEAN:
        return first
    return mean_of(first, columns[wanted.name, 1][at], wanted.shown_decimals, row)


def _variances(
    asked: list[Wanted], grid: Grid, level: tuple[int, ...]
) -> dict[tuple[str, int], float]:
    """The variance of every component at a grouping set, in the measures' units."""
    return {
        (w.name, part): grid[w.name, part, level].variance * _step(w, part) ** 2
        for w in asked
        for part in range(len(w.amounts))
    }


def _step(wanted: Wanted, part: int) -> float:
    return 10.0**-wanted.decimals if part == 0 else 1.0


def _values(wanted: Wanted, part: int, estimates: Estimates) -> list[Value]:
    """One component of a measure, group by group, in the measure's unit.

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
    gradient = {(wanted.name, part): 1.0}
    whole = estimates.published.tolist()
    published = [Decimal(v).scaleb(-decimals) for v in whole] if decimals else whole
    return [
        Value(v, gradient, Interval(lo, hi))
        for v, lo, hi in zip(published, lows, highs, strict=True)
    ]


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
