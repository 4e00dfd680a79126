"""From a plan's cells to the engine of disclosure control, and from a pattern to a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

import numpy as np

from sekisho.errors import ProgrammeError, Refused, fault
from sekisho.lanes.statistics.disclosure.cells import Bools, Ints
from sekisho.lanes.statistics.disclosure.hierarchies import Dimension, Hierarchy
from sekisho.lanes.statistics.disclosure.structure import Table as CellTable
from sekisho.model.programme import ReleasePlan
from sekisho.model.table import SUPPRESSED, Cell, Row, Table, TableDimension
from sekisho.ports import Cells

TOTAL = "total"
"""Code of a dimension's total; every other code begins with a slash, so none can be this one."""

Description = frozenset[tuple[str, str]]
"""What a cell describes, whatever table shows it: (dimension, code), totals left out."""


@dataclass(frozen=True, slots=True)
class PlanCells:
    """A plan with the cells that its SQL gave; `name` tells apart editions of one plan."""

    name: str
    plan: ReleasePlan
    cells: Cells


def code_of(path: Sequence[str]) -> str:
    """The code of a member: its path from the widest level, so equal names stay apart."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def codes_of(plan_cells: PlanCells) -> dict[str, list[str]]:
    """For each dimension of the plan, the code of every cell.

    Raises: Refused when a level is given whose wider level is totalled: such a cell has no place
    in the hierarchy.
    """
    plan, cells = plan_cells.plan, plan_cells.cells
    place = {name: at for at, name in enumerate(cells.group_columns)}
    codes: dict[str, list[str]] = {}
    for dimension in plan.dimensions:
        at = [place[level] for level in dimension.levels]
        codes[dimension.id] = [_code(groups, at, plan) for groups in cells.groups]
    return codes


def _code(groups: tuple[str | None, ...], at: Sequence[int], plan: ReleasePlan) -> str:
    path = [groups[i] for i in at]
    given = [part for part in path if part is not None]
    if path[: len(given)] != given:
        raise Refused(fault("statistics.not-a-hierarchy", plan=plan.id))
    return code_of(given) if given else TOTAL


def dimensions_of(plans: Sequence[PlanCells]) -> tuple[Dimension, ...]:
    """Every dimension of the plans, with all members that occur; the same id is the same dimension.

    Raises: ProgrammeError when two plans give one dimension different levels.
    """
    levels: dict[str, tuple[str, ...]] = {}
    members: dict[str, dict[str, None]] = {}
    for each in plans:
        for dimension in each.plan.dimensions:
            known = levels.setdefault(dimension.id, dimension.levels)
            if known != dimension.levels:
                raise ProgrammeError(
                    fault("statistics.dimension-differs", dimension=dimension.id, plan=each.plan.id)
                )
        for name, codes in codes_of(each).items():
            members.setdefault(name, {}).update(dict.fromkeys(codes))
    return tuple(
        Dimension(name, TOTAL, (Hierarchy(name, _parts(codes)),)) for name, codes in members.items()
    )


def _parts(codes: Mapping[str, None]) -> dict[str, list[str]]:
    parts: dict[str, set[str]] = {}
    for code in codes:
        below = code
        while below != TOTAL:
            above = below.rpartition("/")[0] or TOTAL
            parts.setdefault(above, set()).add(below)
            below = above
    return {above: sorted(members) for above, members in sorted(parts.items())}


def cell_table(plan_cells: PlanCells, *, population: str = "") -> CellTable:
    """A plan's cells as the engine of disclosure control takes them.

    A cell with contributors may be hidden even when its value is 0; one without cannot exist here.
    """
    cells = plan_cells.cells
    cost = plan_cells.plan.cost
    weight = np.abs(cells.totals).astype(np.float64) if cost == "value" else None
    listed = must_publish(plan_cells)
    return CellTable(
        name=plan_cells.name,
        codes=codes_of(plan_cells),
        values=cells.totals,
        frequency=cells.contributors,
        weight=None if weight is None else np.maximum(weight, 1.0),
        may_hide=(cells.contributors > 0) & ~listed,
        must_publish=listed,
        population=population,
    )


def must_publish(plan_cells: PlanCells) -> Bools:
    """Which cells the plan lists as never hidden to protect others: (n,), one a cell."""
    plan, cells = plan_cells.plan, plan_cells.cells
    place = {name: at for at, name in enumerate(cells.group_columns)}
    levels = [place[level] for dimension in plan.dimensions for level in dimension.levels]
    listed = {tuple(value or None for value in row) for row in plan.must_publish}
    found = [tuple(groups[at] for at in levels) in listed for groups in cells.groups]
    return np.array(found, dtype=bool)


def cell_keys(plan_cells: PlanCells) -> list[Description]:
    """What each cell describes, whatever table shows it: its codes, those of totals left out."""
    codes = codes_of(plan_cells)
    return [
        frozenset((name, column[row]) for name, column in codes.items() if column[row] != TOTAL)
        for row in range(plan_cells.cells.totals.size)
    ]


def shared_rows(plans: Sequence[PlanCells], rows: Mapping[str, Ints]) -> dict[Description, int]:
    """The cell of the merged set that stands for each description."""
    found: dict[Description, int] = {}
    for each in plans:
        for row, key in enumerate(cell_keys(each)):
            found[key] = int(rows[each.name][row])
    return found


def refuse_other_reading(old: Sequence[PlanCells], new: Sequence[PlanCells]) -> None:
    """Refuse plans that no longer see in some data what the plans before them saw in it.

    Both are cells of the same deliveries. Rows left out or taken in, members renamed or moved,
    amounts in another unit: the difference of the two tables would be nobody's cell and protected
    by nobody, and what one hides the other could show under another name.

    Raises: Refused naming the dimension in which they differ.
    """
    for before, after in product(old, new):
        seen, sees = _margins(before), _margins(after)
        for name in sorted(set(seen) & set(sees)):
            if seen[name] != sees[name]:
                raise Refused(
                    fault("statistics.reading-changed", plan=after.plan.id, dimension=name)
                )
        for one, another in product(set(seen) - set(sees), set(sees) - set(seen)):
            if _is_renamed(seen[one], sees[another]):
                plans = {"plan": after.plan.id, "other_plan": before.plan.id}
                raise Refused(
                    fault(
                        "statistics.dimension-renamed", None, dimension=another, other=one, **plans
                    )
                )


_Figures = tuple[int, ...]


def _margins(plan_cells: PlanCells) -> dict[str, dict[str, _Figures]]:
    """For each dimension, what its members hold while every other dimension is totalled."""
    codes, cells = codes_of(plan_cells), plan_cells.cells
    found: dict[str, dict[str, _Figures]] = {name: {} for name in codes}
    for row in range(cells.totals.size):
        named = [name for name, column in codes.items() if column[row] != TOTAL]
        figures = (cells.totals[row], cells.rows[row], cells.contributors[row], *cells.top[row])
        for name in named if len(named) == 1 else codes if not named else ():
            found[name][codes[name][row]] = tuple(int(each) for each in figures)
    return found


def _is_renamed(one: Mapping[str, _Figures], another: Mapping[str, _Figures]) -> bool:
    """Whether half of either dimension's members hold just what members of the other hold."""
    mine, theirs = (set(each.values()) - {each[TOTAL]} for each in (one, another))
    return 2 * len(mine & theirs) >= max(2, min(len(mine), len(theirs)))


def published_table(plan: ReleasePlan, cells: Cells, hidden: Bools) -> Table:
    """The table that people get: every cell shown, or hidden without its reason.

    Shape: hidden is (n,), one a cell.
    """
    order = sorted(range(cells.totals.size), key=lambda row: _order(plan, cells, row))
    place = {name: at for at, name in enumerate(cells.group_columns)}
    columns = [level for dimension in plan.dimensions for level in dimension.levels]
    rows = tuple(
        Row(
            tuple(cells.groups[row][place[column]] for column in columns),
            _cell(cells, row, hidden=bool(hidden[row])),
        )
        for row in order
    )
    return Table(
        id=plan.id,
        title=plan.title,
        dimensions=tuple(table_dimensions(plan)),
        measure=plan.measure,
        measure_title=plan.measure_title,
        unit_of_measure=plan.unit_of_measure,
        decimals=cells.decimals,
        rows=rows,
        labels=plan.labels,
    )


def _order(plan: ReleasePlan, cells: Cells, row: int) -> tuple[tuple[str, ...], ...]:
    place = {name: at for at, name in enumerate(cells.group_columns)}
    groups = cells.groups[row]
    return tuple(
        tuple(part for level in dimension.levels if (part := groups[place[level]]) is not None)
        for dimension in plan.dimensions
    )


def _cell(cells: Cells, row: int, *, hidden: bool) -> Cell:
    if hidden:
        return SUPPRESSED
    return Decimal(int(cells.totals[row])).scaleb(-cells.decimals)


def table_dimensions(plan: ReleasePlan) -> Iterator[TableDimension]:
    """The directions of a plan's table, with what people read over them."""
    for dimension in plan.dimensions:
        titles = dimension.level_titles or (dimension.title,) * len(dimension.levels)
        yield TableDimension(
            dimension.id, dimension.title, dimension.levels, titles, dimension.total
        )
