"""What was spent of privacy budgets, by whom and for what."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Spent:
    """What all charges of one ledger (programme, dataset, period) add up to, exactly.

    Units: loss is mu squared for the measure `gaussian`, epsilon for `pure`; delta on top.
    """

    measure: str = ""
    """Empty while nothing was charged."""
    loss: Decimal = Decimal(0)
    delta: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BudgetCharge:
    """One request's charge to one ledger. A request is charged once, whatever happens to it."""

    request: str
    """Keyed hash of everything that the answer follows from."""
    programme: str
    dataset: str
    period: str
    """`2026-11`, `2026` or `once`."""
    measure: str
    loss: Decimal
    delta: Decimal
    epsilon: Decimal
    """The loss as people read it, at the budget's delta."""
    actor: str
    purpose: str
    what: str
    """The release plan, or `query`."""
    charged_at: datetime
    entry_index: int | None = None


@dataclass(frozen=True, slots=True)
class ScaledDown:
    """What scaling large contributions down did to measures that were scaled together: estimates.

    Units: percent with its standard error; None where the noise hides it.
    """

    measures: tuple[str, ...]
    missing: Decimal | None
    """Of the whole that is not counted."""
    missing_error: Decimal | None
    units: Decimal | None
    """Of the privacy units that were scaled down."""
    units_error: Decimal | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a release cost the people in the data, as its papers say it."""

    epsilon: Decimal
    delta: Decimal
    periods: tuple[str, ...]
    scaled_down: tuple[ScaledDown, ...] = ()
