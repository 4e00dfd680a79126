"""The neighbourhood of a cell, cut out of a problem so that a program over it stays small."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.equations import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """Some cells with the equations that touch them, by columns, numbered anew.

    `cells` are sorted; `place` says where each stood in what was asked for. Column j's entries are
    start[j] to start[j + 1] of `row` and `value`; there are `height` equations.
    """

    cells: Ints
    place: Ints
    start: Ints
    row: Ints
    value: Floats
    height: int


def gather(pointer: NDArray[np.integer], entries: NDArray[np.integer], of: Ints) -> Ints:
    """The entries of several rows of a compressed matrix, one after the other."""
    begin = pointer[of].astype(np.int64)
    length = pointer[of + 1] - begin
    shift = np.repeat(begin - np.cumsum(length) + length, length)
    return entries[shift + np.arange(shift.size)].astype(np.int64)


def ball(
    problem: Problem, kinds: tuple[Bools, Bools, Floats], centre: int, size: int
) -> tuple[Ints, bool]:
    """Cells around a centre in whole layers, and whether nothing lies beyond.

    `kinds` are the cells that may move, those that are hidden, and the prices. At least two layers;
    when a layer is far larger than `size`, the hidden and then the cheapest of it are kept, so that
    an equation of a million cells stays small.
    """
    allowed, first, price = kinds
    rows, columns = problem.rows, problem.columns
    seen = np.zeros(problem.size, dtype=bool)
    met = np.zeros(rows.shape[0], dtype=bool)
    seen[centre] = True
    layers = [np.array([centre])]
    total, depth, cut = 1, 0, False
    while layers[-1].size:
        around = np.unique(gather(columns.indptr, columns.indices, layers[-1]))
        around = around[~met[around]]
        met[around] = True
        near = np.unique(gather(rows.indptr, rows.indices, around))
        near = near[~seen[near] & allowed[near]]
        if depth >= 2 and total + near.size > size:
            return np.sort(np.concatenate(layers)), False
        if near.size > 2 * size:
            rank = np.lexsort((near, price[near], ~first[near]))
            near, cut = near[rank[: 2 * size]], True
        seen[near] = True
        layers.append(near)
        total += near.size
        depth += 1
    return np.sort(np.concatenate(layers)), not cut


def cut_out(problem: Problem, cells: Ints, movable: Bools) -> Local:
    """Cells with their equations, without those that cannot move while all others stay put.

    A cell that stands alone in an equation is held by it; taking it out may leave another alone.
    """
    columns = problem.columns
    length = np.diff(columns.indptr)[cells].astype(np.int64)
    begin = columns.indptr[cells].astype(np.int64)
    where = np.repeat(begin - np.cumsum(length) + length, length) + np.arange(length.sum())
    names, row = np.unique(columns.indices[where], return_inverse=True)
    owner = np.repeat(np.arange(cells.size), length)
    alive = movable.copy()
    count = np.bincount(row[alive[owner]], minlength=names.size)
    while True:
        alone = (count[row] == 1) & alive[owner]
        if not alone.any():
            break
        gone = np.zeros(cells.size, dtype=bool)
        gone[owner[alone]] = True
        alive &= ~gone
        count -= np.bincount(row[gone[owner]], minlength=names.size)
        count = np.maximum(count, 0)
    kept = alive[owner]
    used, row = np.unique(row[kept], return_inverse=True)
    start = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(length[alive])))
    place = np.flatnonzero(alive)
    return Local(cells[place], place, start, row, columns.data[where[kept]], used.size)
