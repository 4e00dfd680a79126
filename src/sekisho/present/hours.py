"""Which hours of the day are tight: a chart worked out from a released table alone.

A table that has a direction of hours (`08-10`) is drawn by hour, a line a month where it has
months. Volumes are taken a day, so that months of 30 and 31 days compare; the highest is 100.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from html import escape

from sekisho.model.table import Suppressed, Table, TableDimension
from sekisho.terms import Language
from sekisho.text import sentence

TIGHT = 90
"""Percent of the highest from which on hours are called tight."""
_HOURS = re.compile(r"([01][0-9]|2[0-4])-([01][0-9]|2[0-4])")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_LEAST = 4
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the chart."""

    name: str
    shares: tuple[Decimal | None, ...]
    """Percent of the highest, an hour each; None where the cell is hidden or not there."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Traffic by hour of the day, as shares of the highest hour of the table."""

    hours: tuple[str, ...]
    series: tuple[Series, ...]

    def tight(self, series: Series) -> list[str]:
        """The hours of a line that lie near the highest."""
        pairs = zip(self.hours, series.shares, strict=True)
        return [hours for hours, share in pairs if share is not None and share >= TIGHT]


def hours_of(table: Table, language: Language) -> Hours | None:
    """The table by hour; None when it has no direction of hours, or carries noise."""
    by_hour = _dimension(table, _HOURS)
    if by_hour is None or table.is_estimated:
        return None
    by_month = _dimension(table, _MONTH)
    hours, months = _values(table, by_hour), _values(table, by_month)
    place = {name: at for at, name in enumerate(table.group_columns)}
    cells: dict[tuple[str, str], Decimal] = {}
    for row in table:
        where = {name: row.groups[at] for name, at in place.items()}
        hour = where.pop(by_hour.columns[0])
        month = where.pop(by_month.columns[0]) if by_month else ""
        others = any(value is not None for value in where.values())
        if hour is None or month is None or others or isinstance(row.cell, Suppressed):
            continue
        cells[hour, month] = Decimal(row.cell) / _days(month)
    highest = max(cells.values(), default=Decimal(0))
    if not highest:
        return None
    names = {month: _name(table, by_month, month, language) for month in months}
    series = tuple(
        Series(names[month], tuple(_share(cells.get((hour, month)), highest) for hour in hours))
        for month in months
    )
    return Hours(tuple(hours), series)


def _dimension(table: Table, form: re.Pattern[str]) -> TableDimension | None:
    for each in table.dimensions:
        found = _values(table, each) if len(each.columns) == 1 else []
        if len(found) >= (_LEAST if form is _HOURS else 1) and all(map(form.fullmatch, found)):
            return each
    return None


def _values(table: Table, dimension: TableDimension | None) -> list[str]:
    if dimension is None:
        return [""]
    at = table.group_columns.index(dimension.columns[0])
    return sorted({value for row in table if (value := row.groups[at]) is not None})


def _days(month: str) -> int:
    found = _MONTH.fullmatch(month)
    return calendar.monthrange(int(found[1]), int(found[2]))[1] if found else 1


def _share(amount: Decimal | None, highest: Decimal) -> Decimal | None:
    return None if amount is None else (100 * amount / highest).quantize(_TENTH, ROUND_HALF_UP)


def _name(table: Table, by: TableDimension | None, month: str, language: Language) -> str:
    if by is None:
        return table.title.said(language)
    labelled = table.label(by.columns[0], month, language)
    found = _MONTH.fullmatch(labelled)
    if found is None:
        return labelled
    if language is Language.JA:
        return f"{found[1]}年{int(found[2])}月"
    return f"{calendar.month_name[int(found[2])]} {found[1]}"


def hours_words(hours: Hours, language: Language) -> list[str]:
    """The same in sentences: for each line, the hours that lie near the highest."""
    joint = "、" if language is Language.JA else ", "
    told = []
    for each in hours.series:
        tight = hours.tight(each)
        code = "hours-tight" if tight else "hours-none"
        fields = {"series": each.name, "hours": joint.join(tight), "percent": TIGHT}
        told.append(sentence(f"calendar.{code}", fields, language))
    return told


_WIDTH, _HEIGHT = 860, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 170, 34, 44
_INK, _LINE, _SOFT = "#1c2126", "#d3d9df", "#4a545e"
_STROKES = (
    ("#7a8794", "2 4"),
    ("#0f5584", "8 5"),
    ("#8a3300", "10 4 2 4"),
    ("#1d6b3a", "5 3"),
    ("#0e3149", ""),
)
"""Colour and dashes of a line; the last line is drawn whole."""


def hours_svg(hours: Hours, language: Language) -> str:
    """The chart as SVG without style or script: a line a series, named at its end."""
    told = " ".join(hours_words(hours, language))
    title = escape(sentence("calendar.hours-title", {}, language))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        'aria-labelledby="hours-name hours-words" font-family="sans-serif" font-size="14">'
    )
    parts = [
        head,
        f'<title id="hours-name">{title}</title><desc id="hours-words">{escape(told)}</desc>',
        *_axes(hours, language),
    ]
    ends: list[float] = []
    for number, each in enumerate(hours.series):
        parts += _line(hours, each, number, ends)
    return "".join([*parts, "</svg>"])


def _x(hours: Hours, at: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / max(len(hours.hours) - 1, 1)


def _y(share: Decimal | int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - float(share) / 100)


def _axes(hours: Hours, language: Language) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    for share in (0, 25, 50, 75, 100):
        y = _y(share)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{_LINE}"/>'
        yield (
            f'<text x="{_LEFT - 8}" y="{y + 5:.1f}" text-anchor="end" fill="{_SOFT}">{share}</text>'
        )
    yield (
        f'<rect x="{_LEFT}" y="{_y(100):.1f}" width="{right - _LEFT}" '
        f'height="{_y(TIGHT) - _y(100):.1f}" fill="#fdf3ea"/>'
    )
    unit = escape(sentence("calendar.hours-unit", {}, language))
    yield f'<text x="{_LEFT - 40}" y="20" fill="{_SOFT}">{unit}</text>'
    for at, name in enumerate(hours.hours):
        yield (
            f'<text x="{_x(hours, at):.1f}" y="{_HEIGHT - 16}" text-anchor="middle" '
            f'fill="{_SOFT}">{escape(name)}</text>'
        )


def _line(hours: Hours, series: Series, number: int, ends: list[float]) -> Iterator[str]:
    last = number == len(hours.series) - 1
    colour, dashes = _STROKES[-1] if last else _STROKES[number % (len(_STROKES) - 1)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    width = 3 if last else 2
    for run in _runs(series.shares):
        points = " ".join(f"{_x(hours, at):.1f},{_y(share):.1f}" for at, share in run)
        yield (
            f'<polyline points="{points}" fill="none" stroke="{colour}" '
            f'stroke-width="{width}"{dashed}/>'
        )
        for at, share in run:
            yield f'<circle cx="{_x(hours, at):.1f}" cy="{_y(share):.1f}" r="3" fill="{colour}"/>'
    shown = [(at, share) for at, share in enumerate(series.shares) if share is not None]
    if shown:
        y = _free(_y(shown[-1][1]), ends)
        yield (
            f'<text x="{_WIDTH - _RIGHT + 10}" y="{y + 5:.1f}" fill="{_INK}">'
            f'<tspan fill="{colour}">● </tspan>{escape(series.name)}</text>'
        )


def _free(wanted: float, taken: list[float]) -> float:
    """A height for a name that covers no other."""
    y = wanted
    while any(abs(y - other) < 18 for other in taken):
        y -= 18
    taken.append(y)
    return y


def _runs(shares: Sequence[Decimal | None]) -> Iterator[list[tuple[int, Decimal]]]:
    """Stretches without a gap: a hidden cell is never bridged."""
    run: list[tuple[int, Decimal]] = []
    for at, share in enumerate(shares):
        if share is None:
            if run:
                yield run
            run = []
        else:
            run.append((at, share))
    if run:
        yield run
