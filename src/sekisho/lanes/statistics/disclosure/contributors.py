"""Attackers who contribute to the tables, over the unknowns of a problem.

A contributor alone in a cell knows it exactly; one that shares a cell knows that it cannot be
smaller than its own part; contributors of one holding pool what they know.
"""

from dataclasses import dataclass

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Attackers, CellSet, Floats, Ints
from sekisho.lanes.statistics.disclosure.direction import Direction
from sekisho.lanes.statistics.disclosure.equations import Problem
from sekisho.lanes.statistics.disclosure.local import gather

_SLACK = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Insiders:
    """Attackers over the unknowns of a problem: the room that each leaves its cells.

    Attacker t's unknowns are `cell[start[t]:start[t + 1]]` with `down` and `up`, never more than
    the problem's own room. `group[a]` is the t that knows what original attacker a knows, -1 when
    a knows nothing hidden. `entry[by[i]:by[i + 1]]` are the entries that speak of unknown i.
    """

    start: Ints
    cell: Ints
    down: Floats
    up: Floats
    group: Ints
    by: Ints
    entry: Ints
    owner: Ints

    @property
    def size(self) -> int:
        """How many different attackers there are."""
        return int(self.start.size - 1)

    def about(self, attacker: int) -> slice:
        """Where the entries of an attacker stand."""
        return slice(int(self.start[attacker]), int(self.start[attacker + 1]))

    def knowing(self, cell: int) -> Ints:
        """Attackers who know an unknown exactly."""
        entries = self.entry[self.by[cell] : self.by[cell + 1]]
        exact = (self.down[entries] <= 0) & (self.up[entries] <= 0)
        return self.owner[entries[exact]]


def insiders(cells: CellSet, attackers: Attackers, column: Ints, problem: Problem) -> Insiders:
    """The attackers in terms of the unknowns; those who know nothing hidden, or the same, go."""
    seen: dict[bytes, int] = {}
    parts: list[tuple[Ints, Floats, Floats]] = []
    group = np.full(attackers.size, -1, dtype=np.int64)
    value = cells.values[attackers.cell].astype(np.float64)
    below, above = value - attackers.least, attackers.most - value
    for number in range(attackers.size):
        own = slice(int(attackers.start[number]), int(attackers.start[number + 1]))
        at = column[attackers.cell[own]]
        part = _tightest(at, below[own], above[own], problem)
        if not part[0].size:
            continue
        key = b"".join(array.tobytes() for array in part)
        if key not in seen:
            seen[key] = len(parts)
            parts.append(part)
        group[number] = seen[key]
    return _index(parts, group, problem.size)


def _tightest(
    at: Ints, below: Floats, above: Floats, problem: Problem
) -> tuple[Ints, Floats, Floats]:
    kept = at >= 0
    cells, place = np.unique(at[kept], return_inverse=True)
    down, up = problem.down[cells].copy(), problem.up[cells].copy()
    np.minimum.at(down, place, below[kept])
    np.minimum.at(up, place, above[kept])
    useful = (down < problem.down[cells]) | (up < problem.up[cells])
    return cells[useful], down[useful], up[useful]


def _index(parts: list[tuple[Ints, Floats, Floats]], group: Ints, size: int) -> Insiders:
    sizes = np.array([part[0].size for part in parts], dtype=np.int64)
    cell = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, dtype=np.int64)
    down = np.concatenate([part[1] for part in parts]) if parts else np.empty(0)
    up = np.concatenate([part[2] for part in parts]) if parts else np.empty(0)
    entry = np.argsort(cell, kind="stable").astype(np.int64)
    by = np.searchsorted(cell[entry], np.arange(size + 1)).astype(np.int64)
    start = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(sizes)))
    owner = np.repeat(np.arange(sizes.size, dtype=np.int64), sizes)
    return Insiders(start, cell, down, up, group, by, entry, owner)


def ruled_out(people: Insiders, direction: Direction) -> tuple[Ints, Ints]:
    """Attackers who know that the table above, and the table below, of a direction is false."""
    index = direction.index
    entries = gather(people.by, people.entry, index)
    count = people.by[index + 1] - people.by[index]
    move = np.repeat(direction.move, count)
    out = []
    for scale in (direction.rise, -direction.fall):
        z = scale * move
        slack = _SLACK * abs(scale)
        false = (z > people.up[entries] + slack) | (z < -people.down[entries] - slack)
        out.append(np.unique(people.owner[entries[false]]))
    return out[0], out[1]


def restricted(people: Insiders, kept: Ints, size: int) -> Insiders:
    """The same attackers over some of the unknowns, numbered anew; none of them is dropped."""
    place = np.full(size, -1, dtype=np.int64)
    place[kept] = np.arange(kept.size)
    parts = []
    for number in range(people.size):
        own = people.about(number)
        inside = place[people.cell[own]] >= 0
        parts.append(
            (place[people.cell[own]][inside], people.down[own][inside], people.up[own][inside])
        )
    return _index(parts, people.group, kept.size)
