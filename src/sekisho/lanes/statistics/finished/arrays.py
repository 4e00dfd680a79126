"""A labelled table as one dense array, so that equations are built by index arithmetic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd, prod

import numpy as np
from numpy.typing import NDArray

from sekisho.errors import UsageError, fault
from sekisho.lanes.statistics.finished.axes import Labelled
from sekisho.lanes.statistics.finished.readings import Kind
from sekisho.lanes.statistics.finished.sums import Figures, Sum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_CELLS = 20_000_000
SHOWN, HIDDEN, ABSENT = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """The cells of a table, one array direction an axis.

    Shape: `values` and `state` have one length an axis. Units: values are whole numbers of
    `10 ** -decimals`; `step` is the smallest difference that the table prints.
    """

    table: Labelled
    values: Floats
    state: NDArray[np.int8]
    decimals: int
    step: float
    percent: NDArray[np.bool_]

    def figures(self, axis: int) -> Figures:
        """The cells as lines across an axis; hidden ones are NaN, absent ones nothing."""
        values = np.where(self.state == HIDDEN, np.nan, self.values)
        lines = np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
        return Figures(lines, self.step)

    def address(self, flat: int) -> tuple[str, ...]:
        """The labels of a cell, by its place in the flattened array."""
        at = np.unravel_index(flat, self.values.shape)
        return tuple(axis.codes[int(n)] for axis, n in zip(self.table.axes, at, strict=True))


def decimals_of(table: Labelled) -> int:
    """The most digits behind the decimal sign that a table prints."""
    return max((reading.decimals for reading in table.cells.values()), default=0)


def array_of(table: Labelled, decimals: int) -> Array:
    """The table as an array, in whole numbers of `10 ** -decimals`.

    Raises: UsageError when its labels span more than 20,000,000 cells.
    """
    shape = tuple(len(axis.codes) for axis in table.axes)
    if prod(shape) > MOST_CELLS:
        raise UsageError(fault("finished.too-large", table=table.source, most=MOST_CELLS))
    place = [{code: n for n, code in enumerate(axis.codes)} for axis in table.axes]
    values = np.zeros(shape)
    state = np.full(shape, ABSENT, dtype=np.int8)
    percent = np.zeros(shape, dtype=bool)
    for key, reading in table.cells.items():
        at = tuple(codes[code] for codes, code in zip(place, key, strict=True))
        state[at] = SHOWN if reading.kind is Kind.NUMBER else HIDDEN
        percent[at] = reading.percent
        if reading.value is not None:
            values[at] = float(reading.value.scaleb(decimals))
    unit = 10.0 ** (decimals - decimals_of(table))
    step = _step(values[(state == SHOWN) & ~percent] / unit) * unit
    return Array(table, values, state, decimals, step, percent)


_ENOUGH = 12


def _step(shown: Floats) -> float:
    """What all figures are multiples of: 5 in a table that was rounded to the nearest five."""
    whole = {abs(int(value)) for value in shown.tolist() if value}
    common = gcd(*whole) if len(whole) >= _ENOUGH else 1
    return float(common if common in (5, 10, 50, 100, 1000) else 1)


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
    for claim in claims:
        codes = array.table.axes[claim.axis].codes
        across = np.moveaxis(flat, claim.axis, -1).reshape(-1, len(codes))
        at = [codes.index(part) for part in claim.parts]
        yield Lines(claim, across[:, codes.index(claim.total)], across[:, at])


def leaves_hidden_out(array: Array, lines: Sequence[Lines]) -> bool:
    """Whether totals add up the shown cells alone, wherever a part is hidden.

    Some programs print such totals: safe by themselves, wrong as totals, and given away by the
    first other table that prints the true ones.
    """
    seen = 0
    for each in lines:
        state, values = array.state.ravel(), array.values.ravel()
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
    state, values = array.state.ravel(), array.values.ravel()
    for each in lines:
        known = (state[each.total] == SHOWN) & (state[each.parts] != HIDDEN).all(axis=1)
        gaps = known & (state[each.parts] == ABSENT).any(axis=1)
        off = np.abs(values[each.total] - values[each.parts].sum(axis=1))
        if (off[gaps] > array.step * (0.5 * each.parts.shape[1] + 0.5)).any():
            return False
    return True
