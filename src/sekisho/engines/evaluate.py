"""The closed language over one row, in plain Python: what every engine's SQL must equal.

Numbers are `int` and `Decimal` in their natural size; None is NULL.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from sekisho.query.expressions import (
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    ColumnRef,
    Compare,
    Comparison,
    Expression,
    Function,
    In,
    IsNull,
    Literal,
    Not,
    Operator,
    Or,
)

Value = str | int | Decimal | bool | date | datetime | None
Row = Mapping[str, Value]
EXACT = Context(prec=120)

_COMPARISONS: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.UNEQUAL: operator.ne,
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_EQUAL: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_OR_EQUAL: operator.ge,
}


def evaluate(expression: Expression, row: Row) -> Value:
    """The value of an expression over a row."""
    return _EVALUATIONS[type(expression)](expression, row)


def holds(expression: Expression, row: Row) -> bool:
    """Whether a condition is true; unknown is not true."""
    return evaluate(expression, row) is True


def round_half_away(value: Decimal, digits: int) -> Decimal:
    """Half away from zero, as the language's ROUND does."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, EXACT)


def _literal(node: Literal, _row: Row) -> Value:
    return node.value


def _column(node: ColumnRef, row: Row) -> Value:
    return row[node.name]


def _comparable(value: Value) -> Any:
    """Dates become moments, so that they compare with moments."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - both sides are UTC
    return value


def _compare(node: Compare, row: Row) -> Value:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    if left is None or right is None:
        return None
    return _COMPARISONS[node.comparison](_comparable(left), _comparable(right))


def _and(node: And, row: Row) -> Value:
    values = [evaluate(p, row) for p in node.parts]
    return False if False in values else None if None in values else True


def _or(node: Or, row: Row) -> Value:
    values = [evaluate(p, row) for p in node.parts]
    return True if True in values else None if None in values else False


def _not(node: Not, row: Row) -> Value:
    value = evaluate(node.item, row)
    return None if value is None else not value


def _is_null(node: IsNull, row: Row) -> Value:
    return evaluate(node.item, row) is None


def _in(node: In, row: Row) -> Value:
    value = evaluate(node.item, row)
    return None if value is None else value in [o.value for o in node.options]


def _between(node: Between, row: Row) -> Value:
    low = Compare(Comparison.GREATER_OR_EQUAL, node.item, node.low)
    high = Compare(Comparison.LESS_OR_EQUAL, node.item, node.high)
    return _and(And((low, high)), row)


def _case(node: Case, row: Row) -> Value:
    for condition, value in node.branches:
        if holds(condition, row):
            return evaluate(value, row)
    return None if node.otherwise is None else evaluate(node.otherwise, row)


def _decimal(value: Value) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)


def _arithmetic(node: Arithmetic, row: Row) -> Value:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    if left is None or right is None:
        return None
    a, b = _decimal(left), _decimal(right)
    match node.operator:
        case Operator.ADD:
            return EXACT.add(a, b)
        case Operator.SUBTRACT:
            return EXACT.subtract(a, b)
        case Operator.MULTIPLY:
            return EXACT.multiply(a, b)


def _call(node: Call, row: Row) -> Value:
    values = [evaluate(a, row) for a in node.arguments]
    if node.function in _SKIPPING:
        present: list[Any] = [v for v in values if v is not None]
        return _SKIPPING[node.function](present) if present else None
    if node.function is Function.NULLIF:
        return None if values[0] is not None and values[0] == values[1] else values[0]
    if None in values:
        return None
    result: Value = _FUNCTIONS[node.function](*values)
    return result


def _first(values: list[Any]) -> Any:
    return values[0]


def _truncated(unit: str, of: date) -> date:
    day = date(of.year, of.month, of.day)
    starts = {
        "year": day.replace(month=1, day=1),
        "quarter": day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1),
        "month": day.replace(day=1),
        "week": day - timedelta(days=day.weekday()),
        "day": day,
    }
    return starts[unit]


def _divided(upper: Value, lower: Value, digits: int) -> Value:
    a, b = _decimal(upper), _decimal(lower)
    if b == 0:
        return None
    # Exact: the quotient of integers, halves away from zero.
    scale = max(_places(a), _places(b)) + digits
    n, d = int(a.scaleb(scale, EXACT)) * 10**digits, int(b.scaleb(scale, EXACT))
    size = (2 * abs(n) + abs(d)) // (2 * abs(d))
    return Decimal(size if (n < 0) == (d < 0) else -size).scaleb(-digits, EXACT)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _whole(rounding: str) -> Callable[[Any], int]:
    return lambda value: int(_decimal(value).to_integral_value(rounding, EXACT))


_SKIPPING: dict[Function, Callable[[list[Any]], Any]] = {
    Function.COALESCE: _first,
    Function.LEAST: min,
    Function.GREATEST: max,
}
_FUNCTIONS: dict[Function, Callable[..., Any]] = {
    Function.YEAR: lambda d: d.year,
    Function.QUARTER: lambda d: (d.month + 2) // 3,
    Function.MONTH: lambda d: d.month,
    Function.DAY: lambda d: d.day,
    Function.WEEKDAY: lambda d: d.isoweekday(),
    Function.HOUR: lambda d: d.hour,
    Function.DATE_TRUNC: _truncated,
    Function.LOWER: lambda s: "".join(c.lower() if len(c.lower()) == 1 else c for c in s),
    Function.UPPER: lambda s: "".join(c.upper() if len(c.upper()) == 1 else c for c in s),
    Function.TRIM: lambda s: s.strip(" "),
    Function.LENGTH: len,
    Function.ABS: abs,
    Function.ROUND: lambda value, digits: round_half_away(_decimal(value), digits),
    Function.FLOOR: _whole(ROUND_FLOOR),
    Function.CEIL: _whole(ROUND_CEILING),
    Function.DIVIDE: _divided,
}
_EVALUATIONS: dict[type, Callable[[Any, Row], Value]] = {
    Literal: _literal,
    ColumnRef: _column,
    Compare: _compare,
    And: _and,
    Or: _or,
    Not: _not,
    IsNull: _is_null,
    In: _in,
    Between: _between,
    Case: _case,
    Arithmetic: _arithmetic,
    Call: _call,
}
