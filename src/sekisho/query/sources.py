"""FROM, JOIN and WHERE as a source: which rows a query reads."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from sekisho.query.expressions import (
    And,
    ColumnRef,
    Compare,
    Comparison,
    Expression,
    Field,
    In,
    Literal,
    Named,
    Not,
    Origin,
    columns_of,
)
from sekisho.query.faults import Faults
from sekisho.query.plan import (
    HOLDING_FIELD,
    UNIT_FIELD,
    Filter,
    Join,
    LookupScan,
    Project,
    Source,
    scans_of,
)
from sekisho.query.schema import Schema, lookup_scan_of, scan_of
from sekisho.query.scope import Reader, Visible, same_name
from sekisho.query.translate import closed, condition, read

MOST_TABLES = 24
"""Tables that a query may read, counted as often as they are read: WITH parts that join
themselves double with every step."""


@dataclass(frozen=True, slots=True)
class Context:
    """What one SELECT may read: the programme's tables and the WITH parts before it."""

    schema: Schema
    faults: Faults
    parts: Mapping[str, Source | None]
    """Sources of the WITH parts by name, their fields named like the part's columns; None for a
    part that has faults of its own."""

    def reader(self, visible: tuple[Visible, ...]) -> Reader:
        """A reader of expressions over some tables."""
        return Reader(visible, self.faults, self.schema.reserved)


@dataclass(frozen=True, slots=True)
class Read:
    """A source with the names under which SQL knows its fields."""

    source: Source
    visible: tuple[Visible, ...]


def _visible(alias: str, fields: tuple[Field, ...]) -> Visible:
    named = {f.name.split(".", 1)[1]: f for f in fields}
    return Visible(alias, {name: f for name, f in named.items() if "#" not in name})


def _of_part(part: Source, alias: str) -> Project:
    columns = tuple(
        Named(f"{alias}.{f.name}", ColumnRef(f.name, f.type), f.origins) for f in part.fields
    )
    return Project(
        part,
        columns,
        unit=f"{alias}.{UNIT_FIELD}" if part.unit else None,
        holding=f"{alias}.{HOLDING_FIELD}" if part.holding else None,
    )


def _table(node: exp.Expr, context: Context) -> Read | None:
    """The rows of one table of a FROM clause."""
    faults = context.faults
    if isinstance(node, exp.Subquery):
        faults.add("sub-query", node)
    elif not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        faults.add("not-a-table", node)
    elif node.args.get("db") or node.args.get("catalog"):
        faults.add("qualified-name", node)
    elif closed(node, faults, "this", "alias"):
        return _known_table(node, context)
    return None


def _known_table(node: exp.Table, context: Context) -> Read | None:
    schema = context.schema
    known = [*context.parts, *schema.names]
    name = next((n for n in known if same_name(node.this, n)), None)
    if name is None:
        context.faults.unknown("table", node.name, known, node)
        return None
    alias = _alias(node, context)
    if alias is None:
        return None
    place = context.faults.place(node)
    part = context.parts.get(name)
    source: Source
    if part is not None:
        source = replace(_of_part(part, alias), place=place)
    elif name in context.parts:
        return None
    elif name in schema.datasets:
        source = replace(scan_of(schema.datasets[name], alias), place=place)
    else:
        source = replace(lookup_scan_of(schema.lookups[name], alias), place=place)
    return Read(source, (_visible(alias, source.fields),))


def _alias(node: exp.Table, context: Context) -> str | None:
    alias = node.args.get("alias")
    if alias is None:
        return node.name
    if not closed(alias, context.faults, "this"):
        return None
    if not alias.name.isidentifier():
        context.faults.add("bad-name", alias)
        return None
    return str(alias.name)


def read_from(select: exp.Select, context: Context) -> Read | None:
    """FROM and every JOIN, in order."""
    from_ = select.args.get("from_")
    if from_ is None:
        context.faults.add("no-from", select)
        return None
    found = _table(from_.this, context)
    for join in select.args.get("joins") or ():
        right = _table(join.this, context)
        # Columns of a table that is not there cannot be judged.
        found = _joined(found, right, join, context) if found and right else None
    return found


def _can_be_joined(left: Read, right: Read, join: exp.Join, faults: Faults) -> bool:
    """Whether the form of a JOIN is one that exists; a fault if not."""
    side, kind_ = join.args.get("side") or "", join.args.get("kind") or ""
    plain = not join.args.get("method") and not join.args.get("using") and join.args.get("on")
    if not plain or side not in ("", "LEFT") or kind_ not in ("", "INNER", "OUTER"):
        faults.add("join-kind", join)
        return False
    if not closed(join, faults, "this", "on", "side", "kind"):
        return False
    aliases = {v.alias.lower() for v in left.visible}
    if right.visible[0].alias.lower() in aliases:
        faults.add("duplicate-alias", join, name=right.visible[0].alias)
        return False
    tables = sum(1 for each in (left, right) for _ in scans_of(each.source))
    if tables > MOST_TABLES:
        faults.add("too-many-tables", join, most=MOST_TABLES)
        return False
    return True


def _joined(left: Read, right: Read, join: exp.Join, context: Context) -> Read | None:
    faults = context.faults
    if not _can_be_joined(left, right, join, faults):
        return None
    is_left = join.args.get("side") == "LEFT"
    if isinstance(left.source, LookupScan) and not isinstance(right.source, LookupScan):
        if is_left:
            faults.add("join-order", join)
            return None
        left, right = right, left
    on = _conditions(left, right, join, context)
    if on is None or not _is_safe(left, right, on, join, context):
        return None
    source = Join(left.source, right.source, on, is_left, faults.place(join))
    after = {f.name: f for f in source.fields}
    visible = tuple(
        Visible(v.alias, {name: after[f.name] for name, f in v.columns.items()})
        for v in left.visible + right.visible
    )
    return Read(source, visible)


Pairs = tuple[tuple[Expression, Expression], ...]


def _conditions(left: Read, right: Read, join: exp.Join, context: Context) -> Pairs | None:
    """The equalities of ON, each with the left side's expression first."""
    on = join.args["on"]
    reader = context.reader(left.visible + right.visible)
    right_names = {f.name for f in right.source.fields}
    parts = list(on.flatten()) if isinstance(on, exp.And) else [on]
    pairs: list[tuple[Expression, Expression]] = []
    for part in parts:
        bare = part.unnest()
        compared = read(bare, reader)
        if compared is None:
            continue
        pair = _pair(compared, right_names)
        if pair is None:
            context.faults.add("join-condition", bare)
        else:
            pairs.append(pair)
    return tuple(pairs) if len(pairs) == len(parts) else None


def _pair(compared: Expression, right: set[str]) -> tuple[Expression, Expression] | None:
    if not isinstance(compared, Compare) or compared.comparison is not Comparison.EQUAL:
        return None
    sides = (compared.left, compared.right)
    names = [{c.name for c in columns_of(side)} for side in sides]
    if not names[0] or not names[1]:
        return None
    if names[1] <= right and not names[0] & right:
        return sides
    if names[0] <= right and not names[1] & right:
        return sides[1], sides[0]
    return None


def _is_safe(left: Read, right: Read, on: Pairs, join: exp.Join, context: Context) -> bool:
    """Whether the join doubles no row of a look-up and crosses no unit; a fault if not."""
    reader = context.reader(left.visible + right.visible)
    if isinstance(right.source, LookupScan):
        lookup = context.schema.lookups[right.source.lookup]
        key = Origin(lookup.id, lookup.key, is_lookup=True)
        is_key = [isinstance(b, ColumnRef) and reader.origins(b) == {key} for _, b in on]
        if is_key != [True]:
            context.faults.add("join-key", join, table=lookup.id, key=lookup.key)
            return False
        before = len(context.faults.found)
        reader.refuse_reserved(on[0][0])
        return len(context.faults.found) == before
    units = context.schema.units
    crosses = [
        pair
        for pair in on
        if all(isinstance(e, ColumnRef) and reader.origins(e) & units for e in pair)
    ]
    if not crosses or left.source.unit is None:
        context.faults.add("join-unit", join)
        return False
    for pair in on:
        if pair not in crosses:
            reader.refuse_reserved(pair[0])
            reader.refuse_reserved(pair[1])
    return True


# ----------------------------------------------------------------------------------------- where


def filtered(found: Read, select: exp.Select, context: Context) -> Read:
    """The rows that WHERE keeps; a contributor appears only where it is declared to be none."""
    where = select.args.get("where")
    if where is None:
        return found
    reader = context.reader(found.visible)
    wanted = condition(where.this, reader)
    if wanted is None:
        return found
    for part in wanted.parts if isinstance(wanted, And) else (wanted,):
        excluded = _excluded(part, reader, context)
        if excluded is None:
            reader.refuse_reserved(part)
        elif not excluded:
            context.faults.refuse("contributor-filter", part.place)
    return Read(Filter(found.source, wanted, context.faults.place(where)), found.visible)


def _excluded(part: Expression, reader: Reader, context: Context) -> bool | None:
    """Whether a condition leaves out only declared non-contributors; None if it is another."""
    item: Expression
    values: tuple[Expression, ...]
    match part:
        case Compare(comparison=Comparison.UNEQUAL, left=ColumnRef() as item, right=value):
            values = (value,)
        case Compare(comparison=Comparison.UNEQUAL, left=value, right=ColumnRef() as item):
            values = (value,)
        case Not(item=In(item=ColumnRef() as item, options=options)):
            values = options
        case _:
            return None
    for dataset in context.schema.datasets.values():
        if dataset.contributor is not None and reader.origins(item) == {
            Origin(dataset.id, dataset.contributor)
        }:
            constants = [v for v in values if isinstance(v, Literal)]
            if len(constants) < len(values):
                return None
            return all(v.value in dataset.not_contributors for v in constants)
    return None
