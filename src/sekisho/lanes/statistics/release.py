"""The statistics lane's way, in order: cells, unsafe cells, pattern, certificate, table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sekisho.errors import Fault, Refused, fault
from sekisho.lanes.statistics.disclosure.cells import (
    Attackers,
    Bools,
    CellSet,
    contributors_who_know,
)
from sekisho.lanes.statistics.disclosure.certificate import Certificate, Levels
from sekisho.lanes.statistics.disclosure.protect import Effort, Protection, protect
from sekisho.lanes.statistics.disclosure.releases import Shared, with_shared
from sekisho.lanes.statistics.disclosure.structure import Places, tables_to_cells
from sekisho.lanes.statistics.disclosure.verify import Claim, verify
from sekisho.lanes.statistics.editions import (
    Earlier,
    Joined,
    levels_of,
    lone_contributors,
    with_editions,
)
from sekisho.lanes.statistics.tables import (
    PlanCells,
    cell_table,
    dimensions_of,
    must_publish,
    shared_rows,
)
from sekisho.model.private import SensitivityParameters


@dataclass(frozen=True, slots=True)
class LinkedSet:
    """Plans protected together, with everything that left before of the same data."""

    plans: tuple[PlanCells, ...]
    private: SensitivityParameters
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """How the work reports, and how hard it tries."""

    threads: int
    rounds: int
    progress: Callable[[str, int, int], None]
    cancelled: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Problem:
    """The linked set as one set of cells, and what must hold of it."""

    cells: CellSet
    levels: Levels
    attackers: Attackers
    places: Places
    plans: tuple[PlanCells, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which cells of each plan are hidden, and the certificate that this is enough."""

    hidden: Mapping[str, Bools]
    """Plan cells' name -> (n,) mask."""
    every: Bools
    """The same over the merged cells, as the certificate numbers them."""
    certificate: Certificate


def problem_of(linked: LinkedSet) -> Problem:
    """Merge the linked tables, and what left before, into one set of cells with its levels.

    Raises: Refused, ProgrammeError or DeliveryError with every reason why that cannot be.
    """
    same = [each for each in linked.earlier if not each.change]
    before = tuple(plan for each in same for plan in each.plans)
    every = (*linked.plans, *before)
    cells, places = tables_to_cells(dimensions_of(every), [cell_table(each) for each in every])
    levels = levels_of(every, places, cells.size, linked.private)
    cells = _with_same_data(cells, places, same)
    described = shared_rows(every, places.rows)
    groups = [linked.plans, *(each.plans for each in same)]
    lone = [k for each in groups for k in lone_contributors(each, described, cells.values)]
    changed = [each for each in linked.earlier if each.change]
    today = Joined(cells, levels, tuple(lone))
    joined = with_editions(today, described, changed, linked.private)
    attackers = contributors_who_know(joined.cells, joined.knowledge)
    return Problem(joined.cells, joined.levels, attackers, places, linked.plans)


def pattern_of(problem: Problem, work: Work) -> Pattern:
    """Choose the cells to hide, and certify every one of them.

    Raises: Refused saying how many cells nothing can protect; CancelledError.
    """
    try:
        found = _protected(problem, work, problem.cells)
    except Refused as error:
        raise _why_not(problem, work, len(error.faults)) from error
    return Pattern(_by_plan(problem, found.hidden), found.hidden, found.certificate)


def _protected(problem: Problem, work: Work, cells: CellSet) -> Protection:
    return protect(
        cells,
        problem.levels,
        attackers=problem.attackers,
        effort=Effort(threads=work.threads, improve=work.rounds),
        progress=_phases(work),
        cancelled=work.cancelled,
    )


def _why_not(problem: Problem, work: Work, count: int) -> Refused:
    """Whether the cells that must be published stand in the way, or nothing would help."""
    plans = ", ".join(each.plan.id for each in problem.plans)
    rows = problem.places.rows
    listed = np.zeros(problem.cells.size, dtype=bool)
    for each in problem.plans:
        listed[rows[each.name][must_publish(each)]] = True
    if listed.any():
        cells = problem.cells
        freed = replace(
            cells, must_publish=cells.must_publish & ~listed, may_hide=cells.may_hide | listed
        )
        try:
            _protected(problem, work, freed)
        except Refused:
            pass
        else:
            names = "; ".join(problem.places.name(int(cell)) for cell in np.flatnonzero(listed))
            return Refused(fault("statistics.must-publish-blocks", plan=plans, cells=names))
    return Refused(fault("statistics.cannot-protect", plan=plans, count=count))


def _phases(work: Work) -> Callable[[str, int, int], None]:
    return lambda stage, done, total: work.progress(f"statistics.phase-{stage}", done, total)


def pattern_faults(problem: Problem, every: Bools, certificate: Certificate) -> list[Fault]:
    """What is wrong with a pattern that was kept, judged by the verifier alone."""
    if every.shape != (problem.cells.size,):
        return [fault("disclosure.column", column="hidden", cells=problem.cells.size)]
    claim = Claim(problem.cells, problem.levels, every)
    return verify(claim, certificate, problem.attackers)


def kept_pattern(problem: Problem, every: Bools, certificate: Certificate) -> Pattern:
    """A pattern that was kept and has been verified."""
    return Pattern(_by_plan(problem, every), every, certificate)


def _by_plan(problem: Problem, every: Bools) -> dict[str, Bools]:
    rows = problem.places.rows
    return {each.name: every[rows[each.name]] for each in problem.plans}


def _with_same_data(cells: CellSet, places: Places, earlier: Sequence[Earlier]) -> CellSet:
    """What editions over the same data published stays published, what they hid stays hidden."""
    shared = []
    for edition in earlier:
        published = np.zeros(cells.size, dtype=bool)
        hidden = np.zeros(cells.size, dtype=bool)
        for plan in edition.plans:
            at, mask = places.rows[plan.name], edition.hidden[plan.name]
            published[at[~mask]] = True
            hidden[at[mask]] = True
        shared.append(Shared(edition.name, published, hidden))
    return with_shared(cells, shared)
