"""A private release as a table: every number with its standard error and interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sekisho.lanes.statistics.privacy.ledger import Charge
from sekisho.lanes.statistics.privacy.lost import Lost
from sekisho.lanes.statistics.privacy.uncertainty import Interval
from sekisho.model.budget import ContributionLimit

Shown = Decimal | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Number:
    """One published number; without a standard error it is made in a way that has none."""

    value: Shown
    standard_error: float | None = None
    interval: Interval | None = None
    clipped: "Number | None" = None
    """The same as it was counted, with the interval of its noise alone, where what clipping took
    was put back."""


@dataclass(frozen=True, slots=True)
class PrivateRow:
    """One row: its group (None where a column is totalled) and its numbers by output column."""

    groups: tuple[str | None, ...]
    numbers: Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class PrivateTable:
    """What leaves: rows in the order of the query, what clipping took, and what it cost.

    Shape: group_columns names the entries of `PrivateRow.groups`; columns are all outputs in
        the order of the SELECT.
    """

    group_columns: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[PrivateRow, ...]
    lost: tuple[Lost, ...]
    charge: Charge
    limits: tuple[ContributionLimit, ...] = ()

    def column(self, name: str) -> list[Shown]:
        """The values of one output column, row by row."""
        if name in self.group_columns:
            at = self.group_columns.index(name)
            return [row.groups[at] for row in self.rows]
        return [row.numbers[name].value for row in self.rows]

    def as_counted(self, name: str) -> list[Shown]:
        """The values of one output column before what clipping took was put back."""
        numbers = [row.numbers[name] for row in self.rows]
        return [(each.clipped or each).value for each in numbers]
