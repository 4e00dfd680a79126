"""A protected pattern, one direction at a time.

The unsafe cells are taken in a fixed order, in batches fixed in advance; within a batch the
programs run side by side on the same frozen pattern, so the number of threads changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sekisho.errors import CancelledError, fault
from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.direction import Direction, Found, Search, find
from sekisho.lanes.statistics.disclosure.equations import Problem
from sekisho.lanes.statistics.disclosure.local import gather

TOLERANCE = 1e-6
CLEAR = 1e-5
_BATCH = 6
_LOOK = 40
_WIDE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Workers:
    """Threads, and the two callbacks of whoever waits: progress and cancel."""

    map: Callable[..., Iterable[Any]]
    progress: Callable[[str, int, int], None] | None = None
    cancelled: Callable[[], bool] | None = None

    def report(self, stage: str, done: int, total: int) -> None:
        """Tell how far a stage has come, and stop when somebody asked for it."""
        if self.progress is not None:
            self.progress(stage, done, total)
        if self.cancelled is not None and self.cancelled():
            raise CancelledError(fault("disclosure.cancelled", stage=stage))


@contextmanager
def workers(
    threads: int,
    progress: Callable[[str, int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Workers]:
    """Workers for as long as the block runs; one thread works in the caller's own."""
    if threads <= 1:
        yield Workers(map, progress, cancelled)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield Workers(pool.map, progress, cancelled)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Hidden cells, the directions that certify them, and unsafe cells still open on a side."""

    hidden: Bools
    directions: tuple[Direction, ...]
    open_above: Bools
    open_below: Bools
    programs: int = 0

    @property
    def complete(self) -> bool:
        """Every level is certified."""
        return not (self.open_above.any() or self.open_below.any())


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """Which sides of which unsafe cells no direction certifies yet; changed in place."""

    above: Bools
    below: Bools
    high: Floats = field(repr=False)
    low: Floats = field(repr=False)

    def cells(self) -> Bools:
        """Cells with an open side."""
        return self.above | self.below

    def settle(self, direction: Direction) -> None:
        """Close what a direction certifies."""
        clear = np.abs(direction.move) >= CLEAR
        at = direction.index[clear]
        highest, lowest = (side[clear] for side in reach(direction))
        self.above[at[highest >= self.high[at] * (1 - TOLERANCE)]] = False
        self.below[at[lowest >= self.low[at] * (1 - TOLERANCE)]] = False


def reach(direction: Direction) -> tuple[Floats, Floats]:
    """How far above and below its true value a direction takes each of its cells."""
    one, other = direction.rise * direction.move, -direction.fall * direction.move
    return np.maximum(one, other), -np.minimum(one, other)


def all_open(problem: Problem) -> Open:
    """Every level of every unsafe cell still to be certified."""
    return Open(problem.high > 0, problem.low > 0, problem.high, problem.low)


def construct(
    search: Search, order: Ints, staff: Workers, *, stage: str, start: Bools | None = None
) -> Pattern:
    """A pattern in which every unsafe cell is certified, as far as that is possible.

    Shape: order is a permutation of (a part of) the cells; start the cells hidden from the outset
    (by default the unsafe ones and those never published).
    """
    problem = search.problem
    hidden = (problem.unsafe | problem.hidden) if start is None else start.copy()
    left = all_open(problem)
    queue = order[left.cells()[order]]
    total = queue.size
    found: list[Direction] = []
    failed = np.zeros(problem.size, dtype=bool)
    programs = 0
    while queue.size:
        batch = apart(problem, queue)
        # INVARIANT: every answer is in before the pattern changes, or threads would race and
        # the pattern depend on them; test_the_same_tables_give_the_same_bytes holds it.
        answers: list[Found] = list(staff.map(lambda k: find(search, hidden, k), batch))
        for cell, answer in zip(batch, answers, strict=True):
            programs += answer.programs
            if not (left.above[cell] or left.below[cell]):
                continue
            for direction in answer.directions:
                hidden[direction.index] = True
                left.settle(direction)
                found.append(direction)
            failed[cell] = left.above[cell] or left.below[cell]
        queue = queue[left.cells()[queue] & ~failed[queue]]
        staff.report(stage, total - queue.size, total)
    return Pattern(hidden, tuple(found), left.above, left.below, programs)


def apart(problem: Problem, queue: Ints) -> list[int]:
    """The next cells of the queue of which no two lie within two equations of each other."""
    rows, columns = problem.rows, problem.columns
    width = np.diff(rows.indptr)
    taken: set[int] = set()
    batch: list[int] = []
    for cell in queue[:_LOOK].tolist():
        own = columns.indices[columns.indptr[cell] : columns.indptr[cell + 1]]
        narrow = own[width[own] <= _WIDE].astype(np.int64)
        near = gather(rows.indptr, rows.indices, narrow)
        around = set(gather(columns.indptr, columns.indices, np.unique(near)).tolist())
        around.update(own.tolist())
        if taken.isdisjoint(around):
            batch.append(cell)
            taken.update(own.tolist())
        if len(batch) == _BATCH:
            break
    return batch


def mapped(direction: Direction, names: Ints) -> Direction:
    """The same direction with its cells called by other numbers."""
    return replace(direction, cell=int(names[direction.cell]), index=names[direction.index])
