"""What a programme must say before anything is spent on people's data."""

from dataclasses import replace
from decimal import Decimal

from sekisho.model.dataset import BudgetDeclaration, Column, ContributionDeclaration, Dataset
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.text import Text
from sekisho.programmes.check_budgets import budget_faults
from sekisho.terms import ColumnType, Method

NAME = Text("Trips (made up)", "移動（架空）")
PRIVATE = Method.DIFFERENTIAL_PRIVACY
BUDGET = BudgetDeclaration(Decimal(2), Decimal("1e-7"), "year", column="day")
DAY = Column(
    "day", ColumnType.DATE, NAME, required=True, minimum="2020-01-01", maximum="2021-12-31"
)
UNIT = Column("person", ColumnType.INTEGER, NAME, required=True)
TRIPS = Dataset("trips", NAME, NAME, (UNIT, DAY), PRIVATE, privacy_unit="person", budget=BUDGET)
PLAN = ReleasePlan(
    "by-day",
    NAME,
    NAME,
    PRIVATE,
    "SELECT day, COUNT(*) AS n FROM trips GROUP BY ROLLUP (day)",
    "releases/by-day.sql",
    (),
    "n",
    NAME,
    NAME,
    epsilon=Decimal(1),
)


def codes(dataset: Dataset = TRIPS, plan: ReleasePlan = PLAN) -> list[str]:
    programme = Programme(
        "made-up", NAME, NAME, "dpv:OfficialStatistics", NAME, "office", ("public",), ("JP",),
        (dataset,), (), (plan,), (),
    )  # fmt: skip
    return [each.code.removeprefix("programme.") for each in budget_faults(programme)]


def test_a_sound_budget_and_plan_have_no_fault():
    assert codes() == []


def test_a_budget_that_promises_nothing_is_a_fault():
    for epsilon, delta in ((0, "1e-7"), (-1, "1e-7"), (21, "1e-7"), (1, "0"), (1, "0.5")):
        budget = replace(BUDGET, epsilon=Decimal(epsilon), delta=Decimal(delta))
        assert "budget-range" in codes(replace(TRIPS, budget=budget))


def test_a_yearly_budget_needs_a_required_dated_column_with_ends():
    for column in (None, "person", "nowhere"):
        assert codes(replace(TRIPS, budget=replace(BUDGET, column=column))) == ["budget-column"]
    for day in (replace(DAY, required=False), replace(DAY, maximum=None)):
        assert codes(replace(TRIPS, columns=(UNIT, day))) == ["budget-column"]
    assert codes(replace(TRIPS, budget=replace(BUDGET, period="once", column=None))) == []


def test_a_plan_must_say_what_it_costs_within_the_budget():
    assert codes(plan=replace(PLAN, epsilon=None)) == ["no-epsilon"]
    for epsilon in ("0", "-1", "2.1"):
        assert codes(plan=replace(PLAN, epsilon=Decimal(epsilon))) == ["epsilon-range"]
    assert codes(replace(TRIPS, budget=None)) == ["no-budget"]


def test_an_expected_contribution_has_a_length_above_nothing():
    nothing = ContributionDeclaration(length=Decimal(0))
    assert codes(plan=replace(PLAN, contribution=nothing)) == ["contribution-length"]
    assert codes(replace(TRIPS, contribution=nothing)) == ["contribution-length"]
