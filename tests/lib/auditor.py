"""An attacker from outside: reads published CSV files, knows how tables add up, nothing else.

Shares no code with what it attacks. Unknowns are the hidden cells; every equation comes from the
labels (a total is the sum of its parts) and from cells that several tables show. It knows that no
value is negative.
"""

import csv
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

TOTAL = "TOTAL"
Key = frozenset


@dataclass
class Published:
    """One table as anybody reads it: group columns in dimensions, a value or nothing per cell."""

    dimensions: list[list[str]]
    cells: dict[tuple[str, ...], Fraction | None]
    columns: list[str]


def read(file: Path, dimensions: list[list[str]]) -> Published:
    """A published CSV file; `dimensions` is the public structure (levels, widest first)."""
    with file.open(encoding="utf-8", newline="") as opened:
        lines = list(csv.DictReader(opened))
    columns = [column for dimension in dimensions for column in dimension]
    measure = next(name for name in lines[0] if name not in columns and name != "status")
    cells = {}
    for line in lines:
        hidden = line["status"] == "confidential"
        assert hidden == (line[measure] == ""), "a hidden cell shows a number"
        groups = tuple(line[column] for column in columns)
        cells[groups] = None if hidden else Fraction(line[measure])
    return Published(dimensions, cells, columns)


def _describe(table: Published, groups: tuple[str, ...]) -> Key:
    """What a cell is about, whatever table shows it; parts of a hierarchy keep their path."""
    at = dict(zip(table.columns, groups, strict=True))
    found = []
    for dimension in table.dimensions:
        path = tuple(at[level] for level in dimension if at[level] != TOTAL)
        if path:
            found.append((tuple(dimension), path))
    return Key(found)


def _above(table: Published, groups: tuple[str, ...]):
    """The cells of which this one is a direct part, one a dimension."""
    start = 0
    for dimension in table.dimensions:
        given = [n for n, _ in enumerate(dimension) if groups[start + n] != TOTAL]
        if given:
            last = start + given[-1]
            yield (start, (*groups[:last], TOTAL, *groups[last + 1 :]))
        start += len(dimension)


def system(tables: list[Published]):
    """Unknown cells, and the equations over them: (keys, A, b) with A x = b."""
    known: dict[Key, Fraction] = {}
    unknown: dict[Key, int] = {}
    for table in tables:
        for groups, value in table.cells.items():
            key = _describe(table, groups)
            if value is None:
                unknown.setdefault(key, len(unknown))
            else:
                assert known.setdefault(key, value) == value, "two tables differ in one cell"
    assert not set(known) & set(unknown), "a cell hidden in one table is shown in another"
    rows, right = [], []
    for table in tables:
        sums: dict[tuple[int, tuple[str, ...]], list[Key]] = {}
        for groups in table.cells:
            for axis, above in _above(table, groups):
                sums.setdefault((axis, above), []).append(_describe(table, groups))
        for (_axis, above), parts in sums.items():
            row: dict[int, int] = {}
            constant = Fraction(0)
            for key, sign in [(_describe(table, above), -1), *((part, 1) for part in parts)]:
                if key in unknown:
                    row[unknown[key]] = row.get(unknown[key], 0) + sign
                else:
                    constant -= sign * known[key]
            if row:
                rows.append(row)
                right.append(constant)
            else:
                assert constant == 0, "published cells do not add up"
    matrix = sparse.lil_array((len(rows), len(unknown)))
    for number, row in enumerate(rows):
        for column, value in row.items():
            matrix[number, column] = value
    return list(unknown), sparse.csr_array(matrix), right


def exactly_known(tables: list[Published]) -> list[Key]:
    """Hidden cells that follow by linear algebra: in exact rational arithmetic."""
    keys, matrix, right = system(tables)
    rows = []
    for number in range(matrix.shape[0]):
        at = slice(matrix.indptr[number], matrix.indptr[number + 1])
        rows.append(
            (
                {
                    int(c): Fraction(int(v))
                    for c, v in zip(matrix.indices[at], matrix.data[at], strict=True)
                },
                right[number],
            )
        )
    pivots: dict[int, tuple[dict[int, Fraction], Fraction]] = {}
    for given, constant in rows:
        row, value = dict(given), constant
        for column in sorted(set(row) & set(pivots)):
            if column in row:
                row, value = _minus(row, value, pivots[column], row[column])
        while row:
            column = min(row)
            if column in pivots:
                row, value = _minus(row, value, pivots[column], row[column])
                continue
            factor = row[column]
            pivots[column] = ({c: v / factor for c, v in row.items()}, value / factor)
            break
    for column in sorted(pivots, reverse=True):
        row, value = pivots[column]
        for other in sorted(set(row) - {column}):
            if other in pivots and other in row:
                row, value = _minus(row, value, pivots[other], row[other])
        pivots[column] = (row, value)
    return [keys[column] for column, (row, _value) in pivots.items() if set(row) == {column}]


def _minus(row, value, pivot, factor):
    out = dict(row)
    for column, held in pivot[0].items():
        left = out.get(column, Fraction(0)) - factor * held
        if left:
            out[column] = left
        else:
            out.pop(column, None)
    return out, value - factor * pivot[1]


def intervals(tables: list[Published]) -> dict[Key, tuple[float, float]]:
    """For every hidden cell the least and the most that it can be, by linear programming."""
    keys, matrix, right = system(tables)
    vector = np.array([float(each) for each in right])
    scale = max(1.0, float(np.abs(vector).max(initial=1.0)))
    found = {}
    for column, key in enumerate(keys):
        ends = []
        for sign in (1, -1):
            cost = np.zeros(len(keys))
            cost[column] = sign
            done = linprog(cost, A_eq=matrix, b_eq=vector / scale, bounds=(0, None), method="highs")
            ends.append(np.inf if done.status == 3 else sign * done.fun * scale)
        found[key] = (ends[0], ends[1])
    return found
