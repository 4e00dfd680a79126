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


def _matched(one: Axis, other: Axis) -> bool:
    shared = set(one.codes) & set(other.codes)
    return len(shared) >= _FEWEST and 2 * len(shared) >= min(len(one.codes), len(other.codes))


def _shared(given: Sequence[Given], first: int, second: int) -> Same | None:
    """Cells with the same labels; an axis that one table lacks is at its total in the other."""
    one, other = given[first].array, given[second].array
    pairs: list[tuple[int, int]] = []
    for a, axis in enumerate(one.table.axes):
        for b, against in enumerate(other.table.axes):
            if b not in {taken for _, taken in pairs} and _matched(axis, against):
                pairs.append((a, b))
                break
    if not pairs:
        return None
    left = _slice(given[first], {a for a, _ in pairs})
    right = _slice(given[second], {b for _, b in pairs})
    if left is None or right is None:
        return None
    cells = _aligned(one, other, pairs, (left, right))
    return Same(first, second, cells)


def _slice(given: Given, free: set[int]) -> dict[int, int] | None:
    """For each axis that the other table lacks, the place of its total; None without one."""
    fixed = {}
    for number, axis in enumerate(given.array.table.axes):
        if number in free:
            continue
        total = grand_total(axis, [each.claim for each in given.lines if each.claim.axis == number])
        if total is None:
            return None
        fixed[number] = axis.codes.index(total)
    return fixed


def _aligned(
    one: Array,
    other: Array,
    pairs: Sequence[tuple[int, int]],
    fixed: tuple[dict[int, int], dict[int, int]],
) -> tuple[np.ndarray, np.ndarray]:
    """Flat indices of the shared cells, side by side."""
    codes = [
        [c for c in one.table.axes[a].codes if c in set(other.table.axes[b].codes)]
        for a, b in pairs
    ]
    flats = []
    for array, side in ((one, 0), (other, 1)):
        at: list[np.ndarray] = [np.zeros(0, dtype=np.int64)] * array.values.ndim
        for number, place in fixed[side].items():
            at[number] = np.array([place])
        order = []
        for pair, shared in zip(pairs, codes, strict=True):
            axis = array.table.axes[pair[side]]
            at[pair[side]] = np.array([axis.codes.index(code) for code in shared])
            order.append(pair[side])
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
    apart = np.abs(one.array.values.ravel()[left] - other.array.values.ravel()[right])[shown]
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
