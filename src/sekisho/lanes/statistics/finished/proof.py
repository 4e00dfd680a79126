"""Bounds of a cell by multipliers of equations, worked out in fractions: nothing rests on a float.

Any multipliers give a bound that holds; those of a linear program, taken as the fractions that they
nearly are, give the one that it found.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor

from sekisho.lanes.statistics.finished.carry import HIGH, LOW
from sekisho.lanes.statistics.finished.ends import Ends
from sekisho.lanes.statistics.finished.system import System

_DENOMINATOR = 720


def bound(
    system: System, ends: Ends, cell: int, given: Mapping[int, float], side: int
) -> int | None:
    """The cell's least (LOW) or most (HIGH) in grains, by some equations; None where none follows.

    Rounded outwards to a whole grain, or inwards where every figure is a whole number.
    """
    rows = system.rows
    left = {cell: Fraction(1)}
    total = Fraction(0)
    for row, value in given.items():
        weight = Fraction(value).limit_denominator(_DENOMINATOR)
        up = (weight > 0) == (side == HIGH)
        total += weight * int(system.high[row] if up else system.low[row])
        for n in range(rows.indptr[row], rows.indptr[row + 1]):
            column = int(rows.indices[n])
            left[column] = left.get(column, Fraction(0)) - weight * int(rows.data[n])
    for column, share in left.items():
        if not share:
            continue
        up = (share > 0) == (side == HIGH)
        if not (ends.has_high if up else ends.has_low)[column]:
            return None
        total += share * int((ends.high if up else ends.low)[column])
    inwards = system.grain == 1
    return floor(total) if (side == HIGH) == inwards else ceil(total)


def settle(
    system: System, ends: Ends, cell: int, proof: tuple[Mapping[int, float], Mapping[int, float]]
) -> bool:
    """Take the bounds of a proof, in place; tells whether they leave one value."""
    low, high = (
        bound(system, ends, cell, given, side)
        for given, side in zip(proof, (LOW, HIGH), strict=True)
    )
    if low is not None and (not ends.has_low[cell] or low > ends.low[cell]):
        ends.low[cell], ends.has_low[cell] = low, True
    if high is not None and (not ends.has_high[cell] or high < ends.high[cell]):
        ends.high[cell], ends.has_high[cell] = high, True
    return bool(ends.fixed[cell])
