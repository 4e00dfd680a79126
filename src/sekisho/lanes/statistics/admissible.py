"""Which queries disclosure control can protect: sums of one column, by hierarchies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import product

from sekisho.errors import Fault, QueryError, fault, raise_all
from sekisho.model.dataset import Dataset
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.query.expressions import ColumnRef, Expression, MeasureFunction, Origin, parts
from sekisho.query.parse import parse
from sekisho.query.plan import (
    Aggregate,
    Filter,
    Join,
    LookupScan,
    Measure,
    Query,
    Scan,
    Source,
    scans_of,
)


def admissible_query(programme: Programme, plan: ReleasePlan) -> Aggregate:
    """What a plan's SQL asks for, reduced to the measure that its table shows.

    Raises: QueryError with every reason why disclosure control cannot protect it.
    """
    query = parse(plan.sql, programme.datasets, programme.lookups, plan.sql_file)
    measure = query.measure_of(plan.measure)
    faults = [*_shape_faults(plan, query, measure), *_dataset_faults(programme, plan, query)]
    if measure is not None:
        faults += _measure_faults(programme, plan, measure)
    raise_all(QueryError, faults)
    return query.aggregate.only(measure.name if measure else "")


def dataset_read(programme: Programme, aggregate: Aggregate) -> Dataset:
    """The one confidential dataset that an admissible query reads."""
    scans = [each for each in scans_of(aggregate.source) if isinstance(each, Scan)]
    found = programme.dataset(scans[0].dataset)
    if found is None:
        raise QueryError(fault("query.unreadable"))
    return found


def datasets_read(programme: Programme, plans: Iterable[ReleasePlan]) -> frozenset[str]:
    """The confidential datasets that the SQL of plans reads.

    Raises: QueryError with every fault of an SQL that cannot be read.
    """
    return frozenset(
        scan.dataset
        for plan in plans
        for scan in scans_of(
            parse(plan.sql, programme.datasets, programme.lookups, plan.sql_file).aggregate.source
        )
        if isinstance(scan, Scan)
    )


def dimension_columns(programme: Programme, plan: ReleasePlan) -> dict[str, frozenset[Origin]]:
    """Dimension -> the columns of the dataset that decide in which member a row lies.

    What a look-up says follows from its key, so the key's columns stand for it.
    """
    query = admissible_query(programme, plan)
    groups = {each.name: each.expression for each in query.groups}
    return {
        each.id: frozenset[Origin]().union(
            *(_columns_behind(query.source, groups[level]) for level in each.levels)
        )
        for each in plan.dimensions
    }


def dimension_faults(
    plans: Sequence[tuple[Programme, ReleasePlan]], others: Sequence[tuple[Programme, ReleasePlan]]
) -> Iterator[Fault]:
    """Dimensions of two plans that classify by one column under two names.

    Their cells hold the same rows, but nothing would say so: what one table hides the other could
    show. Plans that cross the two in one table say so themselves.
    """
    for (programme, plan), (of, other) in product(plans, others):
        if datasets_read(programme, [plan]).isdisjoint(datasets_read(of, [other])):
            continue
        mine, theirs = dimension_columns(programme, plan), dimension_columns(of, other)
        for one, another in product(
            sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
        ):
            if mine[one] & theirs[another]:
                yield fault(
                    "statistics.dimension-renamed",
                    plan=plan.id,
                    dimension=one,
                    other=another,
                    other_plan=other.id,
                )


def _columns_behind(source: Source, expression: Expression) -> frozenset[Origin]:
    """The columns of datasets from which an expression over a source is computed."""
    if isinstance(expression, ColumnRef):
        return _column_behind(source, expression.name)
    found = (_columns_behind(source, each) for each in parts(expression))
    return frozenset[Origin]().union(*found)


def _column_behind(source: Source, name: str) -> frozenset[Origin]:
    match source:
        case Filter():
            return _column_behind(source.source, name)
        case Join() if any(each.name == name for each in source.left.fields):
            return _column_behind(source.left, name)
        case Join() if isinstance(source.right, LookupScan):
            keys = (_columns_behind(source.left, left) for left, _right in source.on)
            return frozenset[Origin]().union(*keys)
        case Join():
            return _column_behind(source.right, name)
        case _:
            known = (each.origins for each in source.fields if each.name == name)
            return frozenset[Origin]().union(*known)


def _shape_faults(plan: ReleasePlan, query: Query, measure: Measure | None) -> Iterable[Fault]:
    if not query.is_plain:
        yield fault("statistics.after-aggregation", plan=plan.id)
    if measure is None:
        yield fault("statistics.not-a-sum", plan=plan.id, measure=plan.measure)
    named = [level for dimension in plan.dimensions for level in dimension.levels]
    found = [each.name for each in query.aggregate.groups]
    if sorted(named) != sorted(found):
        yield fault(
            "statistics.group-columns",
            plan=plan.id,
            found=", ".join(f"`{name}`" for name in sorted(found)),
            named=", ".join(f"`{name}`" for name in sorted(named)),
        )


def _dataset_faults(programme: Programme, plan: ReleasePlan, query: Query) -> Iterable[Fault]:
    read = {each.dataset for each in scans_of(query.aggregate.source) if isinstance(each, Scan)}
    if len(read) != 1:
        found = ", ".join(f"`{name}`" for name in sorted(read))
        yield fault("statistics.several-datasets", plan=plan.id, found=found)
    for name in sorted(read):
        dataset = programme.dataset(name)
        if dataset is not None and dataset.contributor is None:
            yield fault("statistics.no-contributor", plan=plan.id, dataset=name)


def _measure_faults(programme: Programme, plan: ReleasePlan, measure: Measure) -> Iterable[Fault]:
    if measure.function is not MeasureFunction.SUM or not isinstance(measure.argument, ColumnRef):
        yield fault("statistics.not-a-sum", plan=plan.id, measure=plan.measure)
    tables: Mapping[str, Dataset] = {each.id: each for each in programme.datasets}
    for origin in sorted(measure.origins, key=str):
        dataset = tables.get(origin.table)
        column = dataset.column(origin.column) if dataset else None
        if column is None or column.minimum is None or Decimal(column.minimum) < 0:
            yield fault("statistics.negative", plan=plan.id, column=origin.column)
