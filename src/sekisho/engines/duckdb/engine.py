"""The engine: deliveries in, aggregates out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sekisho.engines.cells import check_one_measure, refuse_missing_groups, shown_group
from sekisho.engines.duckdb.deliver import days, deliver, repeats
from sekisho.engines.duckdb.session import Limits, Session, explained, session
from sekisho.engines.duckdb.views import dataset_view, lookup_view, paths_of
from sekisho.errors import QueryError, StorageError, fault
from sekisho.model.dataset import Dataset
from sekisho.ports import Cells, DeliveryFacts, Sources, Watch
from sekisho.query.plan import Aggregate, scans_of
from sekisho.query.render_cells import render_cells
from sekisho.query.schema import unit_column


@dataclass(frozen=True, slots=True)
class DuckDBEngine:
    """Works on Parquet files with DuckDB; every call opens and closes its own connection."""

    limits: Limits = field(default_factory=Limits)
    name: str = "duckdb"

    def deliver(self, source: Path, dataset: Dataset, target: Path, watch: Watch) -> DeliveryFacts:
        """Validate a CSV or Parquet file that somebody brings and write it aside as Parquet.

        Raises: DeliveryError with every fault; StorageError; CancelledError; then `target` does
        not exist.
        """
        return deliver(source, dataset, target, watch, self.limits)

    def repeats(self, files: Sequence[Path], dataset: Dataset, watch: Watch) -> int:
        """How many rows of several deliveries repeat the primary key of another.

        Raises: StorageError; CancelledError.
        """
        return repeats(files, dataset, watch, self.limits)

    def days(self, file: Path, column: str, watch: Watch) -> list[date]:
        """The days that stand in a date column of a delivery, in order.

        Raises: StorageError; CancelledError.
        """
        return days(file, column, watch, self.limits)

    def contributions(
        self, query: Aggregate, sources: Sources, contributor: str, top: int, watch: Watch
    ) -> Cells:
        """One cell a group of every grouping set, with its largest contributions.

        Raises: QueryError when a group value is missing, a sum leaves 64 bits, or the measure is
        not a sum or a count; StorageError; CancelledError.
        """
        check_one_measure(query, sources, contributor)
        with self.opened(query, sources, watch) as opened:
            table = opened.table(render_cells(query, top), "query.phase-cells")
        return _cells(query, table, top)

    @contextmanager
    def opened(
        self, query: Aggregate, sources: Sources, watch: Watch, *, dense: bool = False
    ) -> Iterator[Session]:
        """A session in which the tables of a query can be named."""
        wanted = {getattr(s, "dataset", None) for s in scans_of(query)}
        looked_up = {getattr(s, "lookup", None) for s in scans_of(query)}
        used = Sources(
            {k: v for k, v in sources.datasets.items() if k in wanted},
            {k: v for k, v in sources.lookups.items() if k in looked_up},
            sources.holdings,
        )
        views = [
            dataset_view(d, [(p, _stored_types(p)) for p in paths], unit_column(d), used.holdings)
            for d, paths in used.datasets.values()
        ] + [lookup_view(lookup, path) for lookup, path in used.lookups.values()]
        with explained(), session(self.limits, watch, paths_of(used), dense=dense) as opened:
            for view in views:
                opened.connection.execute(view).fetchall()
            yield opened


def _stored_types(path: Path) -> dict[str, str]:
    """How each column of a delivery is stored, as far as `in_units` must know."""
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException):
        raise StorageError(fault("query.storage")) from None
    return {f.name: "DOUBLE" if pa.types.is_floating(f.type) else "" for f in schema}


def _column(table: pa.Table, name: str) -> Any:
    return table.column(name)


def _cells(query: Aggregate, table: pa.Table, top: int) -> Cells:
    groups = query.groups
    raw = [_column(table, f"g{n}").to_pylist() for n in range(len(groups))]
    totalled = _column(table, "gid").to_numpy()
    highest = len(groups) - 1
    shown = []
    for n, values in enumerate(raw):
        bit = (totalled >> (highest - n)) & 1
        refuse_missing_groups(groups[n], (v for v, t in zip(values, bit, strict=True) if not t))
        shown.append([shown_group(v, groups[n].expression.type) for v in values])
    if any(_column(table, "overflow").to_pylist()):
        raise QueryError(fault("query.overflow", query.measures[0].place))
    measure = query.measures[0]
    return Cells(
        tuple(g.name for g in groups),
        tuple(zip(*shown, strict=True)) if groups else ((),) * table.num_rows,
        _whole(table, "total"),
        _whole(table, "n"),
        _whole(table, "contributors"),
        _side_by_side(table, "v", top, missing=0),
        _side_by_side(table, "c", top, missing=-1),
        measure.type.decimals,
    )


def _whole(table: pa.Table, name: str, missing: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    filled = _column(table, name).fill_null(missing)
    return np.asarray(filled.to_numpy(), dtype=np.int64)


def _side_by_side(
    table: pa.Table, name: str, top: int, *, missing: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    columns = [_whole(table, f"{name}{n}", missing) for n in range(1, top + 1)]
    empty = np.zeros((table.num_rows, 0), dtype=np.int64)
    return np.stack(columns, axis=1) if columns else empty
