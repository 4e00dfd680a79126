"""`width_bucket(x, low, high, n)`: which of n equally wide bins between two ends a number is in."""

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sqlglot import exp

from sekisho.query import kinds
from sekisho.query.expressions import (
    Case,
    Compare,
    Comparison,
    Expression,
    IsNull,
    Literal,
    Type,
)
from sekisho.query.scope import Reader
from sekisho.terms import ColumnType

MOST_BUCKETS = 200
"""More bins than this are refused."""

_WHOLE = Type(ColumnType.INTEGER)
Read = Callable[[exp.Expr | None, Reader], Expression | None]


def read_width_bucket(node: Any, reader: Reader, read: Read) -> Expression | None:
    """The bin as a CASE over its edges: 0 below the lowest, n + 1 from the highest on."""
    keys = ("this", "min_value", "max_value", "num_buckets")
    item, *ends = (read(node.args.get(key), reader) for key in keys)
    if item is None or any(each is None for each in ends):
        return None
    given = [value for value in map(_constant, ends) if value is not None]
    if len(given) < len(ends) or kinds.kind(item.type) != "number" or not _fits(*given):
        reader.faults.add("width-bucket", node, most=MOST_BUCKETS)
        return None
    return _bins(item, (given[0], given[1]), int(given[2]), reader.faults.place(node))


def _fits(low: Decimal, high: Decimal, count: Decimal) -> bool:
    return low < high and count == count.to_integral_value() and 1 <= count <= MOST_BUCKETS


def _constant(expression: Expression | None) -> Decimal | None:
    value = expression.value if isinstance(expression, Literal) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def _bins(item: Expression, ends: tuple[Decimal, Decimal], count: int, place: Any) -> Expression:
    of = Type(ColumnType.INTEGER, nullable=item.type.nullable)
    branches: list[tuple[Expression, Expression]] = []
    if item.type.nullable:
        branches.append((IsNull(item, place), Literal(None, of, place)))
    for at in range(count + 1):
        edge = ends[0] + (ends[1] - ends[0]) * at / count
        below = Compare(Comparison.LESS, item, _rounded_up(edge, item.type), place)
        branches.append((below, Literal(at, _WHOLE, place)))
    return Case(tuple(branches), Literal(count + 1, _WHOLE, place), of, place)


def _rounded_up(edge: Decimal, of: Type) -> Literal:
    """The smallest value of the type that is not below the edge: the same values lie below it."""
    step = Decimal(1).scaleb(-of.decimals)
    value = edge.quantize(step, ROUND_CEILING)
    if of.decimals == 0:
        return Literal(int(value), _WHOLE)
    return Literal(value, Type(ColumnType.NUMBER, of.decimals))
