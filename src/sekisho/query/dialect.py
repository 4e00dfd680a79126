"""How SQL engines differ where the rendered language touches them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sekisho.query.expressions import Function


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words of one engine; templates take rendered operands only."""

    name: str
    quote: str
    """The character around identifiers; doubled inside them."""
    narrow: str
    """Integers of 64 bits."""
    wide: str
    """Integers of at least 37 digits; leaving their range is an error, never a wrap."""
    whole_division: str
    """Template {a}, {b}: quotient of integers, a not negative, b positive."""
    functions: Mapping[Function, str]
    escapes_backslash: bool = False


_DUCKDB = {
    Function.YEAR: "year({0})",
    Function.QUARTER: "quarter({0})",
    Function.MONTH: "month({0})",
    Function.DAY: "day({0})",
    Function.WEEKDAY: "isodow({0})",
    Function.HOUR: "hour({0})",
    Function.DATE_TRUNC: "CAST(date_trunc({0}, {1}) AS DATE)",
    Function.LOWER: "lower({0})",
    Function.UPPER: "upper({0})",
    Function.TRIM: "trim({0})",
    Function.LENGTH: "length({0})",
    Function.ABS: "abs({0})",
    Function.LEAST: "least({all})",
    Function.GREATEST: "greatest({all})",
    Function.COALESCE: "coalesce({all})",
    Function.NULLIF: "nullif({0}, {1})",
}

DUCKDB = Dialect(
    name="duckdb",
    quote='"',
    narrow="BIGINT",
    wide="HUGEINT",
    whole_division="({a} // {b})",
    functions=MappingProxyType(_DUCKDB),
)
