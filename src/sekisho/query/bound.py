"""The one query that bounds what each privacy unit contributes, as a value.

Rows become one integer a unit and group; each unit's integers are scaled by one integer weight
that depends on nothing but this unit's own rows; only their sums over units leave the engine.
Every engine computes the same integers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sekisho.query.expressions import ColumnRef, Expression, Named, Type
from sekisho.query.grids import Grid
from sekisho.query.plan import UNIT_FIELD, Project, Source
from sekisho.terms import ColumnType

Value = str | int | Decimal | bool | date | datetime
Integers = NDArray[np.int64]


class AmountKind(StrEnum):
    """What integer a unit has in a group."""

    PRESENT = "present"
    """1."""
    ROWS = "rows"
    """Its rows, or its rows whose argument is not NULL."""
    VALUES = "values"
    """The distinct values that its rows have there."""
    SUM = "sum"
    """The sum of its rows' arguments, each clamped, in steps of the argument's decimals."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One component: the integer is clamped to `limit` and multiplied by `factor`.

    Units: lower and upper clamp each row's argument, in steps of 10**-decimals.
    """

    kind: AmountKind
    argument: Expression | None = None
    lower: int = 0
    upper: int = 0
    factor: int = 1
    limit: int = 2**31


@dataclass(frozen=True, slots=True)
class BoundGroup:
    """One group column; without a list its values are found in the data."""

    name: str
    expression: Expression
    values: tuple[Value, ...] | None


@dataclass(frozen=True, slots=True)
class BoundLevel:
    """One grouping set that is measured, with its precision (see the lane's bounds)."""

    groups: tuple[int, ...]
    precision: int


@dataclass(frozen=True, slots=True)
class BoundVector:
    """Components and levels that share one weight a unit.

    The size of a unit is the sum over levels of precision times squares (or absolutes) of its
    integers; its weight is `scale` up to `full`, else the root of allowance // size.
    """

    amounts: tuple[Amount, ...]
    levels: tuple[BoundLevel, ...]
    squared: bool
    allowance: int
    full: int
    scale: int
    edges: tuple[int, ...] = ()
    """Sizes at which the bins of the sizes' histogram begin, rising; none: no histogram."""

    @property
    def is_open(self) -> bool:
        """Whether `full` and `scale`, 0 until then, are settled once sizes have been counted."""
        return self.full == 0

    grid: Grid | None = None
    """Weighted rows are then summed by group and bin of the single amount's argument, which
    counts rows: a unit's bins of a group add up to its weight times its integer there."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Everything that the engine must know; rows without a unit are left out."""

    source: Source
    unit: str
    groups: tuple[BoundGroup, ...]
    vectors: tuple[BoundVector, ...]
    cap: int | None = None
    """Groups kept a unit at most, in the order of a hash of seed, unit and group."""
    seed: str = ""

    @property
    def lists_groups(self) -> bool:
        """Whether every group is known before the data are read."""
        return all(group.values is not None for group in self.groups)

    @property
    def is_open(self) -> bool:
        """Whether sizes must be counted before the weights are known."""
        return any(vector.is_open for vector in self.vectors)

    @property
    def has_bins(self) -> bool:
        """Whether rows are counted by bins; then they are read twice."""
        return any(vector.grid is not None for vector in self.vectors)

    @property
    def arguments(self) -> tuple[Expression, ...]:
        """Every argument of an amount once, in order."""
        found = [a.argument for v in self.vectors for a in v.amounts if a.argument is not None]
        return tuple(dict.fromkeys(found))

    def sizes(self, level: BoundLevel) -> tuple[int, ...]:
        """How many values each group column of a level has."""
        return tuple(len(self.groups[at].values or ()) for at in level.groups)


@dataclass(frozen=True, slots=True)
class BoundSums:
    """What leaves the engine: sums of weighted integers, not yet noisy. Never shown, never kept.

    Shape: blocks[vector, level] is (amounts, groups of the level in row-major order), int64, or
    (groups, bins) where the vector has a grid;
    histograms[vector] is (bins,), units a bin; found are the groups when they were not listed.
    """

    blocks: Mapping[tuple[int, int], Integers] = field(repr=False)
    histograms: Mapping[int, Integers] = field(repr=False)
    found: Sequence[tuple[str, ...]] = field(default=(), repr=False)


Settle = Callable[[Mapping[int, Integers]], Bound]
"""From exact histograms of sizes to the bound whose weights are settled.

It adds noise first: what it settles may follow from the noisy histogram and nothing else.
"""


def projection(bound: Bound) -> Project:
    """The plan whose rows are bounded: unit, group columns, then arguments."""
    unit_type = next(
        (f.type for f in bound.source.fields if f.name == bound.unit), Type(ColumnType.STRING)
    )
    columns = [Named(UNIT_FIELD, ColumnRef(bound.unit, unit_type))]
    columns += [Named(f"g{n}", each.expression) for n, each in enumerate(bound.groups)]
    columns += [Named(f"a{n}", each) for n, each in enumerate(bound.arguments)]
    return Project(bound.source, tuple(columns), unit=UNIT_FIELD)
