"""One SELECT with aggregates as a query: its groups, its measures, and what follows them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from sekisho.query.expressions import (
    ColumnRef,
    Expression,
    Named,
    Origin,
    columns_of,
    substituted,
)
from sekisho.query.faults import Faults
from sekisho.query.grouping import Grouping, read_grouping
from sekisho.query.plan import Aggregate, Measure, OrderKey, Query, Source
from sekisho.query.scope import Collector, Reader, same_name
from sekisho.query.sources import Context, Read
from sekisho.query.translate import closed, condition, read

PARTS = ("expressions", "from_", "joins", "where", "group", "with_")
AFTER = ("having", "order", "limit")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a SELECT list."""

    name: str
    expression: Expression
    node: exp.Expr


def item_name(node: exp.Expr, faults: Faults) -> str | None:
    """The name under which a SELECT item is given; a fault when it has none or no good one."""
    if not isinstance(node, (exp.Alias, exp.Column)):
        faults.add("needs-name", node)
        return None
    name = node.alias if isinstance(node, exp.Alias) else node.name
    if not name.isidentifier():
        faults.add("bad-name", node)
        return None
    return str(name)


def read_items(select: exp.Select, reader: Reader) -> list[Item] | None:
    """Every item of the SELECT list; None when one has a fault."""
    items: list[Item] = []
    names: set[str] = set()
    for node in select.expressions:
        expression = read(node.unalias(), reader)
        name = item_name(node, reader.faults) if expression is not None else None
        if name is None or expression is None:
            continue
        if name.lower() in names:
            reader.faults.add("duplicate-name", node, name=name)
        names.add(name.lower())
        items.append(Item(name, expression, node))
    return items if len(items) == len(select.expressions) else None


def is_aggregated(select: exp.Select) -> bool:
    """Whether a SELECT groups its rows."""
    own = (n for e in select.expressions for n in e.walk())
    return bool(select.args.get("group")) or any(isinstance(n, exp.AggFunc) for n in own)


@dataclass(frozen=True, slots=True)
class Grouped:
    """What names mean after the aggregation."""

    references: Mapping[Expression, ColumnRef]
    """Each group expression, and each measure under its first name, as a field."""
    faults: Faults

    def after(self, expression: Expression) -> Expression:
        """An expression over the groups and measures; a fault at every other column."""
        result = substituted(expression, self.references)
        for column in columns_of(result):
            if "." in column.name:
                name = column.name.split(".", 1)[1]
                self.faults.refuse("not-grouped", column.place, name=name)
        return result


def _named_groups(grouping: Grouping, items: list[Item], reader: Reader) -> tuple[Named, ...]:
    """Each group under the name of the SELECT item that shows it, or a hidden one."""
    named = []
    for position, expression in enumerate(grouping.expressions):
        shown = next((i.name for i in items if i.expression == expression), f"#g{position}")
        named.append(Named(shown, expression, reader.origins(expression)))
    return tuple(named)


def _named_measures(
    measures: list[Measure], items: list[Item]
) -> tuple[tuple[Measure, ...], dict[Expression, ColumnRef]]:
    renamed: list[Measure] = []
    references: dict[Expression, ColumnRef] = {}
    for measure in measures:
        reference = ColumnRef(measure.name, measure.type)
        shown = next((i.name for i in items if i.expression == reference), measure.name)
        renamed.append(replace(measure, name=shown))
        references[reference] = ColumnRef(shown, measure.type)
    return tuple(renamed), references


def read_aggregation(select: exp.Select, found: Read, context: Context) -> Query | None:
    """The aggregation of one SELECT and what is done with its results."""
    plain = context.reader(found.visible)
    collector = Collector(context.schema.units)
    reader = replace(plain, aggregates=collector)
    grouping, sets = read_grouping(select, plain)
    items = read_items(select, reader)
    having = select.args.get("having")
    kept = condition(having.this, reader) if having is not None else None
    if items is None:
        return None
    groups = _named_groups(grouping, items, plain)
    measures, references = _named_measures(collector.measures, items)
    if not sets:
        return None
    references |= {g.expression: ColumnRef(g.name, g.expression.type) for g in groups}
    grouped = Grouped(references, context.faults)
    outputs = tuple(
        Named(i.name, grouped.after(i.expression), _origins(i, plain, collector)) for i in items
    )
    aggregate = Aggregate(
        found.source,
        groups,
        sets,
        measures,
        unit=found.source.unit,
        holding=found.source.holding,
        place=context.faults.place(select),
    )
    return Query(
        aggregate,
        outputs,
        None if kept is None else grouped.after(kept),
        _order(select, items, context.faults),
        _limit(select, context.faults),
    )


def _origins(item: Item, reader: Reader, collector: Collector) -> frozenset[Origin]:
    used = {c.name for c in columns_of(item.expression)}
    measured = (m.origins for m in collector.measures if m.name in used)
    return reader.origins(item.expression).union(*measured)


def _order(select: exp.Select, items: list[Item], faults: Faults) -> tuple[OrderKey, ...]:
    order = select.args.get("order")
    keys: list[OrderKey] = []
    for each in order.expressions if order is not None else ():
        closed(each, faults, "this", "desc", "nulls_first")
        item = _ordered_item(each.this, items)
        if item is None:
            faults.add("order-not-output", each)
        else:
            keys.append(OrderKey(item.name, falling=bool(each.args.get("desc"))))
    return tuple(keys)


def _ordered_item(node: exp.Expr, items: list[Item]) -> Item | None:
    if isinstance(node, exp.Literal) and str(node.this).isdecimal():
        place = int(node.this)
        return items[place - 1] if 1 <= place <= len(items) else None
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        named = next((i for i in items if same_name(node.this, i.name)), None)
        if named is not None:
            return named
    return next((i for i in items if i.node.unalias() == node), None)


def _limit(select: exp.Select, faults: Faults) -> int | None:
    limit = select.args.get("limit")
    if limit is None:
        return None
    count = limit.args.get("expression")
    if isinstance(limit, exp.Limit) and closed(limit, faults, "expression"):
        if isinstance(count, exp.Literal) and str(count.this).isdecimal():
            return int(count.this)
        faults.add("limit", limit)
    return None


def check_groups(query: Query, source: Source, reader: Reader) -> None:
    """Note what may not be grouped by, and groups that no output names."""
    shown = {o.expression.name for o in query.outputs if isinstance(o.expression, ColumnRef)}
    for group in query.aggregate.groups:
        reader.refuse_reserved(group.expression)
        if group.name not in shown:
            reader.faults.refuse("group-not-shown", group.expression.place)
    if source.unit is None:
        reader.faults.refuse("no-unit", query.aggregate.place)
    if not query.aggregate.measures:
        reader.faults.refuse("no-measure", query.aggregate.place)
    for measure in query.aggregate.measures:
        if measure.function.value in ("min", "max"):
            name = measure.function.value
            reader.faults.refuse("extreme", measure.place, name=name)
