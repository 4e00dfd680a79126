"""What was spent on the people in the data, and what is left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sekisho.gate.house import House
from sekisho.lanes.statistics.periods import ONCE, period_ends
from sekisho.lanes.statistics.privacy.ledger import (
    Ledger,
    ledger_after,
    left,
    lost_over,
    spent,
)
from sekisho.model.budget import BudgetCharge
from sekisho.model.programme import Programme


@dataclass(frozen=True, slots=True)
class BudgetState:
    """One budget: declared, spent, by whom and for what, left."""

    programme: str
    dataset: str
    period: str
    unit: str
    epsilon: Decimal
    delta: Decimal
    spent: Decimal
    left: Decimal
    until: date | None
    """Rows dated until that day are its own; None: all rows."""
    charges: tuple[BudgetCharge, ...]
    undrawn: frozenset[str]
    """Requests that were charged while nothing was drawn for them: their run ended before."""
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class TotalLoss:
    """What one privacy unit may lose over all periods and datasets with the same unit."""

    unit: str
    epsilon: Decimal
    delta: Decimal


def budget_states(house: House, programmes: Sequence[Programme]) -> tuple[BudgetState, ...]:
    """Every budget of some programmes that was spent from, and those that never begin anew."""
    return tuple(state for programme in programmes for state in _states(house, programme))


def total_losses(states: Sequence[BudgetState]) -> tuple[TotalLoss, ...]:
    """What one unit may lose in total, for each kind of unit."""
    found = []
    for unit in sorted({each.unit for each in states}):
        own = [each for each in states if each.unit == unit]
        delta = max(each.delta for each in own)
        epsilon, delta = lost_over(tuple(each.ledger for each in own), delta)
        found.append(TotalLoss(unit, epsilon, delta))
    return tuple(found)


def _states(house: House, programme: Programme) -> Iterator[BudgetState]:
    charges = house.store.charges(programme.id)
    for dataset in programme.datasets:
        budget = dataset.budget
        if budget is None:
            continue
        own = [each for each in charges if each.dataset == dataset.id]
        always = {ONCE} if budget.period == ONCE else set()
        for period in sorted({each.period for each in own} | always):
            held = house.store.spent(programme.id, dataset.id, period)
            ledger = ledger_after(budget, held)
            yield BudgetState(
                programme=programme.id,
                dataset=dataset.id,
                period=period,
                unit=dataset.privacy_unit or "",
                epsilon=budget.epsilon,
                delta=budget.delta,
                spent=spent(ledger),
                left=min(left(ledger), budget.epsilon),
                until=period_ends(period),
                charges=tuple(each for each in own if each.period == period),
                undrawn=frozenset(
                    each.request
                    for each in own
                    if each.period == period and house.store.drawn(each.request) is None
                ),
                ledger=ledger,
            )
