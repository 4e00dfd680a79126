"""The three sums of a variance, which one row fills only once.

Where y lies from 0 to w, a row adds (w - y)^2, 2 y (w - y) and y^2, together w^2: so count, sum and
sum of squares are known at the sensitivity of one count of w^2, where three sums of their own would
take a third of the loss each.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import isqrt

from sekisho.errors import QueryError, fault
from sekisho.lanes.statistics.privacy.contract import Contract, check_summable
from sekisho.query import kinds
from sekisho.query.bound import Amount, AmountKind
from sekisho.query.expressions import (
    Arithmetic,
    Call,
    Expression,
    Function,
    Literal,
    MeasureFunction,
    Operator,
    Type,
)
from sekisho.query.plan import Measure
from sekisho.terms import ColumnType

MOST_STEPS, FEWEST_STEPS = 1000, 64
"""Amounts are rounded to so many steps between their ends, fewer where units have many rows: an
integer weight then still has three digits."""
_LONGEST = 2**20

SPREADS = {
    MeasureFunction.VARIANCE: (False, True),
    MeasureFunction.VARIANCE_OF_ALL: (False, False),
    MeasureFunction.DEVIATION: (True, True),
    MeasureFunction.DEVIATION_OF_ALL: (True, False),
}
"""Whether a function is a root, and whether it is of a sample."""

_WHOLE = Type(ColumnType.INTEGER)


@dataclass(frozen=True, slots=True)
class Moments:
    """How the three sums are read: steps from end to end, one step in the measure's unit, digits.

    `is_root` gives the standard deviation, `is_sample` divides by one less than the rows.
    """

    steps: int
    step: Decimal
    decimals: int
    is_root: bool
    is_sample: bool


def moment_amounts(
    measure: Measure, contract: Contract, rows: float
) -> tuple[tuple[Amount, ...], int, Decimal]:
    """The three amounts of a variance, how many steps their rows span, and one step.

    Shape: rows is the declared contribution, its rows times the root of its groups.
    Raises: QueryError when nothing bounds the amounts, or they are all declared the same.
    """
    low, high = check_summable(measure, contract.domains)
    argument = measure.argument
    if argument is None or high <= low:
        raise QueryError(fault("privacy.sum_unbounded", measure.place, measure=measure.name))
    most = max(FEWEST_STEPS, min(MOST_STEPS, isqrt(int(_LONGEST / rows))))
    finest = Decimal(1).scaleb(-argument.type.decimals)
    span = int((high - low) / finest)
    step = finest * -(-span // most)
    steps = -(-span // -(-span // most))
    from_low = _steps_above(argument, low, step)
    to_high = Arithmetic(Operator.SUBTRACT, Literal(steps, _WHOLE), from_low, _WHOLE)
    double = _times(Literal(2, _WHOLE), _times(from_low, to_high))
    each = (_times(to_high, to_high), double, _times(from_low, from_low))
    whole = steps * steps
    amounts = tuple(Amount(AmountKind.SUM, one, lower=0, upper=whole) for one in each)
    return amounts, steps, step


def _steps_above(argument: Expression, low: Decimal, step: Decimal) -> Expression:
    """How many whole steps an amount lies above the lowest, NULL where it is missing."""
    of = kinds.common((argument.type, _number(low).type)) or argument.type
    above = Arithmetic(Operator.SUBTRACT, argument, _number(low), of)
    whole = Type(ColumnType.INTEGER, nullable=True)
    return Call(Function.DIVIDE, (above, _number(step), Literal(0, _WHOLE)), whole)


def _times(left: Expression, right: Expression) -> Expression:
    return Arithmetic(Operator.MULTIPLY, left, right, Type(ColumnType.INTEGER, nullable=True))


def _number(value: Decimal) -> Literal:
    if value == value.to_integral_value():
        return Literal(int(value), _WHOLE)
    exponent = value.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return Literal(value.normalize(), Type(ColumnType.NUMBER, decimals))
