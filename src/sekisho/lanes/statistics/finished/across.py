"""Which cells of two finished tables are one and the same, judged by labels and then by figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sekisho.lanes.statistics.finished.arrays import SHOWN, Array
from sekisho.lanes.statistics.finished.axes import Axis
from sekisho.lanes.statistics.finished.sums import Sum
from sekisho.lanes.statistics.finished.system import Given, Same
from sekisho.lanes.statistics.finished.words import is_total


class Relation(StrEnum):
    """What the figures say of two tables whose labels meet."""

    SAME = "same"
    """Every figure that both show is the same: cells are shared."""
    UNSEEN = "unseen"
    """Labels meet, but no figure stands in both: nobody can tell from outside."""
    OTHER = "other"
    """Figures differ throughout: another measure, population or time."""
    CLOSE = "close"
    """Most figures agree and some differ: one covers a little more than the other."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two tables that share cells by their labels."""

    same: Same
    relation: Relation
    agree: int
    differ: int
    nearest: float
    """Smallest difference other than 0, in the tables' common unit."""


def grand_total(axis: Axis, sums: Sequence[Sum]) -> str | None:
    """The label that stands for all of an axis: a total that is no part of another."""
    totals = [s.total for s in sums if not s.contradicted]
    parts = {part for s in sums if not s.contradicted for part in s.parts}
    top = [total for total in dict.fromkeys(totals) if total not in parts]
    if len(top) == 1:
        return top[0]
    named = [code for code in axis.codes if is_total(code)]
    return named[0] if len(named) == 1 else None


def meetings(given: Sequence[Given]) -> list[Meeting]:
    """Every two tables that share cells; tables of which totals leave hidden cells out, too."""
    found = []
    for first in range(len(given)):
        for second in range(first + 1, len(given)):
            same = _shared(given, first, second)
            if same is not None and same.cells[0].size:
                found.append(_compared(given, same))
    return found


_FEWEST = 2


def _total_of(given: Given, number: int) -> str | None:
    claims = [each.claim for each in given.lines if each.claim.axis == number]
    return grand_total(given.array.table.axes[number], claims)


def _pairs_of_codes(
    one: tuple[Axis, str | None], other: tuple[Axis, str | None]
) -> list[tuple[str, str]]:
    """Labels of two axes that mean the same: equal ones, and the two totals."""
    known = set(other[0].codes)
    totals = {one[1], other[1]} if one[1] and other[1] else set()
    pairs = [(code, code) for code in one[0].codes if code in known and code not in totals]
    if one[1] is not None and other[1] is not None:
        pairs.append((one[1], other[1]))
    return pairs


def _matched(one: tuple[Axis, str | None], other: tuple[Axis, str | None]) -> bool:
    shared = len(_pairs_of_codes(one, other))
    return shared >= _FEWEST and 2 * shared >= min(len(one[0].codes), len(other[0].codes))


Codes = list[tuple[int, int, list[tuple[str, str]]]]


def _shared(given: Sequence[Given], first: int, second: int) -> Same | None:
    """Cells with the same labels; an axis that one table lacks is at its total in the other."""
    left, right = (
        [(axis, _total_of(given[n], a)) for a, axis in enumerate(given[n].array.table.axes)]
        for n in (first, second)
    )
    pairs: Codes = []
    for a, axis in enumerate(left):
        for b, against in enumerate(right):
            if b not in {taken for _, taken, _ in pairs} and _matched(axis, against):
                pairs.append((a, b, _pairs_of_codes(axis, against)))
                break
    if not pairs:
        return None
    fixed = (_slice(left, {a for a, _, _ in pairs}), _slice(right, {b for _, b, _ in pairs}))
    if fixed[0] is None or fixed[1] is None:
        return None
    cells = _aligned((given[first].array, given[second].array), pairs, (fixed[0], fixed[1]))
    return Same(first, second, cells)


def _slice(axes: Sequence[tuple[Axis, str | None]], free: set[int]) -> dict[int, int] | None:
    """For each axis that the other table lacks, the place of its total; None without one."""
    fixed = {}
    for number, (axis, total) in enumerate(axes):
        if number in free:
            continue
        if total is None:
            return None
        fixed[number] = axis.codes.index(total)
    return fixed


def _aligned(
    arrays: tuple[Array, Array], pairs: Codes, fixed: tuple[dict[int, int], dict[int, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Flat indices of the shared cells, side by side."""
    flats = []
    for side, array in enumerate(arrays):
        at: list[np.ndarray] = [np.zeros(0, dtype=np.int64)] * array.values.ndim
        for number, place in fixed[side].items():
            at[number] = np.array([place])
        order = []
        for *numbers, codes in pairs:
            axis = array.table.axes[numbers[side]]
            places = {code: n for n, code in enumerate(axis.codes)}
            at[numbers[side]] = np.array([places[pair[side]] for pair in codes])
            order.append(numbers[side])
        block = np.ravel_multi_index(np.ix_(*at), array.values.shape)
        rest = [n for n in range(array.values.ndim) if n not in order]
        flats.append(np.transpose(block, order + rest).ravel())
    return flats[0], flats[1]


_MOSTLY = 0.5


def _compared(given: Sequence[Given], same: Same) -> Meeting:
    one, other = given[same.first], given[same.second]
    left, right = same.cells
    shown = (one.array.state.ravel()[left] == SHOWN) & (other.array.state.ravel()[right] == SHOWN)
    shown &= ~(one.unknown()[left] | other.unknown()[right])
    apart = np.abs(one.array.values.ravel()[left] - other.array.values.ravel()[right])
    apart = apart[shown].astype(np.float64)
    step = max(one.array.step, other.array.step)
    rounded = step > 1 or one.array.decimals > 0 or one.rounded or other.rounded
    differs = apart > (step if rounded else 0.0) + 1e-6
    agree, differ = int((~differs).sum()), int(differs.sum())
    nearest = float(apart[differs].min()) if differ else 0.0
    relation = Relation.SAME
    if agree + differ == 0:
        relation = Relation.UNSEEN
    elif differ:
        relation = Relation.CLOSE if agree > _MOSTLY * (agree + differ) else Relation.OTHER
    return Meeting(same, relation, agree, differ, nearest)
