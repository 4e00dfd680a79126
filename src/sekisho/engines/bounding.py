"""The bounding query of differential privacy, run by DuckDB."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sekisho.engines.bounding_sorted import rows_that_fit, sorted_sums
from sekisho.engines.duckdb.engine import DuckDBEngine
from sekisho.ports import Sources, Watch
from sekisho.query.bound import Bound, BoundSums, Integers, Settle
from sekisho.query.bound_keys import keys_sql
from sekisho.query.bound_render import bound_sql, parts_of, settled_sql, staged_sql
from sekisho.query.plan import Aggregate

_PHASE = "privacy.phase_bounding"
_FEW_AMOUNTS = 2


@dataclass(frozen=True, slots=True)
class DuckDBBounding:
    """Weighted sums over deliveries; they go into the draw of noise and nowhere else."""

    engine: DuckDBEngine

    def bounded(
        self, bound: Bound, sources: Sources, watch: Watch, settle: Settle | None = None
    ) -> BoundSums:
        """The sums of the bounding query; an open bound is settled once its sizes are counted.

        Raises: StorageError; CancelledError.
        """
        rows = Aggregate(bound.source, (), ((),), ())
        most = rows_that_fit(bound, self.engine.limits.memory_mb)
        with self.engine.opened(rows, sources, watch, dense=_is_dense(bound)) as opened:
            if most and 0 < _rows_in(sources) <= most:
                sums = sorted_sums(bound, opened.table(keys_sql(bound, most), _PHASE), most, settle)
                if sums is not None:
                    return sums
            if settle is None and not bound.has_bins:
                return sums_of(bound, opened.table(bound_sql(bound), _PHASE))
            staged = staged_sql(bound)
            for statement in staged.prepare:
                opened.run(statement, _PHASE)
            tables = [opened.table(staged.counts, _PHASE)] if staged.counts else []
            if settle is not None:
                bound = settle(sums_of(bound, tables[0]).histograms)
            tables.append(opened.table(settled_sql(bound), _PHASE))
        return sums_of(bound, pa.concat_tables(tables, promote_options="permissive"))


def _rows_in(sources: Sources) -> int:
    """How many rows the files hold; 0 where one cannot be read, as the query will say."""
    files = [file for _, paths in sources.datasets.values() for file in paths]
    try:
        return sum(pq.read_metadata(file).num_rows for file in files)
    except (OSError, pa.ArrowException):
        return 0


def _is_dense(bound: Bound) -> bool:
    """Whether bins are counted in one array a thread; with few amounts it stays small."""
    return bound.has_bins and sum(len(each.amounts) for each in bound.vectors) <= _FEW_AMOUNTS


def sums_of(bound: Bound, table: pa.Table) -> BoundSums:
    """The result of the bounding query in the order of its groups."""
    part = np.asarray(table.column("part").to_numpy(), dtype=np.int64)
    widest = max(len(vector.amounts) for vector in bound.vectors)
    values = np.stack(
        [np.asarray(table.column(f"v{n}").to_numpy(), dtype=np.int64) for n in range(widest)]
    )
    if bound.lists_groups:
        code = np.asarray(table.column("code").to_numpy(), dtype=np.int64)
        return _placed(bound, part, code, values, ())
    found, code = _numbered(bound, part, table.column("code").combine_chunks())
    return _placed(bound, part, code, values, found)


class FoundGroups(Sequence[tuple[str, ...]]):
    """Groups found in the data, sorted; a group's texts are made when it is looked at.

    Of millions of them noise lets few through, and texts of all would fill the memory.
    """

    def __init__(self, texts: Sequence[pa.Array], places: NDArray[np.int32]) -> None:
        self._texts = texts
        self._places = places

    def __len__(self) -> int:
        return int(self._places.shape[1])

    @overload
    def __getitem__(self, at: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, at: slice) -> "FoundGroups": ...
    def __getitem__(self, at: int | slice) -> "tuple[str, ...] | FoundGroups":
        if isinstance(at, slice):
            return FoundGroups(self._texts, self._places[:, at])
        pairs = zip(self._texts, self._places[:, at], strict=True)
        return tuple(str(texts[int(place)].as_py()) for texts, place in pairs)


def _numbered(bound: Bound, part: Integers, texts: pa.Array) -> tuple[FoundGroups, Integers]:
    """Groups found in the data, sorted, and where each row's stands among them.

    Rows of the sizes' histogram hold the number of their bin instead of a group.
    """
    is_group = np.array([level is not None for _, level in parts_of(bound)])[part]
    code = np.zeros(part.size, dtype=np.int64)
    bins = texts.filter(pa.array(~is_group)).flatten()
    code[~is_group] = [int(text) for text in bins.to_pylist()]
    flat, width = texts.filter(pa.array(is_group)).flatten(), len(bound.groups)
    columns, places = [], []
    for at in range(width):
        column = flat.take(pa.array(np.arange(at, len(flat), width)))
        known = column.unique()
        columns.append(known.take(pc.sort_indices(known)))
        places.append(pc.index_in(column, columns[-1]).to_numpy().astype(np.int64))
    # Column by column, so that the numbers stay small: at most rows times texts.
    ranks = np.zeros(len(flat) // max(1, width), dtype=np.int64)
    for known, place in zip(columns, places, strict=True):
        ranks = np.unique(ranks * len(known) + place, return_inverse=True)[1].astype(np.int64)
    _, first = np.unique(ranks, return_index=True)
    code[is_group] = ranks
    rows = np.array([place[first] for place in places], dtype=np.int32).reshape(width, -1)
    return FoundGroups(columns, rows), code


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
        if vector.grid is not None:
            flat = np.zeros(groups * vector.grid.bins, dtype=np.int64)
            flat[code[mine]] = values[0, mine]
            blocks[number, level] = flat.reshape(groups, vector.grid.bins)
            continue
        block = np.zeros((len(vector.amounts), groups), dtype=np.int64)
        block[:, code[mine]] = values[: len(vector.amounts), mine]
        blocks[number, level] = block
    return BoundSums(blocks, histograms, found)
