"""A table that fits what is shown, far from its edges: where movements start."""

from dataclasses import dataclass

import numpy as np

from sekisho.errors import CancelledError, fault
from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints
from sekisho.lanes.statistics.disclosure.solver import Program, interior, solve
from sekisho.lanes.statistics.finished.frame import Frame, cut
from sekisho.ports import Watch

_TOGETHER = 6000
"""Columns of small components that share one program."""
_FAR = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Centre:
    """Shape: (n,) each: the table, where there is one, and how many programs it took."""

    point: Floats
    solved: Bools
    programs: int


def centre(frame: Frame, watch: Watch) -> Centre:
    """Such a table, component by component; where there is none the figures contradict."""
    point, solved = np.zeros(frame.size), np.zeros(frame.size, dtype=bool)
    programs = 0
    for columns in batches(frame.label):
        watch.progress("finished.phase-room", int(solved.sum()), 2 * frame.size)
        stop_if_cancelled(watch)
        found, more = _inside(frame, columns)
        programs += more
        if found is not None:
            point[columns], solved[columns] = found, True
            continue
        for each in np.unique(frame.label[columns]) if np.ptp(frame.label[columns]) else ():
            part = columns[frame.label[columns] == each]
            one, more = _inside(frame, part)
            programs += more
            if one is not None:
                point[part], solved[part] = one, True
    return Centre(point, solved, programs)


def stop_if_cancelled(watch: Watch) -> None:
    """Raises: CancelledError when somebody asked for it."""
    if watch.cancelled():
        raise CancelledError(fault("disclosure.cancelled", stage="audit"))


def batches(label: Ints) -> list[Ints]:
    """Columns by component, cut between components into parts of about equal size."""
    if not label.size:
        return []
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order], prepend=-1))
    cuts, start = [], 0
    for edge, following in zip(edges.tolist(), [*edges[1:].tolist(), label.size], strict=True):
        if following - start > _TOGETHER and edge > start:
            cuts.append(edge)
            start = edge
    return np.split(order, cuts)


def _inside(frame: Frame, columns: Ints) -> tuple[Floats | None, int]:
    """Values of some components far from their ends; None where there are none.

    Returns: the values, and how many programs were solved.
    """
    rows, touched = cut(frame, columns)
    low, high, rest = frame.low[columns], frame.high[columns], frame.rest[touched]
    # What has no upper end would run away: no table needs it far above what is printed.
    most = _FAR * max(1.0, float(np.abs(rest).max(initial=0.0)))
    near = np.where(np.isfinite(high), high, np.maximum(most, low + most))
    near_low = np.where(np.isfinite(low), low, np.minimum(-most, near - most))
    matrix = rows.tocsc()
    arrays = (
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float64),
    )
    cost = np.zeros(columns.size)
    found = interior(Program(cost, near_low, near, rest, rest, *arrays))
    if found.optimal:
        return np.clip(found.point, near_low, near), 1
    again = solve(Program(cost, low, high, rest, rest, *arrays), presolve=True)
    return (again.point if again.optimal else None), 2
