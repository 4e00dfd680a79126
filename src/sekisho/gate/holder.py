"""What the data holder alone sees of a release: why each cell is hidden, and what stays open."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sekisho.gate.house import House
from sekisho.gate.patterns import held_edition
from sekisho.lanes.statistics.disclosure.sensitivity import Reason
from sekisho.lanes.statistics.sensitive import sensitive_cells
from sekisho.model.release import Delivery, Release
from sekisho.ports import Watch


@dataclass(frozen=True, slots=True)
class HeldCell:
    """One cell with everything that a reader must not see."""

    groups: tuple[str | None, ...]
    value: Decimal
    contributors: int
    hidden: bool
    rules: tuple[str, ...]
    """The sensitivity rules that make it unsafe; hidden without any: to protect others."""

    @property
    def is_secondary(self) -> bool:
        """Whether it is hidden only so that others cannot be recomputed."""
        return self.hidden and not self.rules


@dataclass(frozen=True, slots=True)
class HolderView:
    """A release from the data holder's side."""

    release: str
    columns: tuple[str, ...]
    cells: tuple[HeldCell, ...]
    unmet: int
    """Levels that nothing can keep against one contributor who knows its own values."""


def holder_view(
    house: House, release: Release, deliveries: Sequence[Delivery], watch: Watch
) -> HolderView:
    """Why each cell of a release is hidden; for the data holder's eyes alone."""
    held = held_edition(house, release.programme, release.edition, deliveries, watch)
    each = next(plan for plan in held.cells if plan.plan.id == release.plan)
    found = sensitive_cells(each, house.private.of(release.programme))
    cells = each.cells
    rows = tuple(
        HeldCell(
            groups=cells.groups[row],
            value=Decimal(int(cells.totals[row])).scaleb(-cells.decimals),
            contributors=int(cells.contributors[row]),
            hidden=bool(held.hidden[release.plan][row]),
            rules=_rules(int(found.reason[row])),
        )
        for row in range(cells.totals.size)
    )
    return HolderView(release.id, cells.group_columns, rows, len(held.certificate.unmet))


def _rules(reason: int) -> tuple[str, ...]:
    return tuple(each.name.lower().replace("_", "-") for each in Reason if each and reason & each)
