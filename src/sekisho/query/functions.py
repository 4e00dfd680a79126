"""The functions and aggregate functions of the language, read from SQLGlot's nodes."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlglot import exp

from sekisho.query import kinds
from sekisho.query.expressions import (
    Call,
    ColumnRef,
    Expression,
    Function,
    Literal,
    MeasureFunction,
    Origin,
    Type,
    parts,
)
from sekisho.query.plan import Measure
from sekisho.query.scope import Collector, Reader
from sekisho.terms import ColumnType

Read = Callable[[exp.Expr | None, Reader], Expression | None]

INTEGER = Type(ColumnType.INTEGER)

FUNCTIONS: dict[type[exp.Expr], tuple[Function, tuple[str, ...]]] = {
    exp.Year: (Function.YEAR, ("this",)),
    exp.Quarter: (Function.QUARTER, ("this",)),
    exp.Month: (Function.MONTH, ("this",)),
    exp.Day: (Function.DAY, ("this",)),
    exp.DayOfMonth: (Function.DAY, ("this",)),
    exp.DayOfWeekIso: (Function.WEEKDAY, ("this",)),
    exp.Hour: (Function.HOUR, ("this",)),
    exp.Extract: (Function.YEAR, ("this", "expression")),
    exp.DateTrunc: (Function.DATE_TRUNC, ("unit", "this")),
    exp.TimestampTrunc: (Function.DATE_TRUNC, ("unit", "this")),
    exp.Coalesce: (Function.COALESCE, ("this", "expressions")),
    exp.Lower: (Function.LOWER, ("this",)),
    exp.Upper: (Function.UPPER, ("this",)),
    exp.Trim: (Function.TRIM, ("this",)),
    exp.Length: (Function.LENGTH, ("this",)),
    exp.Abs: (Function.ABS, ("this",)),
    exp.Round: (Function.ROUND, ("this", "decimals")),
    exp.Floor: (Function.FLOOR, ("this",)),
    exp.Ceil: (Function.CEIL, ("this",)),
    exp.Least: (Function.LEAST, ("this", "expressions")),
    exp.Greatest: (Function.GREATEST, ("this", "expressions")),
    exp.Nullif: (Function.NULLIF, ("this", "expression")),
}
HARMLESS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Least: ("ignore_nulls",),
    exp.Greatest: ("ignore_nulls",),
    exp.DateTrunc: ("zone",),
    exp.Count: ("big_int",),
}
ROUNDINGS = frozenset({Function.ROUND, Function.FLOOR, Function.CEIL, Function.DIVIDE})
MOST_ROUNDINGS = 3
"""Roundings inside one another; each is rendered with its operand twice or more."""
MOST_DIGITS = 4
"""Digits after the point in the share of a quantile."""
EXTRACTED = {
    "year": Function.YEAR,
    "quarter": Function.QUARTER,
    "month": Function.MONTH,
    "day": Function.DAY,
    "isodow": Function.WEEKDAY,
    "hour": Function.HOUR,
}
AGGREGATES: dict[type[exp.Expr], MeasureFunction] = {
    exp.Count: MeasureFunction.COUNT,
    exp.Sum: MeasureFunction.SUM,
    exp.Avg: MeasureFunction.AVG,
    exp.Median: MeasureFunction.QUANTILE,
    exp.Quantile: MeasureFunction.QUANTILE,
    exp.Variance: MeasureFunction.VARIANCE,
    exp.VariancePop: MeasureFunction.VARIANCE_OF_ALL,
    exp.Stddev: MeasureFunction.DEVIATION,
    exp.StddevSamp: MeasureFunction.DEVIATION,
    exp.StddevPop: MeasureFunction.DEVIATION_OF_ALL,
    exp.Min: MeasureFunction.MIN,
    exp.Max: MeasureFunction.MAX,
}
_EXTRA_DIGITS = dict.fromkeys(
    (
        MeasureFunction.AVG,
        MeasureFunction.VARIANCE,
        MeasureFunction.VARIANCE_OF_ALL,
        MeasureFunction.DEVIATION,
        MeasureFunction.DEVIATION_OF_ALL,
    ),
    2,
)
"""Digits that a function adds to those of its argument."""
NAMES = sorted(
    {f.value for f in Function if f is not Function.DIVIDE}
    | {
        "extract",
        "isodow",
        "count",
        "sum",
        "avg",
        "median",
        "quantile",
        "percentile_cont",
        "variance",
        "stddev",
        "width_bucket",
    }
)


def _arguments(node: exp.Expr, keys: tuple[str, ...], reader: Reader) -> list[exp.Expr] | None:
    """The argument nodes in order; a fault when there are others."""
    harmless = HARMLESS.get(type(node), ())
    extra = [k for k, v in node.args.items() if v and k not in keys and k not in harmless]
    if extra:
        reader.faults.add("function-arguments", node, name=reader.faults.written(node))
        return None
    found: list[exp.Expr] = []
    for key in keys:
        value = node.args.get(key)
        found += value if isinstance(value, list) else [value] if value is not None else []
    return found


def _unparenthesised(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _unit_literal(node: exp.Expr, reader: Reader) -> Literal:
    text = str(getattr(node, "name", "")).lower()
    return Literal(text, Type(ColumnType.STRING), reader.faults.place(node))


def read_call(node: Any, reader: Reader, read: Read) -> Expression | None:
    """One of the closed functions applied to expressions."""
    function, keys = FUNCTIONS[type(node)]
    nodes = _arguments(node, keys, reader)
    if nodes is None:
        return None
    if function is Function.ROUND:
        return _read_round(node, nodes, reader, read)
    arguments: list[Expression | None] = []
    if isinstance(node, exp.Extract):
        unit = str(nodes.pop(0).name).lower()
        function = EXTRACTED.get(unit, Function.NULLIF)
        if unit not in EXTRACTED:
            reader.faults.add("extract-unit", node, units=", ".join(EXTRACTED))
            return None
    elif function is Function.DATE_TRUNC:
        arguments.append(_unit_literal(nodes.pop(0), reader))
    arguments += [read(each, reader) for each in nodes]
    return _typed(function, arguments, node, reader)


def _read_round(node: Any, nodes: list[exp.Expr], reader: Reader, read: Read) -> Expression | None:
    """`round(x, n)`, and `round(a / b, n)` as one exact division."""
    digits = read(nodes[1], reader) if len(nodes) > 1 else Literal(0, INTEGER)
    inner = _unparenthesised(nodes[0])
    if isinstance(inner, exp.Div):
        sides = [read(inner.this, reader), read(inner.expression, reader)]
        return _typed(Function.DIVIDE, [*sides, digits], node, reader)
    return _typed(Function.ROUND, [read(nodes[0], reader), digits], node, reader)


def _roundings(expression: Expression) -> int:
    """How deep roundings are nested in an expression."""
    inside = max(map(_roundings, parts(expression)), default=0)
    is_rounding = isinstance(expression, Call) and expression.function in ROUNDINGS
    return inside + is_rounding


def _typed(
    function: Function, arguments: list[Expression | None], node: exp.Expr, reader: Reader
) -> Expression | None:
    given = tuple(a for a in arguments if a is not None)
    if len(given) < len(arguments):
        return None
    of = kinds.of_call(function, given)
    if of is None:
        reader.faults.add("function-arguments", node, name=reader.faults.written(node))
        return None
    if function in ROUNDINGS and max(map(_roundings, given)) >= MOST_ROUNDINGS:
        reader.faults.add("round-nested", node, most=MOST_ROUNDINGS)
        return None
    return Call(function, given, of, reader.faults.place(node))


# --------------------------------------------------------------------------- aggregate functions


def read_aggregate(node: Any, reader: Reader, read: Read) -> Expression | None:
    """A reference to the measure that an aggregate function gives, which is collected."""
    collector = reader.aggregates
    if collector is None:
        reader.faults.add("aggregate-here", node, name=reader.faults.written(node))
        return None
    keys = ("this", "quantile") if isinstance(node, exp.Quantile) else ("this",)
    if _arguments(node, keys, reader) is None:
        return None
    inner = replace(reader, aggregates=None)
    argument_node, distinct = node.this, False
    if isinstance(argument_node, exp.Distinct):
        distinct = True
        argument_node = (
            argument_node.expressions[0] if len(argument_node.expressions) == 1 else argument_node
        )
    if isinstance(node, exp.Count) and (argument_node is None or _is_star(argument_node)):
        argument = None
    else:
        argument = read(argument_node, inner)
        if argument is None:
            return None
    measure = _measure(node, argument, inner, collector, distinct=distinct)
    return None if measure is None else collector.reference(measure)


def read_within_group(node: Any, reader: Reader, read: Read) -> Expression | None:
    """`percentile_cont(q) WITHIN GROUP (ORDER BY x)`: how the standard writes a quantile."""
    order = node.args.get("expression")
    ordered = order.expressions if isinstance(order, exp.Order) else []
    if not isinstance(node.this, exp.PercentileCont) or len(ordered) != 1:
        reader.faults.add("within-group", node)
        return None
    share, falling = _share(node.this.this), bool(ordered[0].args.get("desc"))
    if share is None:
        reader.faults.add("function-arguments", node.this, name="percentile_cont")
        return None
    literal = exp.Literal.number(str(1 - share if falling else share))
    quantile = exp.Quantile(this=ordered[0].this.copy(), quantile=literal)
    quantile.meta.update(node.this.meta)
    return read_aggregate(quantile, reader, read)


def _is_star(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) and not any(node.args.values())


def _measure(
    node: Any, argument: Expression | None, reader: Reader, collector: Collector, *, distinct: bool
) -> Measure | None:
    function = AGGREGATES[type(node)]
    origins = reader.origins(argument) if argument is not None else frozenset[Origin]()
    counts_units = isinstance(argument, ColumnRef) and bool(origins & collector.units)
    if argument is not None and not (
        counts_units and distinct and function is MeasureFunction.COUNT
    ):
        reader.refuse_reserved(argument)
    if distinct and function is not MeasureFunction.COUNT:
        reader.faults.add("distinct", node)
        return None
    quantile = _quantile(node) if function is MeasureFunction.QUANTILE else None
    of = _measured_type(function, argument)
    if of is None or (function is MeasureFunction.QUANTILE and quantile is None):
        reader.faults.add("function-arguments", node, name=reader.faults.written(node))
        return None
    place = reader.faults.place(node)
    return Measure("", function, argument, of, distinct, quantile, origins, place)


def _quantile(node: Any) -> Decimal | None:
    if isinstance(node, exp.Median):
        return Decimal("0.5")
    return _share(node.args.get("quantile"))


def _share(share: Any) -> Decimal | None:
    """A share strictly between 0 and 1, of at most four digits."""
    if not isinstance(share, exp.Literal) or share.args.get("is_string"):
        return None
    try:
        value = Decimal(str(share.this))
    except ArithmeticError:
        return None
    return value if 0 < value < 1 and value == round(value, MOST_DIGITS) else None


def _measured_type(function: MeasureFunction, argument: Expression | None) -> Type | None:
    if function is MeasureFunction.COUNT:
        return INTEGER
    if argument is None:
        return None
    of = argument.type
    if function in (MeasureFunction.MIN, MeasureFunction.MAX):
        return replace(of, nullable=True)
    if kinds.kind(of) != "number":
        return None
    if function in _EXTRA_DIGITS:
        digits = of.decimals + _EXTRA_DIGITS[function]
        return Type(ColumnType.NUMBER, min(digits, kinds.MOST_DECIMALS), nullable=True)
    return replace(of, nullable=True)
