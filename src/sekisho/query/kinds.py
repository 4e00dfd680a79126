"""Which types fit together, and what type comes out."""

from collections.abc import Sequence
from dataclasses import replace

from sekisho.query.expressions import Expression, Function, Literal, Operator, Type
from sekisho.terms import ColumnType

MOST_DECIMALS = 18
"""Digits after the point that exact arithmetic keeps at most."""

TRUNCATIONS = ("year", "quarter", "month", "week", "day")
NUMERIC = frozenset({ColumnType.INTEGER, ColumnType.NUMBER})
TEMPORAL = frozenset({ColumnType.DATE, ColumnType.DATETIME})


def kind(of: Type) -> str:
    """What may be compared with what: `number`, `string`, `date`, `datetime`, `boolean`."""
    return "number" if of.of in NUMERIC else of.of.value


def common(types: Sequence[Type]) -> Type | None:
    """The type that holds the values of all, or None when they are of different kinds."""
    if len({kind(t) for t in types}) != 1:
        return None
    nullable = any(t.nullable for t in types)
    if kind(types[0]) != "number":
        return replace(types[0], nullable=nullable)
    if all(t.of is ColumnType.INTEGER for t in types):
        return Type(ColumnType.INTEGER, 0, nullable)
    return Type(ColumnType.NUMBER, max(t.decimals for t in types), nullable)


def arithmetic(operator: Operator, left: Type, right: Type) -> Type | None:
    """The exact type of a sum, difference or product; None when it would not be exact."""
    joined = common((left, right))
    if joined is None or kind(joined) != "number":
        return None
    if operator is not Operator.MULTIPLY or joined.of is ColumnType.INTEGER:
        return joined
    decimals = left.decimals + right.decimals
    return replace(joined, decimals=decimals) if decimals <= MOST_DECIMALS else None


def _digits(argument: Expression) -> int | None:
    if isinstance(argument, Literal) and type(argument.value) is int:
        return argument.value if abs(argument.value) <= MOST_DECIMALS else None
    return None


def _number(decimals: int, *, nullable: bool) -> Type:
    of = ColumnType.INTEGER if decimals <= 0 else ColumnType.NUMBER
    return Type(of, max(decimals, 0), nullable)


def _rounded(function: Function, arguments: Sequence[Expression]) -> Type | None:
    digits = _digits(arguments[-1])
    numbers = arguments[:-1]
    if digits is None or any(kind(a.type) != "number" for a in numbers):
        return None
    if function is Function.DIVIDE:
        return _number(digits, nullable=True) if digits >= 0 else None
    of = numbers[0].type
    return _number(min(digits, of.decimals), nullable=of.nullable)


def _of_one(function: Function, of: Type) -> Type | None:
    match function:
        case Function.YEAR | Function.QUARTER | Function.MONTH | Function.DAY | Function.WEEKDAY:
            return Type(ColumnType.INTEGER, 0, of.nullable) if of.of in TEMPORAL else None
        case Function.HOUR:
            is_time = of.of is ColumnType.DATETIME
            return Type(ColumnType.INTEGER, 0, of.nullable) if is_time else None
        case Function.LOWER | Function.UPPER | Function.TRIM:
            return of if of.of is ColumnType.STRING else None
        case Function.LENGTH:
            is_text = of.of is ColumnType.STRING
            return Type(ColumnType.INTEGER, 0, of.nullable) if is_text else None
        case Function.ABS:
            return of if of.of in NUMERIC else None
        case _:  # FLOOR, CEIL
            return Type(ColumnType.INTEGER, 0, of.nullable) if of.of in NUMERIC else None


def of_call(function: Function, arguments: Sequence[Expression]) -> Type | None:
    """The type that a function gives, or None when it does not take these arguments."""
    types = [a.type for a in arguments]
    match function:
        case Function.ROUND | Function.DIVIDE:
            return _rounded(function, arguments)
        case Function.DATE_TRUNC:
            unit, of = arguments[0], types[1]
            known = isinstance(unit, Literal) and unit.value in TRUNCATIONS
            fits = known and of.of in TEMPORAL
            return Type(ColumnType.DATE, 0, of.nullable) if fits else None
        case Function.COALESCE | Function.LEAST | Function.GREATEST:
            joined = common(types)
            return joined and replace(joined, nullable=all(t.nullable for t in types))
        case Function.NULLIF:
            joined = common(types)
            return joined and replace(joined, nullable=True)
        case _:
            return _of_one(function, types[0]) if len(types) == 1 else None
