"""What a query means: a closed tree of frozen nodes, typed, each with its place in the SQL.

Names of fields are unique within a node: `alias.column` below an aggregation, the output name
above it. Whatever cannot be said with these nodes cannot be asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sekisho.errors import Place
from sekisho.query.expressions import (
    ColumnRef,
    Expression,
    Field,
    MeasureFunction,
    Named,
    Origin,
    Type,
)

UNIT_FIELD = "#unit"
"""Column part of the field that carries the contributor or privacy unit through a projection."""
HOLDING_FIELD = "#holding"
"""Column part of the field that carries the holding; no name in SQL can contain the sign."""


@dataclass(frozen=True, slots=True)
class Scan:
    """All rows of a dataset."""

    dataset: str
    fields: tuple[Field, ...]
    """One a declared column, named `alias.column`."""
    unit: str | None = None
    """Field of the contributor or privacy unit, in this and every node above."""
    holding: str | None = None
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LookupScan:
    """All rows of a public look-up table."""

    lookup: str
    fields: tuple[Field, ...]
    unit: None = None
    holding: None = None
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of two sources side by side.

    The right side is a look-up, equal on its key, so no row is doubled; or another dataset,
    equal on the privacy unit among others, so every row still belongs to one unit.
    """

    left: "Source"
    right: "Source"
    on: tuple[tuple[Expression, Expression], ...]
    """(expression over the left, expression over the right), all equal."""
    keeps_left: bool = False
    """A left outer join."""
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Left, then right; the right may be missing in a left outer join."""
        if not self.keeps_left:
            return self.left.fields + self.right.fields
        return self.left.fields + tuple(
            replace(each, type=replace(each.type, nullable=True)) for each in self.right.fields
        )

    @property
    def unit(self) -> str | None:
        """The left side's unit."""
        return self.left.unit

    @property
    def holding(self) -> str | None:
        """The left side's holding."""
        return self.left.holding


@dataclass(frozen=True, slots=True)
class Filter:
    """The rows for which a condition is true (not unknown)."""

    source: "Source"
    condition: Expression
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def fields(self) -> tuple[Field, ...]:
        """As below."""
        return self.source.fields

    @property
    def unit(self) -> str | None:
        """As below."""
        return self.source.unit

    @property
    def holding(self) -> str | None:
        """As below."""
        return self.source.holding


@dataclass(frozen=True, slots=True)
class Project:
    """Each row computed anew; the unit and the holding always go along."""

    source: "Source"
    columns: tuple[Named, ...]
    unit: str | None = None
    holding: str | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def fields(self) -> tuple[Field, ...]:
        """One a column."""
        return tuple(Field(c.name, c.expression.type, c.origins) for c in self.columns)


@dataclass(frozen=True, slots=True)
class Measure:
    """One aggregate function over the rows of a group."""

    name: str
    function: MeasureFunction
    argument: Expression | None
    type: Type
    distinct: bool = False
    quantile: Decimal | None = None
    origins: frozenset[Origin] = field(default=frozenset(), compare=False, repr=False)
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def counts_units(self) -> bool:
        """Whether it counts distinct units rather than rows or values."""
        return self.distinct and self.function is MeasureFunction.COUNT


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Measures for each group of each grouping set."""

    source: "Source"
    groups: tuple[Named, ...]
    grouping_sets: tuple[tuple[int, ...], ...]
    """Each a rising tuple of positions in `groups`; no set twice; `()` is the grand total."""
    measures: tuple[Measure, ...]
    unit: str | None = None
    """Field that carries the unit: of `source` in the outermost aggregation, of this node's own
    fields in an inner one, which groups by it."""
    holding: str | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The groups, then the measures."""
        everywhere = [all(i in s for s in self.grouping_sets) for i in range(len(self.groups))]
        return tuple(
            Field(
                g.name,
                replace(g.expression.type, nullable=g.expression.type.nullable or not whole),
                g.origins,
            )
            for g, whole in zip(self.groups, everywhere, strict=True)
        ) + tuple(Field(m.name, m.type, m.origins) for m in self.measures)

    def only(self, measure: str) -> "Aggregate":
        """The same aggregation with one of its measures.

        Raises: KeyError when there is no measure of that name.
        """
        found = tuple(m for m in self.measures if m.name == measure)
        if not found:
            raise KeyError(measure)
        return replace(self, measures=found)


Source = Scan | LookupScan | Join | Filter | Project | Aggregate


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One output column to sort by; NULL (a total) comes last."""

    column: str
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT: the aggregation, and what is done with its results afterwards.

    Only `aggregate` touches rows. A lane decides whether it allows the rest; on protected
    results it is post-processing.
    """

    aggregate: Aggregate
    outputs: tuple[Named, ...]
    """The SELECT list in its order; expressions over the fields of `aggregate`."""
    having: Expression | None = None
    order: tuple[OrderKey, ...] = ()
    limit: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is computed, filtered or cut after the aggregation."""
        return (
            self.having is None
            and self.limit is None
            and all(isinstance(o.expression, ColumnRef) for o in self.outputs)
        )

    def measure_of(self, output: str) -> Measure | None:
        """The measure that an output column shows as it is, if it does."""
        for each in self.outputs:
            if each.name == output and isinstance(each.expression, ColumnRef):
                name = each.expression.name
                return next((m for m in self.aggregate.measures if m.name == name), None)
        return None


def scans_of(source: Source) -> Iterator[Scan | LookupScan]:
    """Every scan below a node, left to right."""
    match source:
        case Scan() | LookupScan():
            yield source
        case Join():
            yield from scans_of(source.left)
            yield from scans_of(source.right)
        case Filter() | Project() | Aggregate():
            yield from scans_of(source.source)
