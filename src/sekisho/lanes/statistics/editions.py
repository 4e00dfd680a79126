"""Editions that left before: joined with the tables of today, with what came between them.

Whoever holds two editions can subtract them. The difference of each earlier edition and today's,
and of every two earlier ones, is a cell: never published, protected by the rules like any other,
also against the firms that alone are behind one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sekisho.lanes.statistics.disclosure.cells import (
    Bools,
    CellSet,
    Ints,
    Rows,
    cell_set,
    sparse_rows,
)
from sekisho.lanes.statistics.disclosure.certificate import Levels
from sekisho.lanes.statistics.disclosure.releases import Changed, with_changed
from sekisho.lanes.statistics.disclosure.structure import Places, tables_to_cells
from sekisho.lanes.statistics.sensitive import sensitive_cells
from sekisho.lanes.statistics.tables import (
    Description,
    PlanCells,
    cell_keys,
    cell_table,
    dimensions_of,
    shared_rows,
)
from sekisho.model.private import SensitivityParameters

Knowledge = dict[int, tuple[float, float]]
"""What one attacker knows: cell -> (least, most)."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An edition that left before: its cells and pattern, and the cells of what changed since.

    `change` is empty when the data is the same; then only the classification may differ.
    """

    name: str
    plans: tuple[PlanCells, ...]
    hidden: Mapping[str, Bools]
    """Plan cells' name -> (n,) mask."""
    change: tuple[PlanCells, ...] = ()
    between: Mapping[str, tuple[PlanCells, ...]] = field(default_factory=dict)
    """Name of an edition over more data -> the cells of what that one had more than this."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Today's cells, followed by those of earlier editions, and by every change between two."""

    cells: CellSet
    levels: Levels
    knowledge: tuple[Knowledge, ...]
    """Of each firm that is alone in cells of earlier editions or in changes."""


def with_editions(
    today: Joined,
    described: Mapping[Description, int],
    earlier: Sequence[Earlier],
    private: SensitivityParameters,
) -> Joined:
    """Today's cells joined with editions over other data; `described` says where today's stand."""
    joined = today
    stood: list[tuple[Earlier, Mapping[Description, int]]] = []
    for edition in earlier:
        joined, at = _appended(joined, edition, private)
        joined = _linked(joined, (at, described), edition.change, private)
        for other, there in stood:
            if edition.name in other.between:
                joined = _linked(joined, (there, at), other.between[edition.name], private)
            else:
                joined = _linked(joined, (at, there), edition.between.get(other.name, ()), private)
        stood.append((edition, at))
    return joined


def levels_of(
    plans: Sequence[PlanCells], places: Places, size: int, private: SensitivityParameters
) -> Levels:
    """How far an attacker must stay from each cell, the strictest of the plans that show it."""
    upper, lower = np.zeros(size), np.zeros(size)
    for each in plans:
        found = sensitive_cells(each, private)
        at = places.rows[each.name]
        upper[at] = np.maximum(upper[at], found.upper)
        lower[at] = np.maximum(lower[at], found.lower)
    return Levels(upper, lower)


def lone_contributors(
    plans: Sequence[PlanCells], at: Mapping[Description, int], values: Ints
) -> Iterator[Knowledge]:
    """Contributors who know the cells that they alone make up, in every table of the set.

    A contributor's number means the same in plans that read the same rows; where they do not, it
    attacks each with what it knows of that one.
    """
    if any(each.plan.attackers == "outside" for each in plans):
        return
    knows: dict[tuple[int, ...], Knowledge] = {}
    for each in plans:
        keys = cell_keys(each)
        for row in np.flatnonzero((each.cells.contributors == 1) & (each.cells.totals != 0)):
            cell = at.get(keys[row], -1)
            if cell >= 0:
                who = (*_rows_read(each), int(each.cells.top_contributors[row, 0]))
                knows.setdefault(who, {})[cell] = (float(values[cell]), float(values[cell]))
    yield from (knows[who] for who in sorted(knows))


def _rows_read(each: PlanCells) -> tuple[int, int, int]:
    """Figures of the grand total, alike when two plans read the same rows."""
    everything = [all(part is None for part in groups) for groups in each.cells.groups]
    row = everything.index(True)
    cells = each.cells
    return int(cells.totals[row]), int(cells.rows[row]), int(cells.contributors[row])


def _appended(
    joined: Joined, edition: Earlier, private: SensitivityParameters
) -> tuple[Joined, Mapping[Description, int]]:
    """The cells of an edition behind those that are there, and where each stands."""
    cells, places = tables_to_cells(
        dimensions_of(edition.plans), [cell_table(each) for each in edition.plans]
    )
    levels = levels_of(edition.plans, places, cells.size, private)
    hidden = np.zeros(cells.size, dtype=bool)
    for each in edition.plans:
        hidden[places.rows[each.name]] |= edition.hidden[each.name]
    nowhere = np.full(cells.size, -1, dtype=np.int64)
    none = Levels(np.zeros(cells.size), np.zeros(cells.size))
    first = joined.cells.size
    every, all_levels = with_changed(
        joined.cells,
        joined.levels,
        [Changed(edition.name, cells, levels, hidden, nowhere, none)],
    )
    rows = shared_rows(edition.plans, places.rows)
    at = {key: first + row for key, row in rows.items()}
    lone = lone_contributors(edition.plans, at, every.values)
    return Joined(every, all_levels, (*joined.knowledge, *lone)), at


def _linked(
    joined: Joined,
    places: tuple[Mapping[Description, int], Mapping[Description, int]],
    came: Sequence[PlanCells],
    private: SensitivityParameters,
) -> Joined:
    """The changes between an older and a newer edition, of which `came` holds what came between.

    A cell that did not change is one cell in both: whoever sees the two may know that.
    """
    older, newer = places
    cells, shared = joined.cells, [key for key in older if key in newer]
    old, new = (np.array([at[k] for k in shared], dtype=np.int64) for at in (older, newer))
    change = cells.values[new] - cells.values[old]
    moved = np.flatnonzero(change)
    rows, ones = np.arange(old.size), np.ones(old.size, dtype=np.int64)
    made = cells.size + np.arange(moved.size)
    known = cells.equations.tocoo()
    equations = sparse_rows(
        np.concatenate((known.data, ones, -ones, -ones[moved])),
        np.concatenate((known.row, *(known.shape[0] + each for each in (rows, rows, moved)))),
        np.concatenate((known.col, new, old, made)),
        (known.shape[0] + old.size, cells.size + moved.size),
    )
    whole = _longer(cells, change[moved], equations)
    at = {shared[row]: int(cell) for row, cell in zip(moved, made, strict=True)}
    upper, lower = np.zeros(whole.size), np.zeros(whole.size)
    upper[: cells.size], lower[: cells.size] = joined.levels.upper, joined.levels.lower
    for each in came:
        found = sensitive_cells(each, private)
        for row, key in enumerate(cell_keys(each)):
            if key in at:
                upper[at[key]] = max(upper[at[key]], found.upper[row])
                lower[at[key]] = max(lower[at[key]], found.lower[row])
    lone = lone_contributors(came, at, whole.values)
    return Joined(whole, Levels(upper, lower), (*joined.knowledge, *lone))


def _longer(cells: CellSet, change: Ints, equations: Rows) -> CellSet:
    """The cells with changes behind them; everyone knows that data was added, never taken."""
    no, yes = np.zeros(change.size, dtype=bool), np.ones(change.size, dtype=bool)
    return cell_set(
        np.concatenate((cells.values, change)),
        equations,
        tolerance=cells.tolerance,
        frequency=np.concatenate((cells.frequency, no.astype(np.int64))),
        lower=np.concatenate((cells.lower, np.where(change < 0, -np.inf, 0.0))),
        weight=np.concatenate((cells.weight, no.astype(np.float64))),
        may_hide=np.concatenate((cells.may_hide, no)),
        must_publish=np.concatenate((cells.must_publish, no)),
        hidden=np.concatenate((cells.hidden, yes)),
    )
