"""Which periods' budgets a query is charged to: those whose rows it may read.

A period's budget covers only that period's rows, so a query over April and May is charged to
both. Which days a query may read follows from its WHERE and the declarations, never from data.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from sekisho.errors import QueryError, fault
from sekisho.lanes.statistics.privacy.contract import Tables, contract_of
from sekisho.lanes.statistics.privacy.domains import Domain, Listed, Range
from sekisho.query.plan import Aggregate, Filter, Join, LookupScan, Project, Query, Scan, Source

ONCE = "once"


def period_of(day: date, period: str) -> str:
    """The period that a day belongs to: `2026-04`, `2026`, or `once`."""
    if period == "month":
        return f"{day:%Y-%m}"
    return f"{day:%Y}" if period == "year" else ONCE


def period_ends(name: str) -> date | None:
    """The last day of a period; None when it never ends."""
    if name == ONCE:
        return None
    year, _, month = name.partition("-")
    if not month:
        return date(int(year), 12, 31)
    begins = date(int(year), int(month), 1)
    return (begins + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def periods_between(first: date, last: date, period: str) -> tuple[str, ...]:
    """Every period that holds a day between two, both included, in order."""
    days = range((last - first).days + 1)
    return tuple(dict.fromkeys(period_of(first + timedelta(days=n), period) for n in days))


def charged_periods(
    query: Query, tables: Tables, dataset: str, column: str | None, period: str
) -> tuple[str, ...]:
    """The periods of a dataset's budget that a query is charged to.

    Shape: column is the dataset's date that says which period a row belongs to; a dataset whose
        budget is for once needs none.
    Raises: QueryError when neither WHERE nor the declaration bounds the column.
    """
    if period == ONCE or column is None:
        return (ONCE,)
    found: set[str] = set()
    for scan in _scans(query.aggregate.source, dataset):
        low, high = _days(query.aggregate.source, tables, f"{scan}.{column}")
        found.update(periods_between(low, high, period))
    return tuple(sorted(found))


def _scans(source: Source, dataset: str) -> Iterator[str]:
    """The aliases under which a dataset is read."""
    for node in _nodes(source):
        if isinstance(node, Scan) and node.dataset == dataset:
            yield node.fields[0].name.split(".", 1)[0]


def _nodes(source: Source) -> Iterator[Source]:
    """A node and every node below it, outermost first."""
    yield source
    match source:
        case Join():
            yield from _nodes(source.left)
            yield from _nodes(source.right)
        case Filter() | Project() | Aggregate():
            yield from _nodes(source.source)
        case Scan() | LookupScan():
            pass


def _days(source: Source, tables: Tables, name: str) -> tuple[date, date]:
    """The days that a field may hold where it is last known, after every filter on it."""
    for node in _nodes(source):
        if isinstance(node, LookupScan) or name not in {f.name for f in node.fields}:
            continue
        ends = _ends(contract_of(node, tables).domains.get(name))
        if ends is not None:
            return ends
    raise QueryError(fault("privacy.period_unbounded", source.place, column=name))


def _ends(domain: Domain | None) -> tuple[date, date] | None:
    if isinstance(domain, Range) and isinstance(domain.low, date) and isinstance(domain.high, date):
        return domain.low, domain.high
    if isinstance(domain, Listed):
        days = [v for v in domain.values if isinstance(v, date)]
        if days and len(days) == len(domain.values):
            return min(days), max(days)
    return None
