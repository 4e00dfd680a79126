"""Indicators over made-up series, and the same figures worked out again in plain Python."""

import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from sekisho.lanes.statistics.indicators.measure import measure
from sekisho.model.indicator import How, Indicator, NotEstimable, Reading, Result
from sekisho.model.text import Text

UNIT = Text("yen", "円")


def indicator(how: How, **more: object) -> Indicator:
    """An indicator of one series, unless `by` names a column."""
    return Indicator("test", Text("Test", "試験"), how, "t", "v", UNIT, **more)  # type: ignore[arg-type]


def readings(values: dict[str, object], group: str = "", error: object = 0) -> list[Reading]:
    """Readings of one group; None is a hidden number."""
    return [
        Reading(at, group, None if v is None else Decimal(str(v)), Decimal(str(error)))
        for at, v in values.items()
    ]


def worked_out(how: How, *series: list[Reading], **more: object) -> Result:
    """The indicator over one series or several."""
    return measure(indicator(how, **more), [each for one in series for each in one])


def days(first: str, values: list[object]) -> dict[str, object]:
    """Values of days in a row."""
    start = date.fromisoformat(first)
    return {(start + timedelta(n)).isoformat(): v for n, v in enumerate(values)}


def reasons(result: Result) -> list[str]:
    """The codes of everything that could not be estimated."""
    return [f.estimate.code for f in result.figures if isinstance(f.estimate, NotEstimable)]


def solved(rows: list[list[Fraction]], right: list[Fraction]) -> tuple[list[Fraction], Fraction]:
    """The exact solution of a square system by elimination, and its determinant."""
    lines = [[*row, value] for row, value in zip(rows, right, strict=True)]
    determinant = Fraction(1)
    for column in range(len(lines)):
        pivot = next(n for n in range(column, len(lines)) if lines[n][column])
        if pivot != column:
            lines[column], lines[pivot] = lines[pivot], lines[column]
            determinant = -determinant
        scale = lines[column][column]
        determinant *= scale
        lines[column] = [each / scale for each in lines[column]]
        for n, line in enumerate(lines):
            if n != column and line[column]:
                lines[n] = [a - line[column] * b for a, b in zip(line, lines[column], strict=True)]
    return [line[-1] for line in lines], determinant


def exact_fit(
    strength: Fraction, columns: list[list[Fraction]], values: list[Fraction]
) -> tuple[list[Fraction], float]:
    """Coefficients under errors of first order, and the log of the restricted likelihood.

    The inverse of the correlations is known: 1 + r^2 on the diagonal but for its ends, -r beside
    it, over 1 - r^2; its determinant is (1 - r^2) ** (1 - n).
    """
    many, wide = len(values), range(len(columns[0]))

    def product(a: list[Fraction], b: list[Fraction]) -> Fraction:
        inner = sum(x * y for x, y in zip(a, b, strict=True))
        middle = sum(x * y for x, y in zip(a[1:-1], b[1:-1], strict=True))
        beside = sum(a[n] * b[n + 1] + a[n + 1] * b[n] for n in range(many - 1))
        return (inner + strength**2 * middle - strength * beside) / (1 - strength**2)

    across = [[row[n] for row in columns] for n in wide]
    normal = [[product(across[a], across[b]) for b in wide] for a in wide]
    found, determinant = solved(normal, [product(across[a], values) for a in wide])
    rest = [
        v - sum(row[n] * found[n] for n in wide) for row, v in zip(columns, values, strict=True)
    ]
    freedom = many - len(across)
    said = (1 - many) * math.log(1 - strength**2) - math.log(determinant)
    return found, (said - freedom * math.log(product(rest, rest))) / 2
