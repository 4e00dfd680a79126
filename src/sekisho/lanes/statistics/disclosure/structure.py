"""Linked tables, given as grouping-set cells with hierarchies, become one set of cells.

A cell that several tables show is one cell. What a table does not show but implies (the total of
its parts, the middle of a ragged hierarchy) becomes a cell that is never published, wherever it
ties others together. A combination that a table leaves out, while it shows its neighbours, is 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sekisho.errors import DeliveryError, Fault, fault, raise_all
from sekisho.lanes.statistics.disclosure.cells import (
    Bools,
    CellSet,
    Floats,
    Ints,
    Rows,
    cell_set,
    sparse_rows,
)
from sekisho.lanes.statistics.disclosure.hierarchies import (
    Dimension,
    codes_of,
    hierarchy_faults,
    parents_of,
)

_SPACE = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The cells of one table, one entry a cell in every column.

    `codes` gives each dimension's column of codes; a declared dimension that is left out stands at
    its total. Tables of other measures or other populations share no cell. Columns left as None
    take the defaults of `cell_set`; `lower` is what everyone knows the value cannot fall below.
    """

    name: str
    codes: Mapping[str, Sequence[str]]
    values: Ints
    frequency: Ints | None = None
    weight: Floats | None = None
    may_hide: Bools | None = None
    must_publish: Bools | None = None
    lower: Floats | None = None
    population: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the cells of each table went, and what the cells are called.

    `rows[table]` holds the cell of each row; `virtual` marks cells that no table shows.
    """

    rows: Mapping[str, Ints]
    virtual: Bools
    dimensions: tuple[Dimension, ...]
    populations: tuple[str, ...]
    _keys: Ints = field(repr=False)
    _codes: tuple[tuple[str, ...], ...] = field(repr=False)

    def name(self, cell: int) -> str:
        """The public coordinates of a cell, such as `activity=B, region=total`."""
        digits = np.unravel_index(int(self._keys[cell]), _shape(self.populations, self._codes))
        parts = [
            f"{dimension.name}={codes[int(at)]}"
            for dimension, codes, at in zip(self.dimensions, self._codes, digits[1:], strict=True)
        ]
        population = self.populations[int(digits[0])]
        return ", ".join([population, *parts] if population else parts)

    def named(self, faults: Sequence[Fault]) -> tuple[Fault, ...]:
        """Faults that speak of a cell by number, speaking of it by its coordinates instead."""
        out = []
        for each in faults:
            cell = each.fields.get("cell")
            known = isinstance(cell, int)
            fields = {**each.fields, "cell": self.name(cell)} if isinstance(cell, int) else {}
            out.append(replace(each, fields=fields) if known else each)
        return tuple(out)


def tables_to_cells(
    dimensions: Sequence[Dimension], tables: Sequence[Table], *, tolerance: int = 0
) -> tuple[CellSet, Places]:
    """One CellSet for several linked tables, and the way back to their rows.

    Raises: DeliveryError naming every fault: loops, unknown codes, cells twice, shared cells with
    different values, totals that are not the sum of their parts.
    """
    codes = tuple(codes_of(dimension) for dimension in dimensions)
    raise_all(DeliveryError, [f for d in dimensions for f in hierarchy_faults(d)])
    raise_all(DeliveryError, _table_faults(dimensions, codes, tables))
    populations = tuple(sorted({table.population for table in tables}))
    shape = _shape(populations, codes)
    shown = [_keys(table, dimensions, codes, populations) for table in tables]
    _refuse_repeats(tables, shown)
    trees = [parents_of(d, names) for d, names in zip(dimensions, codes, strict=True)]
    closed = [_closure(keys, shape, trees) for keys in shown]
    every = np.unique(np.concatenate([*closed, np.empty(0, dtype=np.int64)]))
    equations = _equations(every, closed, shape, trees)
    places = [np.searchsorted(every, keys) for keys in shown]
    virtual = np.ones(every.size, dtype=bool)
    for at in places:
        virtual[at] = False
    columns = {
        name: _gathered(name, tables, places, every.size)
        for name in ("values", "frequency", "weight", "may_hide", "must_publish", "lower")
    }
    for name in ("values", "frequency", "lower"):
        columns[name] = _summed(columns[name], virtual, equations)
    kept, equations = _pruned(equations, virtual)
    chosen = {name: column[kept] for name, column in columns.items()}
    chosen["hidden"] = virtual[kept]
    chosen["may_hide"] = chosen["may_hide"] & ~virtual[kept]
    cells = cell_set(
        chosen.pop("values").astype(np.int64), equations, tolerance=tolerance, **chosen
    )
    rows = {
        table.name: np.searchsorted(every[kept], keys)
        for table, keys in zip(tables, shown, strict=True)
    }
    return cells, Places(rows, virtual[kept], tuple(dimensions), populations, every[kept], codes)


def _shape(populations: tuple[str, ...], codes: tuple[tuple[str, ...], ...]) -> tuple[int, ...]:
    return (max(len(populations), 1), *(len(names) for names in codes))


def _table_faults(
    dimensions: Sequence[Dimension], codes: tuple[tuple[str, ...], ...], tables: Sequence[Table]
) -> list[Fault]:
    known = {d.name: set(names) for d, names in zip(dimensions, codes, strict=True)}
    faults = []
    for table in tables:
        size = len(table.values)
        lengths = {len(column) for column in table.codes.values()}
        optional = (table.frequency, table.weight, table.may_hide, table.must_publish, table.lower)
        lengths |= {len(column) for column in optional if column is not None}
        if lengths - {size}:
            faults.append(fault("disclosure.table-columns", table=table.name))
        for name, column in table.codes.items():
            if name not in known:
                faults.append(fault("disclosure.table-dimension", table=table.name, dimension=name))
                continue
            strange = sum(code not in known[name] for code in column)
            if strange:
                faults.append(
                    fault("disclosure.table-code", table=table.name, dimension=name, count=strange)
                )
    return faults


def _keys(
    table: Table,
    dimensions: Sequence[Dimension],
    codes: tuple[tuple[str, ...], ...],
    populations: tuple[str, ...],
) -> Ints:
    size = len(table.values)
    digits = [np.full(size, populations.index(table.population))]
    for dimension, names in zip(dimensions, codes, strict=True):
        place = {name: number for number, name in enumerate(names)}
        column = table.codes.get(dimension.name)
        if column is None:
            digits.append(np.full(size, place[dimension.total]))
        else:
            digits.append(np.fromiter((place[code] for code in column), np.int64, size))
    shape = _shape(populations, codes)
    if np.prod([float(n) for n in shape]) >= _SPACE:
        raise DeliveryError(fault("disclosure.too-many-codes", table=table.name))
    return np.ravel_multi_index(tuple(digits), shape).astype(np.int64)


def _refuse_repeats(tables: Sequence[Table], shown: Sequence[Ints]) -> None:
    faults = []
    for table, keys in zip(tables, shown, strict=True):
        again = keys.size - np.unique(keys).size
        if again:
            faults.append(fault("disclosure.table-repeats", table=table.name, count=again))
    raise_all(DeliveryError, faults)


def _step(keys: Ints, shape: tuple[int, ...], axis: int, above: Ints) -> tuple[Ints, Ints]:
    """Cells that have a total in one hierarchy of one dimension, and the keys of those totals."""
    unit = int(np.prod(shape[axis + 1 :], dtype=np.int64))
    code = keys // unit % shape[axis]
    has = above[code] >= 0
    return keys[has], keys[has] + (above[code[has]] - code[has]) * unit


def _closure(keys: Ints, shape: tuple[int, ...], trees: list[list[Ints]]) -> Ints:
    known = np.unique(keys)
    fresh = known
    while fresh.size:
        totals = [
            _step(fresh, shape, axis + 1, above)[1]
            for axis, hierarchies in enumerate(trees)
            for above in hierarchies
        ]
        fresh = np.setdiff1d(np.concatenate([*totals, np.empty(0, dtype=np.int64)]), known)
        known = np.union1d(known, fresh)
    return known


def _equations(
    every: Ints, closed: Sequence[Ints], radix: tuple[int, ...], trees: list[list[Ints]]
) -> Rows:
    rows, columns, data = [], [], []
    count = 0
    for keys in closed:
        for axis, hierarchies in enumerate(trees):
            for above in hierarchies:
                parts, totals = _step(keys, radix, axis + 1, above)
                names, row = np.unique(totals, return_inverse=True)
                rows += [count + row, count + np.arange(names.size)]
                columns += [np.searchsorted(every, parts), np.searchsorted(every, names)]
                data += [np.ones(parts.size, dtype=np.int64), np.full(names.size, -1)]
                count += names.size
    if not rows:
        none = np.empty(0, dtype=np.int64)
        return sparse_rows(none, none, none, (0, every.size))
    shape = (count, every.size)
    return sparse_rows(np.concatenate(data), np.concatenate(rows), np.concatenate(columns), shape)


def _gathered(
    name: str, tables: Sequence[Table], places: Sequence[Ints], size: int
) -> NDArray[Any]:
    """One column over all cells; a cell of several tables takes the strictest entry."""
    start = {"values": 0, "frequency": 0, "weight": 0.0, "lower": -np.inf}.get(
        name, name == "may_hide"
    )
    column = np.full(size, start)
    met = np.zeros(size, dtype=bool)
    differ = 0
    for table, at in zip(tables, places, strict=True):
        entry = _entry(table, name)
        if name in ("values", "frequency"):
            differ += int((met[at] & (column[at] != entry)).sum())
            column[at] = entry
            met[at] = True
        elif name == "may_hide":
            column[at] &= entry
        else:
            column[at] = np.maximum(column[at], entry)
    if differ:
        raise DeliveryError(fault("disclosure.tables-differ", count=differ))
    return column


def _entry(table: Table, name: str) -> NDArray[Any]:
    given = getattr(table, name)
    if given is not None:
        return np.asarray(given)
    values = np.asarray(table.values)
    plain: dict[str, NDArray[Any]] = {
        "frequency": (values != 0).astype(np.int64),
        "weight": np.ones(values.size),
        "may_hide": values != 0,
        "must_publish": np.zeros(values.size, dtype=bool),
        "lower": np.where(values < 0, -np.inf, 0.0),
    }
    return plain[name]


def _summed(column: NDArray[Any], virtual: Bools, equations: Rows) -> NDArray[Any]:
    """The column with each virtual cell the sum of its parts."""
    out, open_ = column.copy(), virtual.copy()
    parts = equations.multiply(equations > 0).tocsr()
    total = np.empty(equations.shape[0], dtype=np.int64)
    entries = equations.tocoo()
    total[entries.row[entries.data < 0]] = entries.col[entries.data < 0]
    while open_.any():
        ready = np.flatnonzero(open_[total] & (parts @ open_.astype(np.int64) == 0))
        _, first = np.unique(total[ready], return_index=True)
        rows = ready[first]
        out[total[rows]] = parts[rows] @ out
        open_[total[rows]] = False
    return out


def _pruned(equations: Rows, virtual: Bools) -> tuple[Ints, Rows]:
    """Equations and cells without the virtual cells that tie nothing together."""
    kept = np.ones(virtual.size, dtype=bool)
    rows = equations
    while True:
        uses = np.bincount(rows.indices, minlength=virtual.size)
        loose = virtual & kept & (uses <= 1)
        if not loose.any():
            break
        kept &= ~loose
        touched = rows @ loose.astype(np.int64)
        rows = sparse.csr_array(rows[touched == 0])
    return np.flatnonzero(kept), sparse.csr_array(sparse.csc_array(rows)[:, kept])
