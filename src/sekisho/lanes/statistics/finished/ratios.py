"""Percentages, rates, means and indices beside the figures that they were worked out from.

A printed ratio says more than it shows: with its base known, its rounding leaves an interval for
the part, and less than one unit of it the part itself. A ratio is recognised by its figures: on
every line where all three are shown, it is the quotient to the last printed digit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sekisho.lanes.statistics.finished.arrays import HIDDEN, SHOWN, Array, array_of, decimals_of
from sekisho.lanes.statistics.finished.axes import Axis, Ints, Labelled
from sekisho.lanes.statistics.finished.words import is_total, names_ratio

_FACTORS = (100, 1, 1000, 10_000, 100_000)
_FEWEST = 3
_DIFFERENT = 2
_MEASURES = 24
_LOOKED_AT = 40


@dataclass(frozen=True, slots=True)
class Quotient:
    """A ratio: low * base <= scale * part <= high * base, where it is printed.

    `part`, `base` and `ratio` are (table, flat cell); `unit` is the smallest difference of the
    part that can be printed, in the common unit. A hidden ratio has no low and high.
    """

    part: tuple[int, int]
    base: tuple[int, int]
    ratio: tuple[int, int]
    low: int | None
    high: int | None
    scale: int
    unit: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A measure that is a ratio: of which measure, to which measure or label, times what."""

    axis: int
    ratio: int
    part: int
    factor: int
    base: int
    """A code of the same axis, or of `across` where the base is the part's own measure there."""
    across: int | None = None


def parted(tables: Sequence[Labelled], decimals: int) -> tuple[list[Labelled], list[Quotient]]:
    """Tables without their ratios, the ratios as tables of their own, and what these say."""
    out: list[Labelled] = []
    quotients: list[Quotient] = []
    for table in tables:
        array = array_of(table, decimals_of(table))
        found = _ratios(array)
        apart = {each.ratio for each in found} | _signed(array, found)
        if not apart or (not found and not _measures(array)):
            out.append(table)
            continue
        axis = found[0].axis if found else _measures(array)[0]
        kept = [n for n in range(len(table.axes[axis].codes)) if n not in apart]
        if not kept:
            out.append(table)
            continue
        first = len(out)
        out.append(_cut(table, axis, kept, ""))
        places = {code: (first + 1 + n) for n, code in enumerate(sorted(apart))}
        out += [_cut(table, axis, [code], table.axes[axis].codes[code]) for code in sorted(apart)]
        array = array_of(table, decimals)
        for each in found:
            quotients += _said(array, each, kept, (first, places[each.ratio]))
    return out, quotients


def _measures(array: Array) -> list[int]:
    """Axes with a code whose figures all carry a percent sign, while others carry none."""
    found = []
    for axis in range(array.values.ndim):
        signs = _signs(array, axis)
        if signs.any() and not signs.all():
            found.append(axis)
    return found


def _signs(array: Array, axis: int) -> np.ndarray:
    others = tuple(n for n in range(array.values.ndim) if n != axis)
    shown = array.state == SHOWN
    return np.asarray(
        (array.percent | ~shown).all(axis=others) & (array.percent & shown).any(axis=others)
    )


def _signed(array: Array, found: Sequence[_Found]) -> set[int]:
    """Codes of percentages that are no ratio of anything beside them."""
    axes = [found[0].axis] if found else _measures(array)[:1]
    return {int(code) for axis in axes for code in np.flatnonzero(_signs(array, axis))}


def _ratios(array: Array) -> list[_Found]:
    """The ratios among the measures of one axis: the first axis that has any."""
    for axis in range(array.values.ndim):
        if not 2 <= array.values.shape[axis] <= _MEASURES:
            continue
        found: dict[int, _Found] = {}
        for each in _candidates(array, axis):
            if each.ratio not in found and each.part not in found and _holds(array, each):
                found[each.ratio] = each
        if found:
            return list(found.values())
    return []


def _candidates(array: Array, axis: int) -> Iterator[_Found]:
    count = array.values.shape[axis]
    finer, signs = _decimals(array, axis), _signs(array, axis)
    for ratio in range(count):
        for part in (n for n in range(count) if n != ratio):
            named = signs[ratio] or names_ratio(array.table.axes[axis].codes[ratio])
            if not named and finer[ratio] <= finer[part]:
                continue
            for factor in _FACTORS:
                for across in (n for n in range(array.values.ndim) if n != axis):
                    for base in _bases(array.table.axes[across]):
                        yield _Found(axis, ratio, part, factor, base, across)
                for base in (n for n in range(count) if n not in (ratio, part)):
                    yield _Found(axis, ratio, part, factor, base)


def _bases(axis: Axis) -> list[int]:
    """Labels that shares or indices may refer to: totals first, all of a short axis."""
    totals = [n for n, code in enumerate(axis.codes) if is_total(code)]
    rest = range(len(axis.codes)) if len(axis.codes) <= _LOOKED_AT else ()
    return [*totals, *(n for n in rest if n not in totals)]


def _decimals(array: Array, axis: int) -> Ints:
    """Most digits behind the sign of each code's figures."""
    table = array.table
    digits = np.array([each.decimals for each in table.readings], dtype=np.int64)[table.reading]
    code = np.unravel_index(table.flat, table.shape)[axis]
    most = np.zeros(table.shape[axis], dtype=np.int64)
    np.maximum.at(most, code, digits)
    return most


def _flats(array: Array, found: _Found) -> tuple[Ints, Ints, Ints]:
    """Flat cells of ratio, part and base, side by side."""
    flat = np.moveaxis(np.arange(array.values.size).reshape(array.values.shape), found.axis, 0)
    ratio, part = flat[found.ratio], flat[found.part]
    if found.across is None:
        return ratio.ravel(), part.ravel(), flat[found.base].ravel()
    along = found.across - (found.across > found.axis)
    base = np.take(part, [found.base], axis=along)
    return ratio.ravel(), part.ravel(), np.broadcast_to(base, part.shape).ravel()


def _half(array: Array, found: _Found) -> int:
    """Twice half of the ratio's last printed digit, in the array's unit."""
    return int(10 ** (array.decimals - int(_decimals(array, found.axis)[found.ratio])))


def _holds(array: Array, found: _Found) -> bool:
    ratio, part, base = _flats(array, found)
    state, values = array.state.ravel(), array.values.ravel().astype(np.float64)
    shown = (state[ratio] == SHOWN) & (state[part] == SHOWN) & (state[base] == SHOWN)
    shown &= (part != base) & (values[base] > 0) & (values[part] > 0)
    if int(shown.sum()) < _FEWEST or np.unique(values[ratio[shown]]).size < _DIFFERENT:
        return False
    quotient = found.factor * values[part[shown]] / values[base[shown]] * 10.0**array.decimals
    off = np.abs(quotient - values[ratio[shown]])
    return bool((off <= _half(array, found) / 2 * (1 + 1e-9) + 1e-9).all())


def _cut(table: Labelled, axis: int, kept: Sequence[int], name: str) -> Labelled:
    """A table with only some codes of an axis."""
    number = np.full(table.shape[axis], -1)
    number[list(kept)] = np.arange(len(kept))
    at = list(np.unravel_index(table.flat, table.shape))
    at[axis] = number[at[axis]]
    inside = np.flatnonzero(at[axis] >= 0)
    old = table.axes[axis]
    codes, depth = (tuple(each[n] for n in kept) for each in (old.codes, old.depth))
    axes = [*table.axes[:axis], Axis(old.name, codes, depth), *table.axes[axis + 1 :]]  # type: ignore[arg-type]
    shape = tuple(len(each.codes) for each in axes)
    flat = np.ravel_multi_index(tuple(each[inside] for each in at), shape).astype(np.int64)
    return replace(
        table,
        source=f"{table.source} [{name}]" if name else table.source,
        axes=tuple(each for each in axes if len(each.codes) > 1) or tuple(axes),
        flat=flat,
        reading=table.reading[inside],
        row=table.row[inside],
        column=table.column[inside],
    )


def _said(
    array: Array, found: _Found, kept: Sequence[int], tables: tuple[int, int]
) -> Iterator[Quotient]:
    """What the shown ratios say of cells of which something is hidden."""
    ratio, part, base = _flats(array, found)
    state = array.state.ravel()
    printed = state[ratio] == SHOWN
    told = printed & ((state[part] == HIDDEN) | (state[base] == HIDDEN))
    told |= state[ratio] == HIDDEN
    told &= part != base
    shape = array.values.shape
    lesser = tuple(len(kept) if n == found.axis else size for n, size in enumerate(shape))
    alone = tuple(1 if n == found.axis else size for n, size in enumerate(shape))
    number = np.full(shape[found.axis], -1)
    number[list(kept)] = np.arange(len(kept))
    half = _half(array, found)
    unit = 10 ** (array.decimals - int(_decimals(array, found.axis)[found.part]))
    scale = 2 * 10**array.decimals * found.factor
    values = array.values.ravel()
    for n in np.flatnonzero(told).tolist():
        places = []
        for cell, size in ((part[n], lesser), (base[n], lesser), (ratio[n], alone)):
            at = [int(place) for place in np.unravel_index(int(cell), shape)]
            at[found.axis] = max(0, int(number[at[found.axis]]))
            places.append(int(np.ravel_multi_index(tuple(at), size)))
        twice = 2 * int(values[ratio[n]])
        yield Quotient(
            (tables[0], places[0]),
            (tables[0], places[1]),
            (tables[1], places[2]),
            twice - half if printed[n] else None,
            twice + half if printed[n] else None,
            scale,
            unit,
        )
