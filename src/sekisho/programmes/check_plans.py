"""Faults of release plans: against their SQL, against datasets, and against each other."""

from collections.abc import Iterator
from itertools import pairwise, product

from sekisho.errors import Fault, Place, QueryError, fault
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.programmes.guess import guessed
from sekisho.programmes.places import place_in
from sekisho.programmes.vocabulary import SENSITIVITY_RULES
from sekisho.query.expressions import ColumnRef
from sekisho.query.plan import Query, Scan, scans_of
from sekisho.terms import Method


def plan_faults(programme: Programme, *, all_plans: bool = True) -> list[Fault]:
    """Faults of every release plan, each plan's SQL included.

    Links are left aside unless all plans are there.
    """
    from sekisho.query.parse import parse

    faults: list[Fault] = []
    queries: dict[str, Query] = {}
    for plan in programme.release_plans:
        try:
            query = parse(plan.sql, programme.datasets, programme.lookups, plan.sql_file)
        except QueryError as error:
            faults += error.faults
        else:
            queries[plan.id] = query
            faults += _against_query(programme, plan, query)
        faults += [*_names(programme, plan), *_rules(programme, plan), *_labels(programme, plan)]
    return [*faults, *(_links(programme, queries) if all_plans else ())]


def _file(plan: ReleasePlan) -> str:
    return f"releases/{plan.id}.toml"


def levels_of(plan: ReleasePlan) -> list[str]:
    """The group columns that a plan declares, dimension by dimension."""
    return [level for dimension in plan.dimensions for level in dimension.levels]


def _groups(query: Query) -> dict[str, int]:
    """Output name of each group column -> its position among the groups."""
    positions = {group.name: number for number, group in enumerate(query.aggregate.groups)}
    return {
        output.name: positions[output.expression.name]
        for output in query.outputs
        if isinstance(output.expression, ColumnRef) and output.expression.name in positions
    }


def _against_query(programme: Programme, plan: ReleasePlan, query: Query) -> Iterator[Fault]:
    """Where the declaration and the SQL do not say the same."""
    groups = _groups(query)
    for number, dimension in enumerate(plan.dimensions):
        for depth, level in enumerate(dimension.levels):
            if level not in groups:
                place = place_in(
                    programme, _file(plan), "dimensions", number, "levels", depth, "column"
                )
                yield guessed("programme.level-not-grouped", place, level, groups)
    for name in groups:
        if name not in levels_of(plan):
            place = place_in(programme, _file(plan), "dimensions")
            yield fault("programme.group-not-declared", place, name=name)
    if set(groups) == set(levels_of(plan)):
        yield from _totals(programme, plan, query, groups)
    outputs = [output.name for output in query.outputs if output.name not in groups]
    if query.measure_of(plan.measure) is None:
        place = place_in(programme, _file(plan), "measure", "column")
        yield guessed("programme.measure-not-selected", place, plan.measure, outputs)
    for name in outputs:
        if name != plan.measure:
            yield fault("programme.measure-not-declared", Place(plan.sql_file, 1, 1), name=name)
    yield from _methods(programme, plan, query)


def _totals(
    programme: Programme, plan: ReleasePlan, query: Query, groups: dict[str, int]
) -> Iterator[Fault]:
    """Every level with every other and every total, and nothing else."""
    prefixes = [
        [tuple(groups[level] for level in d.levels[:depth]) for depth in range(len(d.levels) + 1)]
        for d in plan.dimensions
    ]
    wanted = {tuple(sorted(sum(parts, ()))) for parts in product(*prefixes)}
    found = {tuple(sorted(each)) for each in query.aggregate.grouping_sets}
    if wanted != found:
        place = place_in(programme, _file(plan), "dimensions")
        rollups = ", ".join(f"ROLLUP ({', '.join(d.levels)})" for d in plan.dimensions)
        yield fault("programme.totals-differ", place, group_by=f"GROUP BY {rollups}")


def _methods(programme: Programme, plan: ReleasePlan, query: Query) -> Iterator[Fault]:
    for scan in scans_of(query.aggregate.source):
        dataset = programme.dataset(scan.dataset) if isinstance(scan, Scan) else None
        if dataset is not None and dataset.method is not plan.method:
            place = place_in(programme, _file(plan), "method")
            yield fault(
                "programme.other-method", place, dataset=dataset.id, method=dataset.method.value
            )


def _names(programme: Programme, plan: ReleasePlan) -> Iterator[Fault]:
    """Names that the plan uses twice, and cells that it cannot have."""
    file = _file(plan)
    ids = [dimension.id for dimension in plan.dimensions]
    levels = levels_of(plan)
    for number, dimension in enumerate(plan.dimensions):
        if dimension.id in ids[:number]:
            place = place_in(programme, file, "dimensions", number, "id")
            yield fault("programme.dimension-twice", place, id=dimension.id)
        before = sum(len(d.levels) for d in plan.dimensions[:number])
        for depth, level in enumerate(dimension.levels):
            if level in levels[: before + depth]:
                place = place_in(programme, file, "dimensions", number, "levels", depth, "column")
                yield fault("programme.level-twice", place, name=level)
    for number, cell in enumerate(plan.must_publish):
        place = place_in(programme, file, "must_publish", number)
        if len(cell) != len(levels):
            yield fault("programme.cell-length", place, wanted=len(levels))
        elif _skips_a_level(plan, cell):
            yield fault("programme.cell-skips-level", place)


def _skips_a_level(plan: ReleasePlan, cell: tuple[str, ...]) -> bool:
    """Whether a cell names a finer level without the wider one."""
    rest = list(cell)
    for dimension in plan.dimensions:
        part, rest = rest[: len(dimension.levels)], rest[len(dimension.levels) :]
        if any(finer and not wider for wider, finer in pairwise(part)):
            return True
    return False


def _rules(programme: Programme, plan: ReleasePlan) -> Iterator[Fault]:
    """Sensitivity rules that are none, or that carry a parameter with them."""
    for number, name in enumerate(plan.sensitivity_rules):
        if name in SENSITIVITY_RULES:
            continue
        place = place_in(programme, _file(plan), "sensitivity_rules", number)
        if any(character.isdigit() for character in name):
            yield fault("programme.parameter-in-rule", place)
        else:
            yield guessed("programme.unknown-sensitivity-rule", place, name, SENSITIVITY_RULES)
    if plan.method is Method.DISCLOSURE_CONTROL and not plan.sensitivity_rules:
        yield fault("programme.no-sensitivity-rule", place_in(programme, _file(plan)))


def _labels(programme: Programme, plan: ReleasePlan) -> Iterator[Fault]:
    levels = levels_of(plan)
    unknown = sorted({column for column, _, _ in plan.labels if column not in levels})
    for column in unknown:
        place = place_in(programme, _file(plan), "labels", column)
        yield guessed("programme.label-without-level", place, column, levels)


def _links(programme: Programme, queries: dict[str, Query]) -> Iterator[Fault]:
    """Links to plans that are none, to the plan itself, or to plans of another measure."""
    plans = {plan.id: plan for plan in programme.release_plans}
    for plan in programme.release_plans:
        for number, link in enumerate(plan.links):
            place = place_in(programme, _file(plan), "links", number)
            if link == plan.id:
                yield fault("programme.linked-to-itself", place)
            elif link not in plans:
                others = [each for each in plans if each != plan.id]
                yield guessed("programme.unknown-plan", place, link, others)
            else:
                yield from _same_measure(place, (plan, plans[link]), queries)


def _same_measure(
    place: Place, pair: tuple[ReleasePlan, ReleasePlan], queries: dict[str, Query]
) -> Iterator[Fault]:
    """Linked tables are protected as one, so one thing must be measured under one rule."""
    plan, other = pair
    if plan.method is not other.method:
        yield fault("programme.linked-other-method", place, id=other.id)
    if (set(plan.sensitivity_rules), plan.minimum_frequency) != (
        set(other.sensitivity_rules),
        other.minimum_frequency,
    ):
        yield fault("programme.linked-other-rules", place, id=other.id)
    if plan.id in queries and other.id in queries:
        mine, theirs = (_measured(each, queries[each.id]) for each in pair)
        if mine is not None and theirs is not None and mine != theirs:
            yield fault("programme.linked-other-measure", place, id=other.id)


def _measured(plan: ReleasePlan, query: Query) -> tuple[str, str, str] | None:
    """What a plan measures: function, argument whatever its tables are called there, unit."""
    measure = query.measure_of(plan.measure)
    if measure is None:
        return None
    argument = repr(measure.argument)
    for scan in scans_of(query.aggregate.source):
        for each in scan.fields:
            declared = "".join(f"{o.table}/{o.column}" for o in each.origins)
            argument = argument.replace(repr(each.name), declared)
    return measure.function.value, argument, plan.unit_of_measure.en
