"""A private table in the forms in which a release leaves: one measure as a table, and its facts."""

from collections.abc import Mapping
from decimal import Decimal

from sekisho.lanes.statistics.privacy.ledger import Ledger, LossMeasure, shown_epsilon
from sekisho.lanes.statistics.privacy.table import Number, PrivateTable
from sekisho.model.programme import ReleasePlan
from sekisho.model.table import SUPPRESSED, Cell, Row, Table, TableDimension
from sekisho.model.text import Text


def as_table(plan: ReleasePlan, private: PrivateTable) -> Table:
    """The measure of a release plan as the table that formats write; its errors stand in `facts`.

    A number that cannot be estimated is a hidden cell: never 0.
    """
    columns = [c for d in plan.dimensions for c in d.levels]
    places = [private.group_columns.index(c) for c in columns]
    rows = tuple(
        Row(tuple(row.groups[p] for p in places), _cell(row.numbers[plan.measure]))
        for row in private.rows
    )
    decimals = max((_decimals(row.cell) for row in rows), default=0)
    dimensions = tuple(
        TableDimension(d.id, d.title, d.levels, tuple(Text(c, c) for c in d.levels), d.total)
        for d in plan.dimensions
    )
    return Table(
        plan.id,
        plan.title,
        dimensions,
        plan.measure,
        plan.measure_title,
        plan.unit_of_measure,
        decimals,
        rows,
        plan.labels,
    )


def _cell(number: Number) -> Cell:
    value = number.value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return SUPPRESSED
    return value


def _decimals(cell: Cell) -> int:
    return -int(cell.as_tuple().exponent) if isinstance(cell, Decimal) else 0


def facts_of(private: PrivateTable, ledger: Ledger, unit: str) -> Mapping[str, object]:
    """What stands beside the numbers: the promise, its price, errors and the lost share.

    Shape: plain values that JSON can hold; errors are by output column, row by row.
    """
    delta = None if ledger.measure is LossMeasure.PURE else str(ledger.delta)
    return {
        "method": "differential-privacy",
        "unit": unit,
        "neighbours": "one unit's rows added or removed",
        "epsilon": str(shown_epsilon(ledger, private.charge.loss)),
        "delta": delta,
        "loss": str(private.charge.loss),
        "measure": private.charge.measure.value,
        "intervals": {name: _intervals(private, name) for name in _noisy(private)},
        "lost_to_clipping": [
            {
                "measures": list(each.measures),
                "share": round(each.share, 4),
                "standard_error": round(each.standard_error, 4),
            }
            for each in private.lost
        ],
    }


def _noisy(private: PrivateTable) -> list[str]:
    return [c for c in private.columns if c not in private.group_columns]


def _intervals(private: PrivateTable, name: str) -> list[list[float] | None]:
    found: list[list[float] | None] = []
    for row in private.rows:
        interval = row.numbers[name].interval
        found.append([round(interval.low, 3), round(interval.high, 3)] if interval else None)
    return found
