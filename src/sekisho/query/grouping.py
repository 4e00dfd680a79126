"""GROUP BY as grouping sets: ROLLUP, CUBE, GROUPING SETS, and the product of several."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations, product

from sqlglot import exp

from sekisho.query.expressions import Expression, columns_of
from sekisho.query.scope import Reader, same_name
from sekisho.query.translate import closed, read

MOST_SETS = 1024
"""More grouping sets than this are refused."""
MOST_CUBE = 8
"""More columns than this in one CUBE are refused."""

Sets = list[frozenset[int]]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The expressions of a GROUP BY, each once, and the sets of their positions."""

    expressions: list[Expression] = field(default_factory=list)
    nodes: list[exp.Expr] = field(default_factory=list)

    def position(self, expression: Expression, node: exp.Expr) -> int:
        """Where an expression stands, added if it is new."""
        if expression not in self.expressions:
            self.expressions.append(expression)
            self.nodes.append(node)
        return self.expressions.index(expression)


def _aliased(node: exp.Expr, items: list[exp.Expr], reader: Reader) -> exp.Expr | None:
    """The SELECT item that a GROUP BY item means: by position, by name, or none."""
    if isinstance(node, exp.Literal) and not node.args.get("is_string"):
        place = int(node.this) if str(node.this).isdecimal() else 0
        if not 1 <= place <= len(items):
            reader.faults.add("group-position", node)
            return None
        return items[place - 1].unalias()
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        named = [i for i in items if isinstance(i, exp.Alias) and same_name(node.this, i.alias)]
        is_column = any(same_name(node.this, n) for t in reader.visible for n in t.columns)
        if named and is_column and named[0].this != node:
            inner = named[0].this
            if not (isinstance(inner, exp.Column) and inner.name.lower() == node.name.lower()):
                reader.faults.add("group-name", node, name=node.name)
                return None
        elif named:
            return named[0].unalias()
    return node


def _expression(
    node: exp.Expr, items: list[exp.Expr], reader: Reader, grouping: Grouping
) -> frozenset[int]:
    bare = node.unnest()
    if isinstance(bare, exp.Tuple):
        found = [_expression(e, items, reader, grouping) for e in bare.expressions]
        return frozenset().union(*found)
    meant = _aliased(bare, items, reader)
    expression = read(meant, reader) if meant is not None else None
    if expression is None:
        return frozenset()
    if not any(True for _ in columns_of(expression)):
        reader.faults.add("group-constant", node)
        return frozenset()
    return frozenset({grouping.position(expression, node)})


def _element(node: exp.Expr, items: list[exp.Expr], reader: Reader, grouping: Grouping) -> Sets:
    """The grouping sets of one element of a GROUP BY."""
    bare = node.unnest()
    if isinstance(bare, exp.GroupingSets):
        return [s for e in bare.expressions for s in _element(e, items, reader, grouping)]
    if isinstance(bare, (exp.Rollup, exp.Cube)):
        units = [_expression(e, items, reader, grouping) for e in bare.expressions]
        if isinstance(bare, exp.Rollup):
            prefixes = range(len(units), -1, -1)
            return [frozenset().union(*units[:n]) for n in prefixes]
        if len(units) > MOST_CUBE:
            reader.faults.add("too-many-sets", node, most=MOST_SETS)
            return []
        sizes = range(len(units), -1, -1)
        return [frozenset().union(*some) for n in sizes for some in combinations(units, n)]
    return [_expression(bare, items, reader, grouping)]


def _once(sets: Iterable[frozenset[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(dict.fromkeys(tuple(sorted(s)) for s in sets))


def read_grouping(
    select: exp.Select, reader: Reader
) -> tuple[Grouping, tuple[tuple[int, ...], ...]]:
    """The group expressions and the grouping sets: one empty set when there is no GROUP BY, none
    when it has a fault."""
    grouping = Grouping()
    group = select.args.get("group")
    if group is None:
        return grouping, ((),)
    if not closed(group, reader.faults, "expressions"):
        return grouping, ()
    items = list(select.expressions)
    before = len(reader.faults.found)
    elements = [_element(e, items, reader, grouping) for e in group.expressions]
    count = 1
    for element in elements:
        count *= max(len(element), 1)
    if count > MOST_SETS:
        reader.faults.add("too-many-sets", group, most=MOST_SETS)
        return grouping, ()
    if len(reader.faults.found) > before:
        return grouping, ()
    return grouping, _once(frozenset().union(*some) for some in product(*elements))
