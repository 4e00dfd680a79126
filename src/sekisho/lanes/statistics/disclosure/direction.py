"""One movement of the hidden cells that certifies an unsafe one, by one linear program.

A direction d moves the unsafe cell by 1 and keeps every equation. Scaled by the level above it is
one table consistent with the publication, scaled by minus the level below another one, so a single
program serves both sides, and every other cell that it moves far enough as well.
"""

from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.equations import Problem
from sekisho.lanes.statistics.disclosure.local import Local, ball, cut_out, gather
from sekisho.lanes.statistics.disclosure.solver import Program, solve

_CLIP = 1e4
_FLOOR = 1e-6
_SUPPORT = 1e-9
_RESIDUAL = 5e-8
_GROWTH = 4
_DENSE = 1.5


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
    that of the last (0: the whole component). `toll` is what it costs to move a cell that is
    hidden already: 0 but for cells that some contributor knows.
    """

    problem: Problem
    price: Floats
    allowed: Bools
    reach: int = 1000
    most: int = 0
    toll: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Directions for one cell (none, one for both sides, or one a side) and programs solved."""

    directions: tuple[Direction, ...]
    programs: int


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
        cells, whole = ball(search.problem, (search.allowed, hidden, search.price), cell, size)
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
    least, most = bounds(search.problem, cells, high, low)
    local = cut_out(search.problem, cells, least < most)
    at = int(np.searchsorted(local.cells, cell))
    if at == local.cells.size or local.cells[at] != cell:
        return None
    least, most = least[local.place], most[local.place]
    if most[at] < 1.0:
        return None
    free = hidden[local.cells]
    free[at] = True
    price = prices(search.problem, local.cells, max(high, low), search.price)
    if search.toll is not None:
        price = np.where(free, search.toll[local.cells], price)
        price[at] = 0.0
    else:
        price = np.where(free, 0.0, price)
    program, closed = _program(local, free, price, (least, most, at))
    answer = solve(program, presolve=local.height > _DENSE * program.cost.size)
    if not answer.optimal:
        return None
    move = answer.point[: local.cells.size].copy()
    move[closed] -= answer.point[local.cells.size :]
    move[np.abs(move) <= _SUPPORT] = 0.0
    of = np.repeat(move, np.diff(local.start))
    rest = np.bincount(local.row, weights=local.value * of, minlength=local.height)
    if rest.size and np.abs(rest).max() > _RESIDUAL:
        return None
    used = np.flatnonzero(move)
    return Direction(cell, high, low, local.cells[used], move[used])


def _program(
    local: Local, free: Bools, price: Floats, room: tuple[Floats, Floats, int]
) -> tuple[Program, Ints]:
    """One column for each cell that moves for nothing; one up and one down for each other."""
    least, most, at = room
    paid = price > 0
    closed = np.flatnonzero(paid | ~free)
    middle = float(np.median(price[~free])) if not free.all() else 1.0
    cost = price / middle if middle > 0 else price
    lower = np.where(paid | ~free, 0.0, least)
    upper = most.copy()
    lower[at] = upper[at] = 1.0
    again = gather(local.start, np.arange(local.row.size), closed)
    begin_again = local.start[-1] + np.cumsum(np.diff(local.start)[closed])
    zero = np.zeros(local.height)
    program = Program(
        np.concatenate((cost, cost[closed])),
        np.concatenate((lower, np.zeros(closed.size))),
        np.concatenate((upper, -least[closed])),
        zero,
        zero,
        np.concatenate((local.start, begin_again)).astype(np.int32),
        np.concatenate((local.row, local.row[again])).astype(np.int32),
        np.concatenate((local.value, -local.value[again])),
    )
    return program, closed
