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
class ContributionLimit:
    """Up to what a unit counted fully in measures that were scaled together, and how it was found.

    Units: groups, or the length of a unit's amounts in the unit of the first measure.
    """

    measures: tuple[str, ...]
    kind: str
    """`groups` or `length`."""
    value: Decimal
    by: str
    """`declared`, `chosen` from the noisy sizes, taken from an `earlier` release, or `unseen`: no
    size stood out of the noise."""
    share: Decimal
    """Part of the loss that counting the sizes took."""
    speaks_for: Decimal | None = None
    """What the noisy sizes speak for, where the limit was not chosen from them."""
    is_stale: bool = False
    """Whether that is more than twice, or less than half, of the limit."""
    factor: Decimal | None = None
    """Counts are this times what was counted, to put back what scaling down took; None: as
    counted."""
    factor_error: Decimal | None = None
    bins: tuple[tuple[Decimal, int], ...] = ()
    """The noisy histogram of sizes: where each bin begins, and how many units it holds."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a release cost the people in the data, as its papers say it."""

    epsilon: Decimal
    delta: Decimal
    periods: tuple[str, ...]
    scaled_down: tuple[ScaledDown, ...] = ()
    limits: tuple[ContributionLimit, ...] = ()
