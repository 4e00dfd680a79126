"""What a correction changed, computed from the two released tables and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sekisho.model.table import Cell, Row, Suppressed, Table

Groups = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """A cell that reads otherwise in the later table."""

    groups: Groups
    before: Cell | None
    """None where the earlier table has no such cell."""
    after: Cell | None

    @property
    def difference(self) -> Decimal | None:
        """After less before; None where one of the two is hidden or not there."""
        if isinstance(self.before, Decimal | int) and isinstance(self.after, Decimal | int):
            return Decimal(self.after) - Decimal(self.before)
        return None


@dataclass(frozen=True, slots=True)
class Changes:
    """How two tables of one plan differ."""

    cells: tuple[ChangedCell, ...]
    """In the order of the later table; those that it lost come last."""
    compared: int
    same_layout: bool
    """False when the group columns are others: then no cell stands for a cell of the other."""
    words: bool
    """Whether titles, labels or units read otherwise."""


def changes_between(before: Table, after: Table) -> Changes:
    """The cells that read otherwise, a hidden cell being equal to a hidden cell."""
    words = _words(before) != _words(after)
    if before.group_columns != after.group_columns:
        return Changes((), 0, same_layout=False, words=words)
    old = {row.groups: row for row in before}
    new = {row.groups: row for row in after}
    cells = tuple(_changed(old, new))
    return Changes(cells, len({*old, *new}), same_layout=True, words=words)


def _changed(old: dict[Groups, Row], new: dict[Groups, Row]) -> Iterator[ChangedCell]:
    for groups in [*new, *(groups for groups in old if groups not in new)]:
        before, after = old.get(groups), new.get(groups)
        was = before.cell if before else None
        now = after.cell if after else None
        if isinstance(was, Suppressed) and isinstance(now, Suppressed):
            continue
        if was != now or (before and after and before.uncertainty != after.uncertainty):
            yield ChangedCell(groups, was, now)


def _words(table: Table) -> tuple[object, ...]:
    return table.title, table.dimensions, table.measure_title, table.unit_of_measure, table.labels
