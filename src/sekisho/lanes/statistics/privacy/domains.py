"""What values an expression can take, derived from declarations alone.

A domain is never narrower than the truth: whatever the data hold within their declaration lies in
it. Groups are listed from domains, sums are bounded by them, and arithmetic that could overflow
is refused before any row is read, so that no error tells about a row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sekisho.errors import QueryError, fault
from sekisho.model.dataset import Column
from sekisho.query.expressions import (
    Arithmetic,
    Call,
    Case,
    ColumnRef,
    Expression,
    Function,
    Literal,
    Operator,
    parts,
)
from sekisho.terms import ColumnType

Value = str | int | Decimal | bool | date | datetime

MOST_LISTED = 100_000
"""A longer list is kept as its ends, or as unknown."""

_LARGEST_NUMBER = Decimal(2) ** 62


@dataclass(frozen=True, slots=True)
class Listed:
    """One of these values, in the order in which a table shows them."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A number or a day between two ends, both included."""

    low: Decimal | date
    high: Decimal | date


@dataclass(frozen=True, slots=True)
class Anything:
    """No declaration says which values there are."""


ANYTHING = Anything()
Domain = Listed | Range | Anything
Domains = Mapping[str, Domain]


def _listed(values: Iterable[Value]) -> Domain:
    found = tuple(dict.fromkeys(values))
    return Listed(found) if 0 < len(found) <= MOST_LISTED else ANYTHING


def domain_of_column(column: Column) -> Domain:
    """The domain that a declared column has: its list, else its ends."""
    if column.enum:
        return _listed(_typed(column, text) for text in column.enum)
    if column.type is ColumnType.BOOLEAN:
        return Listed((False, True))
    if column.minimum is None or column.maximum is None:
        return ANYTHING
    low, high = _typed(column, column.minimum), _typed(column, column.maximum)
    if isinstance(low, date) and isinstance(high, date):
        return Range(_day(low), _day(high))
    if isinstance(low, int | Decimal) and isinstance(high, int | Decimal):
        return Range(Decimal(low), Decimal(high))
    return ANYTHING


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _typed(column: Column, text: str) -> Value:
    match column.type:
        case ColumnType.INTEGER:
            return int(text)
        case ColumnType.NUMBER:
            return Decimal(text)
        case ColumnType.DATE:
            return date.fromisoformat(text)
        case ColumnType.DATETIME:
            return datetime.fromisoformat(text)
        case ColumnType.BOOLEAN:
            return text.lower() == "true"
        case ColumnType.STRING:
            return text


def values_of(domain: Domain, kind: ColumnType) -> tuple[Value, ...] | None:
    """The whole list of a domain, when it has one that a table can show.

    Shape: an integer or day range is listed in order; None when it is unknown or too long.
    """
    if isinstance(domain, Listed):
        return domain.values
    if not isinstance(domain, Range):
        return None
    if isinstance(domain.low, date) and isinstance(domain.high, date):
        days = (domain.high - domain.low).days + 1
        if kind is not ColumnType.DATE or not 0 < days <= MOST_LISTED:
            return None
        return tuple(domain.low + timedelta(days=n) for n in range(days))
    low, high = ends_of(domain)
    if kind is not ColumnType.INTEGER or not 0 <= high - low < MOST_LISTED:
        return None
    return tuple(range(int(low), int(high) + 1))


def ends_of(domain: Domain) -> tuple[Decimal, Decimal]:
    """The smallest and the largest number of a domain; infinite when nothing bounds it."""
    if isinstance(domain, Listed):
        numbers = [
            Decimal(v)
            for v in domain.values
            if isinstance(v, int | Decimal) and not isinstance(v, bool)
        ]
        if numbers:
            return min(numbers), max(numbers)
    if isinstance(domain, Range) and isinstance(domain.low, Decimal):
        return domain.low, Decimal(str(domain.high))
    return Decimal("-Infinity"), Decimal("Infinity")


def domain_of(expression: Expression, below: Domains) -> Domain:
    """The values that an expression can take over a node's fields.

    Raises: QueryError when arithmetic could leave 62 bits: the engine would stop with an error,
        and an error that depends on rows tells about rows.
    """
    match expression:
        case Literal():
            return ANYTHING if expression.value is None else Listed((expression.value,))
        case ColumnRef():
            return below.get(expression.name, ANYTHING)
        case Case():
            results = [value for _, value in expression.branches]
            results += [] if expression.otherwise is None else [expression.otherwise]
            return union([domain_of(each, below) for each in results if not _is_null(each)])
        case Arithmetic():
            return _arithmetic(expression, below)
        case Call():
            arguments = [domain_of(each, below) for each in expression.arguments]
            return _called(expression, arguments)
        case _:
            return Listed((False, True))


def _is_null(expression: Expression) -> bool:
    return isinstance(expression, Literal) and expression.value is None


def union(domains: Sequence[Domain]) -> Domain:
    """The values of any of several domains."""
    if all(isinstance(each, Listed) for each in domains):
        return _listed(v for each in domains if isinstance(each, Listed) for v in each.values)
    days = [end for each in domains for end in _day_ends(each)]
    if len(days) == 2 * len(domains):
        return Range(min(days), max(days))
    ends = [ends_of(each) for each in domains]
    return _between(min(low for low, _ in ends), max(high for _, high in ends))


def _day_ends(domain: Domain) -> tuple[date, ...]:
    if isinstance(domain, Range) and isinstance(domain.low, date) and isinstance(domain.high, date):
        return domain.low, domain.high
    if isinstance(domain, Listed):
        days = [v for v in domain.values if isinstance(v, date) and not isinstance(v, datetime)]
        if days and len(days) == len(domain.values):
            return min(days), max(days)
    return ()


def _between(low: Decimal, high: Decimal) -> Domain:
    """A range that may be open to one side; open to both it says nothing."""
    return Range(low, high) if low.is_finite() or high.is_finite() else ANYTHING


def _arithmetic(expression: Arithmetic, below: Domains) -> Domain:
    left = ends_of(domain_of(expression.left, below))
    right = ends_of(domain_of(expression.right, below))
    if not all(end.is_finite() for end in (*left, *right)):
        raise QueryError(fault("privacy.arithmetic_unbounded", expression.place))
    match expression.operator:
        case Operator.ADD:
            ends = [left[0] + right[0], left[1] + right[1]]
        case Operator.SUBTRACT:
            ends = [left[0] - right[1], left[1] - right[0]]
        case Operator.MULTIPLY:
            ends = [a * b for a in left for b in right]
    if max(abs(end) for end in ends) * 10**expression.type.decimals >= _LARGEST_NUMBER:
        raise QueryError(fault("privacy.arithmetic_unbounded", expression.place))
    return Range(min(ends), max(ends))


def _called(call: Call, arguments: Sequence[Domain]) -> Domain:
    first = arguments[0]
    low, high = ends_of(first)
    found: Domain
    match call.function:
        case Function.COALESCE:
            found = union(arguments)
        case Function.LEAST | Function.GREATEST:
            found = _clamped(call, [ends_of(each) for each in arguments])
        case Function.LOWER | Function.UPPER | Function.TRIM:
            found = _mapped(first, _TEXT[call.function])
        case Function.NULLIF:
            found = first
        case Function.ABS:
            if not (low.is_finite() and high.is_finite()):
                # the smallest 64-bit integer has no absolute value: the engine would stop at it
                raise QueryError(fault("privacy.arithmetic_unbounded", call.place))
            found = Range(Decimal(0), max(abs(low), abs(high)))
        case Function.ROUND | Function.FLOOR | Function.CEIL:
            found = _between(low - 1, high + 1)
        case Function.DIVIDE:
            found = _divided(call, first)
        case Function.LENGTH:
            found = Range(Decimal(0), Decimal(2) ** 31)
        case _:
            found = _of_day(call, arguments)
    return found


_TEXT: Mapping[Function, Callable[[str], str]] = {
    Function.LOWER: str.lower,
    Function.UPPER: str.upper,
    Function.TRIM: lambda text: text.strip(" "),
}


def _mapped(domain: Domain, change: Callable[[str], str]) -> Domain:
    if not isinstance(domain, Listed):
        return ANYTHING
    return _listed(change(v) if isinstance(v, str) else v for v in domain.values)


def _clamped(call: Call, ends: Sequence[tuple[Decimal, Decimal]]) -> Domain:
    """LEAST and GREATEST skip NULLs: only an argument that is never NULL bounds the others."""
    present = [
        end for end, each in zip(ends, call.arguments, strict=True) if not each.type.nullable
    ]
    lows, highs = [low for low, _ in ends], [high for _, high in ends]
    if call.function is Function.LEAST:
        return _between(min(lows), min(h for _, h in present) if present else max(highs))
    return _between(max(low for low, _ in present) if present else min(lows), max(highs))


def _divided(call: Call, first: Domain) -> Domain:
    """A divisor that is not 0 is at least one step of its decimals."""
    low, high = ends_of(first)
    steps = Decimal(10) ** call.arguments[1].type.decimals
    reach = max(abs(low), abs(high)) * steps + 1
    if reach * 10**call.type.decimals >= _LARGEST_NUMBER:
        raise QueryError(fault("privacy.arithmetic_unbounded", call.place))
    return Range(-reach, reach)


_WHOLE: Mapping[Function, range] = {
    Function.QUARTER: range(1, 5),
    Function.MONTH: range(1, 13),
    Function.DAY: range(1, 32),
    Function.WEEKDAY: range(1, 8),
    Function.HOUR: range(24),
}


def _of_day(call: Call, arguments: Sequence[Domain]) -> Domain:
    if call.function in _WHOLE:
        return Listed(tuple(_WHOLE[call.function]))
    ends = _day_ends(arguments[-1])
    if not ends:
        return ANYTHING
    unit = call.arguments[0]
    if call.function is Function.DATE_TRUNC and isinstance(unit, Literal):
        return _listed(_starts(str(unit.value), ends[0], ends[1]))
    return Range(Decimal(ends[0].year), Decimal(ends[1].year))


def _starts(unit: str, first: date, last: date) -> Iterator[date]:
    """The first days of every period that two days span."""
    day = first
    while day <= last:
        yield _start(unit, day)
        day += timedelta(days=1)


def _start(unit: str, day: date) -> date:
    match unit:
        case "year":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "month":
            return day.replace(day=1)
        case "week":
            return day - timedelta(days=day.weekday())
        case _:
            return day


def check_arithmetic(expression: Expression, below: Domains) -> None:
    """Refuse an expression in which some arithmetic could overflow, however deep it stands.

    Raises: QueryError with the place.
    """
    domain_of(expression, below)
    for each in parts(expression):
        check_arithmetic(each, below)
