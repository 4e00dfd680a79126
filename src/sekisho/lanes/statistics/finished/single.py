"""The interval of one hidden cell: in a neighbourhood first, over everything only where need be."""

import numpy as np
from scipy import sparse

from sekisho.errors import CancelledError, fault
from sekisho.lanes.statistics.disclosure.audit import farthest
from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.equations import Problem, components, restrict
from sekisho.lanes.statistics.disclosure.local import ball
from sekisho.lanes.statistics.finished.room import Asked, Inside, movements
from sekisho.lanes.statistics.finished.system import System
from sekisho.ports import Watch

_BALLS = (150, 600, 2500)
_NARROW = 1e-6


def narrowed(
    system: System,
    inside: Inside,
    bounds: tuple[Floats, Floats, Bools],
    aim: tuple[Asked, Ints],
    watch: Watch,
) -> tuple[Floats, Floats, Bools, int]:
    """Intervals of some cells made as narrow as their verdict needs.

    In a neighbourhood only equations that lie wholly inside count, and cells move within their
    outer bounds: what is narrow there is narrow for good. Where the neighbourhood is everything,
    or nothing smaller decides, the interval is sharp.
    Returns: low, high, sharp, programs solved.
    """
    low, high, sharp = bounds[0].copy(), bounds[1].copy(), bounds[2].copy()
    asked, cells = aim
    none = np.zeros(inside.point.size, dtype=bool)
    problem = movements(system, inside.point, np.zeros(none.size), none, (low, high))
    label = components(problem.rows)
    programs = 0
    for place, cell in enumerate(cells.tolist()):
        watch.progress("finished.phase-single", place, cells.size)
        if watch.cancelled():
            raise CancelledError(fault("disclosure.cancelled", stage="audit"))
        size = int((label == label[cell]).sum())
        for reach in (*(each for each in _BALLS if each < size / 2), size):
            whole = reach == size
            part, at = _around(problem, label, cell, None if whole else reach)
            point = float(inside.point[cell])
            low[cell] = max(low[cell], point - farthest(part, at, -1.0))
            high[cell] = min(high[cell], point + farthest(part, at, 1.0))
            programs += 2
            sharp[cell] = whole
            if whole or _decided(asked, low[cell], high[cell]):
                break
    return low, high, sharp, programs


def _decided(asked: Asked, low: float, high: float) -> bool:
    return bool(high - low < asked.percent / 100 * abs(high + low) - _NARROW)


def _around(problem: Problem, label: Ints, cell: int, reach: int | None) -> tuple[Problem, int]:
    """A component, or a neighbourhood with the equations wholly inside it."""
    if reach is None:
        kept = np.flatnonzero(label == label[cell])
        return restrict(problem, kept), int(np.searchsorted(kept, cell))
    everything = np.ones(problem.size, dtype=bool)
    kept, _ = ball(problem, (everything, everything, np.ones(problem.size)), cell, reach)
    part = restrict(problem, kept)
    touching = np.unique(sparse.csc_array(problem.columns[:, kept]).indices)
    within = np.diff(sparse.csr_array(problem.rows[touching]).indptr)
    inside = sparse.csr_array(problem.rows[touching])[:, kept]
    rows = sparse.csr_array(inside[np.diff(inside.indptr) == within])
    relaxed = Problem(
        rows,
        sparse.csc_array(rows),
        part.down,
        part.up,
        part.high,
        part.low,
        part.weight,
        part.hidden,
    )
    return relaxed, int(np.searchsorted(kept, cell))
