"""Noisy tables made to add up: least squares, then no negative counts, then integers.

Only additive measures pass here (rows, unit-group pairs, sums). Distinct units are not additive:
a person may stand in many cells of a total, so their totals are measured on their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Level = tuple[int, ...]
"""The axes that a level keeps, rising; () is the grand total, all axes are the cells."""

_ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Measured:
    """One level as it was measured.

    Shape: values has the sizes of the kept axes; variance > 0 is that of every value.
    """

    level: Level
    values: Numbers
    variance: float


def _spread(values: Numbers, level: Level, shape: Sequence[int]) -> Numbers:
    wide = [size if axis in level else 1 for axis, size in enumerate(shape)]
    return values.reshape(wide)


def _information(levels: Sequence[Measured], shape: Sequence[int], kept: Level) -> float:
    """How much all levels together say about the component that varies along `kept` only."""
    return sum(
        prod(size for axis, size in enumerate(shape) if axis not in one.level) / one.variance
        for one in levels
        if set(kept) <= set(one.level)
    )


def _components(table: Numbers) -> dict[Level, Numbers]:
    """The table as a sum of parts, each varying along some axes and averaging out along them."""
    parts: dict[Level, Numbers] = {(): table}
    for axis in range(table.ndim):
        split: dict[Level, Numbers] = {}
        for kept, part in parts.items():
            mean = part.mean(axis=axis, keepdims=True)
            split[kept] = mean
            split[(*kept, axis)] = part - mean
        parts = split
    return parts


def fit_cube(shape: Sequence[int], levels: Sequence[Measured]) -> Numbers:
    """The cells that fit all measured levels best, weighted by their variances.

    The normal equations of a balanced cube are diagonal in the parts that `_components` gives,
    so the answer is averages and divisions: no matrix is built. A part that no level measured is
    left at zero: it is in no level that was asked for.

    Shape: returns `shape`; only levels inside a measured one are estimates of anything.
    """
    right: Numbers = np.zeros(shape)
    for one in levels:
        right = right + _spread(one.values, one.level, shape) / one.variance
    fitted: Numbers = np.zeros(shape)
    for kept, part in _components(right).items():
        information = _information(levels, shape, kept)
        fitted = fitted + (part / information if information > 0 else 0.0)
    return fitted


def cube_variance(shape: Sequence[int], levels: Sequence[Measured], level: Level) -> float:
    """The variance of a fitted value of a level; the same for all of them, from public sizes."""
    inside = prod(shape[axis] for axis in level)
    summed = prod(shape) / inside
    total = 0.0
    for chosen in range(2 ** len(level)):
        kept = tuple(axis for at, axis in enumerate(level) if chosen >> at & 1)
        freedom = prod(shape[axis] - 1 for axis in kept)
        total += freedom / _information(levels, shape, kept)
    return summed / inside * total


def totals_of(cells: Numbers, level: Level) -> Numbers:
    """The cells summed to a level."""
    away = tuple(axis for axis in range(cells.ndim) if axis not in level)
    summed: Numbers = cells.sum(axis=away)
    return summed


def fit_tree(
    parents: Sequence[int], values: Sequence[float], variances: Sequence[float]
) -> Numbers:
    """The values of a tree that fit its noisy nodes best and add up; linear time.

    Up: each node joins its own value with the sum of its children; down: what is left between a
    parent and its children is shared out by their variances.

    Shape: parents[i] < i, -1 at a root; a node with an infinite variance was not measured.
    """
    size = len(parents)
    own, spread = np.asarray(values, dtype=float), np.asarray(variances, dtype=float)
    best, error = own.copy(), spread.copy()
    below, noise = np.zeros(size), np.zeros(size)
    for node in range(size - 1, -1, -1):
        if noise[node] > 0:
            mine = 0.0 if np.isinf(spread[node]) else 1 / spread[node]
            theirs = 1 / noise[node]
            known = 0.0 if mine == 0 else own[node] * mine
            best[node] = (known + below[node] * theirs) / (mine + theirs)
            error[node] = 1 / (mine + theirs)
        if parents[node] >= 0:
            below[parents[node]] += best[node]
            noise[parents[node]] += error[node]
    final = best.copy()
    for node in range(size):
        up = parents[node]
        if up >= 0:
            final[node] = best[node] + error[node] / noise[up] * (final[up] - below[up])
    return final


def fit_any(
    sums: Sequence[Sequence[int]], values: Sequence[float], variances: Sequence[float], cells: int
) -> Numbers:
    """The cells that fit any set of measured sums best, by LSQR.

    Shape: sums[i] are the cells that measurement i adds up; `cells` is how many there are.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import lsqr

    weights = 1 / np.sqrt(np.asarray(variances, dtype=float))
    lengths = [len(each) for each in sums]
    columns = np.concatenate([np.asarray(each, dtype=np.int64) for each in sums])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    matrix = csr_array((np.repeat(weights, lengths), columns, starts), shape=(len(lengths), cells))
    right = weights * np.asarray(values, dtype=float)
    fitted: Numbers = lsqr(matrix, right, atol=1e-12, btol=1e-12, iter_lim=20 * cells)[0]
    return fitted


def onto_simplex(values: Numbers, total: float) -> Numbers:
    """The nearest values that are not negative and add up to the total."""
    if total <= 0:
        return np.zeros_like(values)
    falling = np.sort(values)[::-1]
    excess = (np.cumsum(falling) - total) / np.arange(1, values.size + 1)
    # the first always stays: its excess is itself less a positive total
    stays = max(1, int(np.count_nonzero(falling > excess)))
    shift = excess[stays - 1]
    cut: Numbers = np.maximum(values - shift, 0.0)
    return cut


def _onto_margins(table: Numbers, margins: Sequence[Numbers], total: float) -> Numbers:
    shifted = table.copy()
    for axis, margin in enumerate(margins):
        missing = (margin - totals_of(table, (axis,))) / (table.size // margin.size)
        shifted = shifted + _spread(missing, (axis,), table.shape)
    again: Numbers = shifted - (table.ndim - 1) * (total - table.sum()) / table.size
    return again


def without_negatives(cells: Numbers) -> Numbers:
    """The nearest table without negative cells that keeps the margins.

    Cutting at zero would lift every total; here the grand total, then each one-way margin, are
    settled first, and the cells follow (Dykstra's alternating projections).

    Shape: as `cells`; one axis is projected onto its total.
    """
    if cells.min(initial=0.0) >= 0:
        return cells
    total = max(0.0, float(cells.sum()))
    margins = [onto_simplex(totals_of(cells, (axis,)), total) for axis in range(cells.ndim)]
    if cells.ndim == 1 or total == 0:
        return margins[0] if cells.ndim == 1 else np.zeros_like(cells)
    enough = 1e-3 * max(1.0, float(np.abs(cells).mean()))
    table, memory = cells, np.zeros_like(cells)
    for _ in range(_ROUNDS):
        table = _onto_margins(table, margins, total)
        if table.min() > -enough:
            break
        cut = np.maximum(table + memory, 0.0)
        memory = table + memory - cut
        table = cut
    return np.maximum(table, 0.0)


def as_integers(cells: Numbers) -> NDArray[np.int64]:
    """The cells as integers; totals are sums of these, so parts add up exactly."""
    whole: NDArray[np.int64] = np.rint(cells).astype(np.int64)
    return whole
