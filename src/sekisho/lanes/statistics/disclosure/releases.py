"""New tables together with everything released before of the same data.

What was published stays known, what was hidden stays hidden and must stay protected. Where data
changed between two releases, the change itself is a cell: whoever holds both releases can read it
off, so it is protected like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sekisho.errors import DeliveryError, fault
from sekisho.lanes.statistics.disclosure.cells import (
    Bools,
    CellSet,
    Floats,
    Ints,
    Rows,
    cell_set,
    sparse_rows,
)
from sekisho.lanes.statistics.disclosure.certificate import Levels


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """An earlier release of the very same cells: which of them it published, which it hid.

    `values`, where given, are what it published; they must still be the cells' values.
    """

    name: str
    published: Bools
    hidden: Bools
    values: Ints | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """An earlier release of the same tables over other data: a version before a correction, a
    month before a vendor joined.

    `cells`, `levels` and `hidden` are the earlier release's own. `same[i]` is the cell of the new
    tables that describes what earlier cell i described, -1 where there is none. `change_levels`
    (one a cell of the earlier release) says how far an attacker must stay from the difference of
    the two, 0 where the difference may be known. `grows`: everyone knows that nothing fell.
    """

    name: str
    cells: CellSet
    levels: Levels
    hidden: Bools
    same: Ints
    change_levels: Levels
    grows: bool = False


def with_shared(cells: CellSet, earlier: Sequence[Shared]) -> CellSet:
    """The cells with what earlier releases of the same data published and hid taken into account.

    Raises: DeliveryError when a release both published and hid a cell, has other cells, or
    published other values.
    """
    published, hidden = cells.must_publish.copy(), cells.hidden.copy()
    for release in earlier:
        if release.published.shape != (cells.size,) or release.hidden.shape != (cells.size,):
            raise DeliveryError(
                fault("disclosure.earlier-cell", release=release.name, count=release.hidden.size)
            )
        both = release.published & release.hidden
        if both.any():
            count = int(both.sum())
            raise DeliveryError(
                fault("disclosure.earlier-reopened", release=release.name, count=count)
            )
        _same_values(cells, release)
        published |= release.published
        hidden |= release.hidden
    return replace(cells, must_publish=published, hidden=hidden & ~published)


def _same_values(cells: CellSet, release: Shared) -> None:
    if release.values is None:
        return
    differ = int(((release.values != cells.values) & release.published).sum())
    if differ:
        raise DeliveryError(fault("disclosure.earlier-differs", release=release.name, count=differ))


def with_changed(
    cells: CellSet, levels: Levels, earlier: Sequence[Changed]
) -> tuple[CellSet, Levels]:
    """The cells, followed by those of earlier releases over other data, and by the changes.

    The first `cells.size` cells keep their numbers. Earlier cells stay as they were released. A
    cell that did not change is one cell in both; a change is never published, only protected.
    """
    for release in earlier:
        _check(release, cells)
        cells, levels = _joined(cells, levels, release)
    return cells, levels


def _check(release: Changed, cells: CellSet) -> None:
    size = release.cells.size
    sound = (
        release.same.shape == release.hidden.shape == release.change_levels.upper.shape == (size,)
    )
    if not sound or (release.same >= cells.size).any():
        raise DeliveryError(fault("disclosure.earlier-cell", release=release.name, count=size))


def _joined(cells: CellSet, levels: Levels, release: Changed) -> tuple[CellSet, Levels]:
    old = release.cells
    first_old, first_change = cells.size, cells.size + old.size
    pairs = np.flatnonzero(release.same >= 0)
    twin = release.same[pairs]
    change = cells.values[twin] - old.values[pairs]
    moved = change != 0
    at = np.arange(pairs.size)
    ones = np.ones(pairs.size, dtype=np.int64)
    size = first_change + int(moved.sum())
    links = sparse_rows(
        np.concatenate((ones, -ones, -ones[moved])),
        np.concatenate((at, at, at[moved])),
        np.concatenate((twin, first_old + pairs, first_change + np.arange(moved.sum()))),
        (pairs.size, size),
    )
    equations = _stacked(cells.equations, old.equations, links)
    floor = np.where(change[moved] < 0, -np.inf, 0.0) if release.grows else -np.inf
    joined = cell_set(
        np.concatenate((cells.values, old.values, change[moved])),
        equations,
        tolerance=max(cells.tolerance, old.tolerance),
        **_columns(cells, release, moved, np.broadcast_to(floor, int(moved.sum()))),
    )
    changed = pairs[moved]
    own = release.change_levels
    return joined, Levels(
        np.concatenate((levels.upper, release.levels.upper, own.upper[changed])),
        np.concatenate((levels.lower, release.levels.lower, own.lower[changed])),
    )


def _stacked(new: Rows, old: Rows, links: Rows) -> Rows:
    """Both sets of equations over the joined cells, then the links between them."""
    a, b, c = new.tocoo(), old.tocoo(), links.tocoo()
    height = new.shape[0] + old.shape[0]
    return sparse_rows(
        np.concatenate((a.data, b.data, c.data)),
        np.concatenate((a.row, b.row + new.shape[0], c.row + height)).astype(np.int64),
        np.concatenate((a.col, b.col + new.shape[1], c.col)).astype(np.int64),
        (height + links.shape[0], links.shape[1]),
    )


def _columns(
    cells: CellSet, release: Changed, moved: Bools, floor: Floats
) -> dict[str, NDArray[Any]]:
    old, count = release.cells, int(moved.sum())
    none, all_of = np.zeros(count, dtype=bool), np.ones(count, dtype=bool)
    never = old.hidden | release.hidden
    return {
        "frequency": np.concatenate((cells.frequency, old.frequency, none.astype(np.int64))),
        "lower": np.concatenate((cells.lower, old.lower, floor)),
        "weight": np.concatenate((cells.weight, np.zeros(old.size), np.zeros(count))),
        "may_hide": np.concatenate((cells.may_hide, np.zeros(old.size, dtype=bool), none)),
        "must_publish": np.concatenate((cells.must_publish, ~never, none)),
        "hidden": np.concatenate((cells.hidden, never, all_of)),
    }
