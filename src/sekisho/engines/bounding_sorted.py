"""The sums of one quantile from sorted rows, where these fit into the memory of a job.

A row becomes one number of unit, group and bin. Once sorted, a unit's rows lie together, and so do
those in one group: far less work than grouping by (unit, group) and reading the rows again. The
integers are those of the bounding query.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt, prod

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sekisho.query.bound import AmountKind, Bound, BoundSums, BoundVector, Integers, Settle
from sekisho.query.bound_keys import bits_of_bin

_BYTES_A_ROW = 24
"""What a row takes at most: as the engine gives it and as a number, or the number and a copy."""
_MOST_ROWS = 2**26
"""The sum of squares of so many rows, and a unit's rows times its rows, stay within 64 bits."""
_EXACT = 2**62
"""Sums stay below this; the bounding query cuts them there."""
_KEY_BITS = 62
_PLACE_BITS = 22
_BLOCK = 2**20


def rows_that_fit(bound: Bound, memory_mb: int) -> int:
    """How many rows may be sorted; none where the bound is not that of one quantile alone."""
    if len(bound.vectors) != 1 or bound.cap is not None or not bound.lists_groups:
        return 0
    vector, groups = bound.vectors[0], prod(len(each.values or ()) for each in bound.groups)
    amount, whole = vector.amounts[0], tuple(range(len(bound.groups)))
    alone = len(vector.amounts) == 1 and [each.groups for each in vector.levels] == [whole]
    rows = amount.kind is AmountKind.ROWS and amount.argument is not None and amount.factor == 1
    if vector.grid is None or not alone or not rows or amount.limit < _MOST_ROWS:
        return 0
    if not groups or _Layout(groups, bits_of_bin(vector.grid)).bits > _PLACE_BITS:
        return 0
    return min(_MOST_ROWS, memory_mb * 2**20 // _BYTES_A_ROW)


def sorted_sums(bound: Bound, rows: pa.Table, most: int, settle: Settle | None) -> BoundSums | None:
    """The sums of rows as `keys_sql` gives them; None for more than `most`, and for large numbers.

    Privacy: None comes before `settle` is called, which draws noise.

    Shape: rows have columns u (whole numbers) and k: the group's code, then the bin in the lowest
        `bits_of_bin`.
    """
    grid = bound.vectors[0].grid
    if grid is None or rows.num_rows > most or not pa.types.is_integer(rows.schema.field("u").type):
        return None
    groups = prod(len(each.values or ()) for each in bound.groups)
    layout = _Layout(groups, bits_of_bin(grid))
    keys = _packed(rows, layout)
    del rows  # its memory is wanted again
    if keys is None:
        return None
    if _largest_weight(bound.vectors[0]) * keys.size >= _EXACT:
        return None
    units = _units(keys, layout, squared=bound.vectors[0].squared)
    histogram = _histogram(bound.vectors[0], units.sizes)
    vector = (bound if settle is None else settle({0: histogram})).vectors[0]
    weights = _weights(vector, units.sizes)
    sums = np.zeros(layout.places, dtype=np.int64)
    for each, weight in _blocks(keys, units, weights):
        np.add.at(sums, each & (layout.places - 1), weight)
    block = sums[: groups << layout.bin_bits].reshape(groups, -1)[:, : grid.bins]
    return BoundSums({(0, 0): block}, {0: histogram} if vector.edges else {})


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a number is put together: unit, group, bin."""

    groups: int
    bin_bits: int

    @property
    def bits(self) -> int:
        """The bits of group and bin."""
        return (self.groups - 1).bit_length() + self.bin_bits

    @property
    def places(self) -> int:
        return 1 << self.bits


@dataclass(frozen=True, slots=True)
class _Units:
    """Where each unit's rows begin, and what they come to.

    Shape: both one a unit, in the order of the keys; sizes lack the factor of the precision.
    """

    starts: Integers
    sizes: Integers


def _packed(rows: pa.Table, layout: _Layout) -> Integers | None:
    """The rows' numbers, sorted."""
    keys = np.zeros(rows.num_rows, dtype=np.int64)
    if not keys.size:
        return keys
    ends = pc.min_max(rows.column("u"))
    low, high = ends["min"].as_py(), ends["max"].as_py()
    if (high - low).bit_length() + layout.bits > _KEY_BITS:
        return None
    at = 0
    for batch in rows.to_batches():
        block = keys[at : at + batch.num_rows]
        np.subtract(batch.column(0).to_numpy(), low, out=block)
        block <<= layout.bits
        block |= batch.column(1).to_numpy()
        at += batch.num_rows
    keys.sort()
    return keys


def _units(keys: Integers, layout: _Layout, *, squared: bool) -> _Units:
    pairs = keys >> layout.bin_bits
    at = np.append(0, np.flatnonzero(pairs[1:] != pairs[:-1]) + 1)[: keys.size]
    counts = np.diff(np.append(at, keys.size))[: at.size]
    owners = keys[at] >> layout.bits
    first = np.append(0, np.flatnonzero(owners[1:] != owners[:-1]) + 1)[: at.size]
    if not first.size:
        return _Units(first, first)
    return _Units(at[first], np.add.reduceat(counts * counts if squared else counts, first))


def _histogram(vector: BoundVector, sizes: Integers) -> Integers:
    """Units by the bins of their sizes."""
    precision = vector.levels[0].precision
    edges = np.array([min(-(-edge // precision), 2**62) for edge in vector.edges[1:]], np.int64)
    bins = np.searchsorted(edges, sizes, side="right")
    return np.bincount(bins, minlength=len(vector.edges)).astype(np.int64)


def _weights(vector: BoundVector, sizes: Integers) -> Integers:
    """One weight a unit, worked out once for each size there is."""
    known, place = np.unique(sizes, return_inverse=True)
    found = [_weight(vector, size * vector.levels[0].precision) for size in known.tolist()]
    return np.array(found, dtype=np.int64)[place] if found else known


def _largest_weight(vector: BoundVector) -> int:
    """What no weight exceeds, whatever is settled: that of a unit with one row.

    Known before anything is settled: once noise was drawn for that, no other way is taken.
    """
    quotient = vector.allowance // vector.levels[0].precision
    return isqrt(quotient) if vector.squared else quotient


def _weight(vector: BoundVector, size: int) -> int:
    if size <= vector.full:
        return vector.scale
    quotient = vector.allowance // size
    return isqrt(quotient) if vector.squared else quotient


def _blocks(
    keys: Integers, units: _Units, weights: Integers
) -> Iterator[tuple[Integers, Integers]]:
    """The rows in blocks, each row with its unit's weight."""
    ends = np.append(units.starts[1:], keys.size)
    for first in range(0, keys.size, _BLOCK):
        last = min(first + _BLOCK, keys.size)
        own = slice(
            int(np.searchsorted(ends, first, side="right")),
            int(np.searchsorted(units.starts, last, side="left")),
        )
        rows = np.minimum(ends[own], last) - np.maximum(units.starts[own], first)
        yield keys[first:last], np.repeat(weights[own], rows)
