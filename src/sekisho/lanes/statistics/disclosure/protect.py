"""Protects tables: which cells to hide, and the certificate that proves it enough.

The way in:

    cells = cell_set(values, equations, frequency=..., weight=..., ...)      cells.py
    cells, places = tables_to_cells(...)                                      structure.py
    cells = with_earlier(...)                                                 releases.py
    found = p_percent(...) -> Sensitive(unsafe, upper, lower, reason)         sensitivity.py
    protection = protect(cells, Levels(found.upper, found.lower), attackers=..., effort=...)
    faults = verify(Claim(cells, levels, protection.hidden), protection.certificate, attackers)

`protection.hidden` includes the unsafe cells and those never published. A level that nothing can
protect is refused with the cell's number; `structure.py` turns numbers into coordinates. A level
that nothing can protect against one contributor is listed in `protection.unmet`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sekisho.errors import DeliveryError, Refused, fault, raise_all
from sekisho.lanes.statistics.disclosure.cells import Attackers, Bools, CellSet, Ints, nobody
from sekisho.lanes.statistics.disclosure.certificate import Certificate, Levels, binding
from sekisho.lanes.statistics.disclosure.construct import workers
from sekisho.lanes.statistics.disclosure.contributors import Insiders, insiders
from sekisho.lanes.statistics.disclosure.equations import Merged, merge
from sekisho.lanes.statistics.disclosure.harden import Hardened
from sekisho.lanes.statistics.disclosure.search import Effort, Outcome, seek
from sekisho.lanes.statistics.disclosure.shrink import weight_of
from sekisho.lanes.statistics.disclosure.verify import Claim, verify

__all__ = ["Effort", "Protection", "protect"]


@dataclass(frozen=True, slots=True, eq=False)
class Protection:
    """A protected pattern with its proof, in the numbering of the CellSet.

    `cost` is the weight of cells hidden besides the unsafe ones, `bound` a proven lower bound for
    it (0 when none was sought); `unmet` is the certificate's list of (attacker, cell, side).
    """

    hidden: Bools
    certificate: Certificate
    cost: float
    bound: float
    programs: int
    unmet: Ints

    @property
    def gap(self) -> float:
        """How far the cost may lie above the least possible, as a share of it."""
        return (self.cost - self.bound) / self.bound if self.bound > 0 else float("inf")


def protect(
    cells: CellSet,
    levels: Levels,
    *,
    attackers: Attackers | None = None,
    effort: Effort | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Protection:
    """Choose the cells to hide so that every level holds, and prove it.

    Deterministic: the same input gives the same bytes, whatever the number of threads.
    Raises: Refused naming every unsafe cell whose level nothing can protect (published for good,
    known from an earlier release, alone in an equation); CancelledError; DeliveryError on levels
    that are no numbers.
    """
    _check_levels(cells, levels)
    people = attackers if attackers is not None else nobody()
    effort = effort if effort is not None else Effort()
    merged = merge(cells, levels.upper, levels.lower)
    _refuse_known(cells, levels, merged)
    inside = insiders(cells, people, merged.column, merged.problem)
    with workers(effort.threads, progress, cancelled) as staff:
        found = seek(merged, inside, effort, staff)
    return _proved(cells, levels, people, (merged, inside, found))


def _check_levels(cells: CellSet, levels: Levels) -> None:
    faults = []
    for name, level in (("upper", levels.upper), ("lower", levels.lower)):
        if level.shape != (cells.size,):
            faults.append(fault("disclosure.column", column=name, cells=cells.size))
        elif not (np.isfinite(level) & (level >= 0)).all():
            faults.append(fault("disclosure.level", column=name))
    raise_all(DeliveryError, faults)


def _refuse_known(cells: CellSet, levels: Levels, merged: Merged) -> None:
    asked = (levels.upper > 0) | (np.minimum(levels.lower, cells.values - cells.lower) > 0)
    known = np.flatnonzero(asked & (merged.column < 0))
    raise_all(Refused, [fault("disclosure.already-known", cell=int(cell)) for cell in known])


def _proved(
    cells: CellSet,
    levels: Levels,
    attackers: Attackers,
    found: tuple[Merged, Insiders, Outcome],
) -> Protection:
    merged, inside, outcome = found
    pattern = outcome.hardened.pattern
    hidden = merged.spread(pattern.hidden) | cells.hidden
    certificate = _certificate(cells, levels, hidden, (merged, inside, outcome.hardened))
    wrong = verify(Claim(cells, levels, hidden), certificate, attackers)
    raise_all(Refused, wrong)
    cost = weight_of(merged.problem, pattern.hidden)
    return Protection(hidden, certificate, cost, outcome.bound, pattern.programs, certificate.unmet)


def _certificate(
    cells: CellSet, levels: Levels, hidden: Bools, found: tuple[Merged, Insiders, Hardened]
) -> Certificate:
    merged, inside, hardened = found
    by_column = np.argsort(merged.column, kind="stable").astype(np.int64)
    first = np.searchsorted(merged.column[by_column], np.arange(merged.problem.size + 1))
    many = np.diff(first)
    parts, moves = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for each in hardened.pattern.directions:
        begin = np.repeat(first[each.index], many[each.index])
        count = many[each.index]
        offset = np.arange(begin.size) - np.repeat(np.cumsum(count) - count, count)
        parts.append(by_column[begin + offset])
        moves.append(np.repeat(each.move, count))
    start = np.cumsum([part.size for part in parts]).astype(np.int64)
    return Certificate(
        start,
        np.concatenate(parts),
        np.concatenate(moves),
        np.array([each.rise for each in hardened.pattern.directions], dtype=np.float64),
        np.array([each.fall for each in hardened.pattern.directions], dtype=np.float64),
        _unmet(levels, merged, inside, hardened),
        binding(cells, levels, hidden),
    )


def _unmet(levels: Levels, merged: Merged, inside: Insiders, hardened: Hardened) -> Ints:
    rows: list[tuple[int, int, int]] = []
    for each in hardened.unmet:
        level = (levels.upper, levels.lower)[each.side]
        cells = np.flatnonzero((merged.column == each.cell) & (level > 0))
        people = np.flatnonzero(inside.group == each.attacker)
        rows += [(int(who), int(cell), each.side) for who in people for cell in cells]
    return np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
