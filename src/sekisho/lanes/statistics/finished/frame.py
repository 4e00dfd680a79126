"""What carrying bounds leaves open, in floats: a system of equalities for programs and movements.

Each component is measured in a unit of its own, so that figures of any size keep their digits.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, Rows
from sekisho.lanes.statistics.disclosure.equations import Problem, components
from sekisho.lanes.statistics.finished.ends import Ends
from sekisho.lanes.statistics.finished.system import System

EXACT = 1e-6
CLOSE = 1e-3
_LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts as disclosed: knowing a cell to within `percent`."""

    percent: float = 10.0
    floor: float = 0.0
    """What everybody knows no cell lies below; -inf where figures may be negative."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Equations rows @ x = rest with low <= x <= high; the last columns are what rounding leaves.

    Shape: rows (m, n); low, high, label, unit (n,); `cells` (k,) are the unknowns of the system
    that the first k columns stand for, `equations` (m,) its equations that the rows are. Units: x
    times `unit` is in the unit of the figures.
    """

    rows: Rows
    columns: sparse.csc_array
    rest: Floats
    low: Floats
    high: Floats
    label: Ints
    unit: Floats
    cells: Ints
    equations: Ints

    @property
    def size(self) -> int:
        """How many columns there are."""
        return int(self.low.size)


@dataclass(frozen=True, slots=True)
class Judge:
    """Tells known, narrow and safe apart, in the unit of the figures.

    `step` is the smallest difference that is printed, `rounded` whether sums hold only nearly.
    """

    percent: float
    step: float
    rounded: bool

    def is_known(self, low: Floats, high: Floats) -> Bools:
        """One value to the last printed digit, or so close that the difference means nothing."""
        width = high - low
        if not self.rounded:
            return np.asarray(width <= EXACT, dtype=bool)
        close = (width <= self.step) | (width <= CLOSE * np.abs(high))
        return np.asarray(np.isfinite(width) & close, dtype=bool)

    def is_narrow(self, low: Floats, high: Floats) -> Bools:
        """Cells that one estimate gives to within the asked per cent; known ones, too."""
        width = high - low
        with np.errstate(invalid="ignore"):
            close = width < self.percent / 100 * np.abs(high + low) - EXACT
        return np.asarray(np.isfinite(width) & close, dtype=bool)

    def is_open(self, low: Floats, high: Floats) -> Bools:
        """Neither: what an attacker is left with is wide enough."""
        return ~(self.is_known(low, high) | self.is_narrow(low, high))


def framed(system: System, ends: Ends, kept: Bools) -> Frame:
    """The equations of some cells, whole components of those whose ends are not fixed."""
    cells = np.flatnonzero(kept & ends.consistent & ~ends.fixed)
    columns = sparse.csc_array(system.columns[:, cells])
    touched = np.unique(columns.indices).astype(np.int64)
    rows = sparse.csr_array(sparse.csr_array(columns)[touched]).astype(np.float64)
    fixed = np.where(ends.fixed, ends.low, 0)
    held = (
        (system.rows[touched] @ fixed) if fixed.dtype != object else _held(system, touched, fixed)
    )
    least, most = system.low[touched] - held, system.high[touched] - held
    low, high = ends.floats(system.grain)
    slack = np.flatnonzero(least < most)
    extra = sparse.coo_array(
        (-np.ones(slack.size), (slack, np.arange(slack.size))), shape=(touched.size, slack.size)
    )
    whole = sparse.csr_array(sparse.hstack([rows, extra])) if slack.size else rows
    rest = least.astype(np.float64) / system.grain
    ends_low = np.append(low[cells], rest[slack])
    ends_high = np.append(high[cells], most.astype(np.float64)[slack] / system.grain)
    rest[slack] = 0.0
    label = components(whole)
    unit, row_unit = _units(whole, rest, (ends_low, ends_high), label)
    return Frame(
        whole,
        sparse.csc_array(whole),
        rest / row_unit,
        ends_low / unit,
        ends_high / unit,
        label,
        unit,
        cells,
        touched.astype(np.int64),
    )


def _held(system: System, touched: Ints, fixed: np.ndarray) -> np.ndarray:
    """What fixed cells add to some equations, in numbers of any size."""
    part = sparse.coo_array(system.rows[touched])
    held = np.zeros(touched.size, dtype=object)
    row, column = part.coords
    np.add.at(held, row, fixed[column] * part.data.astype(object))
    return held


def _units(
    rows: Rows, rest: Floats, ends: tuple[Floats, Floats], label: Ints
) -> tuple[Floats, Floats]:
    """The unit of each column and row: figures of a component become a million at most."""
    count = int(label.max(initial=-1)) + 1
    largest = np.ones(count)
    first = label[rows.indices[np.minimum(rows.indptr[:-1], max(rows.nnz - 1, 0))]]
    np.maximum.at(largest, first, np.abs(rest))
    for end in ends:
        finite = np.isfinite(end)
        np.maximum.at(largest, label[finite], np.abs(end[finite]))
    unit = np.maximum(1.0, 2.0 ** np.ceil(np.log2(largest / _LARGEST)))
    return unit[label], unit[first]


def cut(frame: Frame, columns: Ints) -> tuple[Rows, Ints]:
    """All equations that touch some columns, cut to these, and their numbers."""
    part = sparse.csc_array(frame.columns[:, columns])
    touched = np.unique(part.indices).astype(np.int64)
    return sparse.csr_array(sparse.csr_array(part)[touched]), touched


def moving(frame: Frame, point: Floats) -> Problem:
    """The frame as movements around a table that fits."""
    none, all_ = np.zeros(frame.size), np.ones(frame.size, dtype=bool)
    return Problem(
        frame.rows,
        frame.columns,
        np.maximum(point - frame.low, 0.0),
        np.maximum(frame.high - point, 0.0),
        none,
        none,
        np.ones(frame.size),
        all_,
    )
