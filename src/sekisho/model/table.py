"""A protected table: labels, and cells that are shown or hidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sekisho.model.text import Text
from sekisho.terms import Language


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A hidden cell. One mark whatever the reason; never 0, None or NaN."""

    def mark(self, language: Language) -> str:
        """What a table prints: `confidential`, and `X` as in Japanese official tables."""
        return "X" if language is Language.JA else "confidential"


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """How far noise may have carried a shown number: it is an estimate, never exact.

    Units: those of the cell; the interval holds the number without noise in 95 of 100 releases.
    """

    standard_error: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Counted:
    """A number as it was counted, with noise, before it was corrected for large contributions."""

    cell: Decimal
    uncertainty: Uncertainty


SUPPRESSED = Suppressed()
Cell = Decimal | int | Suppressed


@dataclass(frozen=True, slots=True)
class TableDimension:
    """One direction of a published table: its group columns from widest to finest."""

    id: str
    title: Text
    columns: tuple[str, ...]
    column_titles: tuple[Text, ...]
    total: Text


@dataclass(frozen=True, slots=True)
class Row:
    """One cell with its place: a group value per group column, None where it is a total."""

    groups: tuple[str | None, ...]
    cell: Cell
    uncertainty: Uncertainty | None = None
    """With noise (differential privacy), where it is known how far it may have carried it."""
    counted: Counted | None = None
    """What was counted, where the cell puts back what scaling down took from it."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table in long form; rows in the order in which they are shown."""

    id: str
    title: Text
    dimensions: tuple[TableDimension, ...]
    measure: str
    measure_title: Text
    unit_of_measure: Text
    decimals: int
    rows: tuple[Row, ...]
    labels: tuple[tuple[str, str, Text], ...] = ()
    has_noise: bool = False
    """Whether noise made the numbers although none has an uncertainty, as with medians."""

    @property
    def group_columns(self) -> tuple[str, ...]:
        """All group columns, dimension by dimension."""
        return tuple(c for d in self.dimensions for c in d.columns)

    @property
    def hidden(self) -> int:
        """How many cells are hidden."""
        return sum(isinstance(row.cell, Suppressed) for row in self.rows)

    @property
    def is_estimated(self) -> bool:
        """Whether the numbers carry noise."""
        return self.has_noise or self.has_intervals

    @property
    def has_intervals(self) -> bool:
        """Whether it is known how far noise may have carried the numbers."""
        return any(row.uncertainty is not None for row in self.rows)

    @property
    def shown(self) -> int:
        """How many cells are shown."""
        return len(self.rows) - self.hidden

    def label(self, column: str, value: str, language: Language) -> str:
        """What people read for a group value."""
        for labelled, of, text in self.labels:
            if labelled == column and of == value:
                return text.said(language)
        return value

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)
