"""A plan as SQL of an engine's dialect.

Nothing that a user wrote is passed through: identifiers are quoted, constants are written anew
from their values, everything else comes from this file. Inside the SQL a number is an integer in
units of 10**-decimals, so sums are exact and the same on every engine.
"""
# ruff: noqa: S608 - the text is built from a closed plan; identifiers are quoted, values rewritten

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

from sekisho.query import kinds
from sekisho.query.dialect import DUCKDB, Dialect
from sekisho.query.expressions import (
    And,
    Arithmetic,
    Between,
    Call,
    Case,
    ColumnRef,
    Compare,
    Expression,
    Function,
    In,
    IsNull,
    Literal,
    MeasureFunction,
    Not,
    Operator,
    Or,
    Type,
)
from sekisho.query.plan import (
    Aggregate,
    Filter,
    Join,
    LookupScan,
    Measure,
    Project,
    Scan,
    Source,
)
from sekisho.terms import ColumnType


def table_name(scan: Scan | LookupScan) -> str:
    """The name under which an engine offers the rows of a scan."""
    return f"dataset:{scan.dataset}" if isinstance(scan, Scan) else f"lookup:{scan.lookup}"


def identifier(name: str, dialect: Dialect = DUCKDB) -> str:
    """A name that cannot be anything but a name."""
    quote = dialect.quote
    return quote + name.replace(quote, quote * 2) + quote


def text(value: str, dialect: Dialect = DUCKDB) -> str:
    """A text constant that cannot end early."""
    if dialect.escapes_backslash:
        value = value.replace("\\", "\\\\")
    return "'" + value.replace("'", "''") + "'"


def scaled(value: int | Decimal, decimals: int) -> int:
    """A number in units of 10**-decimals; the caller knows that this is exact."""
    return int(Decimal(value).scaleb(decimals, Context(prec=120)))


def sql_type(of: Type, dialect: Dialect = DUCKDB) -> str:
    """How an engine calls a type inside rendered SQL."""
    names = {
        ColumnType.STRING: "VARCHAR",
        ColumnType.DATE: "DATE",
        ColumnType.DATETIME: "TIMESTAMP",
        ColumnType.BOOLEAN: "BOOLEAN",
    }
    return names.get(of.of, dialect.narrow)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders expressions and sources for one dialect."""

    dialect: Dialect = DUCKDB

    def name(self, name: str) -> str:
        """A quoted identifier."""
        return identifier(name, self.dialect)

    def at(self, expression: Expression, decimals: int) -> str:
        """A number in units of 10**-decimals, no fewer than its own."""
        if isinstance(expression, Literal) and isinstance(expression.value, int | Decimal):
            return f"({scaled(expression.value, decimals)})"
        step = 10 ** (decimals - expression.type.decimals)
        inner = self.expression(expression)
        return inner if step == 1 else f"(CAST({inner} AS {self.dialect.wide}) * {step})"

    def aligned(self, expressions: Sequence[Expression]) -> list[str]:
        """Values side by side: numbers in the same units, everything else as it is."""
        if all(kinds.kind(e.type) == "number" for e in expressions):
            most = max(e.type.decimals for e in expressions)
            return [self.at(e, most) for e in expressions]
        return [self.expression(e) for e in expressions]

    def expression(self, expression: Expression) -> str:
        """The SQL of an expression, in parentheses where it needs them."""
        return _EXPRESSIONS[type(expression)](expression, self)

    def source(self, source: Source) -> str:
        """A SELECT that gives the fields of a node under their quoted names."""
        return _SOURCES[type(source)](source, self)


def _literal(literal: Literal, render: Renderer) -> str:
    value = literal.value
    if value is None:
        return f"CAST(NULL AS {sql_type(literal.type, render.dialect)})"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return text(value, render.dialect)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return f"({scaled(value, literal.type.decimals)})"


def _column(column: ColumnRef, render: Renderer) -> str:
    return render.name(column.name)


def _compare(compare: Compare, render: Renderer) -> str:
    left, right = render.aligned((compare.left, compare.right))
    return f"({left} {compare.comparison.value} {right})"


def _connected(node: And | Or, render: Renderer) -> str:
    word = " AND " if isinstance(node, And) else " OR "
    return "(" + word.join(render.expression(p) for p in node.parts) + ")"


def _not(node: Not, render: Renderer) -> str:
    return f"(NOT {render.expression(node.item)})"


def _is_null(node: IsNull, render: Renderer) -> str:
    return f"({render.expression(node.item)} IS NULL)"


def _in(node: In, render: Renderer) -> str:
    item, *options = render.aligned((node.item, *node.options))
    return f"({item} IN ({', '.join(options)}))"


def _between(node: Between, render: Renderer) -> str:
    item, low, high = render.aligned((node.item, node.low, node.high))
    return f"({item} BETWEEN {low} AND {high})"


def _case(node: Case, render: Renderer) -> str:
    def value(expression: Expression) -> str:
        if isinstance(expression, Literal) and expression.value is None:
            return "NULL"
        if kinds.kind(node.type) == "number":
            return render.at(expression, node.type.decimals)
        return render.expression(expression)

    whens = [f"WHEN {render.expression(c)} THEN {value(v)}" for c, v in node.branches]
    last = [] if node.otherwise is None else [f"ELSE {value(node.otherwise)}"]
    return "(CASE " + " ".join([*whens, *last]) + " END)"


def _arithmetic(node: Arithmetic, render: Renderer) -> str:
    if node.operator is Operator.MULTIPLY:
        sides = [render.expression(node.left), render.expression(node.right)]
    else:
        sides = [render.at(e, node.type.decimals) for e in (node.left, node.right)]
    wide = render.dialect.wide
    return f"(CAST({sides[0]} AS {wide}) {node.operator.value} {sides[1]})"


def _call(node: Call, render: Renderer) -> str:
    special = _ROUNDINGS.get(node.function)
    if special is not None:
        return special(node, render)
    operands = (
        [render.expression(a) for a in node.arguments]
        if node.function is Function.DATE_TRUNC
        else render.aligned(node.arguments)
    )
    template = render.dialect.functions[node.function]
    return template.format(*operands, all=", ".join(operands))


def _half_away(a: str, b: str, render: Renderer) -> str:
    """The quotient of two integers, halves away from zero; b is positive."""
    size = render.dialect.whole_division.format(a=f"(2 * abs({a}) + {b})", b=f"(2 * {b})")
    return f"(CASE WHEN {a} < 0 THEN -{size} ELSE {size} END)"


def _wide(expression: Expression, render: Renderer) -> str:
    return f"CAST({render.expression(expression)} AS {render.dialect.wide})"


def _round(node: Call, render: Renderer) -> str:
    item, digits = node.arguments
    places = _digits(digits)
    if places >= item.type.decimals:
        return render.expression(item)
    step = 10 ** (item.type.decimals - places)
    quotient = _half_away(_wide(item, render), f"({step})", render)
    return quotient if places >= 0 else f"({quotient} * {10**-places})"


def _digits(expression: Expression) -> int:
    # INVARIANT: the parser types ROUND and DIVIDE with an integer constant; held by
    # test_query_refused.
    value = expression.value if isinstance(expression, Literal) else 0
    return value if isinstance(value, int) else 0


def _floor(node: Call, render: Renderer) -> str:
    item = node.arguments[0]
    step = 10**item.type.decimals
    if step == 1:
        return render.expression(item)
    wide = _wide(item, render)
    up = node.function is Function.CEIL
    divide = render.dialect.whole_division
    near = divide.format(a=f"abs({wide})", b=step)
    far = divide.format(a=f"(abs({wide}) + {step - 1})", b=step)
    positive, negative = (far, near) if up else (near, far)
    return f"(CASE WHEN {wide} < 0 THEN -{negative} ELSE {positive} END)"


def _divide(node: Call, render: Renderer) -> str:
    upper, lower, digits = node.arguments
    shift = lower.type.decimals + _digits(digits) - upper.type.decimals
    a = f"({_wide(upper, render)} * {10 ** max(shift, 0)})"
    # NULL instead of 0: engines may divide before they look at a CASE around it.
    b = f"nullif({_wide(lower, render)} * {10 ** max(-shift, 0)}, 0)"
    size = render.dialect.whole_division.format(a=f"(2 * abs({a}) + abs({b}))", b=f"(2 * abs({b}))")
    return f"(CASE WHEN ({a} < 0) <> ({b} < 0) THEN -{size} ELSE {size} END)"


_ROUNDINGS: dict[Function, Callable[[Call, Renderer], str]] = {
    Function.ROUND: _round,
    Function.FLOOR: _floor,
    Function.CEIL: _floor,
    Function.DIVIDE: _divide,
}
_EXPRESSIONS: dict[type, Callable[[Any, Renderer], str]] = {
    Literal: _literal,
    ColumnRef: _column,
    Compare: _compare,
    And: _connected,
    Or: _connected,
    Not: _not,
    IsNull: _is_null,
    In: _in,
    Between: _between,
    Case: _case,
    Arithmetic: _arithmetic,
    Call: _call,
}


# -------------------------------------------------------------------------------------- sources


def _scan(scan: Scan | LookupScan, render: Renderer) -> str:
    columns = [
        f"{render.name(f.name.split('.', 1)[1])} AS {render.name(f.name)}" for f in scan.fields
    ]
    return f"SELECT {', '.join(columns)} FROM {render.name(table_name(scan))}"


def _join(join: Join, render: Renderer) -> str:
    kind = "LEFT JOIN" if join.keeps_left else "JOIN"
    equal = [" = ".join(render.aligned(pair)) for pair in join.on]
    left, right = render.source(join.left), render.source(join.right)
    names = ", ".join(render.name(f.name) for f in join.fields)
    on = " AND ".join(equal)
    return f"SELECT {names} FROM ({left}) AS l {kind} ({right}) AS r ON {on}"


def _filter(node: Filter, render: Renderer) -> str:
    names = ", ".join(render.name(f.name) for f in node.fields)
    condition = render.expression(node.condition)
    return f"SELECT {names} FROM ({render.source(node.source)}) AS s WHERE {condition}"


def _project(node: Project, render: Renderer) -> str:
    columns = [f"{render.expression(c.expression)} AS {render.name(c.name)}" for c in node.columns]
    return f"SELECT {', '.join(columns)} FROM ({render.source(node.source)}) AS s"


def measure(of: Measure, render: Renderer) -> str:
    """The SQL of a measure in an inner aggregation."""
    argument = "*" if of.argument is None else render.expression(of.argument)
    match of.function:
        case MeasureFunction.COUNT if of.distinct:
            return f"count(DISTINCT {argument})"
        case MeasureFunction.AVG if of.argument is not None:
            step = 10 ** (of.type.decimals - of.argument.type.decimals)
            count = f"nullif(count({argument}), 0)"
            return _half_away(f"(sum({argument}) * {step})", count, render)
        case _:
            return f"{of.function.value}({argument})"


def _aggregate(node: Aggregate, render: Renderer) -> str:
    groups = [f"{render.expression(g.expression)} AS {render.name(g.name)}" for g in node.groups]
    measures = [f"{measure(m, render)} AS {render.name(m.name)}" for m in node.measures]
    by = ", ".join(str(n + 1) for n in range(len(groups)))
    return (
        f"SELECT {', '.join(groups + measures)} FROM ({render.source(node.source)}) AS s "
        f"GROUP BY {by}"
    )


_SOURCES: dict[type, Callable[[Any, Renderer], str]] = {
    Scan: _scan,
    LookupScan: _scan,
    Join: _join,
    Filter: _filter,
    Project: _project,
    Aggregate: _aggregate,
}
