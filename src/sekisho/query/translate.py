"""SQLGlot's expressions as the closed language; whatever is not in it becomes a fault."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlglot import exp

from sekisho.query import kinds, literals
from sekisho.query.buckets import read_width_bucket
from sekisho.query.expressions import (
    And,
    Arithmetic,
    Between,
    Case,
    ColumnRef,
    Compare,
    Comparison,
    Expression,
    In,
    IsNull,
    Literal,
    Not,
    Operator,
    Or,
    Type,
)
from sekisho.query.faults import Faults
from sekisho.query.functions import (
    AGGREGATES,
    FUNCTIONS,
    NAMES,
    read_aggregate,
    read_call,
    read_within_group,
)
from sekisho.query.scope import Reader, resolve
from sekisho.terms import ColumnType

TEXT = Type(ColumnType.STRING)
COMPARISONS: dict[type[exp.Expr], Comparison] = {
    exp.EQ: Comparison.EQUAL,
    exp.NEQ: Comparison.UNEQUAL,
    exp.LT: Comparison.LESS,
    exp.LTE: Comparison.LESS_OR_EQUAL,
    exp.GT: Comparison.GREATER,
    exp.GTE: Comparison.GREATER_OR_EQUAL,
}
OPERATORS: dict[type[exp.Expr], Operator] = {
    exp.Add: Operator.ADD,
    exp.Sub: Operator.SUBTRACT,
    exp.Mul: Operator.MULTIPLY,
}
REFUSED: dict[type[exp.Expr], str] = {
    exp.Window: "window",
    exp.Subquery: "sub-query",
    exp.Select: "sub-query",
    exp.Exists: "sub-query",
    exp.Star: "star",
    exp.TryCast: "cast",
    exp.Div: "division",
    exp.IntDiv: "division",
    exp.Like: "pattern",
    exp.ILike: "pattern",
    exp.SimilarTo: "pattern",
    exp.RegexpLike: "pattern",
    exp.DPipe: "concatenation",
    exp.Concat: "concatenation",
    exp.Placeholder: "placeholder",
    exp.Parameter: "placeholder",
    exp.CurrentDate: "clock",
    exp.CurrentTime: "clock",
    exp.CurrentTimestamp: "clock",
    exp.Filter: "filter-clause",
    exp.Distinct: "distinct",
}
CLOCKS = frozenset({"now", "today", "getdate", "random", "rand", "uuid", "gen_random_uuid"})
HINTED = {
    "distinct": "select-distinct",
    "qualify": "window",
    "windows": "window",
    "sample": "sample",
    "offset": "offset",
    "all": "group-all",
    "rollup": "with-rollup",
    "cube": "with-rollup",
}
"""Parts of a SELECT, a table or a GROUP BY that have a better way to be written."""


def read(node: exp.Expr | None, reader: Reader) -> Expression | None:
    """The typed expression that a node means, or None after noting every fault inside it."""
    if node is None:
        reader.faults.add("incomplete")
        return None
    if isinstance(node, exp.Paren):
        return read(node.this, reader)
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        return handler(node, reader)
    if type(node) in REFUSED:
        reader.faults.add(REFUSED[type(node)], node)
    elif isinstance(node, exp.Func):
        name = str(node.this) if isinstance(node, exp.Anonymous) else reader.faults.written(node)
        if name.lower() in CLOCKS:
            reader.faults.add("clock", node)
        else:
            reader.faults.unknown("function", name.lower(), NAMES, node)
    else:
        reader.faults.add("not-in-language", node, what=reader.faults.written(node))
    return None


def condition(node: exp.Expr | None, reader: Reader) -> Expression | None:
    """An expression that is true or false."""
    found = read(node, reader)
    if found is not None and found.type.of is not ColumnType.BOOLEAN:
        reader.faults.add("not-a-condition", node)
        return None
    return found


def closed(node: exp.Expr, faults: Faults, *known: str) -> bool:
    """Whether a node has no part but the known ones; a fault at every other part."""
    unknown = [key for key, value in node.args.items() if value and key not in known]
    for key in unknown:
        part = node.args[key]
        at = part if isinstance(part, exp.Expr) and any(n.meta for n in part.walk()) else node
        if key in HINTED:
            faults.add(HINTED[key], at)
        else:
            faults.add("unknown-part", at, what=faults.written(node), part=key)
    return not unknown


def _literal(node: Any, reader: Reader) -> Expression | None:
    if node.args.get("is_string"):
        if "\0" in str(node.this):
            reader.faults.add("bad-text", node)
            return None
        return Literal(str(node.this), TEXT, reader.faults.place(node))
    return literals.number(node, reader)


def _boolean(node: Any, reader: Reader) -> Expression:
    of = Type(ColumnType.BOOLEAN)
    return Literal(bool(node.this), of, reader.faults.place(node))


def _null(node: Any, reader: Reader) -> None:
    reader.faults.add("null", node)


def _aligned(
    nodes: tuple[exp.Expr, ...], reader: Reader
) -> tuple[tuple[Expression, ...], bool] | None:
    """Operands read, text constants beside dates turned into dates; and whether they fit."""
    read_all = [read(n, reader) for n in nodes]
    items = [i for i in read_all if i is not None]
    if len(items) < len(nodes):
        return None
    time = next((i.type.of for i in items if i.type.of in kinds.TEMPORAL), None)
    aligned: list[Expression | None] = [
        literals.as_time(i, time, n, reader)
        if time and isinstance(i, Literal) and isinstance(i.value, str)
        else i
        for i, n in zip(items, nodes, strict=True)
    ]
    fit = [i for i in aligned if i is not None]
    if len(fit) < len(nodes):
        return None
    return tuple(fit), kinds.common([i.type for i in fit]) is not None


def _compare(node: Any, reader: Reader) -> Expression | None:
    if isinstance(node.this, exp.Null) or isinstance(node.expression, exp.Null):
        reader.faults.add("compare-null", node)
        return None
    sides = _aligned((node.this, node.expression), reader)
    if sides is None:
        return None
    (left, right), fit = sides
    if not fit:
        reader.faults.add("types-differ", node, left=left.type.of, right=right.type.of)
        return None
    return Compare(COMPARISONS[type(node)], left, right, reader.faults.place(node))


def _connected(node: Any, reader: Reader) -> Expression | None:
    operands = [condition(part, reader) for part in node.flatten()]
    parts = tuple(part for part in operands if part is not None)
    if len(parts) < len(operands):
        return None
    place = reader.faults.place(node)
    return And(parts, place) if isinstance(node, exp.And) else Or(parts, place)


def _not(node: Any, reader: Reader) -> Expression | None:
    item = condition(node.this, reader)
    return item and Not(item, reader.faults.place(node))


def _is(node: Any, reader: Reader) -> Expression | None:
    item = read(node.this, reader)
    if item is None:
        return None
    place = reader.faults.place(node)
    if isinstance(node.expression, exp.Null):
        return IsNull(item, place)
    if isinstance(node.expression, exp.Boolean) and item.type.of is ColumnType.BOOLEAN:
        wanted = Literal(bool(node.expression.this), item.type, place)
        known = Not(IsNull(item, place), place)
        return And((known, Compare(Comparison.EQUAL, item, wanted, place)), place)
    reader.faults.add("not-in-language", node, what="is")
    return None


def _in(node: Any, reader: Reader) -> Expression | None:
    if node.args.get("query"):
        reader.faults.add("sub-query", node)
    if any(isinstance(option, exp.Null) for option in node.expressions):
        reader.faults.add("compare-null", node)
    elif not closed(node, reader.faults, "this", "expressions", "query"):
        return None
    if not node.expressions or any(isinstance(o, exp.Null) for o in node.expressions):
        return None
    items = _aligned((node.this, *node.expressions), reader)
    if items is None:
        return None
    (item, *options), fit = items
    constants = tuple(o for o in options if isinstance(o, Literal))
    if len(constants) < len(options):
        reader.faults.add("in-constants", node)
        return None
    if not fit:
        reader.faults.add("types-differ", node, left=item.type.of, right=options[0].type.of)
        return None
    return In(item, constants, reader.faults.place(node))


def _between(node: Any, reader: Reader) -> Expression | None:
    if not closed(node, reader.faults, "this", "low", "high"):
        return None
    items = _aligned((node.this, node.args["low"], node.args["high"]), reader)
    if items is None:
        return None
    (item, low, high), fit = items
    if not fit:
        reader.faults.add("types-differ", node, left=item.type.of, right=low.type.of)
        return None
    return Between(item, low, high, reader.faults.place(node))


def _branch_condition(case: Any, branch: exp.If, reader: Reader) -> Expression | None:
    if case.args.get("this") is None:
        return condition(branch.this, reader)
    equal = exp.EQ(this=case.this.copy(), expression=branch.this.copy())
    return _compare(equal, reader)


def _case(node: Any, reader: Reader) -> Expression | None:
    ifs = [node] if isinstance(node, exp.If) else node.args["ifs"]
    default = node.args.get("false" if isinstance(node, exp.If) else "default")
    case = exp.Case() if isinstance(node, exp.If) else node
    conditions = [_branch_condition(case, branch, reader) for branch in ifs]
    results = [branch.args.get("true") for branch in ifs] + ([default] if default else [])
    values = [None if isinstance(r, exp.Null) else read(r, reader) for r in results]
    given = [v for v in values if v is not None]
    missing = any(isinstance(r, exp.Null) for r in results) or default is None
    if len(given) + sum(isinstance(r, exp.Null) for r in results) < len(results):
        return None
    joined = kinds.common([v.type for v in given]) if given else None
    if joined is None:
        reader.faults.add("case-types", node)
        return None
    if any(c is None for c in conditions):
        return None
    of = replace(joined, nullable=joined.nullable or missing)
    filled = [Literal(None, of) if v is None else v for v in values]
    branches = tuple((c, v) for c, v in zip(conditions, filled, strict=False) if c is not None)
    otherwise = filled[len(ifs)] if default else None
    return Case(branches, otherwise, of, reader.faults.place(node))


def _arithmetic(node: Any, reader: Reader) -> Expression | None:
    left, right = read(node.this, reader), read(node.expression, reader)
    if left is None or right is None:
        return None
    operator = OPERATORS[type(node)]
    of = kinds.arithmetic(operator, left.type, right.type)
    if of is None:
        reader.faults.add("not-exact", node)
        return None
    return Arithmetic(operator, left, right, of, reader.faults.place(node))


def _negated(node: Any, reader: Reader) -> Expression | None:
    item = read(node.this, reader)
    if item is None:
        return None
    if isinstance(item, Literal) and not isinstance(item.value, (bool, str)) and item.value:
        return replace(item, value=-item.value)  # type: ignore[operator]
    if kinds.kind(item.type) != "number":
        reader.faults.add("not-exact", node)
        return None
    zero = Literal(0, Type(ColumnType.INTEGER), item.place)
    return Arithmetic(Operator.SUBTRACT, zero, item, item.type, reader.faults.place(node))


def _column(node: Any, reader: Reader) -> ColumnRef | None:
    return resolve(node, reader)


def _call(node: Any, reader: Reader) -> Expression | None:
    return read_call(node, reader, read)


def _within_group(node: Any, reader: Reader) -> Expression | None:
    return read_within_group(node, reader, read)


def _width_bucket(node: Any, reader: Reader) -> Expression | None:
    return read_width_bucket(node, reader, read)


def _aggregate(node: Any, reader: Reader) -> Expression | None:
    return read_aggregate(node, reader, read)


_HANDLERS: dict[type[exp.Expr], Callable[[Any, Reader], Expression | None]] = {
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Null: _null,
    exp.Column: _column,
    exp.And: _connected,
    exp.Or: _connected,
    exp.Not: _not,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Case: _case,
    exp.If: _case,
    exp.Neg: _negated,
    exp.Cast: literals.cast,
    exp.WithinGroup: _within_group,
    exp.WidthBucket: _width_bucket,
    **dict.fromkeys(COMPARISONS, _compare),
    **dict.fromkeys(OPERATORS, _arithmetic),
    **dict.fromkeys(FUNCTIONS, _call),
    **dict.fromkeys(AGGREGATES, _aggregate),
}
