"""What an audit found, as one value: for the output checker, seen by the data holder only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What the checker should do with the tables."""

    PASS = "pass"  # noqa: S105 - a verdict
    REVIEW = "review"
    FAIL = "fail"


class CellVerdict(StrEnum):
    """What an attacker has of one hidden cell."""

    EXACT = "exact"
    NARROW = "narrow"
    SAFE = "safe"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Because:
    """One equation: the total's labels, the parts that are hidden, how many parts are shown.

    Or, with `ratio`, a printed percentage, rate or mean: where it stands, and what it is of.
    """

    table: int
    total: tuple[str, ...]
    hidden: tuple[tuple[str, ...], ...]
    shown: int
    ratio: str = ""


@dataclass(frozen=True, slots=True)
class Inference:
    """One hidden cell: where it stands, what it must lie between, and why."""

    table: int
    labels: tuple[str, ...]
    place: str
    verdict: CellVerdict
    low: str
    high: str
    """As the table prints numbers; empty: no end on this side."""
    sharp: bool
    because: tuple[Because, ...] = ()
    shown_in: tuple[str, str] | None = None
    """(table, place): another table prints the cell."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a reader has to look at or decide, by its code in `text/`."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)
    question: bool = False
    """Whether the structure file can settle it."""


@dataclass(frozen=True, slots=True)
class TableSeen:
    """A table as it was understood."""

    source: str
    axes: tuple[tuple[str, int], ...]
    """Name and number of labels."""
    cells: int
    hidden: int
    sums: tuple[tuple[str, str, tuple[str, ...], str], ...]
    """(axis, total, parts, reason)."""


@dataclass(frozen=True, slots=True)
class AuditFindings:
    """The whole: verdict, tables as understood, cells, remarks."""

    verdict: Verdict
    percent: str
    tables: tuple[TableSeen, ...]
    cells: tuple[Inference, ...]
    """Exactly known ones first, then narrow ones, then the rest as printed."""
    remarks: tuple[Remark, ...]
    equations: int
    programs: int

    def count(self, verdict: CellVerdict) -> int:
        """How many hidden cells have this verdict."""
        return sum(cell.verdict is verdict for cell in self.cells)
