"""Which periods' budgets a query spends: those of the rows that it may read, and no others."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from sekisho.errors import QueryError, fault
from sekisho.lanes.statistics.privacy.contract import Tables, contract_of
from sekisho.lanes.statistics.privacy.domains import Domain, Listed, Range
from sekisho.model.dataset import Dataset
from sekisho.query.plan import Filter, Join, LookupScan, Scan, Source

ONCE = "once"
MOST_PERIODS = 240
"""Twenty years of months."""


def periods_read(source: Source, tables: Tables, dataset: Dataset) -> tuple[str, ...]:
    """The periods whose rows of a dataset a query may read, in order of time.

    Taken from the column's declared ends and from WHERE conditions that narrow it; a condition
    that is not understood narrows nothing, so a period is rather charged than forgotten.

    Raises: QueryError when nothing bounds the periods.
    """
    budget = dataset.budget
    if budget is None or budget.period == ONCE:
        return (ONCE,)
    form = "%Y-%m" if budget.period == "month" else "%Y"
    found: set[str] = set()
    for domain in _dated(source, dataset.id, budget.column or "", tables):
        found.update(f"{day:{form}}" for day in _days(domain, dataset))
    if len(found) > MOST_PERIODS:
        raise QueryError(fault("budget.too-many-periods", dataset=dataset.id, most=MOST_PERIODS))
    return tuple(sorted(found))


def period_ends(period: str) -> date | None:
    """The last day of a period; None for the budget that never begins anew."""
    if period == ONCE:
        return None
    year, _, month = period.partition("-")
    first = date(int(year), int(month or 12), 1)
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def periods_overlap(one: str, other: str) -> bool:
    """Whether rows may count to both: a month and its year, and anything with what is `once`."""
    return ONCE in (one, other) or one.startswith(other) or other.startswith(one)


def _dated(source: Source, dataset: str, column: str, tables: Tables) -> Iterator[Domain]:
    """The domain of the dating column wherever the dataset is scanned."""
    for top, scan in _scans(source, None):
        if scan.dataset != dataset:
            continue
        name = next(f.name for f in scan.fields if f.name.split(".", 1)[-1] == column)
        yield contract_of(top, tables).domains[name]


def _scans(node: Source, top: Source | None) -> Iterator[tuple[Source, Scan]]:
    """Every scan with the highest node whose conditions still speak of that scan's rows.

    What stands right of a left outer join keeps its own conditions only: a row that is filtered
    out above it has decided before which left rows stayed without a partner.
    """
    above = top if top is not None else node
    match node:
        case Scan():
            yield above, node
        case LookupScan():
            return
        case Filter():
            yield from _scans(node.source, above)
        case Join():
            yield from _scans(node.left, above)
            yield from _scans(node.right, None if node.keeps_left else above)
        case _:
            yield from _scans(node.source, None)


def _days(domain: Domain, dataset: Dataset) -> Iterable[date]:
    """A day of every period that the domain touches."""
    if isinstance(domain, Listed):
        days = [v.date() if isinstance(v, datetime) else v for v in domain.values]
        dated = [v for v in days if isinstance(v, date)]
        if len(dated) == len(days):
            return dated
    elif isinstance(domain, Range):
        low, high = domain.low, domain.high
        if isinstance(low, date) and isinstance(high, date):
            return _between(low, high)
    raise QueryError(fault("budget.no-period", dataset=dataset.id))


def _between(low: date, high: date) -> Iterator[date]:
    day = low
    while day <= high:
        yield day
        day += timedelta(days=1)
