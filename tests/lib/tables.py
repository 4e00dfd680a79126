"""Generated tables with a hierarchy, and an attacker who shares no code with the engine.

`survey` draws contributors and `grouped` counts them into the tables that a database would return
for grouping sets. The attacker reads published values and public structure only: rational numbers
and plain loops for what follows exactly, scipy's linear programming for intervals.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from sekisho.lanes.statistics.disclosure.hierarchies import Dimension, Hierarchy
from sekisho.lanes.statistics.disclosure.structure import Table, tables_to_cells


@dataclass(frozen=True)
class Survey:
    """Contributors: their leaf codes, one column a dimension, their amounts, their holdings."""

    dimensions: tuple[Dimension, ...]
    codes: tuple[tuple[str, ...], ...]
    amounts: tuple[int, ...]
    holdings: tuple[int, ...]


def tree(name: str, branches: tuple[int, ...], *, second: bool = False) -> Dimension:
    """A dimension with a regular hierarchy; `second` adds one that is not nested in the first."""
    parts: dict[str, list[str]] = {}
    level = [f"{name}"]
    for width in branches:
        below = []
        for code in level:
            parts[code] = [f"{code}.{i}" for i in range(width)]
            below += parts[code]
        level = below
    hierarchies = [Hierarchy("main", parts)]
    if second and len(level) >= 4:
        halves = {f"{name}-odd": level[::2], f"{name}-even": level[1::2]}
        hierarchies.append(Hierarchy("other", {name: list(halves), **halves}))
    return Dimension(name, name, tuple(hierarchies))


def leaves(dimension: Dimension) -> list[str]:
    """Codes without parts."""
    totals = {total for h in dimension.hierarchies for total in h.parts}
    parts = [p for h in dimension.hierarchies for ps in h.parts.values() for p in ps]
    return [code for code in dict.fromkeys(parts) if code not in totals]


def survey(dimensions: tuple[Dimension, ...], size: int, seed: int) -> Survey:
    """Contributors drawn at random, many small and few large, as firms are."""
    draw = np.random.default_rng(seed)
    codes = []
    for dimension in dimensions:
        names = leaves(dimension)
        share = draw.dirichlet(np.full(len(names), 0.7))
        codes.append(tuple(names[i] for i in draw.choice(len(names), size=size, p=share)))
    amounts = tuple(int(a) for a in np.ceil(draw.lognormal(4.0, 1.5, size)))
    holdings = tuple(int(h) for h in draw.permutation(size) // 1)
    return Survey(dimensions, tuple(codes), amounts, holdings)


def above(dimension: Dimension) -> dict[str, list[str]]:
    """Every code that contains a code, itself included."""
    parent = defaultdict(list)
    for hierarchy in dimension.hierarchies:
        for total, parts in hierarchy.parts.items():
            for part in parts:
                parent[part].append(total)
    out = {}
    for code in [dimension.total, *(c for c in parent)]:
        seen = [code]
        for each in seen:
            seen += [p for p in parent[each] if p not in seen]
        out[code] = seen
    return out


@dataclass(frozen=True)
class Grouped:
    """A table with what the sensitivity rules read: contributors' amounts, largest first."""

    table: Table
    contributions: tuple[tuple[int, ...], ...]
    members: tuple[frozenset[int], ...]


def grouped(data: Survey, over: tuple[int, ...], name: str, *, counts: bool = False) -> Grouped:
    """All grouping sets of some dimensions, as the cells of one table."""
    chains = [above(data.dimensions[d]) for d in over]
    cells: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for who in range(len(data.amounts)):
        sets = [chains[i][data.codes[d][who]] for i, d in enumerate(over)]
        for key in itertools.product(*sets):
            cells[key].append(who)
    keys = sorted(cells)
    codes = {data.dimensions[d].name: [key[i] for key in keys] for i, d in enumerate(over)}
    contributions = []
    for key in keys:
        by_holding: dict[int, int] = defaultdict(int)
        for who in cells[key]:
            by_holding[data.holdings[who]] += 1 if counts else data.amounts[who]
        contributions.append(tuple(sorted(by_holding.values(), reverse=True)))
    values = np.array([sum(c) for c in contributions], dtype=np.int64)
    frequency = np.array([len(c) for c in contributions], dtype=np.int64)
    members = tuple(frozenset(data.holdings[w] for w in cells[key]) for key in keys)
    table = Table(name, codes, values, frequency=frequency)
    return Grouped(table, tuple(contributions), members)


def joined(data: Survey, over: list[tuple[int, ...]], *, counts: bool = False):
    """Several linked tables as one CellSet, with the contributions of each cell."""
    tables = [grouped(data, dims, f"table-{i}", counts=counts) for i, dims in enumerate(over)]
    cells, places = tables_to_cells(data.dimensions, [each.table for each in tables])
    contributions: list[tuple[int, ...]] = [()] * cells.size
    members: list[frozenset[int]] = [frozenset()] * cells.size
    for each in tables:
        for row, cell in enumerate(places.rows[each.table.name].tolist()):
            contributions[cell] = each.contributions[row]
            members[cell] = each.members[row]
    return cells, places, contributions, members


def top(contributions, k: int = 3) -> np.ndarray:
    """The k largest contributions of each cell, 0 where there are fewer."""
    out = np.zeros((len(contributions), k))
    for row, each in enumerate(contributions):
        out[row, : min(k, len(each))] = each[:k]
    return out


# --- the attacker --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Publication:
    """All that an attacker reads: equations as {cell: coefficient}, values of published cells."""

    equations: tuple[dict[int, int], ...]
    published: dict[int, int]
    lower: dict[int, int]

    @property
    def hidden(self) -> list[int]:
        """Cells that occur in equations and are not published."""
        return sorted({c for e in self.equations for c in e if c not in self.published})


def publication(cells, hidden, *, extra: dict[int, int] | None = None) -> Publication:
    """What an outsider reads of a pattern; `extra` are values that this attacker knows besides."""
    rows = cells.equations.tocsr()
    equations = tuple(
        {int(c): int(v) for c, v in zip(rows.indices[a:b], rows.data[a:b], strict=True)}
        for a, b in itertools.pairwise(rows.indptr)
    )
    published = {i: int(cells.values[i]) for i in range(cells.size) if not hidden[i]}
    published.update(extra or {})
    lower = {i: int(x) for i, x in enumerate(cells.lower) if np.isfinite(x)}
    return Publication(equations, published, lower)


def exactly_known(seen: Publication) -> dict[int, Fraction]:
    """Hidden cells that linear algebra alone gives back, with their values, in rationals."""
    pivots: dict[int, Line] = {}
    for equation in seen.equations:
        line = _reduced(_line(seen, equation), pivots)
        if not line[0]:
            continue
        first = min(line[0])
        line = _scaled(line, line[0][first])
        for cell, other in list(pivots.items()):
            if first in other[0]:
                pivots[cell] = _minus(other, line, other[0][first])
        pivots[first] = line
    return {cell: line[1] for cell, line in pivots.items() if len(line[0]) == 1}


Line = tuple[dict[int, Fraction], Fraction]


def _line(seen: Publication, equation: dict[int, int]) -> Line:
    left = {c: Fraction(v) for c, v in equation.items() if c not in seen.published}
    right = -sum(v * seen.published[c] for c, v in equation.items() if c in seen.published)
    return left, Fraction(right)


def _reduced(line: Line, pivots: dict[int, Line]) -> Line:
    for cell in sorted(line[0]):
        if cell in pivots and cell in line[0]:
            line = _minus(line, pivots[cell], line[0][cell])
    return line


def _scaled(line: Line, by: Fraction) -> Line:
    return {c: v / by for c, v in line[0].items()}, line[1] / by


def _minus(line: Line, other: Line, factor: Fraction) -> Line:
    out = dict(line[0])
    for cell, coefficient in other[0].items():
        out[cell] = out.get(cell, Fraction(0)) - factor * coefficient
        if not out[cell]:
            del out[cell]
    return out, line[1] - factor * other[1]


def interval(seen: Publication, cell: int) -> tuple[float, float]:
    """The least and greatest value of a hidden cell in any table that agrees with all of this."""
    hidden = seen.hidden
    if cell in seen.published:
        return seen.published[cell], seen.published[cell]
    if cell not in hidden:
        return seen.lower.get(cell, -np.inf), np.inf
    place = {c: i for i, c in enumerate(hidden)}
    matrix = np.zeros((len(seen.equations), len(hidden)))
    right = np.zeros(len(seen.equations))
    for row, equation in enumerate(seen.equations):
        for c, coefficient in equation.items():
            if c in place:
                matrix[row, place[c]] = coefficient
            else:
                right[row] -= coefficient * seen.published[c]
    kept = matrix.any(axis=1)
    bounds = [(seen.lower.get(c), None) for c in hidden]
    ends = []
    for sign in (1.0, -1.0):
        cost = np.zeros(len(hidden))
        cost[place[cell]] = sign
        answer = linprog(cost, A_eq=matrix[kept], b_eq=right[kept], bounds=bounds, method="highs")
        ends.append(sign * answer.fun if answer.status == 0 else -sign * np.inf)
    return ends[0], ends[1]


def missed_levels(cells, levels, seen: Publication, of) -> list[int]:
    """Cells whose interval, as this attacker finds it, is too narrow on either side."""
    missed = []
    for cell in of:
        low, high = interval(seen, int(cell))
        value = int(cells.values[cell])
        asked = min(levels.lower[cell], value - cells.lower[cell])
        slack = 1e-5 * max(1.0, float(levels.upper[cell]), float(asked))
        if high < value + levels.upper[cell] - slack or low > value - asked + slack:
            missed.append(int(cell))
    return missed
