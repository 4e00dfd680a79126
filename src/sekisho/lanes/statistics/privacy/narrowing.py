"""What a WHERE condition says about the values that remain."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from sekisho.lanes.statistics.privacy.domains import (
    MOST_LISTED,
    Domain,
    Listed,
    Range,
    Value,
    ends_of,
)
from sekisho.query.expressions import (
    And,
    Between,
    ColumnRef,
    Compare,
    Comparison,
    Expression,
    In,
    Literal,
)
from sekisho.terms import ColumnType

_Bounds = tuple[Value | None, Value | None]


def narrowed(condition: Expression, domains: Mapping[str, Domain]) -> dict[str, Domain]:
    """The domains after a filter: a part that is not understood narrows nothing."""
    found = dict(domains)
    for part in condition.parts if isinstance(condition, And) else (condition,):
        match part:
            case In(item=ColumnRef() as column):
                values = [o.value for o in part.options if o.value is not None]
                _keep(found, column.name, values)
            case Compare(
                comparison=Comparison.EQUAL, left=ColumnRef() as column, right=Literal() as value
            ) if value.value is not None:
                _keep(found, column.name, [value.value])
            case Compare(
                comparison=Comparison.UNEQUAL,
                left=ColumnRef() as column,
                right=Literal() as value,
            ):
                _drop(found, column, value.value)
            case Compare(left=ColumnRef() as column, right=Literal() as value):
                _cut(found, column.name, _bounds(part.comparison, column, value.value))
            case Between(item=ColumnRef() as column, low=Literal() as low, high=Literal() as high):
                _cut(found, column.name, (low.value, high.value))
            case _:
                pass
    return found


def _keep(domains: dict[str, Domain], name: str, values: Iterable[Value]) -> None:
    before = domains.get(name)
    kept = [v for v in values if not isinstance(before, Listed) or v in before.values]
    if isinstance(before, Listed):
        kept = [v for v in before.values if v in kept]
    if kept:
        domains[name] = Listed(tuple(dict.fromkeys(kept)))


def _drop(domains: dict[str, Domain], column: ColumnRef, value: Value | None) -> None:
    """Without one listed value, or one day of a range of days."""
    before = domains.get(column.name)
    values: tuple[Value, ...] = before.values if isinstance(before, Listed) else ()
    if isinstance(before, Range) and column.type.of is ColumnType.DATE:
        first, last = before.low, before.high
        if isinstance(first, date) and isinstance(last, date):
            count = (last - first).days + 1
            if count <= MOST_LISTED:
                values = tuple(first + timedelta(days=day) for day in range(count))
    kept = tuple(each for each in values if each != value)
    if kept and len(kept) < len(values):
        domains[column.name] = Listed(kept)


def _bounds(comparison: Comparison, column: ColumnRef, value: Value | None) -> _Bounds:
    match comparison:
        case Comparison.LESS_OR_EQUAL:
            return None, value
        case Comparison.GREATER_OR_EQUAL:
            return value, None
        case Comparison.LESS:
            return None, _beside(column, value, -1)
        case Comparison.GREATER:
            return _beside(column, value, 1), None
        case _:
            return None, None


def _beside(column: ColumnRef, value: Value | None, step: int) -> Value | None:
    """The next whole number or day, where the column holds nothing between."""
    if column.type.of is ColumnType.INTEGER and isinstance(value, int):
        return value + step
    if column.type.of is ColumnType.DATE and isinstance(value, date):
        return value + timedelta(days=step)
    return value


def _cut(domains: dict[str, Domain], name: str, bounds: _Bounds) -> None:
    before = domains.get(name)
    low, high = bounds
    if isinstance(before, Listed):
        kept = tuple(v for v in before.values if _lies(v, low, high))
        domains[name] = Listed(kept) if kept else before
    elif _is_number(low) or _is_number(high):
        ends = (
            ends_of(before) if before is not None else (Decimal("-Infinity"), Decimal("Infinity"))
        )
        first = max(ends[0], _number(low, ends[0]))
        last = min(ends[1], _number(high, ends[1]))
        if first <= last:
            domains[name] = Range(first, last)
    elif isinstance(before, Range) and isinstance(before.low, date):
        _cut_days(domains, name, before, bounds)


def _cut_days(domains: dict[str, Domain], name: str, before: Range, bounds: _Bounds) -> None:
    first, last = before.low, before.high
    if not (isinstance(first, date) and isinstance(last, date)):
        return
    low, high = (_day(end) for end in bounds)
    first = max(first, low) if low else first
    last = min(last, high) if high else last
    if first <= last:
        domains[name] = Range(first, last)


def _day(value: Value | None) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def _is_number(value: Value | None) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _number(value: Value | None, otherwise: Decimal) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) else otherwise


def _lies(value: Value, low: Value | None, high: Value | None) -> bool:
    """Whether a listed value may lie between two ends; what cannot be compared may."""
    above = low is None or not _comparable(value, low) or _order(value) >= _order(low)
    return above and (high is None or not _comparable(value, high) or _order(value) <= _order(high))


def _comparable(left: Value, right: Value) -> bool:
    return (_is_number(left) and _is_number(right)) or (
        _day(left) is not None and _day(right) is not None
    )


def _order(value: Value) -> Decimal:
    day = _day(value)
    return Decimal(day.toordinal()) if day else _number(value, Decimal(0))
