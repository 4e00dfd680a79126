"""What a budget admits, decided by adding exact decimals."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sekisho.errors import Refused, UsageError
from sekisho.lanes.statistics.privacy.ledger import (
    Charge,
    LossMeasure,
    admitted,
    after_charge,
    can_charge,
    left,
    loss_within,
    lost_over,
    open_ledger,
    spent,
)
from sekisho.model.budget import BudgetCharge, Spent
from sekisho.model.dataset import BudgetDeclaration

DELTA = Decimal("1e-9")


def test_four_releases_of_half_the_epsilon_do_not_fit_but_three_do():
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(1), DELTA)
    charge = Charge(LossMeasure.GAUSSIAN, loss_within(ledger, Decimal("0.5")))
    for _ in range(3):
        ledger = after_charge(ledger, charge)
    assert not can_charge(ledger, charge)
    assert Decimal("0.86") < spent(ledger) < 1


def test_the_whole_budget_can_be_spent_at_once_and_then_nothing_more():
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(1), DELTA)
    ledger = after_charge(ledger, Charge(LossMeasure.GAUSSIAN, loss_within(ledger, Decimal(1))))
    assert left(ledger) == 0
    with pytest.raises(Refused, match="0 left"):
        after_charge(ledger, Charge(LossMeasure.GAUSSIAN, Decimal("1e-12")))


def test_pure_budgets_add_epsilons_and_take_nothing_else():
    ledger = open_ledger(LossMeasure.PURE, Decimal(1), None)
    ledger = after_charge(ledger, Charge(LossMeasure.PURE, Decimal("0.7")))
    assert left(ledger) == Decimal("0.3")
    assert not can_charge(ledger, Charge(LossMeasure.PURE, Decimal("0.30000000001")))
    assert can_charge(ledger, Charge(LossMeasure.PURE, Decimal("0.3")))
    with pytest.raises(Refused, match="kept as `pure`"):
        after_charge(ledger, Charge(LossMeasure.GAUSSIAN, Decimal("0.1")))
    with pytest.raises(Refused):
        after_charge(ledger, Charge(LossMeasure.PURE, Decimal("0.1"), Decimal("1e-30")))


@pytest.mark.parametrize("loss", ["0", "-0.01", "NaN", "Infinity"])
def test_a_charge_that_is_no_positive_number_is_never_admitted(loss):
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(1), DELTA)
    assert not can_charge(ledger, Charge(LossMeasure.GAUSSIAN, Decimal(loss)))


def test_a_million_tiny_charges_lose_no_digit():
    ledger = open_ledger(LossMeasure.PURE, Decimal(1), None)
    tiny = Charge(LossMeasure.PURE, Decimal("1e-40"))
    ledger = after_charge(ledger, Charge(LossMeasure.PURE, Decimal("0.9")))
    assert after_charge(ledger, tiny).spent_loss - Decimal("0.9") > 0
    assert not can_charge(ledger, Charge(LossMeasure.PURE, Decimal("1e-400")))


def test_a_negative_delta_cannot_win_the_reserve_back():
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(1), DELTA)
    assert not can_charge(ledger, Charge(LossMeasure.GAUSSIAN, Decimal("0.001"), Decimal("-1e-10")))


def test_the_reserve_of_delta_is_a_budget_of_its_own():
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal(1), DELTA)
    fits = Charge(LossMeasure.GAUSSIAN, Decimal("0.001"), ledger.most_delta)
    ledger = after_charge(ledger, fits)
    with pytest.raises(Refused, match="part of delta"):
        after_charge(ledger, Charge(LossMeasure.GAUSSIAN, Decimal("0.001"), Decimal("1e-20")))


def test_a_gaussian_budget_needs_a_delta():
    with pytest.raises(UsageError, match="delta must lie"):
        open_ledger(LossMeasure.GAUSSIAN, Decimal(1), None)


def test_two_months_cost_one_person_less_than_the_sum_of_the_epsilons():
    month = open_ledger(LossMeasure.GAUSSIAN, Decimal(1), DELTA)
    month = after_charge(month, Charge(LossMeasure.GAUSSIAN, month.most_loss))
    epsilon, delta = lost_over((month, month), DELTA)
    assert Decimal("1.4") < epsilon < Decimal("1.5")
    assert delta >= DELTA
    pure = after_charge(
        open_ledger(LossMeasure.PURE, Decimal(1), None), Charge(LossMeasure.PURE, Decimal("0.25"))
    )
    assert lost_over((month, month, pure), DELTA)[0] == epsilon + Decimal("0.25")
    assert lost_over((pure,), DELTA) == (Decimal("0.25"), Decimal(0))


def test_a_store_is_told_what_is_spent_after_one_more_charge():
    declared = BudgetDeclaration(Decimal(1), DELTA, "month")
    half = BudgetCharge(
        "r1", "p", "d", "2026-04", "gaussian", Decimal("0.01"), Decimal("1e-15"), Decimal("0.5"),
        "clerk", "purpose", "query", datetime(2026, 4, 1, tzinfo=UTC),
    )  # fmt: skip
    after = admitted(declared, Spent(), half)
    assert after == Spent("gaussian", Decimal("0.01"), Decimal("1e-15"))
    after = admitted(declared, after, half)
    after = admitted(declared, after, half)
    with pytest.raises(Refused, match="left"):
        admitted(declared, after, half)
    with pytest.raises(Refused, match="kept as `pure`"):
        admitted(declared, Spent("pure", Decimal("0.1")), half)
