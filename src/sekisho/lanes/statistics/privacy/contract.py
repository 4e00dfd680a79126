"""What holds of every node of a query whoever its rows are about, derived by rule.

One sentence runs through all of it: each row belongs to exactly one privacy unit, and is a
function of that unit's rows and public tables alone. Then adding or removing a unit adds or
removes its own rows at every node, and nothing else. The steps are the proof that is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from sekisho.errors import Place, QueryError, fault
from sekisho.lanes.statistics.privacy.domains import (
    ANYTHING,
    Domain,
    Listed,
    Range,
    check_arithmetic,
    domain_of,
    domain_of_column,
    ends_of,
)
from sekisho.lanes.statistics.privacy.narrowing import narrowed
from sekisho.model.dataset import Column, Dataset, Lookup
from sekisho.query.expressions import ColumnRef, Expression, MeasureFunction
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
from sekisho.terms import ColumnType, Method

MOST_ROWS = Decimal(2) ** 40
"""No dataset has more rows; a count of rows lies between 0 and this."""


_GATHERED = (
    MeasureFunction.SUM,
    MeasureFunction.AVG,
    MeasureFunction.MIN,
    MeasureFunction.MAX,
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The declarations that a query may read, and what public look-ups hold."""

    datasets: Mapping[str, Dataset]
    lookups: Mapping[str, Lookup]
    lookup_values: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """The distinct values of a look-up's column, as texts, in order."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule applied: a code of `text/` with its fields."""

    rule: str
    fields: Mapping[str, object] = field(default_factory=dict)
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Contract:
    """What is known of a node: whose its rows are, which values they hold, and why.

    Privacy: neighbours differ in all rows of one unit; so do the node's rows, in no others.
    """

    unit: str | None
    units: frozenset[str]
    """Every field that holds the unit, under whatever name."""
    domains: Mapping[str, Domain]
    one_row_a_unit: bool
    proof: tuple[Step, ...]


def contract_of(source: Source, tables: Tables) -> Contract:
    """The contract of a node and all nodes below it.

    Raises: QueryError where a rule does not hold, with the place and what to write instead.
    """
    match source:
        case Scan():
            return _scan(source, tables)
        case LookupScan():
            return _lookup(source, tables)
        case Join():
            return _join(source, tables)
        case Filter():
            return _filter(source, tables)
        case Project():
            return _project(source, tables)
        case Aggregate():
            return _aggregate(source, tables)


def _scan(source: Scan, tables: Tables) -> Contract:
    dataset = tables.datasets[source.dataset]
    if dataset.method is not Method.DIFFERENTIAL_PRIVACY or dataset.privacy_unit is None:
        raise QueryError(fault("privacy.no_unit", source.place, dataset=dataset.id))
    if source.unit is None:
        raise QueryError(fault("privacy.no_unit", source.place, dataset=dataset.id))
    proof = [_step("scan", source.place, dataset=dataset.id, unit=dataset.privacy_unit)]
    if dataset.missing_unit == "exclude":
        proof.append(_step("missing_excluded", source.place, dataset=dataset.id))
    domains = _declared(source, {c.name: c for c in dataset.columns})
    units = frozenset({source.unit})
    return Contract(source.unit, units, domains, one_row_a_unit=False, proof=tuple(proof))


def _step(rule: str, place: Place | None, **fields: object) -> Step:
    return Step(f"privacy.proof_{rule}", fields, place)


def _declared(source: Scan | LookupScan, columns: Mapping[str, Column]) -> dict[str, Domain]:
    names = {f.name: f.name.split(".", 1)[-1] for f in source.fields}
    return {full: domain_of_column(columns[name]) for full, name in names.items()}


def _lookup(source: LookupScan, tables: Tables) -> Contract:
    lookup = tables.lookups[source.lookup]
    columns = {c.name: c for c in lookup.columns}
    domains = _declared(source, columns)
    for full in domains:
        name = full.split(".", 1)[-1]
        held = tables.lookup_values.get((lookup.id, name))
        if domains[full] == ANYTHING and held and columns[name].type is ColumnType.STRING:
            domains[full] = Listed(held)
    proof = (_step("lookup", source.place, lookup=lookup.id),)
    return Contract(None, frozenset(), domains, one_row_a_unit=False, proof=proof)


def _join(source: Join, tables: Tables) -> Contract:
    left, right = contract_of(source.left, tables), contract_of(source.right, tables)
    for pair in source.on:
        check_arithmetic(pair[0], left.domains)
        check_arithmetic(pair[1], right.domains)
    domains = {**left.domains, **right.domains}
    if right.unit is None:
        step = _step("join_lookup", source.place)
        once = left.one_row_a_unit and _is_unique(source, tables)
    else:
        if not any(_is(a, left.units) and _is(b, right.units) for a, b in source.on):
            raise QueryError(fault("privacy.join_off_unit", source.place))
        step = _step("join_unit", source.place)
        once = left.one_row_a_unit and right.one_row_a_unit
    if left.unit is None:
        raise QueryError(fault("privacy.join_off_unit", source.place))
    units = left.units if source.keeps_left else left.units | right.units
    return Contract(left.unit, units, domains, once, (*left.proof, *right.proof, step))


def _is(expression: Expression, units: frozenset[str]) -> bool:
    return isinstance(expression, ColumnRef) and expression.name in units


def _is_unique(source: Join, tables: Tables) -> bool:
    """Whether a look-up is joined on its unique column, so that no row is doubled."""
    if not isinstance(source.right, LookupScan):
        return False
    key = tables.lookups[source.right.lookup].key
    return any(isinstance(b, ColumnRef) and b.name.endswith(f".{key}") for _, b in source.on)


def _filter(source: Filter, tables: Tables) -> Contract:
    below = contract_of(source.source, tables)
    check_arithmetic(source.condition, below.domains)
    domains = narrowed(source.condition, below.domains)
    proof = (*below.proof, _step("filter", source.place))
    return replace(below, domains=domains, proof=proof)


def _project(source: Project, tables: Tables) -> Contract:
    below = contract_of(source.source, tables)
    domains: dict[str, Domain] = {}
    for column in source.columns:
        check_arithmetic(column.expression, below.domains)
        domains[column.name] = domain_of(column.expression, below.domains)
    units = frozenset(c.name for c in source.columns if _is(c.expression, below.units))
    if below.unit is not None and source.unit not in units:
        raise QueryError(fault("privacy.unit_lost", source.place))
    proof = (*below.proof, _step("project", source.place))
    return Contract(source.unit, units, domains, below.one_row_a_unit, proof)


def _aggregate(source: Aggregate, tables: Tables) -> Contract:
    """An inner aggregation: each of its rows is made from rows of one unit."""
    below = contract_of(source.source, tables)
    by_unit = frozenset(g.name for g in source.groups if _is(g.expression, below.units))
    if source.unit not in by_unit or source.grouping_sets != (tuple(range(len(source.groups))),):
        raise QueryError(fault("privacy.inner_off_unit", source.place))
    domains: dict[str, Domain] = {}
    for group in source.groups:
        check_arithmetic(group.expression, below.domains)
        domains[group.name] = domain_of(group.expression, below.domains)
    for measure in source.measures:
        domains[measure.name] = _gathered(measure, below.domains)
    once = len(by_unit) == len(source.groups)
    rule = "inner_once" if once else "inner_groups"
    proof = (*below.proof, _step(rule, source.place))
    return Contract(source.unit, by_unit, domains, once, proof)


def _gathered(measure: Measure, below: Mapping[str, Domain]) -> Domain:
    """The domain of an aggregate over some rows of one unit."""
    if measure.argument is not None:
        check_arithmetic(measure.argument, below)
    if measure.function is MeasureFunction.COUNT or measure.argument is None:
        return Range(Decimal(0), MOST_ROWS)
    if measure.function not in _GATHERED:
        raise QueryError(fault("privacy.measure_unproven", measure.place, measure=measure.name))
    inside = domain_of(measure.argument, below)
    low, high = ends_of(inside)
    if measure.function is MeasureFunction.SUM:
        check_summable(measure, below)
        return Range(min(Decimal(0), low) * MOST_ROWS, max(Decimal(0), high) * MOST_ROWS)
    if measure.function in (MeasureFunction.MIN, MeasureFunction.MAX):
        return inside
    return Range(low, high) if low.is_finite() and high.is_finite() else ANYTHING


def check_summable(measure: Measure, below: Mapping[str, Domain]) -> tuple[Decimal, Decimal]:
    """The ends between which every summed amount lies.

    Raises: QueryError when nothing bounds them.
    """
    low, high = ends_of_argument(measure, below)
    if not (low.is_finite() and high.is_finite()):
        raise QueryError(fault("privacy.sum_unbounded", measure.place, measure=measure.name))
    return low, high


def ends_of_argument(measure: Measure, below: Mapping[str, Domain]) -> tuple[Decimal, Decimal]:
    """The ends of what a measure is over; infinite where nothing bounds it."""
    if measure.argument is None:
        return Decimal("-Infinity"), Decimal("Infinity")
    return ends_of(domain_of(measure.argument, below))
