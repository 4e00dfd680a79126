"""Small databases, bounds and noise for the tests of differential privacy.

The noise here is for tests only: it can be repeated, so it protects nobody.
"""

from dataclasses import dataclass, field

import duckdb
import numpy as np

from sekisho.lanes.statistics.privacy.draw import Draw, draw
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.table import PrivateTable
from sekisho.query.bound import Bound, BoundSums, Integers
from sekisho.query.bound_render import (
    bound_sql,
    parts_of,
    render_bound,
    settled_sql,
    staged_sql,
)


@dataclass
class SeededNoise:
    """Noise that can be repeated; `loud` says what share of the scale is really used."""

    seed: int = 0
    loud: float = 1.0
    drawn: int = 0
    scales: list[float] = field(default_factory=list)

    def gaussian(self, values: Integers, sigma: float) -> Integers:
        return self._add(values, sigma, "normal")

    def laplace(self, values: Integers, scale: float) -> Integers:
        return self._add(values, scale, "laplace")

    def choose(self, scores: Integers, scale: float) -> Integers:
        self.drawn += 1
        gumbel = np.random.default_rng([self.seed, self.drawn]).gumbel(0, 1, scores.shape)
        return np.argmax(scores / scale + gumbel * self.loud, axis=1)

    def _add(self, values: Integers, scale: float, kind: str) -> Integers:
        self.drawn += 1
        self.scales.append(scale)
        draw = getattr(np.random.default_rng([self.seed, self.drawn]), kind)
        return values + np.rint(draw(0, scale * self.loud, values.shape)).astype(np.int64)


class NoNoise:
    """No noise at all, to see what is counted."""

    def choose(self, scores: Integers, scale: float) -> Integers:  # noqa: ARG002 - the port's
        return np.argmax(scores, axis=1)

    def gaussian(self, values: Integers, sigma: float) -> Integers:  # noqa: ARG002 - the port's
        return values.copy()

    def laplace(self, values: Integers, scale: float) -> Integers:  # noqa: ARG002 - the port's
        return values.copy()


def run_bound(bound: Bound, rows_sql: str, connection: duckdb.DuckDBPyConnection) -> BoundSums:
    """The bounding query run by DuckDB over any SQL that gives the projection's columns."""
    return gather(bound, connection.execute(render_bound(bound, rows_sql)).fetchall())


def gather(bound: Bound, rows) -> BoundSums:
    parts = parts_of(bound)
    found = sorted(
        {tuple(r[1]) for r in rows if not bound.lists_groups and parts[r[0]][1] is not None}
    )
    at = {code: n for n, code in enumerate(found)}
    blocks, histograms = {}, {}
    for number, vector in enumerate(bound.vectors):
        for level, one in enumerate(vector.levels):
            size = int(np.prod(bound.sizes(one))) if bound.lists_groups else len(found)
            shape = (size, vector.grid.bins) if vector.grid else (len(vector.amounts), size)
            blocks[number, level] = np.zeros(shape, dtype=np.int64)
        if vector.edges:
            histograms[number] = np.zeros(len(vector.edges), dtype=np.int64)
    for part, code, *values in rows:
        number, level = parts[part]
        if level is None:
            place = code if bound.lists_groups else int(code[0])
            histograms[number][place] = values[0]
            continue
        place = code if bound.lists_groups else at[tuple(code)]
        grid = bound.vectors[number].grid
        if grid is not None:
            blocks[number, level][divmod(code, grid.bins)] = values[0]
            continue
        amounts = len(bound.vectors[number].amounts)
        blocks[number, level][:, place] = values[:amounts]
    return BoundSums(blocks, histograms, tuple(found))


def sums_of(plan, connection: duckdb.DuckDBPyConnection, settle=None) -> BoundSums:
    """The sums of a plan's bounding query over tables that the connection holds."""
    if settle is None:
        return gather(plan.bound, connection.execute(bound_sql(plan.bound)).fetchall())
    with connection.cursor() as own:
        staged = staged_sql(plan.bound)
        for statement in staged.prepare:
            own.execute(statement)
        counts = own.execute(staged.counts).fetchall()
        settled = settle(gather(plan.bound, counts).histograms)
        return gather(settled, counts + own.execute(settled_sql(settled)).fetchall())


def drawn_of(plan, connection: duckdb.DuckDBPyConnection, noise) -> Draw:
    """The draw of a plan over tables that the connection holds, an open bound settled on the way."""
    return draw(plan, lambda settle: sums_of(plan, connection, settle), noise)


def table_of(plan, connection: duckdb.DuckDBPyConnection, noise) -> PrivateTable:
    """The finished table of a plan over tables that the connection holds."""
    return finish(plan, drawn_of(plan, connection, noise))


def table_from(plan, sums: BoundSums, noise) -> PrivateTable:
    """The finished table of a plan whose sums are known already."""
    return finish(plan, draw(plan, lambda _: sums, noise))
