"""The bounding query of differential privacy, run by DuckDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa

from sekisho.engines.duckdb.engine import DuckDBEngine
from sekisho.ports import Sources, Watch
from sekisho.query.bound import Bound, BoundSums, Integers
from sekisho.query.bound_render import bound_sql, parts_of
from sekisho.query.plan import Aggregate


@dataclass(frozen=True, slots=True)
class DuckDBBounding:
    """Weighted sums over deliveries; they go into the draw of noise and nowhere else."""

    engine: DuckDBEngine

    def bounded(self, bound: Bound, sources: Sources, watch: Watch) -> BoundSums:
        """The sums of the bounding query.

        Raises: StorageError; CancelledError.
        """
        with self.engine.opened(Aggregate(bound.source, (), ((),), ()), sources, watch) as opened:
            table = opened.table(bound_sql(bound), "privacy.phase_bounding")
        return sums_of(bound, table)


def sums_of(bound: Bound, table: pa.Table) -> BoundSums:
    """The result of the bounding query in the order of its groups."""
    part = np.asarray(table.column("part").to_numpy(), dtype=np.int64)
    widest = max(len(vector.amounts) for vector in bound.vectors)
    values = np.stack(
        [np.asarray(table.column(f"v{n}").to_numpy(), dtype=np.int64) for n in range(widest)]
    )
    found: tuple[tuple[str, ...], ...] = ()
    if bound.lists_groups:
        code = np.asarray(table.column("code").to_numpy(), dtype=np.int64)
    else:
        texts = [tuple(each) for each in table.column("code").to_pylist()]
        found, code = _numbered(bound, part, texts)
    return _placed(bound, part, code, values, found)


def _numbered(bound: Bound, part: Integers, texts: list[Any]) -> tuple[Any, Integers]:
    """Groups found in the data, sorted, and where each row's stands among them."""
    is_group = [parts_of(bound)[each][1] is not None for each in part]
    found = tuple(sorted({t for t, g in zip(texts, is_group, strict=True) if g}))
    at: Mapping[Any, int] = {group: n for n, group in enumerate(found)}
    code = [at[t] if g else int(t[0]) for t, g in zip(texts, is_group, strict=True)]
    return found, np.asarray(code, dtype=np.int64)


def _placed(
    bound: Bound, part: Integers, code: Integers, values: Integers, found: Any
) -> BoundSums:
    blocks: dict[tuple[int, int], Integers] = {}
    histograms: dict[int, Integers] = {}
    for n, (number, level) in enumerate(parts_of(bound)):
        mine = part == n
        vector = bound.vectors[number]
        if level is None:
            histograms[number] = np.zeros(len(vector.edges), dtype=np.int64)
            histograms[number][code[mine]] = values[0, mine]
            continue
        groups = prod(bound.sizes(vector.levels[level])) if bound.lists_groups else len(found)
        block = np.zeros((len(vector.amounts), groups), dtype=np.int64)
        block[:, code[mine]] = values[: len(vector.amounts), mine]
        blocks[number, level] = block
    return BoundSums(blocks, histograms, found)
