"""What printed ratios leave for the cells that they were worked out from, in whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Ints
from sekisho.lanes.statistics.finished.ends import Ends

RATIO = -2
"""Ends that ratio k set say so by the number RATIO - k."""


@dataclass(frozen=True, slots=True)
class Side:
    """A cell that a ratio speaks of: the number of an unknown, or -1 and its value in grains."""

    unknown: int
    value: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """low * base <= scale * part <= high * base; part and base are multiples of `unit` grains.

    `place` is (table, flat cell) of the printed ratio.
    """

    part: Side
    base: Side
    low: int
    high: int
    scale: int
    unit: int
    place: tuple[int, int]


def tighten(lines: Sequence[Line], ends: Ends) -> Ints:
    """Take what follows from each ratio by itself, in place; returns the cells that moved."""
    moved: dict[int, None] = {}
    for number, line in enumerate(lines):
        if line.low < 0:
            continue
        by = RATIO - number
        (least, most), (base_least, base_most) = _ends(ends, line.part), _ends(ends, line.base)
        if line.part.unknown >= 0:
            cell = line.part.unknown
            if base_least is not None:
                low = -(-line.low * base_least // (line.scale * line.unit)) * line.unit
                moved |= _raise(ends, cell, low, by)
            if base_most is not None:
                high = line.high * base_most // (line.scale * line.unit) * line.unit
                moved |= _lower(ends, cell, high, by)
        if line.base.unknown >= 0:
            cell = line.base.unknown
            if least is not None:
                low = -(-line.scale * least // line.high) if line.high else 0
                moved |= _raise(ends, cell, -(-low // line.unit) * line.unit, by)
            if most is not None and line.low > 0:
                high = line.scale * most // line.low // line.unit * line.unit
                moved |= _lower(ends, cell, high, by)
    return np.array(list(moved), dtype=np.int64)


def _ends(ends: Ends, side: Side) -> tuple[int | None, int | None]:
    if side.unknown < 0:
        return side.value, side.value
    low = max(0, int(ends.low[side.unknown])) if ends.has_low[side.unknown] else None
    return low, int(ends.high[side.unknown]) if ends.has_high[side.unknown] else None


def _raise(ends: Ends, cell: int, low: int, by: int) -> dict[int, None]:
    if not ends.consistent[cell] or (ends.has_low[cell] and low <= ends.low[cell]):
        return {}
    ends.low[cell], ends.low_by[cell], ends.has_low[cell] = low, by, True
    return _checked(ends, cell)


def _lower(ends: Ends, cell: int, high: int, by: int) -> dict[int, None]:
    if not ends.consistent[cell] or (ends.has_high[cell] and high >= ends.high[cell]):
        return {}
    ends.high[cell], ends.high_by[cell], ends.has_high[cell] = high, by, True
    return _checked(ends, cell)


def _checked(ends: Ends, cell: int) -> dict[int, None]:
    if ends.has_low[cell] and ends.has_high[cell] and ends.low[cell] > ends.high[cell]:
        ends.consistent[cell] = False
        return {}
    return {cell: None}
