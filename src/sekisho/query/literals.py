"""Constants as written in SQL, as typed values."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from sekisho.query.expressions import Expression, Literal, Type
from sekisho.query.kinds import MOST_DECIMALS
from sekisho.query.scope import Reader
from sekisho.terms import ColumnType

LARGEST = 10**18
"""A constant must lie below this in size, so that arithmetic with it stays exact."""


def number(node: exp.Literal, reader: Reader) -> Literal | None:
    """An integer or an exact decimal."""
    place = reader.faults.place(node)
    try:
        value = Decimal(str(node.this))
    except InvalidOperation:
        reader.faults.add("bad-number", node)
        return None
    if not value.is_finite() or abs(value) >= LARGEST:
        reader.faults.add("bad-number", node)
        return None
    exponent = value.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if decimals > MOST_DECIMALS:
        reader.faults.add("bad-number", node)
        return None
    if decimals == 0:
        return Literal(int(value), Type(ColumnType.INTEGER), place)
    return Literal(value, Type(ColumnType.NUMBER, decimals), place)


def as_time(literal: Literal, of: ColumnType, node: exp.Expr, reader: Reader) -> Literal | None:
    """A text constant as a date or a time, ISO 8601; a fault when it is none."""
    text = str(literal.value)
    try:
        if of is ColumnType.DATE:
            return Literal(date.fromisoformat(text), Type(ColumnType.DATE), literal.place)
        moment = datetime.fromisoformat(text)
    except ValueError:
        reader.faults.add("bad-date", node)
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return Literal(moment, Type(ColumnType.DATETIME), literal.place)


def cast(node: exp.Cast, reader: Reader) -> Expression | None:
    """`DATE '2020-01-01'` and `TIMESTAMP '…'`; every other cast is a fault."""
    types = {exp.DType.DATE: ColumnType.DATE, exp.DType.TIMESTAMP: ColumnType.DATETIME}
    of = types.get(node.to.this)
    inner = node.this
    if of is None or not isinstance(inner, exp.Literal) or not inner.args.get("is_string"):
        reader.faults.add("cast", node)
        return None
    written = Literal(str(inner.this), Type(ColumnType.STRING), reader.faults.place(node))
    return as_time(written, of, node, reader)
