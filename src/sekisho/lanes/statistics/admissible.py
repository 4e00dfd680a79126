"""Which queries disclosure control can protect: sums of one column, by hierarchies."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sekisho.errors import Fault, QueryError, fault, raise_all
from sekisho.model.dataset import Dataset
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.query.expressions import ColumnRef, MeasureFunction
from sekisho.query.parse import parse
from sekisho.query.plan import Aggregate, Measure, Query, Scan, scans_of


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
