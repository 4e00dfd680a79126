"""A labelled table as one dense array, so that equations are built by index arithmetic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from math import gcd, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.finished.axes import Labelled
from sekisho.lanes.statistics.finished.readings import MOST_DIGITS, Kind
from sekisho.lanes.statistics.finished.sums import Figures, Sum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Exact = NDArray[Any]
"""Whole numbers: of 64 bits where sums of them fit, else Python's own."""

SHOWN, HIDDEN, ABSENT = 0, 1, 2
_FITS = 2**40
"""Figures up to here are added by the million in 64 bits, whatever they are multiplied by."""


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """The cells of a table, one array direction an axis.

    Shape: `values` and `state` have one length an axis. Units: values are whole numbers of
    `10 ** -decimals`; `step` is the smallest difference that the table prints.
    """

    table: Labelled
    values: Exact
    state: NDArray[np.int8]
    decimals: int
    step: int
    percent: NDArray[np.bool_]
    at: NDArray[np.int32]
    """For each cell, flattened, its number in the table; -1 for one that is not printed."""

    def figures(self, axis: int) -> Figures:
        """The cells as lines across an axis; hidden ones are NaN, absent ones nothing."""
        values = np.where(self.state == HIDDEN, np.nan, self.values.astype(np.float64))
        lines = np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
        at = {code: n for n, code in enumerate(self.table.axes[axis].codes)}
        return Figures(lines, float(self.step), at)

    def address(self, flat: int) -> tuple[str, ...]:
        """The labels of a cell, by its place in the flattened array."""
        at = np.unravel_index(flat, self.values.shape)
        return tuple(axis.codes[int(n)] for axis, n in zip(self.table.axes, at, strict=True))

    def addresses(self, flat: Ints) -> list[tuple[str, ...]]:
        """The labels of some cells, by their places in the flattened array."""
        at = np.unravel_index(flat, self.values.shape)
        columns = [
            [axis.codes[n] for n in numbers.tolist()]
            for axis, numbers in zip(self.table.axes, at, strict=True)
        ]
        return list(zip(*columns, strict=True))

    def place(self, flat: int) -> str:
        """Where a cell stands on the sheet; empty for a combination that is not printed."""
        cell = int(self.at[flat])
        return self.table.place(cell) if cell >= 0 else ""


def decimals_of(table: Labelled) -> int:
    """The most digits behind the decimal sign that a table prints."""
    used = np.unique(table.reading).tolist()
    return max((table.readings[number].decimals for number in used), default=0)


def array_of(table: Labelled, decimals: int) -> Array:
    """The table as an array, in whole numbers of `10 ** -decimals`."""
    read = table.readings
    scaled = [_whole(each.value, decimals) for each in read]
    fits = max(map(abs, scaled), default=0) < _FITS
    kinds = np.array([SHOWN if each.kind is Kind.NUMBER else HIDDEN for each in read], dtype=int)
    shape = table.shape
    values: Exact = np.zeros(prod(shape), dtype=np.int64 if fits else object)
    state = np.full(values.size, ABSENT, dtype=np.int8)
    percent = np.zeros(values.size, dtype=bool)
    values[table.flat] = np.array(scaled, dtype=values.dtype)[table.reading]
    state[table.flat] = kinds[table.reading]
    percent[table.flat] = np.array([each.percent for each in read], dtype=bool)[table.reading]
    unit = 10 ** (decimals - decimals_of(table))
    step = _step(values[(state == SHOWN) & ~percent], unit) * unit
    at = np.full(values.size, -1, dtype=np.int32)
    at[table.flat] = np.arange(table.flat.size)
    return Array(
        table,
        values.reshape(shape),
        state.reshape(shape),
        decimals,
        step,
        percent.reshape(shape),
        at,
    )


_PLENTY = Context(prec=4 * MOST_DIGITS)


def _whole(value: Decimal | None, decimals: int) -> int:
    return 0 if value is None else int(value.scaleb(decimals, _PLENTY))


_ENOUGH = 12


def _step(shown: Exact, unit: int) -> int:
    """What all figures are multiples of: 5 in a table that was rounded to the nearest five."""
    whole = {abs(value) // unit for value in np.unique(shown[shown != 0]).tolist()}
    common = gcd(*whole) if len(whole) >= _ENOUGH else 1
    return common if common in (5, 10, 50, 100, 1000) else 1


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """One sum along every line of its axis: which flat cells are totals, which are parts.

    Shape: total (l,), parts (l, p), flat indices into the array.
    """

    claim: Sum
    total: Ints
    parts: Ints


def lines_of(array: Array, claims: Sequence[Sum]) -> Iterator[Lines]:
    """The lines of each sum."""
    flat = np.arange(array.values.size).reshape(array.values.shape)
    places = [{code: n for n, code in enumerate(axis.codes)} for axis in array.table.axes]
    for claim in claims:
        at = places[claim.axis]
        across = np.moveaxis(flat, claim.axis, -1).reshape(-1, len(at))
        parts = [at[part] for part in claim.parts]
        yield Lines(claim, across[:, at[claim.total]], across[:, parts])


def leaves_hidden_out(array: Array, lines: Sequence[Lines]) -> bool:
    """Whether totals add up the shown cells alone, wherever a part is hidden.

    Some programs print such totals: safe by themselves, wrong as totals, and given away by the
    first other table that prints the true ones.
    """
    seen = 0
    state, values = array.state.ravel(), array.values.ravel().astype(np.float64)
    for each in lines:
        open_ = (state[each.total] == SHOWN) & (state[each.parts] == HIDDEN).any(axis=1)
        if not open_.any():
            continue
        parts = np.where(state[each.parts] == SHOWN, values[each.parts], 0.0).sum(axis=1)
        off = np.abs(parts - values[each.total])[open_]
        rounded = array.decimals > 0 or array.step > 1 or each.claim.near
        if (off > (array.step * 0.5 * (each.parts.shape[1] + 1) if rounded else 1e-6)).any():
            return False
        seen += int(open_.sum())
    return seen >= _FEW


_FEW = 2


def absent_is_zero(array: Array, lines: Sequence[Lines]) -> bool:
    """Whether combinations that are not printed are zero: then every full line adds up so."""
    state, values = array.state.ravel(), array.values.ravel().astype(np.float64)
    for each in lines:
        known = (state[each.total] == SHOWN) & (state[each.parts] != HIDDEN).all(axis=1)
        gaps = known & (state[each.parts] == ABSENT).any(axis=1)
        off = np.abs(values[each.total] - values[each.parts].sum(axis=1))
        if (off[gaps] > array.step * (0.5 * each.parts.shape[1] + 0.5)).any():
            return False
    return True
