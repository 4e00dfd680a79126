"""The oracle: the same cells as every engine, in plain Python over plain rows.

Written to be read, not to be fast. Deliveries are small here; sums are exact decimals.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from sekisho.engines.cells import check_one_measure, refuse_missing_groups, shown_group
from sekisho.engines.evaluate import EXACT, Row, Value, evaluate, holds, round_half_away
from sekisho.errors import QueryError, fault
from sekisho.model.dataset import Column, Dataset
from sekisho.ports import Cells, Sources, Watch
from sekisho.query.expressions import MeasureFunction
from sekisho.query.plan import (
    Aggregate,
    Filter,
    Join,
    LookupScan,
    Measure,
    Project,
    Scan,
    Source,
)
from sekisho.query.render import scaled
from sekisho.query.schema import unit_column
from sekisho.terms import ColumnType

LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """Works on the same files as the other engines; holds every row in memory."""

    name: str = "reference"

    def contributions(
        self, query: Aggregate, sources: Sources, contributor: str, top: int, watch: Watch
    ) -> Cells:
        """One cell a group of every grouping set, with its largest contributions.

        Raises: QueryError as the other engines do.
        """
        check_one_measure(query, sources, contributor)
        watch.progress("query.phase-cells", 0, 0)
        rows = list(rows_of(query.source, sources))
        return _cells(query, _contributed(query, rows), top)


# ------------------------------------------------------------------------------------------ rows


def rows_of(source: Source, sources: Sources) -> Iterator[Row]:
    """The rows of a node, by field name."""
    match source:
        case Scan():
            yield from _scanned(source, sources)
        case LookupScan():
            yield from _looked_up(source, sources)
        case Join():
            yield from _joined(source, sources)
        case Filter():
            yield from (r for r in rows_of(source.source, sources) if holds(source.condition, r))
        case Project():
            for row in rows_of(source.source, sources):
                yield {c.name: evaluate(c.expression, row) for c in source.columns}
        case Aggregate():
            yield from _aggregated(source, sources)


def _stored(value: Any, column: Column) -> Value:
    """A value of a Parquet file in its declared type."""
    if value is None:
        return None
    if column.type is ColumnType.NUMBER:
        return round_half_away(Decimal(str(value)), column.decimals)
    if column.type is ColumnType.INTEGER:
        return int(value)
    taken: Value = value
    return taken


def _scanned(scan: Scan, sources: Sources) -> Iterator[Row]:
    dataset, paths = sources.datasets[scan.dataset]
    unit, kept = unit_column(dataset), _holdings(dataset, sources)
    for path in paths:
        for raw in pq.read_table(path).to_pylist():
            if dataset.private_holdings:
                raw[dataset.holding] = kept.get(raw[dataset.contributor])
            if unit is None or raw[unit] not in (None, ""):
                values = (_stored(raw[c.name], c) for c in dataset.columns)
                yield dict(zip((f.name for f in scan.fields), values, strict=True))


def _holdings(dataset: Dataset, sources: Sources) -> dict[str, str]:
    """Contributor -> holding, by the data holder's table."""
    if not dataset.private_holdings or sources.holdings is None:
        return {}
    with sources.holdings.open(encoding="utf-8", newline="") as stream:
        _head, *rows = csv.reader(stream)
    return {row[0]: row[1] for row in rows}


def _from_text(text: str, column: Column) -> Value:
    if text == "":
        return None
    readers: Mapping[ColumnType, Any] = {
        ColumnType.INTEGER: int,
        ColumnType.NUMBER: lambda t: round_half_away(Decimal(t), column.decimals),
        ColumnType.DATE: date.fromisoformat,
        ColumnType.DATETIME: datetime.fromisoformat,
        ColumnType.BOOLEAN: lambda t: t == "true",
    }
    read: Value = readers.get(column.type, str)(text)
    return read


def _looked_up(scan: LookupScan, sources: Sources) -> Iterator[Row]:
    lookup, path = sources.lookups[scan.lookup]
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for raw in csv.DictReader(stream):
            values = (_from_text(raw[c.name], c) for c in lookup.columns)
            yield dict(zip((f.name for f in scan.fields), values, strict=True))


def _joined(join: Join, sources: Sources) -> Iterator[Row]:
    found: dict[tuple[Value, ...], list[Row]] = defaultdict(list)
    for row in rows_of(join.right, sources):
        found[tuple(evaluate(right, row) for _, right in join.on)].append(row)
    nothing: Row = {f.name: None for f in join.right.fields}
    for row in rows_of(join.left, sources):
        key = tuple(evaluate(left, row) for left, _ in join.on)
        matches = [] if None in key else found.get(key, [])
        for match in matches or ([nothing] if join.keeps_left else []):
            yield {**row, **match}


def _aggregated(node: Aggregate, sources: Sources) -> Iterator[Row]:
    gathered: dict[tuple[Value, ...], list[Row]] = defaultdict(list)
    for row in rows_of(node.source, sources):
        gathered[tuple(evaluate(g.expression, row) for g in node.groups)].append(row)
    for key, rows in gathered.items():
        groups = dict(zip((g.name for g in node.groups), key, strict=True))
        yield {**groups, **{m.name: _measured(m, rows) for m in node.measures}}


def _values(measure: Measure, rows: Sequence[Row]) -> list[Any]:
    if measure.argument is None:
        return [1 for _ in rows]
    argument = measure.argument
    return [v for v in (evaluate(argument, row) for row in rows) if v is not None]


def _summed(values: Sequence[Any]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, Decimal(value))
    return total


def _measured(measure: Measure, rows: Sequence[Row]) -> Value:
    values = _values(measure, rows)
    if measure.function is MeasureFunction.COUNT:
        return len(set(values)) if measure.distinct else len(values)
    if not values:
        return None
    if measure.function is MeasureFunction.AVG:
        step = 10**measure.type.decimals
        n, d = int(EXACT.multiply(_summed(values), Decimal(step)).scaleb(0)), len(values)
        size = (2 * abs(n) + d) // (2 * d)
        return Decimal(-size if n < 0 else size).scaleb(-measure.type.decimals)
    if measure.function is MeasureFunction.SUM:
        return _summed(values)
    extreme: Value = min(values) if measure.function is MeasureFunction.MIN else max(values)
    return extreme


# ----------------------------------------------------------------------------------------- cells


@dataclass(slots=True)
class _Part:
    """What one contributor has in one cell."""

    amount: Decimal = Decimal(0)
    known: int = 0
    rows: int = 0


_Cell = dict[Value, _Part]
_Key = tuple[tuple[int, ...], tuple[Value, ...]]


def _contributor(query: Aggregate, row: Row) -> Value:
    unit = row[str(query.unit)]
    if query.holding is None:
        return unit
    holding = row[query.holding]
    return f"c{unit}" if holding is None else f"h{holding}"


def _contributed(query: Aggregate, rows: Sequence[Row]) -> dict[_Key, _Cell]:
    cells: dict[_Key, _Cell] = defaultdict(lambda: defaultdict(_Part))
    for row in rows:
        values = [evaluate(g.expression, row) for g in query.groups]
        for group, value in zip(query.groups, values, strict=True):
            refuse_missing_groups(group, [value])
        amount = _amount(query.measures[0], row)
        for chosen in query.grouping_sets:
            key = (chosen, tuple(values[n] for n in chosen))
            part = cells[key][_contributor(query, row)]
            part.rows += 1
            if amount is not None:
                part.known += 1
                part.amount = EXACT.add(part.amount, amount)
    return cells


def _amount(measure: Measure, row: Row) -> Decimal | None:
    """What a row adds to its contributor's part; None when it has no value."""
    if measure.argument is None or measure.counts_units:
        return Decimal(1)
    value = evaluate(measure.argument, row)
    if value is None:
        return None
    if measure.function is MeasureFunction.COUNT:
        return Decimal(1)
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _order(query: Aggregate, key: _Key) -> tuple[Any, ...]:
    """Finest sets first, as the bits of the totalled groups count; then by group value."""
    chosen, values = key
    bits = sum(
        1 << (len(query.groups) - 1 - n) for n in range(len(query.groups)) if n not in chosen
    )
    by_position = dict(zip(chosen, values, strict=True))
    at = [(n in by_position, by_position.get(n, 0)) for n in range(len(query.groups))]
    return (bits, *[part for pair in at for part in (pair if pair[0] else (False, 0))])


def _cells(query: Aggregate, cells: dict[_Key, _Cell], top: int) -> Cells:
    measure = query.measures[0]
    names = sorted({u for cell in cells.values() for u in cell}, key=lambda u: (str(type(u)), u))
    codes = {unit: code for code, unit in enumerate(names)}
    ordered = sorted(cells, key=lambda key: _order(query, key))
    shown, totals, rows, counts, largest, whose = [], [], [], [], [], []
    for key in ordered:
        parts = {
            codes[u]: (1 if measure.counts_units else _units(p.amount, measure), p)
            for u, p in cells[key].items()
        }
        known = sorted(
            ((-abs(v), code, v) for code, (v, p) in parts.items() if p.known > 0),
        )
        totals.append(_narrow(sum(v for v, _ in parts.values()), measure))
        rows.append(sum(p.rows for _, p in parts.values()))
        counts.append(len(known))
        first = known[:top]
        largest.append([_narrow(v, measure) for _, _, v in first] + [0] * (top - len(first)))
        whose.append([code for _, code, _ in first] + [-1] * (top - len(first)))
        shown.append(_shown(query, key))
    width = (len(ordered), top)
    return Cells(
        tuple(g.name for g in query.groups),
        tuple(shown),
        np.array(totals, dtype=np.int64),
        np.array(rows, dtype=np.int64),
        np.array(counts, dtype=np.int64),
        np.array(largest, dtype=np.int64).reshape(width),
        np.array(whose, dtype=np.int64).reshape(width),
        measure.type.decimals,
    )


def _units(amount: Decimal, measure: Measure) -> int:
    return scaled(amount, measure.type.decimals)


def _narrow(value: int, measure: Measure) -> int:
    if abs(value) > LARGEST:
        raise QueryError(fault("query.overflow", measure.place))
    return value


def _shown(query: Aggregate, key: _Key) -> tuple[str | None, ...]:
    """The group values as text; numbers in units first, as `shown_group` takes them."""
    chosen, values = key
    texts: dict[int, str | None] = {}
    for n, value in zip(chosen, values, strict=True):
        of = query.groups[n].expression.type
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        in_units = scaled(Decimal(value), of.decimals) if is_number else value  # type: ignore[arg-type]
        texts[n] = shown_group(in_units, of)
    return tuple(texts.get(n) for n in range(len(query.groups)))
