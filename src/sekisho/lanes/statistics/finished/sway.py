"""Movements that keep every equation, found without a program: most cells are proven wide by a few.

A random vector is projected onto the movements that the equations leave, measured by the room that
each cell has at the centre; as far as no cell leaves its ends, the moved table fits what is shown.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from sekisho.lanes.statistics.disclosure.cells import Bools, Floats, Ints, Rows
from sekisho.lanes.statistics.disclosure.local import ball
from sekisho.lanes.statistics.finished.centre import Centre, batches, stop_if_cancelled
from sekisho.lanes.statistics.finished.frame import Frame, Judge, cut, moving
from sekisho.ports import Watch

RESIDUAL = 1e-8
_DENSE = 6
_SPARSE = 400
_PATIENCE = 25
_WORTH = 0.03
_PICKED = 0.01
_FEWEST = 3
_PIECE = 4000
_STUCK = 1e-9
_RIDGE = 1e-11
_INSIDE = 1 - 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The least and most that each column has in some table that fits. Changed in place."""

    low: Floats
    high: Floats

    def add(self, columns: Ints, point: Floats) -> None:
        """One more table that fits, for some columns."""
        self.low[columns] = np.minimum(self.low[columns], point)
        self.high[columns] = np.maximum(self.high[columns], point)

    def pending(self, frame: Frame, judge: Judge, wanted: Bools) -> Bools:
        """Wanted columns that no two tables prove wide yet."""
        return self.pending_of(frame, judge, wanted, np.arange(frame.size))

    def pending_of(self, frame: Frame, judge: Judge, wanted: Bools, columns: Ints) -> Bools:
        """The same for some columns."""
        low, high, unit = self.low[columns], self.high[columns], frame.unit[columns]
        little = 1e-7 * np.maximum(1.0, np.abs(high))
        return wanted[columns] & ~judge.is_open((low + little) * unit, (high - little) * unit)


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """The movements of some columns that keep the equations, measured by `scale`.

    `part` numbers each column's component from 0, `first` each equation's.
    """

    columns: Ints
    point: Floats
    down: Floats
    up: Floats
    part: Ints
    parts: int
    first: Ints
    rows: Rows
    scaled: Rows
    back: Rows
    normal: Rows
    shrink: Floats
    factor: linalg.SuperLU
    scale: Floats

    def onto(self, push: Floats) -> Floats:
        """The part of a vector that keeps every equation."""
        out = push
        for _ in range(2):
            solved = self.factor.solve(self.shrink * (self.scaled @ out))
            out = out - self.back @ (self.shrink * solved)
        return np.asarray(out, dtype=np.float64)


def sway(
    frame: Frame, inside: Centre, aim: tuple[Judge, Bools], reach: Reach, watch: Watch
) -> None:
    """Widen what is proven: a few movements of everything, then many of a few cells each.

    Large components are cut into pieces for the latter; all around a piece stays where it is.
    """
    judge, wanted = aim
    draw = np.random.default_rng(11)
    for columns in batches(frame.label):
        stop_if_cancelled(watch)
        plane = _plane(frame, inside, columns) if inside.solved[columns].any() else None
        if plane is None:
            continue
        for number in range(_DENSE):
            pending = reach.pending(frame, judge, wanted)[columns]
            signs = draw.choice((-1.0, 1.0), columns.size)
            push = draw.normal(size=columns.size) if number < 2 else np.where(pending, signs, 0.0)
            _move(plane, push, reach)
        if columns.size <= 2 * _PIECE:
            _move_few(frame, plane, (judge, wanted, draw), reach)
    large = np.bincount(frame.label, minlength=1)[frame.label] > 2 * _PIECE
    for size in (_PIECE, _PIECE // 2) if large.any() else ():
        _piecewise(frame, inside, (judge, wanted & large, draw), reach, (watch, size))


def _piecewise(
    frame: Frame,
    inside: Centre,
    aim: tuple[Judge, Bools, np.random.Generator],
    reach: Reach,
    where: tuple[Watch, int],
) -> None:
    """Movements of pieces of large components, around whatever is pending."""
    judge, wanted, _ = aim
    watch, size = where
    problem = moving(frame, inside.point)
    left = wanted & inside.solved
    while (ready := np.flatnonzero(reach.pending(frame, judge, left))).size:
        stop_if_cancelled(watch)
        watch.progress("finished.phase-room", frame.size - ready.size, frame.size)
        kinds = (inside.solved, wanted, np.ones(frame.size))
        columns, _ = ball(problem, kinds, int(ready[0]), size)
        left[columns] = False
        plane = _plane(frame, inside, columns)
        if plane is not None:
            _move_few(frame, plane, aim, reach)


def _move_few(
    frame: Frame,
    plane: _Plane,
    aim: tuple[Judge, Bools, np.random.Generator],
    reach: Reach,
) -> None:
    """Movements of a few pending cells each, as long as they settle some."""
    judge, wanted, draw = aim
    columns = plane.columns
    before = columns.size
    for number in range(_SPARSE):
        pending = np.flatnonzero(reach.pending_of(frame, judge, wanted, columns))
        if number % _PATIENCE == 0:
            if before - pending.size <= _WORTH * before:
                return
            before = pending.size
        if not pending.size:
            return
        count = min(pending.size, max(_FEWEST, round(_PICKED * pending.size)))
        push = np.zeros(columns.size)
        push[draw.choice(pending, count, replace=False)] = draw.choice((-1.0, 1.0), count)
        _move(plane, push, reach)


def _plane(frame: Frame, inside: Centre, columns: Ints) -> _Plane | None:
    point = inside.point[columns]
    down, up = point - frame.low[columns], frame.high[columns] - point
    scale = np.minimum(down, up)
    scale = np.where(np.isfinite(scale), scale, np.maximum(1.0, np.abs(point)))
    scale = np.where(scale > _STUCK, scale, 0.0)
    rows, _ = cut(frame, columns)
    scaled = sparse.csr_array(rows @ sparse.diags_array(scale))
    product = sparse.csr_array(scaled @ scaled.T)
    weight = np.asarray(product.diagonal())
    shrink = np.where(weight > 0, 1 / np.sqrt(np.where(weight > 0, weight, 1.0)), 0.0)
    normal = sparse.csr_array(
        sparse.diags_array(shrink) @ product @ sparse.diags_array(shrink)
        + sparse.diags_array(np.where(weight > 0, _RIDGE, 1.0))
    )
    try:
        factor = linalg.splu(
            sparse.csc_array(normal),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError:  # SuperLU says so of a matrix that is singular to it
        return None
    _, part = np.unique(frame.label[columns], return_inverse=True)
    first = part[rows.indices[rows.indptr[:-1]]]
    back = sparse.csr_array(scaled.T)
    place = (columns, point, down, up, part, int(part.max()) + 1, first)
    return _Plane(*place, rows, scaled, back, normal, shrink, factor, scale)


def _move(plane: _Plane, push: Floats, reach: Reach) -> None:
    """Go along a movement and back, in each component as far as its ends let it."""
    along = plane.scale * plane.onto(push)
    off = np.zeros(plane.parts)
    np.maximum.at(off, plane.first, np.abs(plane.rows @ along))
    for move in (along, -along):
        share = _INSIDE * farthest_share(move, plane.down, plane.up, plane.part, plane.parts)
        sound = off * share <= RESIDUAL
        if sound.all():
            reach.add(plane.columns, plane.point + move * share[plane.part])
        elif sound.any():
            kept = sound[plane.part]
            step = move * share[plane.part]
            reach.add(plane.columns[kept], (plane.point + step)[kept])


def farthest_share(move: Floats, down: Floats, up: Floats, part: Ints, parts: int) -> Floats:
    """How many times each component's movement fits between its columns' ends; 0 for endless."""
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(move > 0, up, -down) / move
    room = np.where(np.isnan(room), np.where(move == 0, np.inf, 0.0), room)
    room = np.where(move == 0, np.inf, room)
    if parts == 1:
        share = room.min(keepdims=True)
    else:
        share = np.full(parts, np.inf)
        np.minimum.at(share, part, room)
    return np.where(np.isfinite(share), share, 0.0)
