"""SQL as a query, or every reason why it is none.

SQLGlot reads the text; nothing of what it gives is kept. Each node is looked up in closed tables
of what is known, and a part of a node that is not expected is a fault, so a construct that nobody
thought of cannot pass.
"""

from collections.abc import Iterable
from dataclasses import replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sekisho.errors import QueryError, fault
from sekisho.model.dataset import Dataset, Lookup
from sekisho.query.expressions import ColumnRef, Expression, MeasureFunction, Named
from sekisho.query.faults import Faults
from sekisho.query.plan import HOLDING_FIELD, UNIT_FIELD, Filter, Project, Query, Source
from sekisho.query.schema import Schema, schema_of
from sekisho.query.scope import Reader, same_name
from sekisho.query.select import (
    AFTER,
    PARTS,
    check_groups,
    is_aggregated,
    read_aggregation,
    read_items,
)
from sekisho.query.sources import Context, Read, filtered, read_from
from sekisho.query.translate import closed

LONGEST_SQL = 100_000
"""Characters; nobody writes more by hand."""
DEEPEST = 200
"""Parentheses and CASEs inside one another."""
_INNER = (
    MeasureFunction.COUNT,
    MeasureFunction.SUM,
    MeasureFunction.AVG,
    MeasureFunction.MIN,
    MeasureFunction.MAX,
)
"""What may be gathered over the rows of one unit."""
ONE_STATEMENT: dict[type[exp.Expr], str] = {
    exp.SetOperation: "set-operation",
    exp.Command: "only-select",
    exp.Query: "only-select",
}


def parse(sql: str, datasets: Iterable[Dataset], lookups: Iterable[Lookup], file: str) -> Query:
    """The query that a SELECT means.

    Raises: QueryError with every fault, each with its line and column in `file`.
    """
    schema = schema_of(datasets, lookups)
    faults = Faults(sql, file)
    try:
        select = _statement(sql, faults)
        query = None if select is None else _query(select, schema, faults)
    except RecursionError:
        raise QueryError(fault("query.too-deep", faults.at(0))) from None
    faults.raise_found()
    if query is None:
        raise QueryError(fault("query.unreadable", faults.at(0)))
    return query


def _statement(sql: str, faults: Faults) -> exp.Select | None:
    """The one SELECT that a text holds."""
    if len(sql) > LONGEST_SQL:
        faults.refuse("too-long", faults.at(0), most=LONGEST_SQL)
        return None
    try:
        tokens = sqlglot.tokenize(sql)
        if not tokens:
            faults.refuse("empty", faults.at(0))
            return None
        if tokens[0].token_type.name not in ("SELECT", "WITH", "L_PAREN"):
            # INVARIANT: what SQLGlot would turn into an opaque command never reaches its parser;
            # held by test_query_refused.
            faults.refuse("only-select", faults.at(tokens[0].start))
            return None
        parsed = sqlglot.parse(sql)
        statements = [s for s in parsed if s is not None]
    except SqlglotError as error:
        _note_syntax(error, sql, faults)
        return None
    if len(statements) > 1:
        faults.add("several-statements", statements[1])
        return None
    return _only_select(statements[0], faults)


def _note_syntax(error: SqlglotError, sql: str, faults: Faults) -> None:
    found = getattr(error, "errors", None) or [{}]
    line, column = found[0].get("line"), found[0].get("col")
    if line is None:
        faults.refuse("unreadable", faults.at(0))
        return
    word = str(found[0].get("highlight") or "")
    before = sum(len(text) + 1 for text in sql.split("\n")[: line - 1])
    start = max(before + int(column or 1) - max(len(word), 1), before)
    faults.refuse("unreadable", faults.at(min(start, len(sql))))


def _only_select(statement: exp.Expr, faults: Faults) -> exp.Select | None:
    statement = statement.unnest()
    if isinstance(statement, exp.Select):
        return statement
    code = next((c for t, c in ONE_STATEMENT.items() if isinstance(statement, t)), "only-select")
    faults.add(code, statement)
    return None


def _query(select: exp.Select, schema: Schema, faults: Faults) -> Query | None:
    """The outermost SELECT, with its WITH parts."""
    context = _with_parts(select, Context(schema, faults, {}))
    closed(select, faults, *PARTS, *AFTER)
    found = _rows(select, context)
    if found is None:
        return None
    if not is_aggregated(select):
        read_items(select, context.reader(found.visible))
        faults.add("rows", select)
        return None
    query = read_aggregation(select, found, context)
    if query is not None:
        check_groups(query, found.source, context.reader(found.visible))
    return query


def _rows(select: exp.Select, context: Context) -> Read | None:
    found = read_from(select, context)
    return None if found is None else filtered(found, select, context)


# ------------------------------------------------------------------------------------ WITH parts


def _with_parts(select: exp.Select, context: Context) -> Context:
    """The context in which each WITH part is known by its name."""
    with_ = select.args.get("with_")
    if with_ is None:
        return context
    if with_.args.get("recursive"):
        context.faults.add("recursive", with_)
    for part in with_.expressions:
        name = _part_name(part, context)
        body = _only_select(part.this, context.faults)
        source = None if body is None else _part(body, context)
        if name is not None:
            context = replace(context, parts={**context.parts, name: source})
    return context


def _part_name(part: exp.CTE, context: Context) -> str | None:
    alias = part.args["alias"]
    if not closed(alias, context.faults, "this"):
        return None
    taken = [*context.parts, *context.schema.names]
    if any(same_name(alias.this, name) or name.lower() == alias.name.lower() for name in taken):
        context.faults.add("redefined", alias, name=alias.name)
        return None
    if not alias.name.isidentifier():
        context.faults.add("bad-name", alias)
        return None
    return str(alias.name)


def _part(select: exp.Select, context: Context) -> Source | None:
    """The rows of a WITH part: still rows of units, computed anew or gathered by unit."""
    faults = context.faults
    if select.args.get("with_"):
        faults.add("nested-with", select)
        return None
    gathered = is_aggregated(select)
    closed(select, faults, *PARTS, *(("having",) if gathered else ()))
    found = _rows(select, context)
    if found is None:
        return None
    if found.source.unit is None:
        faults.add("part-without-unit", select)
        return None
    return _gathered(select, found, context) if gathered else _projected(select, found, context)


def _carried(source: Source) -> tuple[Named, ...]:
    """The unit and the holding of a source as hidden columns."""
    by_name = {f.name: f for f in source.fields}
    carried = ((UNIT_FIELD, source.unit), (HOLDING_FIELD, source.holding))
    return tuple(
        Named(hidden, ColumnRef(name, by_name[name].type), by_name[name].origins)
        for hidden, name in carried
        if name is not None
    )


def _hidden(source: Source) -> tuple[str | None, str | None]:
    return UNIT_FIELD if source.unit else None, HOLDING_FIELD if source.holding else None


def _projected(select: exp.Select, found: Read, context: Context) -> Source | None:
    reader = context.reader(found.visible)
    items = read_items(select, reader)
    if items is None:
        return None
    for item in items:
        _refuse_computed(item.expression, reader)
    columns = tuple(Named(i.name, i.expression, reader.origins(i.expression)) for i in items)
    unit, holding = _hidden(found.source)
    place = context.faults.place(select)
    return Project(found.source, columns + _carried(found.source), unit, holding, place)


def _refuse_computed(expression: Expression, reader: Reader) -> None:
    """A reserved column may be handed on as it is, never computed with."""
    if not isinstance(expression, ColumnRef):
        reader.refuse_reserved(expression)


def _gathered(select: exp.Select, found: Read, context: Context) -> Source | None:
    """Rows gathered by the unit, so that each row is still one unit's."""
    reader = context.reader(found.visible)
    query = read_aggregation(select, found, context)
    if query is None:
        return None
    inner = query.aggregate
    for group in inner.groups:
        _refuse_computed(group.expression, reader)
    for measure in inner.measures:
        if measure.function not in _INNER:
            context.faults.refuse("inner-quantile", measure.place)
    by_unit = ColumnRef(str(found.source.unit), inner.source.fields[0].type)
    is_by_unit = any(
        isinstance(g.expression, ColumnRef) and g.expression.name == by_unit.name
        for g in inner.groups
    )
    if not is_by_unit or len(inner.grouping_sets) != 1:
        context.faults.add("inner-aggregate", select)
        return None
    groups = inner.groups + _carried(found.source)
    unit, holding = _hidden(found.source)
    rows: Source = replace(
        inner,
        groups=groups,
        grouping_sets=(tuple(range(len(groups))),),
        unit=unit,
        holding=holding,
    )
    if query.having is not None:
        rows = Filter(rows, query.having)
    return Project(rows, query.outputs + _carried(rows), unit, holding, inner.place)
