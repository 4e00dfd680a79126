"""A pattern that also holds against contributors, who know more than outsiders do.

A level is safe against an attacker when some table that certifies it contradicts nothing the
attacker knows. So each level keeps the attackers who know every one of its tables to be false, and
further directions are found until nobody is left, or nothing could help.
"""

from dataclasses import dataclass, replace

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.construct import (
    CLEAR,
    TOLERANCE,
    Pattern,
    Workers,
    apart,
)
from sekisho.lanes.statistics.disclosure.contributors import Insiders, ruled_out
from sekisho.lanes.statistics.disclosure.direction import Direction, Found, Search, find
from sekisho.lanes.statistics.disclosure.equations import Problem
from sekisho.lanes.statistics.disclosure.local import gather

ABOVE, BELOW = 0, 1
TOLL = 0.1


@dataclass(frozen=True, slots=True)
class Unmet:
    """A level that nothing can protect against one contributor: `side` 0 is above, 1 below."""

    attacker: int
    cell: int
    side: int


@dataclass(frozen=True, slots=True, eq=False)
class Hardened:
    """A pattern that holds against contributors, but for the levels that nothing can protect."""

    pattern: Pattern
    unmet: tuple[Unmet, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """For each level, the attackers who can rule out all its tables so far; changed in place.

    `suspects[side]` maps an unsafe cell to attackers (nobody listed: no table yet); `settled` is
    (2, n): nobody is left.
    """

    problem: Problem
    people: Insiders
    suspects: tuple[dict[int, Ints], dict[int, Ints]]
    settled: Bools
    unmet: list[Unmet]

    def left(self, cell: int) -> Ints:
        """Attackers against whom a cell still has an open level."""
        return np.union1d(self.at(ABOVE, cell), self.at(BELOW, cell))

    def at(self, side: int, cell: int) -> Ints:
        """Attackers against whom one level of a cell is open."""
        none = np.empty(0, dtype=np.int64)
        return none if self.settled[side, cell] else self.suspects[side].get(cell, none)

    def record(self, direction: Direction) -> None:
        """Take note of a direction: fewer attackers are left at each level it serves."""
        clear = np.abs(direction.move) >= CLEAR
        cells, move = direction.index[clear], direction.move[clear]
        false = ruled_out(self.people, direction)
        for scale, who in ((direction.rise, false[0]), (-direction.fall, false[1])):
            if scale == 0:
                continue
            for side, z in ((ABOVE, scale * move), (BELOW, -scale * move)):
                level = (self.problem.high, self.problem.low)[side][cells]
                reached = (level > 0) & (z >= level * (1 - TOLERANCE)) & ~self.settled[side, cells]
                for cell in cells[reached].tolist():
                    self.narrow(side, cell, who)

    def narrow(self, side: int, cell: int, who: Ints) -> None:
        """Keep only those suspects of a level that are among `who`."""
        before = self.suspects[side].get(cell)
        if before is None:
            now = np.setdiff1d(who, self.people.knowing(cell), assume_unique=True)
        else:
            now = np.intersect1d(before, who, assume_unique=True)
        self.suspects[side][cell] = now
        self.settled[side, cell] = now.size == 0

    def clear(self, side: int, cell: int, attacker: int) -> None:
        """One attacker is done with at a level."""
        self.narrow(side, cell, self.at(side, cell)[self.at(side, cell) != attacker])


def ledger(problem: Problem, people: Insiders, pattern: Pattern) -> Ledger:
    """What the directions of a pattern leave open against contributors."""
    settled = np.stack((problem.high <= 0, problem.low <= 0))
    book = Ledger(problem, people, ({}, {}), settled, [])
    for direction in pattern.directions:
        book.record(direction)
    return book


def against(search: Search, people: Insiders, who: Ints, cell: int) -> Search:
    """The search as seen by attackers: what they know exactly stays put, the rest has less room."""
    problem = search.problem
    entries = gather(people.start, np.arange(people.cell.size), who)
    at = people.cell[entries]
    down, up = problem.down.copy(), problem.up.copy()
    np.minimum.at(down, at, people.down[entries])
    np.minimum.at(up, at, people.up[entries])
    high, low = problem.high, problem.low
    if who.size == 1:
        high, low = high.copy(), low.copy()
        high[cell], low[cell] = min(high[cell], up[cell]), min(low[cell], down[cell])
    else:
        down[cell], up[cell] = problem.down[cell], problem.up[cell]
    allowed = search.allowed & ((down > 0) | (up > 0) | (problem.down <= 0))
    allowed[cell] = True
    seen = replace(problem, down=down, up=up, high=high, low=low)
    return replace(search, problem=seen, allowed=allowed)


def harden(search: Search, pattern: Pattern, people: Insiders, staff: Workers) -> Hardened:
    """The pattern with what contributors need added, and the levels that nothing can protect.

    Exact: a level is given up against an attacker only when no movement of all cells at all that
    may be hidden contradicts nothing the attacker knows.
    """
    problem = search.problem
    if not people.size:
        return Hardened(pattern, ())
    book = ledger(problem, people, pattern)
    hidden, found = pattern.hidden.copy(), list(pattern.directions)
    programs = pattern.programs
    queue = _queue(problem, people)
    total = queue.size
    while True:
        queue = queue[[book.left(cell).size > 0 for cell in queue.tolist()]]
        if not queue.size:
            break
        batch = apart(problem, queue)
        answers: list[Found] = list(staff.map(lambda k: _propose(search, book, hidden, k), batch))
        for cell, answer in zip(batch, answers, strict=True):
            programs += answer.programs
            before = book.left(cell)
            if not before.size:
                continue
            for direction in answer.directions:
                hidden[direction.index] = True
                book.record(direction)
                found.append(direction)
            if np.array_equal(book.left(cell), before):
                programs += _one_by_one(search, book, hidden, cell, found)
        staff.report("contributors", total - queue.size, total)
    done = replace(pattern, hidden=hidden, directions=tuple(found), programs=programs)
    return Hardened(done, tuple(book.unmet))


def _queue(problem: Problem, people: Insiders) -> Ints:
    level = np.maximum(problem.high, problem.low)
    known = np.diff(people.by) > 0
    order = np.lexsort((np.arange(problem.size), -level, known))
    return order[problem.unsafe[order]].astype(np.int64)


def _propose(search: Search, book: Ledger, hidden: Bools, cell: int) -> Found:
    return find(against(search, book.people, book.left(cell), cell), hidden, cell)


def tolled(search: Search, people: Insiders) -> Search:
    """The search with a toll on cells that somebody knows, so that directions avoid them."""
    if not people.size:
        return search
    toll = np.zeros(search.problem.size)
    exact = people.cell[(people.down <= 0) & (people.up <= 0)]
    toll[exact] = TOLL * search.price[exact]
    return replace(search, toll=toll)


def _one_by_one(
    search: Search, book: Ledger, hidden: Bools, cell: int, found: list[Direction]
) -> int:
    programs = 0
    for side in (ABOVE, BELOW):
        for attacker in book.at(side, cell).tolist():
            if attacker not in book.at(side, cell):
                continue
            seen = against(search, book.people, np.array([attacker]), cell)
            answer = find(_one_sided(seen, cell, side), hidden, cell)
            programs += answer.programs
            for direction in answer.directions:
                hidden[direction.index] = True
                book.record(direction)
                found.append(direction)
            level = (seen.problem.high, seen.problem.low)[side][cell]
            if not answer.directions and level > 0:
                book.unmet.append(Unmet(attacker, cell, side))
            book.clear(side, cell, attacker)
    return programs


def _one_sided(search: Search, cell: int, side: int) -> Search:
    other: Floats = (search.problem.low, search.problem.high)[side].copy()
    other[cell] = 0.0
    problem = (
        replace(search.problem, low=other) if side == ABOVE else replace(search.problem, high=other)
    )
    return replace(search, problem=problem)
