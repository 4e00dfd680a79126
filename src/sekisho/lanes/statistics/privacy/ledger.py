"""The privacy budget of one dataset and period, as values that decide and nothing that is stored.

The store keeps the charges; what is admitted is decided here, by adding exact decimals. For
Gaussian privacy loss that is valid although analysts choose later questions after seeing earlier
answers; adding the curves that dp-accounting composes would not be.
"""

from dataclasses import dataclass, replace
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum

from sekisho.errors import Fault, Refused, fault
from sekisho.lanes.statistics.privacy.calibrate import (
    check_budget,
    epsilon_at,
    mu2_within,
    round_up,
)
from sekisho.model.budget import BudgetCharge, Spent
from sekisho.model.dataset import BudgetDeclaration

RESERVE_SHARE = Decimal("0.05")
"""Part of a budget's delta that pays for discrete noise and for groups found in the data."""

_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])
_SMALLEST_EXPONENT = -60


class LossMeasure(StrEnum):
    """What a budget is counted in; one budget never mixes the two."""

    GAUSSIAN = "gaussian"
    PURE = "pure"


@dataclass(frozen=True, slots=True)
class Charge:
    """What one release costs: `loss` is mu squared or pure epsilon, `delta` what comes on top."""

    measure: LossMeasure
    loss: Decimal
    delta: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A budget and what was spent of it.

    Units: loss and delta as in `Charge`; `epsilon` and `delta` as declared, for people.
    """

    measure: LossMeasure
    epsilon: Decimal
    delta: Decimal
    most_loss: Decimal
    most_delta: Decimal
    spent_loss: Decimal = Decimal(0)
    spent_delta: Decimal = Decimal(0)
    begins_anew: bool = True
    """Whether rows of other periods have a budget of their own."""


def open_ledger(measure: LossMeasure, epsilon: Decimal, delta: Decimal | None) -> Ledger:
    """The empty ledger of a declared budget.

    Raises: UsageError when the budget is zero, negative or absurd.
    """
    check_budget(epsilon, delta if measure is LossMeasure.GAUSSIAN else None)
    if measure is LossMeasure.PURE:
        return Ledger(measure, epsilon, Decimal(0), epsilon, Decimal(0))
    if delta is None:
        return open_ledger(measure, epsilon, Decimal(0))
    reserve = delta * RESERVE_SHARE
    return Ledger(measure, epsilon, delta, mu2_within(epsilon, delta - reserve), reserve)


def declared_ledger(budget: BudgetDeclaration) -> Ledger:
    """The empty ledger of one period of a dataset's declared budget.

    Raises: UsageError when the budget is zero, negative or absurd.
    """
    ledger = open_ledger(LossMeasure(budget.measure), budget.epsilon, budget.delta)
    return replace(ledger, begins_anew=budget.column is not None)


def ledger_after(declared: BudgetDeclaration, spent: Spent) -> Ledger:
    """The ledger of a period of a declared budget with what was spent of it.

    Raises: Refused when the charges were counted in another measure than is declared now.
    """
    ledger = declared_ledger(declared)
    if spent.measure not in ("", ledger.measure.value):
        raise Refused(fault("privacy.other_measure", asked=ledger.measure, kept=spent.measure))
    return replace(ledger, spent_loss=spent.loss, spent_delta=spent.delta)


def admitted(declared: BudgetDeclaration, spent: Spent, charge: BudgetCharge) -> Spent:
    """What is spent with one more charge; for the store to ask inside its transaction.

    Raises: Refused when the budget does not hold it.
    Privacy: see `can_charge`.
    """
    asked = Charge(LossMeasure(charge.measure), charge.loss, charge.delta)
    after = after_charge(ledger_after(declared, spent), asked)
    return Spent(charge.measure, after.spent_loss, after.spent_delta)


def loss_within(ledger: Ledger, epsilon: Decimal) -> Decimal:
    """What a release may cost that is asked for with an epsilon, in the ledger's measure.

    Raises: UsageError when epsilon is zero, negative or absurd.
    """
    if ledger.measure is LossMeasure.PURE:
        check_budget(epsilon, None)
        return epsilon
    return mu2_within(epsilon, ledger.delta - ledger.most_delta)


def can_charge(ledger: Ledger, charge: Charge) -> bool:
    """Tell whether the budget holds this charge on top of all earlier ones.

    Privacy: admitting while this is true keeps the whole sequence of releases within the declared
        (epsilon, delta), whoever asks in whatever order after seeing whatever answers.
    Source: Smith and Thakurta 2022, filter for Gaussian differential privacy.
    """
    return (
        charge.measure is ledger.measure
        and _is_exact(charge.loss)
        and _is_exact(charge.delta)
        and charge.loss > 0
        and charge.delta >= 0
        and _EXACT.add(ledger.spent_loss, charge.loss) <= ledger.most_loss
        and _EXACT.add(ledger.spent_delta, charge.delta) <= ledger.most_delta
    )


def _is_exact(amount: Decimal) -> bool:
    """Whether sums with it lose no digit; a NaN or an infinity is none."""
    return amount.is_finite() and int(amount.as_tuple().exponent) >= _SMALLEST_EXPONENT


def after_charge(ledger: Ledger, charge: Charge) -> Ledger:
    """The ledger with the charge in it.

    Raises: Refused when the budget does not hold it; nothing of it is charged then.
    """
    if not can_charge(ledger, charge):
        raise Refused(why_refused(ledger, charge))
    return replace(
        ledger,
        spent_loss=_EXACT.add(ledger.spent_loss, charge.loss),
        spent_delta=_EXACT.add(ledger.spent_delta, charge.delta),
    )


def why_refused(ledger: Ledger, charge: Charge) -> Fault:
    """Why a charge is not admitted; sums of charges are public, so the message may name them."""
    if charge.measure is not ledger.measure:
        return fault("privacy.other_measure", asked=charge.measure, kept=ledger.measure)
    if _is_exact(charge.delta) and ledger.spent_delta + charge.delta > ledger.most_delta:
        return fault("privacy.delta_exhausted")
    anew = "" if ledger.begins_anew else "_once"
    asked = shown_epsilon(ledger, charge.loss)
    return fault(f"privacy.budget_exhausted{anew}", asked=asked, left=left(ledger))


def shown_epsilon(ledger: Ledger, loss: Decimal) -> Decimal:
    """A loss as people read it: the epsilon that it amounts to at the budget's delta."""
    if ledger.measure is LossMeasure.PURE:
        return loss
    return epsilon_at(loss, ledger.delta - ledger.most_delta)


def spent(ledger: Ledger) -> Decimal:
    """The epsilon that all charges amount to together."""
    return shown_epsilon(ledger, ledger.spent_loss)


def left(ledger: Ledger) -> Decimal:
    """The largest epsilon that one more release may ask for."""
    return shown_epsilon(ledger, max(Decimal(0), ledger.most_loss - ledger.spent_loss))


def lost_over(ledgers: tuple[Ledger, ...], delta: Decimal) -> tuple[Decimal, Decimal]:
    """What one person may lose in total over periods and datasets with the same unit.

    Gaussian losses add as mu squared, pure ones as epsilons; the two by basic composition.

    Shape: returns (epsilon, delta) that hold for all releases charged so far.
    """
    gaussian = [one for one in ledgers if one.measure is LossMeasure.GAUSSIAN]
    pure = sum((one.spent_loss for one in ledgers if one.measure is LossMeasure.PURE), Decimal(0))
    mu2 = sum((one.spent_loss for one in gaussian), Decimal(0))
    together = epsilon_at(mu2, delta)
    growth = 1 + together.exp()
    extra = sum((one.spent_delta / (1 + one.epsilon.exp()) for one in gaussian), Decimal(0))
    if not mu2:
        return round_up(pure), Decimal(0)
    return round_up(pure + together), round_up(delta + extra * growth)
