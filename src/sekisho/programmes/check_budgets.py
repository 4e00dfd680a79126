"""Faults of privacy budgets, and of the plans that spend them."""

from collections.abc import Iterator
from decimal import Decimal

from sekisho.errors import Fault, QueryError, fault
from sekisho.model.dataset import BudgetDeclaration, ContributionDeclaration, Dataset
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.programmes.places import place_in
from sekisho.query.plan import Scan, scans_of
from sekisho.terms import ColumnType, Method

_MOST_EPSILON = Decimal(20)
_MOST_DELTA = Decimal("0.001")


def budget_faults(programme: Programme) -> Iterator[Fault]:
    """Budgets that promise nothing, periods that no column tells, plans without a price."""
    for dataset in programme.datasets:
        if dataset.budget is not None:
            yield from _budget(programme, dataset, dataset.budget)
        if dataset.contribution is not None:
            place = (f"datasets/{dataset.id}.toml", "sekisho", "contribution")
            yield from _contribution(programme, dataset.contribution, place)
    for plan in programme.release_plans:
        if plan.method is Method.DIFFERENTIAL_PRIVACY:
            yield from _plan(programme, plan)


def _contribution(
    programme: Programme, said: ContributionDeclaration, place: tuple[str, ...]
) -> Iterator[Fault]:
    file, *path = place
    if said.length is not None and said.length <= 0:
        yield fault("programme.contribution-length", place_in(programme, file, *path, "length"))
    if said.sampled and "groups" in said.chosen:
        yield fault("privacy.sampled_unbounded", place_in(programme, file, *path, "sampled"))


def _budget(programme: Programme, dataset: Dataset, budget: BudgetDeclaration) -> Iterator[Fault]:
    place = place_in(programme, f"datasets/{dataset.id}.toml", "sekisho", "budget")
    if not (0 < budget.epsilon <= _MOST_EPSILON and 0 < budget.delta <= _MOST_DELTA):
        yield fault("programme.budget-range", place)
    if budget.period == "once":
        return
    column = dataset.column(budget.column or "")
    if (
        column is None
        or column.type not in (ColumnType.DATE, ColumnType.DATETIME)
        or not column.required
        or column.minimum is None
        or column.maximum is None
    ):
        yield fault("programme.budget-column", place, period=budget.period)


def _plan(programme: Programme, plan: ReleasePlan) -> Iterator[Fault]:
    file = f"releases/{plan.id}.toml"
    if plan.epsilon is None:
        yield fault("programme.no-epsilon", place_in(programme, file, "method"))
    if plan.contribution is not None:
        yield from _contribution(programme, plan.contribution, (file, "contribution"))
    for dataset in _datasets_of(programme, plan):
        if dataset.budget is None:
            place = place_in(programme, file, "method")
            yield fault("programme.no-budget", place, dataset=dataset.id)
        elif plan.epsilon is not None and not 0 < plan.epsilon <= dataset.budget.epsilon:
            place = place_in(programme, file, "epsilon")
            most = dataset.budget.epsilon
            yield fault("programme.epsilon-range", place, dataset=dataset.id, most=most)


def _datasets_of(programme: Programme, plan: ReleasePlan) -> Iterator[Dataset]:
    """The datasets that a plan reads; none when its SQL is broken, which is said elsewhere."""
    from sekisho.query.parse import parse

    try:
        query = parse(plan.sql, programme.datasets, programme.lookups, plan.sql_file)
    except QueryError:
        return
    names = {s.dataset for s in scans_of(query.aggregate.source) if isinstance(s, Scan)}
    yield from (each for each in programme.datasets if each.id in names)
