"""What every engine demands of a query of cells, and how group values are written."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from sekisho.errors import QueryError, fault
from sekisho.ports import Sources
from sekisho.query.expressions import MeasureFunction, Named, Type
from sekisho.query.plan import Aggregate

COUNTED = (MeasureFunction.SUM, MeasureFunction.COUNT)


def check_one_measure(query: Aggregate, sources: Sources, contributor: str) -> None:
    """Refuse what has no contributions: means, quantiles, distinct values, several measures.

    Raises: QueryError.
    """
    if len(query.measures) != 1:
        raise QueryError(fault("query.one-measure", query.place))
    measure = query.measures[0]
    units = {d.contributor for d, _ in sources.datasets.values() if d.contributor is not None} | {
        contributor
    }
    counts_others = measure.distinct and not (
        measure.origins and {o.column for o in measure.origins} <= units
    )
    if measure.function not in COUNTED or counts_others:
        raise QueryError(fault("query.no-contributions", measure.place, name=measure.name))
    if query.unit is None:
        raise QueryError(fault("query.no-unit", query.place))


def refuse_missing_groups(group: Named, values: Iterable[object]) -> None:
    """Refuse a group column with a missing value, which a table would show as a total.

    Raises: QueryError.
    """
    if any(value is None for value in values):
        place = group.expression.place
        raise QueryError(fault("query.missing-group", place, name=group.name))


def shown_group(value: object, of: Type) -> str | None:
    """A group value as text; numbers arrive in units of 10**-decimals."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            whole = Decimal(value).scaleb(-of.decimals)
            return f"{whole:.{of.decimals}f}"
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(type(value).__name__)
