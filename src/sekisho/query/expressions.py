"""What can be computed from one row: a closed language of typed expressions, each with its place.

Numbers are exact: `int`, or decimals with a fixed count of digits. Whatever cannot be said with
these values cannot be asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sekisho.errors import Place
from sekisho.terms import ColumnType


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value; `decimals` counts only for numbers, which are exact."""

    of: ColumnType
    decimals: int = 0
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """A declared column that a value is computed from."""

    table: str
    """Id of the dataset or look-up."""
    column: str
    is_lookup: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One column of what a node gives."""

    name: str
    type: Type
    origins: frozenset[Origin] = frozenset()


class Comparison(StrEnum):
    """Ways to compare two values."""

    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class Operator(StrEnum):
    """Exact arithmetic; division is `Function.DIVIDE`, which names its digits."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"


class Function(StrEnum):
    """The functions that exist; each takes and gives NULL when an argument is NULL, but COALESCE,
    LEAST and GREATEST, which skip NULL arguments."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    DAY = "day"
    WEEKDAY = "weekday"
    """1 = Monday to 7 = Sunday."""
    HOUR = "hour"
    DATE_TRUNC = "date_trunc"
    """(unit as text literal: year, quarter, month, week, day; value) -> date."""
    COALESCE = "coalesce"
    LOWER = "lower"
    UPPER = "upper"
    TRIM = "trim"
    LENGTH = "length"
    ABS = "abs"
    ROUND = "round"
    """(value, digits as integer literal): half away from zero."""
    FLOOR = "floor"
    CEIL = "ceil"
    LEAST = "least"
    GREATEST = "greatest"
    NULLIF = "nullif"
    DIVIDE = "divide"
    """(a, b, digits as integer literal): a / b, half away from zero; NULL when b is 0."""


class MeasureFunction(StrEnum):
    """The aggregate functions that exist."""

    COUNT = "count"
    """Rows when there is no argument, else rows whose argument is not NULL."""
    SUM = "sum"
    AVG = "avg"
    QUANTILE = "quantile"
    """At the share `Measure.quantile`; the median is 0.5."""
    VARIANCE = "variance"
    """Of a sample: divided by one less than the rows."""
    VARIANCE_OF_ALL = "var_pop"
    DEVIATION = "stddev"
    """Root of `VARIANCE`."""
    DEVIATION_OF_ALL = "stddev_pop"
    MIN = "min"
    """Only inside an aggregation by the privacy unit."""
    MAX = "max"
    """Only inside an aggregation by the privacy unit."""


BOOLEAN = Type(ColumnType.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; a number is `int` or `Decimal`, never a float."""

    value: str | int | Decimal | bool | date | datetime | None
    type: Type
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A field of the node below."""

    name: str
    type: Type
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values of one kind compared."""

    comparison: Comparison
    left: "Expression"
    right: "Expression"
    place: Place | None = field(default=None, compare=False, repr=False)
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class And:
    """True when every part is."""

    parts: tuple["Expression", ...]
    place: Place | None = field(default=None, compare=False, repr=False)
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Or:
    """True when a part is."""

    parts: tuple["Expression", ...]
    place: Place | None = field(default=None, compare=False, repr=False)
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary; unknown stays unknown."""

    item: "Expression"
    place: Place | None = field(default=None, compare=False, repr=False)
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class In:
    """Whether a value is one of some constants (none of them NULL)."""

    item: "Expression"
    options: tuple[Literal, ...]
    place: Place | None = field(default=None, compare=False, repr=False)
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Between:
    """Whether a value lies between two others, both included."""

    item: "Expression"
    low: "Expression"
    high: "Expression"
    place: Place | None = field(default=None, compare=False, repr=False)
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a value is missing; never unknown itself."""

    item: "Expression"
    place: Place | None = field(default=None, compare=False, repr=False)
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Case:
    """The value of the first branch whose condition is true, else `otherwise`, else NULL."""

    branches: tuple[tuple["Expression", "Expression"], ...]
    otherwise: "Expression | None"
    type: Type
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers added, subtracted or multiplied, exactly."""

    operator: Operator
    left: "Expression"
    right: "Expression"
    type: Type
    place: Place | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One of the closed functions applied."""

    function: Function
    arguments: tuple["Expression", ...]
    type: Type
    place: Place | None = field(default=None, compare=False, repr=False)


Expression = (
    Literal
    | ColumnRef
    | Compare
    | And
    | Or
    | Not
    | In
    | Between
    | IsNull
    | Case
    | Arithmetic
    | Call
)


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name under which it is given."""

    name: str
    expression: Expression
    origins: frozenset[Origin] = field(default=frozenset(), compare=False, repr=False)


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside one."""
    inside: tuple[Expression, ...] = ()
    match expression:
        case Compare() | Arithmetic():
            inside = (expression.left, expression.right)
        case And() | Or():
            inside = expression.parts
        case Not() | IsNull():
            inside = (expression.item,)
        case In():
            inside = (expression.item, *expression.options)
        case Between():
            inside = (expression.item, expression.low, expression.high)
        case Case():
            inside = tuple(e for branch in expression.branches for e in branch)
            inside += () if expression.otherwise is None else (expression.otherwise,)
        case Call():
            inside = expression.arguments
        case Literal() | ColumnRef():
            pass
    return inside


def columns_of(expression: Expression) -> Iterator[ColumnRef]:
    """Every field that an expression reads, in the order written."""
    if isinstance(expression, ColumnRef):
        yield expression
    for each in parts(expression):
        yield from columns_of(each)


def substituted(
    expression: Expression, by: Mapping[Expression, Expression] | Mapping[Expression, ColumnRef]
) -> Expression:
    """The expression with every part that `by` names replaced; the outermost match wins."""
    if expression in by:
        return by[expression]

    def inside(part: Expression) -> Expression:
        return substituted(part, by)

    result = expression
    match expression:
        case Compare() | Arithmetic():
            left, right = inside(expression.left), inside(expression.right)
            result = replace(expression, left=left, right=right)
        case And() | Or():
            result = replace(expression, parts=tuple(inside(p) for p in expression.parts))
        case Not() | IsNull() | In():
            result = replace(expression, item=inside(expression.item))
        case Between():
            low, high = inside(expression.low), inside(expression.high)
            result = replace(expression, item=inside(expression.item), low=low, high=high)
        case Case():
            branches = tuple((inside(c), inside(v)) for c, v in expression.branches)
            last = expression.otherwise
            otherwise = None if last is None else inside(last)
            result = replace(expression, branches=branches, otherwise=otherwise)
        case Call():
            result = replace(expression, arguments=tuple(inside(a) for a in expression.arguments))
        case Literal() | ColumnRef():
            pass
    return result
