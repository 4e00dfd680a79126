"""Cells, the equations between them, and the attackers: what the engine is told, checked.

A table is not a grid here but cells plus sparse equations whose rows sum to zero. Hierarchies,
linked tables and earlier releases are all only more cells and more equations. Nothing in this file
optimises: the verifier reads the same values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sekisho.errors import DeliveryError, Fault, fault, raise_all

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = sparse.csr_array

_LARGEST = 2**53


def sparse_rows(data: NDArray[Any], row: Ints, column: Ints, shape: tuple[int, int]) -> Rows:
    """A sparse matrix by rows from its entries; entries of one place are added."""
    return cast("Rows", sparse.csr_array(sparse.coo_array((data, (row, column)), shape=shape)))


@dataclass(frozen=True, slots=True, eq=False)
class CellSet:
    """Cells of one or more linked tables, with the equations that everyone knows.

    Shape: every array is (n,); `equations` is (m, n), integer coefficients, each row @ values
    is 0 up to `tolerance`.
    Units: values in whole minor units; `lower` is what an attacker knows the value cannot fall
    below (0 for most data, -inf when the sign is open), `weight` the cost of hiding a cell.
    `must_publish`: the value is, or already was, published. `hidden`: never published, so that
    hiding it costs nothing: a cell hidden in an earlier release, or a difference of releases.
    """

    values: Ints
    frequency: Ints
    equations: Rows
    lower: Floats
    weight: Floats
    may_hide: Bools
    must_publish: Bools
    hidden: Bools
    tolerance: int = 0

    @property
    def size(self) -> int:
        """How many cells there are."""
        return int(self.values.size)


def cell_set(
    values: Ints,
    equations: Rows,
    *,
    tolerance: int = 0,
    **columns: NDArray[np.generic] | None,
) -> CellSet:
    """A checked CellSet; columns left out take their plain defaults.

    Defaults: frequency 1 where the value is not 0, lower 0 (-inf under a negative value), weight 1,
    may_hide where the value is not 0, must_publish and hidden nowhere.
    Raises: DeliveryError naming every fault: shape, missing or infinite numbers, values below
    their own lower bound, equations that do not add up.
    """
    raw = np.asarray(values)
    raise_all(DeliveryError, _value_faults(raw, equations))
    whole = np.rint(raw).astype(np.int64)
    n = whole.size
    defaults: dict[str, NDArray[np.generic]] = {
        "frequency": (whole != 0).astype(np.int64),
        "lower": np.where(whole < 0, -np.inf, 0.0),
        "weight": np.ones(n),
        "may_hide": whole != 0,
        "must_publish": np.zeros(n, dtype=bool),
        "hidden": np.zeros(n, dtype=bool),
    }
    unknown = sorted(set(columns) - set(defaults))
    if unknown:
        raise TypeError(f"unknown columns: {', '.join(unknown)}")
    given = {name: column for name, column in columns.items() if column is not None}
    chosen = {
        name: np.asarray(given.get(name, plain)).astype(plain.dtype)
        for name, plain in defaults.items()
    }
    rows = sparse.csr_array(equations).astype(np.int64)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    cells = CellSet(whole, equations=rows, tolerance=tolerance, **chosen)
    raise_all(DeliveryError, _faults(cells))
    return cells


def _value_faults(values: NDArray[np.generic], equations: Rows) -> list[Fault]:
    if values.ndim != 1 or equations.shape[1] != values.size:
        return [fault("disclosure.shape", cells=values.size, columns=equations.shape[1])]
    if not np.issubdtype(values.dtype, np.number):
        return [fault("disclosure.not-a-number", count=values.size)]
    wrong = int((~np.isfinite(values.astype(np.float64))).sum())
    if wrong:
        return [fault("disclosure.not-finite", count=wrong)]
    wide = int((np.abs(values.astype(np.float64)) >= _LARGEST).sum())
    return [fault("disclosure.too-large", count=wide)] if wide else []


def _faults(cells: CellSet) -> list[Fault]:
    faults: list[Fault] = []
    n = cells.size
    for name in ("frequency", "lower", "weight", "may_hide", "must_publish", "hidden"):
        column = getattr(cells, name)
        if column.shape != (n,):
            faults.append(fault("disclosure.column", column=name, cells=n))
    if faults:
        return faults
    if (cells.frequency < 0).any():
        faults.append(fault("disclosure.frequency", count=int((cells.frequency < 0).sum())))
    bad = ~np.isfinite(cells.weight) | (cells.weight < 0)
    if bad.any():
        faults.append(fault("disclosure.weight", count=int(bad.sum())))
    below = np.isnan(cells.lower) | (cells.lower > cells.values)
    if below.any():
        faults.append(fault("disclosure.below-lower", count=int(below.sum())))
    both = cells.must_publish & cells.hidden
    if both.any():
        faults.append(fault("disclosure.published-and-hidden", count=int(both.sum())))
    return faults + additivity_faults(cells)


def additivity_faults(cells: CellSet, most: int = 20) -> list[Fault]:
    """One fault for each equation that does not add up, at most `most`, then how many more."""
    off = np.abs(cells.equations @ cells.values)
    broken = np.flatnonzero(off > cells.tolerance)
    faults = [
        fault("disclosure.not-additive", equation=int(row), tolerance=cells.tolerance)
        for row in broken[:most]
    ]
    if broken.size > most:
        faults.append(fault("disclosure.not-additive-more", count=int(broken.size - most)))
    return faults


@dataclass(frozen=True, slots=True, eq=False)
class Attackers:
    """What each attacker knows: attacker t's cells are `cell[start[t]:start[t + 1]]`.

    Units: `least` and `most` bound the cell's value; equal where the attacker knows it.
    """

    start: Ints
    cell: Ints
    least: Floats
    most: Floats

    @property
    def size(self) -> int:
        """How many attackers there are."""
        return int(self.start.size - 1)


def nobody() -> Attackers:
    """No contributor attacks: only outsiders do."""
    empty = np.empty(0)
    return Attackers(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64), empty, empty)


def lone_contributors(cells: CellSet) -> Attackers:
    """One attacker for each cell that has a single contributor, who knows it exactly."""
    alone = np.flatnonzero((cells.frequency == 1) & (cells.values != 0)).astype(np.int64)
    value = cells.values[alone].astype(np.float64)
    return Attackers(np.arange(alone.size + 1, dtype=np.int64), alone, value, value)


def contributors_who_know(
    cells: CellSet, knowledge: Sequence[Mapping[int, tuple[float, float]]]
) -> Attackers:
    """Attackers from what each knows: cell -> (least, most) value of the cell, as it can tell.

    A holding is one entry whose cells are those of all its members.
    Raises: DeliveryError when a cell does not exist or its value lies outside what is known.
    """
    sizes = [len(known) for known in knowledge]
    cell = np.array([i for known in knowledge for i in sorted(known)], dtype=np.int64)
    pairs = [known[i] for known in knowledge for i in sorted(known)]
    least = np.array([low for low, _ in pairs], dtype=np.float64)
    most = np.array([high for _, high in pairs], dtype=np.float64)
    if cell.size and (cell.min() < 0 or cell.max() >= cells.size):
        raise DeliveryError(fault("disclosure.attacker-cell", cells=cells.size))
    wrong = ~((least <= cells.values[cell]) & (cells.values[cell] <= most))
    if wrong.any():
        raise DeliveryError(fault("disclosure.attacker-bounds", count=int(wrong.sum())))
    start = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    return Attackers(start.astype(np.int64), cell, least, most)
