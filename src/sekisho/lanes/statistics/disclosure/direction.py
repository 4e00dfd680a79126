"""One movement of the hidden cells that certifies an unsafe one, by one linear program.

A direction d moves the unsafe cell by 1 and keeps every equation. Scaled by the level above it is
one table consistent with the publication, scaled by minus the level below another one, so a single
program serves both sides, and every other cell that it moves far enough as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.equations import Problem
from sekisho.lanes.statistics.disclosure.solver import Program, solve

_CLIP = 1e4
_FLOOR = 1e-6
_SUPPORT = 1e-9
_RESIDUAL = 5e-8
_GROWTH = 4


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """A movement: `move` at the cells `index`, to be scaled by `rise` upwards, `fall` downwards.

    `cell` is the unsafe cell it was made for; a side that it does not serve has scale 0.
    """

    cell: int
    rise: float
    fall: float
    index: Ints
    move: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """Where to look for directions: the problem, prices of cells, and balls of growing size.

    `allowed` cells may move (all others stay put); `reach` is the size of the first ball, `most`
    that of the last (0: the whole component).
    """

    problem: Problem
    price: Floats
    allowed: Bools
    reach: int = 1000
    most: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Directions for one cell (none, one for both sides, or one a side) and programs solved."""

    directions: tuple[Direction, ...]
    programs: int


def gather(pointer: NDArray[np.integer], entries: NDArray[np.integer], of: Ints) -> Ints:
    """The entries of several rows of a compressed matrix, one after the other."""
    begin = pointer[of].astype(np.int64)
    length = pointer[of + 1] - begin
    shift = np.repeat(begin - np.cumsum(length) + length, length)
    return entries[shift + np.arange(shift.size)].astype(np.int64)


def ball(search: Search, centre: int, size: int, first: Bools) -> tuple[Ints, bool]:
    """Cells around a centre in whole layers, and whether nothing lies beyond.

    At least two layers; when two layers are already larger than `size`, the cells of `first` (the
    hidden ones) and then the cheapest are kept, so that an equation of a million cells stays small.
    """
    problem = search.problem
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
        near = near[~seen[near] & search.allowed[near]]
        if depth >= 2 and total + near.size > size:
            return np.sort(np.concatenate(layers)), False
        if near.size > 2 * size:
            rank = np.lexsort((near, search.price[near], ~first[near]))
            near, cut = near[rank[: 2 * size]], True
        seen[near] = True
        layers.append(near)
        total += near.size
        depth += 1
    return np.sort(np.concatenate(layers)), not cut


def find(search: Search, hidden: Bools, cell: int) -> Found:
    """The cheapest direction for an unsafe cell, in growing balls, then side by side.

    The cells already `hidden` move for nothing. Nothing found means that no movement exists, unless
    `search.most` kept the ball from growing.
    """
    high, low = float(search.problem.high[cell]), float(search.problem.low[cell])
    found = _grow(search, hidden, cell, high, low)
    if found.directions or high == 0 or low == 0:
        return found
    above = _grow(search, hidden, cell, high, 0.0)
    below = _grow(search, hidden, cell, 0.0, low)
    return Found(
        above.directions + below.directions, found.programs + above.programs + below.programs
    )


def _grow(search: Search, hidden: Bools, cell: int, high: float, low: float) -> Found:
    size, programs, before = search.reach, 0, -1
    while True:
        cells, whole = ball(search, cell, size, hidden)
        last = whole or (search.most and size >= search.most)
        if cells.size != before:
            direction = _solve_in(search, hidden, cells, (cell, high, low))
            programs += 1
            if direction is not None:
                return Found((direction,), programs)
        if last:
            return Found((), programs)
        before, size = cells.size, size * _GROWTH


def bounds(problem: Problem, cells: Ints, high: float, low: float) -> tuple[Floats, Floats]:
    """How far each cell may move, in units of the level, so that both scaled tables are possible.

    Shape: two arrays like `cells`: least (<= 0) and most (>= 0) movement, clipped at 10,000 levels.
    """
    down, up = problem.down[cells], problem.up[cells]
    least = np.full(cells.size, _CLIP)
    most = np.full(cells.size, _CLIP)
    if high > 0:
        least, most = np.minimum(least, down / high), np.minimum(most, up / high)
    if low > 0:
        least, most = np.minimum(least, up / low), np.minimum(most, down / low)
    return -least, most


def prices(problem: Problem, cells: Ints, level: float, price: Floats) -> Floats:
    """Cost per unit of movement: a cell smaller than the level costs more for each unit."""
    room = np.minimum(problem.down[cells], problem.up[cells])
    share = np.clip(room / level, _FLOOR, 1.0)
    return price[cells] / share


def _solve_in(
    search: Search, hidden: Bools, cells: Ints, aim: tuple[int, float, float]
) -> Direction | None:
    cell, high, low = aim
    problem = search.problem
    least, most = bounds(problem, cells, high, low)
    free = hidden[cells]
    at = int(np.searchsorted(cells, cell))
    free[at] = True
    closed = np.flatnonzero(~free)
    cost = prices(problem, cells[closed], max(high, low), search.price)
    middle = float(np.median(cost)) if cost.size else 1.0
    cost = cost / middle if middle > 0 else cost
    full = np.zeros(cells.size)
    full[closed] = cost
    lower = np.where(free, least, 0.0)
    lower[at] = most[at] = 1.0
    program = _program(problem, cells, closed, (full, cost, lower, most, -least[closed]))
    answer = solve(program)
    if not answer.optimal:
        return None
    move = answer.point[: cells.size].copy()
    move[closed] -= answer.point[cells.size :]
    move[np.abs(move) <= _SUPPORT] = 0.0
    start, index, value = program.start, program.index, program.value
    of = np.repeat(move, np.diff(start[: cells.size + 1]))
    inside = slice(0, int(start[cells.size]))
    rest = np.bincount(index[inside], weights=value[inside] * of, minlength=program.row_lower.size)
    if rest.size and np.abs(rest).max() > _RESIDUAL:
        return None
    used = np.flatnonzero(move)
    return Direction(cell, high, low, cells[used], move[used])


def _program(
    problem: Problem,
    cells: Ints,
    closed: Ints,
    parts: tuple[Floats, Floats, Floats, Floats, Floats],
) -> Program:
    full, cost, lower, upper, back = parts
    columns = problem.columns
    length = np.diff(columns.indptr)[cells].astype(np.int64)
    rows = gather(columns.indptr, columns.indices, cells)
    begin = columns.indptr[cells].astype(np.int64)
    where = np.repeat(begin - np.cumsum(length) + length, length) + np.arange(rows.size)
    value = columns.data[where]
    names, index = np.unique(rows, return_inverse=True)
    start = np.concatenate(([0], np.cumsum(length)))
    again = gather(start, np.arange(rows.size), closed)
    begin_again = start[-1] + np.cumsum(length[closed])
    zero = np.zeros(names.size)
    return Program(
        np.concatenate((full, cost)),
        np.concatenate((lower, np.zeros(closed.size))),
        np.concatenate((upper, back)),
        zero,
        zero,
        np.concatenate((start, begin_again)).astype(np.int32),
        np.concatenate((index, index[again])).astype(np.int32),
        np.concatenate((value, -value[again])),
    )
