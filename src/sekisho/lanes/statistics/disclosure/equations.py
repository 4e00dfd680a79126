"""Cells and equations made ready for the solver: known cells out, equal ones merged."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sekisho.lanes.statistics.disclosure.cells import Bools, CellSet, Floats, Ints, Rows


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Unknown cells in the form the engine works on: movements z with rows @ z = 0.

    Shape: (n,) after merging; `down` and `up` are the room of each cell below and above its true
    value, `high` and `low` the distances an unsafe cell must be able to move.
    """

    rows: Rows
    columns: sparse.csc_array
    down: Floats
    up: Floats
    high: Floats
    low: Floats
    weight: Floats
    hidden: Bools

    @property
    def size(self) -> int:
        """How many unknown cells there are."""
        return int(self.down.size)

    @property
    def unsafe(self) -> Bools:
        """Cells that must be able to move."""
        return (self.high > 0) | (self.low > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """A Problem with the way back: `column[i]` is cell i's unknown, -1 when its value is known."""

    problem: Problem
    column: Ints

    def spread(self, mask: Bools) -> Bools:
        """A mask over the unknowns as one over the cells; known cells are not in it."""
        kept = self.column >= 0
        out = np.zeros(self.column.size, dtype=bool)
        out[kept] = mask[self.column[kept]]
        return out


def merge(cells: CellSet, upper: Floats, lower: Floats) -> Merged:
    """Leave out what is known, and make cells that always move together one unknown.

    A cell is known when it is published for good, may not be hidden, or stands alone in an
    equation. Two unknowns in an equation with opposite signs move together.
    """
    asked = (upper > 0) | (lower > 0)
    known = cells.must_publish | ~(cells.may_hide | cells.hidden | asked)
    column = np.where(known, -1, np.arange(cells.size))
    rows = cells.equations
    while True:
        _, column = _renumber(column)
        current = _collapse(rows, column)
        count = np.diff(current.indptr)
        alone = current.indices[current.indptr[:-1][count == 1]]
        pairs = np.flatnonzero(count == 2)
        first, second = current.indptr[pairs], current.indptr[pairs] + 1
        together = current.data[first] == -current.data[second]
        first, second = first[together], second[together]
        if not alone.size and not first.size:
            break
        column = _join(column, current.indices[first], current.indices[second], alone)
    return Merged(_problem(cells, column, _distinct(current), upper, lower), column)


def _renumber(column: Ints) -> tuple[int, Ints]:
    kept = column >= 0
    fresh = np.full(column.size, -1, dtype=np.int64)
    names, fresh[kept] = np.unique(column[kept], return_inverse=True)
    return names.size, fresh


def _collapse(rows: Rows, column: Ints) -> Rows:
    kept = np.flatnonzero(column >= 0)
    width = int(column.max(initial=-1)) + 1
    onto = sparse.csr_array(
        (np.ones(kept.size, dtype=np.int64), (kept, column[kept])), shape=(column.size, width)
    )
    collapsed = sparse.csr_array(rows @ onto)
    collapsed.sum_duplicates()
    collapsed.eliminate_zeros()
    return sparse.csr_array(collapsed[np.diff(collapsed.indptr) > 0])


def _join(column: Ints, first: Ints, second: Ints, alone: Ints) -> Ints:
    width = int(column.max(initial=-1)) + 1
    links = sparse.coo_array((np.ones(first.size), (first, second)), shape=(width, width))
    _, group = sparse.csgraph.connected_components(links, directed=False)
    group = group.astype(np.int64)
    known = np.zeros(width, dtype=bool)
    known[group[alone]] = True
    name = np.where(known[group], -1, group)
    return np.where(column >= 0, name[column], -1)


def _distinct(rows: Rows) -> Rows:
    if not rows.shape[0]:
        return rows
    draw = np.random.default_rng(7)
    sign = np.sign(rows.data[rows.indptr[:-1]])
    data = rows.data * np.repeat(sign, np.diff(rows.indptr))
    marks = []
    for _ in range(2):
        key = draw.integers(1, 2**63, size=rows.shape[1], dtype=np.uint64)
        marks.append(np.add.reduceat(data.astype(np.uint64) * key[rows.indices], rows.indptr[:-1]))
    _, first = np.unique(np.stack(marks, axis=1), axis=0, return_index=True)
    return sparse.csr_array(rows[np.sort(first)])


def _problem(cells: CellSet, column: Ints, rows: Rows, upper: Floats, lower: Floats) -> Problem:
    width = int(column.max(initial=-1)) + 1
    kept = np.flatnonzero(column >= 0)
    at = column[kept]

    def most(of: Floats) -> Floats:
        out = np.zeros(width)
        np.maximum.at(out, at, of[kept])
        return out

    down = np.full(width, np.inf)
    np.minimum.at(down, at, cells.values[kept] - cells.lower[kept])
    # An unknown is free to move only when none of its cells would be published.
    hidden = np.ones(width, dtype=bool)
    hidden[at[~cells.hidden[kept]]] = False
    high, low = most(upper), np.minimum(most(lower), down)
    floats = sparse.csr_array(rows.astype(np.float64))
    return Problem(
        floats,
        sparse.csc_array(floats),
        down,
        np.full(width, np.inf),
        high,
        low,
        np.bincount(at, weights=cells.weight[kept], minlength=width).astype(np.float64),
        hidden,
    )


def restrict(problem: Problem, kept: Ints) -> Problem:
    """The same problem with only some unknowns left; all others are held at their true value."""
    columns = sparse.csc_array(problem.columns[:, kept])
    rows = sparse.csr_array(columns)
    rows = sparse.csr_array(rows[np.diff(rows.indptr) > 0])
    return Problem(
        rows,
        sparse.csc_array(rows),
        problem.down[kept],
        problem.up[kept],
        problem.high[kept],
        problem.low[kept],
        problem.weight[kept],
        problem.hidden[kept],
    )


def components(rows: Rows) -> Ints:
    """Which connected component of cells and equations each cell belongs to."""
    height, width = rows.shape
    entries = rows.tocoo()
    links = sparse.coo_array(
        (np.ones(entries.nnz, dtype=np.int8), (entries.row, entries.col + height)),
        shape=(height + width, height + width),
    )
    _, label = sparse.csgraph.connected_components(links, directed=False)
    return np.asarray(label[height:], dtype=np.int64)
