"""Which integer vectors a query's measures need, and how each measure is read from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from sekisho.errors import QueryError, fault
from sekisho.lanes.statistics.privacy.contract import Contract, check_summable
from sekisho.lanes.statistics.privacy.domains import check_arithmetic
from sekisho.lanes.statistics.privacy.moments import SPREADS, Moments, moment_amounts
from sekisho.lanes.statistics.privacy.quantiles import quantile_amount
from sekisho.query.bound import Amount, AmountKind
from sekisho.query.expressions import (
    Call,
    ColumnRef,
    Expression,
    Function,
    MeasureFunction,
    columns_of,
    parts,
)
from sekisho.query.plan import Measure, Query


class Reading(StrEnum):
    """How a measure is made from noisy sums."""

    COUNT = "count"
    UNITS = "units"
    SUM = "sum"
    MEAN = "mean"
    QUANTILE = "quantile"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much one unit is declared to contribute; more of it is scaled down, never refused.

    Units: `lengths` maps a measure of a sum to the length (root of the sum of squares over
    groups) up to which a unit counts fully, in the measure's unit.
    """

    groups: int = 1
    rows: int = 1
    lengths: Mapping[str, Decimal] = field(default_factory=dict)
    found_groups: int = 0
    """Groups a unit may bring where groups are not listed; 0: such queries are refused."""
    sampled: bool = False
    """Keep that many groups a unit, drawn by hash, instead of scaling all of them."""
    length: Decimal | None = None
    """The length for every sum that `lengths` does not name."""
    measures_totals: bool = False
    """Spend half on totals; worth it where a unit stands in one group, and the default there."""
    chosen: frozenset[str] = frozenset()
    """Which of `groups`, `rows` and `length` are chosen from a noisy histogram of sizes; what is
    declared of them then counts only where the noise shows no size."""
    earlier: tuple[int | None, ...] = ()
    """Sizes that an earlier release settled, one a vector; they take the place of a choice."""

    @property
    def is_one_group(self) -> bool:
        """Whether a unit is declared to stand in a single group."""
        return self.groups == 1 and "groups" not in self.chosen


@dataclass(frozen=True, slots=True)
class Wanted:
    """One measure with the components that it is read from.

    Shape: components are positions in the vector's amounts; two for a mean (sum, rows).
    """

    name: str
    reading: Reading
    amounts: tuple[Amount, ...]
    typical: tuple[int, ...]
    """What one row of the declared contribution adds to each amount, in steps."""
    decimals: int = 0
    nonnegative: bool = True
    is_additive: bool = True
    shown_decimals: int = 0
    """Digits of a mean."""
    share: Decimal = Decimal(0)
    """Of a quantile: which part of the rows lies below it; `ends` are those of its grid."""
    ends: tuple[int, int] = (0, 0)
    moments: Moments | None = None
    """Of a variance: how it is read from its three amounts, which one row fills only once."""


def wanted_of(query: Query, contract: Contract, contribution: Contribution) -> tuple[Wanted, ...]:
    """Every measure of the outermost aggregation.

    Raises: QueryError at a measure that no bounded sum gives.
    """
    return tuple(_wanted(m, contract, contribution) for m in query.aggregate.measures)


def _wanted(measure: Measure, contract: Contract, contribution: Contribution) -> Wanted:
    argument = measure.argument
    if argument is not None:
        check_arithmetic(argument, contract.domains)
    name = measure.name
    match measure.function:
        case MeasureFunction.COUNT if measure.distinct and argument is not None:
            if isinstance(argument, ColumnRef) and argument.name in contract.units:
                return _units(name, contract)
            amount = Amount(AmountKind.VALUES, argument)
            return Wanted(name, Reading.COUNT, (amount,), (_rows(contract, contribution),))
        case MeasureFunction.COUNT:
            amount = Amount(AmountKind.ROWS, argument)
            return Wanted(name, Reading.COUNT, (amount,), (_rows(contract, contribution),))
        case MeasureFunction.SUM | MeasureFunction.AVG:
            return _sum(measure, contract, contribution)
        case function if function in SPREADS:
            return _spread(measure, contract, contribution)
        case MeasureFunction.QUANTILE if measure.quantile is not None:
            return _quantile(measure, measure.quantile, contract, contribution)
        case _:
            raise QueryError(fault("privacy.measure_unproven", measure.place, measure=name))


def _rows(contract: Contract, contribution: Contribution) -> int:
    return 1 if contract.one_row_a_unit else contribution.rows


def _units(name: str, contract: Contract) -> Wanted:
    """Distinct units: additive only where each unit has a single row."""
    present = (Amount(AmountKind.PRESENT),)
    return Wanted(name, Reading.UNITS, present, (1,), is_additive=contract.one_row_a_unit)


def _quantile(
    measure: Measure, share: Decimal, contract: Contract, contribution: Contribution
) -> Wanted:
    """Never additive, so each grouping set is drawn for on its own."""
    amount, ends = quantile_amount(measure, contract)
    rows = _rows(contract, contribution)
    decimals = amount.argument.type.decimals if amount.argument else 0
    return Wanted(
        measure.name,
        Reading.QUANTILE,
        (amount,),
        (rows,),
        decimals,
        is_additive=False,
        share=share,
        ends=ends,
    )


def _spread(measure: Measure, contract: Contract, contribution: Contribution) -> Wanted:
    rows = _rows(contract, contribution)
    groups = 1 if contract.one_row_a_unit else contribution.groups
    amounts, steps, step = moment_amounts(measure, contract, rows * groups**0.5)
    one = steps * steps * rows
    is_root, is_sample = SPREADS[measure.function]
    read = Moments(steps, step, measure.type.decimals, is_root, is_sample)
    return Wanted(measure.name, Reading.SPREAD, amounts, (one, one, one), moments=read)


def _sum(measure: Measure, contract: Contract, contribution: Contribution) -> Wanted:
    reading = Reading.SUM if measure.function is MeasureFunction.SUM else Reading.MEAN
    low, high = check_summable(measure, contract.domains)
    argument = measure.argument
    if argument is None:
        raise QueryError(fault("privacy.sum_unbounded", measure.place, measure=measure.name))
    step = Decimal(10) ** argument.type.decimals
    lower, upper = int(low * step), int(high * step)
    if max(abs(lower), abs(upper)) >= 2**40:
        raise QueryError(fault("privacy.sum_unbounded", measure.place, measure=measure.name))
    rows_a_group = _rows(contract, contribution)
    one = max(1, abs(lower), abs(upper)) * rows_a_group
    length = contribution.lengths.get(measure.name, contribution.length)
    if length is not None:
        one = max(1, int(length * step / Decimal(contribution.groups).sqrt()))
    amount = Amount(AmountKind.SUM, argument, lower=lower, upper=upper)
    nonnegative = lower >= 0
    decimals = argument.type.decimals
    if reading is Reading.SUM:
        return Wanted(measure.name, reading, (amount,), (one,), decimals, nonnegative)
    rows = Amount(AmountKind.ROWS, argument)
    both, typical = (amount, rows), (one, rows_a_group)
    return Wanted(
        measure.name,
        reading,
        both,
        typical,
        decimals,
        nonnegative,
        shown_decimals=measure.type.decimals,
    )


def together(query: Query, wanted: Sequence[Wanted]) -> tuple[tuple[Wanted, ...], ...]:
    """The measures in bundles that share one weight a unit.

    Numerator and denominator of a quotient share it, so that what is lost to clipping cancels;
    measures that are additive and measures that are not stay apart, unless there are no totals.
    """
    bundles: list[list[Wanted]] = [[each] for each in wanted]
    alone = {each.name for each in wanted if each.reading is Reading.QUANTILE}
    mixes = len(query.aggregate.grouping_sets) == 1
    for output in query.outputs:
        for each in _quotients(output.expression):
            names = each - alone
            members = [b for b in bundles if any(w.name in names for w in b)]
            kinds = {w.is_additive for b in members for w in b}
            if len(members) > 1 and (mixes or len(kinds) == 1):
                joined = [w for b in bundles if b in members for w in b]
                bundles = [b for b in bundles if b not in members] + [joined]
    return tuple(tuple(bundle) for bundle in bundles)


def _quotients(expression: Expression) -> list[set[str]]:
    found = [names for each in parts(expression) for names in _quotients(each)]
    if isinstance(expression, Call) and expression.function is Function.DIVIDE:
        found.append({c.name for each in expression.arguments[:2] for c in columns_of(each)})
    return found
