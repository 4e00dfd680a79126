"""What a query does with its results: arithmetic, CASE, HAVING, ORDER BY, LIMIT.

All of it works on numbers that are protected already, so it costs nothing. Errors are carried
along by gradients; a quotient gets Fieller's interval, and no value where it has none.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sekisho.lanes.statistics.privacy.table import Number, Shown
from sekisho.lanes.statistics.privacy.uncertainty import Interval, around, quotient
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

Gradient = Mapping[tuple[str, int], float]


@dataclass(frozen=True, slots=True)
class Value:
    """A value with how it follows the noisy components; no gradient: its error is not known.

    Shape: an interval stands only where it is not the normal one of the gradient.
    """

    value: Any
    gradient: Gradient | None = field(default_factory=dict)
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row before the outputs: groups and measures by name, variances by component."""

    values: Mapping[str, Value]
    variances: Mapping[tuple[str, int], float]


_MISSING = Value(None)


def number_of(expression: Expression, row: Row) -> Number:
    """An output of a row with its standard error and interval."""
    found = evaluate(expression, row)
    shown: Shown = found.value
    if not isinstance(shown, int | Decimal) or isinstance(shown, bool) or not found.gradient:
        return Number(shown)
    variance = variance_of(found.gradient, row)
    interval = found.interval or around(float(shown), variance)
    return Number(shown, math.sqrt(variance), interval)


def is_true(expression: Expression | None, row: Row) -> bool:
    """Whether HAVING keeps a row: true, not unknown."""
    return expression is None or evaluate(expression, row).value is True


def evaluate(expression: Expression, row: Row) -> Value:
    """The value of an expression over a row of protected results."""
    if isinstance(expression, Literal):
        return Value(expression.value)
    if isinstance(expression, ColumnRef):
        return row.values[expression.name]
    return _EVALUATE[type(expression)](expression, row)


def variance_of(gradient: Gradient, row: Row) -> float:
    """The variance of a value that follows independent components by a gradient."""
    total = 0.0
    for name, slope in gradient.items():
        total += slope * slope * row.variances[name]
    return total


def _covariance(left: Gradient, right: Gradient, row: Row) -> float:
    return sum(slope * right.get(name, 0.0) * row.variances[name] for name, slope in left.items())


def _combined(left: Value, right: Value, a: float, b: float) -> Gradient | None:
    """The gradient of a * left + b * right."""
    if left.gradient is None or right.gradient is None:
        return None
    names = [*left.gradient, *(n for n in right.gradient if n not in left.gradient)]
    return {n: a * left.gradient.get(n, 0.0) + b * right.gradient.get(n, 0.0) for n in names}


def _arithmetic(node: Arithmetic, row: Row) -> Value:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    if left.value is None or right.value is None:
        return _MISSING
    match node.operator:
        case Operator.ADD:
            value, slopes = left.value + right.value, (1.0, 1.0)
        case Operator.SUBTRACT:
            value, slopes = left.value - right.value, (1.0, -1.0)
        case Operator.MULTIPLY:
            value = left.value * right.value
            slopes = (float(right.value), float(left.value))
    gradient = _combined(left, right, *slopes)
    return Value(value, gradient, _moved(node.operator, left, right))


def _moved(operator: Operator, left: Value, right: Value) -> Interval | None:
    """An interval of its own carried through arithmetic with a constant."""
    held, constant = (left, right) if left.interval else (right, left)
    if held.interval is None or constant.gradient != {}:
        return None
    other, scale, shift = float(constant.value), 1.0, 0.0
    match operator:
        case Operator.ADD:
            shift = other
        case Operator.SUBTRACT if held is left:
            shift = -other
        case Operator.SUBTRACT:
            scale, shift = -1.0, other
        case Operator.MULTIPLY:
            scale = other
    ends = sorted(scale * end + shift for end in (held.interval.low, held.interval.high))
    return Interval(ends[0], ends[1])


def _rounded(value: Decimal | int, digits: int) -> Decimal | int:
    """Half away from zero, as the query language says."""
    if digits <= 0:
        unit = Decimal(10) ** -digits
        return int((Decimal(value) / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit)
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _divide(node: Call, row: Row) -> Value:
    above, below = (evaluate(each, row) for each in node.arguments[:2])
    digits = evaluate(node.arguments[2], row).value
    if above.value is None or below.value is None or below.value == 0:
        return _MISSING
    value = _rounded(Decimal(above.value) / Decimal(below.value), digits)
    if above.gradient is None or below.gradient is None:
        return Value(value, None)
    return _quotient(value, above, below, row)


def _quotient(value: Decimal | int, above: Value, below: Value, row: Row) -> Value:
    """A quotient of noisy numbers: not estimable where the lower one may be zero."""
    if above.gradient is None or below.gradient is None:
        return Value(value, None)
    found = quotient(
        float(above.value),
        float(below.value),
        _covariance(above.gradient, above.gradient, row),
        _covariance(below.gradient, below.gradient, row),
        _covariance(above.gradient, below.gradient, row),
    )
    if found is None:
        return _MISSING
    divisor = float(below.value)
    gradient = _combined(above, below, 1 / divisor, -found.value / divisor)
    interval = found.interval
    held = Interval(min(interval.low, float(value)), max(interval.high, float(value)))
    return Value(value, gradient, held if gradient else None)


def mean_of(total: Value, rows: Value, decimals: int, row: Row) -> Value:
    """AVG from its two components."""
    if rows.value == 0:
        return _MISSING
    value = _rounded(Decimal(total.value) / Decimal(rows.value), decimals)
    return _quotient(value, total, rows, row)


def _call(node: Call, row: Row) -> Value:
    if node.function is Function.DIVIDE:
        return _divide(node, row)
    given = [evaluate(each, row) for each in node.arguments]
    known = [each for each in given if each.value is not None]
    match node.function:
        case Function.COALESCE:
            return known[0] if known else _MISSING
        case Function.LEAST | Function.GREATEST:
            chosen = min if node.function is Function.LEAST else max
            return chosen(known, key=lambda each: each.value) if known else _MISSING
        case Function.NULLIF:
            return _MISSING if given[0].value == given[1].value else given[0]
        case _:
            return _changed(node.function, given) if len(known) == len(given) else _MISSING


def _changed(function: Function, given: list[Value]) -> Value:
    first = given[0]
    if function is Function.ROUND:
        return Value(_rounded(first.value, given[1].value), first.gradient, first.interval)
    change = _CHANGES.get(function)
    if change is None:
        return _MISSING
    exact = first.gradient == {}
    return Value(change(*(each.value for each in given)), {} if exact else None)


_CHANGES: Mapping[Function, Callable[..., Any]] = {
    Function.ABS: abs,
    Function.FLOOR: math.floor,
    Function.CEIL: math.ceil,
    Function.LOWER: str.lower,
    Function.UPPER: str.upper,
    Function.TRIM: lambda text: text.strip(" "),
    Function.LENGTH: len,
    Function.YEAR: lambda day: day.year,
    Function.QUARTER: lambda day: (day.month + 2) // 3,
    Function.MONTH: lambda day: day.month,
    Function.DAY: lambda day: day.day,
    Function.WEEKDAY: lambda day: day.isoweekday(),
}

_COMPARE: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: lambda a, b: a == b,
    Comparison.UNEQUAL: lambda a, b: a != b,
    Comparison.LESS: lambda a, b: a < b,
    Comparison.LESS_OR_EQUAL: lambda a, b: a <= b,
    Comparison.GREATER: lambda a, b: a > b,
    Comparison.GREATER_OR_EQUAL: lambda a, b: a >= b,
}


def _compare(node: Compare, row: Row) -> Value:
    left, right = evaluate(node.left, row).value, evaluate(node.right, row).value
    if left is None or right is None:
        return _MISSING
    return Value(_COMPARE[node.comparison](left, right))


def _and(node: And, row: Row) -> Value:
    found = [evaluate(each, row).value for each in node.parts]
    return Value(False if False in found else None if None in found else True)


def _or(node: Or, row: Row) -> Value:
    found = [evaluate(each, row).value for each in node.parts]
    return Value(True if True in found else None if None in found else False)


def _not(node: Not, row: Row) -> Value:
    found = evaluate(node.item, row).value
    return _MISSING if found is None else Value(not found)


def _in(node: In, row: Row) -> Value:
    item = evaluate(node.item, row).value
    return _MISSING if item is None else Value(item in [o.value for o in node.options])


def _between(node: Between, row: Row) -> Value:
    item, low, high = (evaluate(e, row).value for e in (node.item, node.low, node.high))
    if item is None or low is None or high is None:
        return _MISSING
    return Value(low <= item <= high)


def _is_null(node: IsNull, row: Row) -> Value:
    return Value(evaluate(node.item, row).value is None)


def _case(node: Case, row: Row) -> Value:
    for condition, value in node.branches:
        if evaluate(condition, row).value is True:
            return evaluate(value, row)
    return _MISSING if node.otherwise is None else evaluate(node.otherwise, row)


_EVALUATE: dict[type, Callable[[Any, Row], Value]] = {
    Arithmetic: _arithmetic,
    Call: _call,
    Compare: _compare,
    And: _and,
    Or: _or,
    Not: _not,
    In: _in,
    Between: _between,
    IsNull: _is_null,
    Case: _case,
}
