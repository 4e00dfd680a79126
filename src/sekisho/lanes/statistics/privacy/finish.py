"""From a saved draw to the table that leaves: deterministic, so it can be done again at will."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

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
from sekisho.lanes.statistics.privacy.uncertainty import Interval, shown
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
    types = [g.expression.type for g in plan.query.aggregate.groups]
    names = [g.name for g in plan.query.aggregate.groups]
    for level in plan.query.aggregate.grouping_sets:
        for at, groups in enumerate(groups_of(plan, drawn, level)):
            values = {
                name: Value(_typed(text, kind))
                for name, text, kind in zip(names, groups, types, strict=True)
            }
            yield groups, _measured(asked, grid, level, at, values)


def _measured(
    asked: list[Wanted], grid: Grid, level: tuple[int, ...], at: int, values: dict[str, Value]
) -> Row:
    """A row with its measures and the variances of their components."""
    variances: dict[tuple[str, int], float] = {}
    for wanted in asked:
        for part in range(len(wanted.amounts)):
            step = 10.0**-wanted.decimals if part == 0 else 1.0
            variances[wanted.name, part] = grid[wanted.name, part, level].variance * step**2
    row = Row(values, variances)
    for wanted in asked:
        first = _component(wanted, 0, grid[wanted.name, 0, level], at)
        if wanted.reading is Reading.MEAN:
            second = _component(wanted, 1, grid[wanted.name, 1, level], at)
            values[wanted.name] = mean_of(first, second, wanted.shown_decimals, row)
        else:
            values[wanted.name] = first
    return row


def _component(wanted: Wanted, part: int, estimates: Estimates, at: int) -> Value:
    """One component of a measure at one group, in the measure's unit."""
    decimals = wanted.decimals if part == 0 else 0
    step = 10.0**-decimals
    whole = int(estimates.published[at])
    value: int | Decimal = Decimal(whole).scaleb(-decimals) if decimals else whole
    lowest = 0.0 if wanted.nonnegative or part > 0 else None
    held = shown(
        float(value),
        float(estimates.fitted[at]) * step,
        estimates.variance * step**2,
        lowest=lowest,
    )
    interval = Interval(held.interval.low, held.interval.high)
    return Value(value, {(wanted.name, part): 1.0}, interval)


_READ: dict[ColumnType, Callable[[str], Any]] = {
    ColumnType.INTEGER: int,
    ColumnType.NUMBER: Decimal,
    ColumnType.DATE: date.fromisoformat,
    ColumnType.DATETIME: datetime.fromisoformat,
    ColumnType.BOOLEAN: lambda text: text == "true",
}


def _typed(text: str | None, kind: Type) -> Any:
    """A group's text as the value that HAVING and ORDER BY compare."""
    return None if text is None else _READ.get(kind.of, str)(text)
