"""From a private answer to the table of a release plan: every number with its uncertainty."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sekisho.lanes.statistics.privacy.table import Number, PrivateRow, PrivateTable
from sekisho.lanes.statistics.tables import table_dimensions
from sekisho.model.programme import ReleasePlan
from sekisho.model.table import SUPPRESSED, Counted, Row, Table, Uncertainty


def released_table(plan: ReleasePlan, private: PrivateTable) -> Table:
    """The table that people get, its rows in the order of the plan's dimensions."""
    columns = [level for dimension in plan.dimensions for level in dimension.levels]
    at = [private.group_columns.index(column) for column in columns]
    decimals = max((_decimals(row.numbers[plan.measure]) for row in private.rows), default=0)
    rows = [_row(row, at, plan.measure, decimals) for row in private.rows]
    return Table(
        id=plan.id,
        title=plan.title,
        dimensions=tuple(table_dimensions(plan)),
        measure=plan.measure,
        measure_title=plan.measure_title,
        unit_of_measure=plan.unit_of_measure,
        decimals=decimals,
        rows=tuple(sorted(rows, key=lambda row: _order(plan, row))),
        labels=plan.labels,
        has_noise=all(row.uncertainty is None for row in rows),
    )


def uncertainty_of(number: Number, decimals: int) -> Uncertainty | None:
    """Standard error and interval in the table's decimals, rounded so that they never promise more.

    None for a number that is made in a way that has none.
    """
    if number.standard_error is None or number.interval is None:
        return None
    return Uncertainty(
        _rounded(number.standard_error, decimals, ROUND_CEILING),
        _rounded(number.interval.low, decimals, ROUND_FLOOR),
        _rounded(number.interval.high, decimals, ROUND_CEILING),
    )


def _rounded(value: float, decimals: int, rounding: str) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding)


def _decimals(number: Number) -> int:
    if not isinstance(number.value, Decimal):
        return 0
    exponent = number.value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _row(row: PrivateRow, at: Sequence[int], measure: str, decimals: int) -> Row:
    """A measure that has no value there is hidden, as everything is that cannot be shown."""
    groups = tuple(row.groups[place] for place in at)
    number = row.numbers[measure]
    if isinstance(number.value, bool) or not isinstance(number.value, int | Decimal):
        return Row(groups, SUPPRESSED)
    uncertainty = uncertainty_of(number, decimals)
    return Row(groups, Decimal(number.value), uncertainty, _counted(number, decimals))


def _counted(number: Number, decimals: int) -> Counted | None:
    """The number before it was corrected for scaling down, where it was."""
    clipped = number.clipped
    uncertainty = None if clipped is None else uncertainty_of(clipped, decimals)
    if clipped is None or uncertainty is None or not isinstance(clipped.value, int | Decimal):
        return None
    return Counted(Decimal(clipped.value), uncertainty)


def _order(plan: ReleasePlan, row: Row) -> tuple[tuple[str, ...], ...]:
    return tuple(_parts(plan, row))


def _parts(plan: ReleasePlan, row: Row) -> Iterator[tuple[str, ...]]:
    groups = iter(row.groups)
    for dimension in plan.dimensions:
        own = [next(groups) for _ in dimension.levels]
        yield tuple(part for part in own if part is not None)
