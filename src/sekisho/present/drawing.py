"""What a chart of a table shows, chosen by what its axes are: time, ordered classes, or groups.

Nothing here knows a programme. Time becomes a line, classes become columns that touch, groups
become bars; a second dimension becomes small panels on one scale.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from sekisho.model.table import Cell, Suppressed, Table, Uncertainty
from sekisho.present.pivot import Grid, Heading, digits, pivot, shown_decimals
from sekisho.terms import Language
from sekisho.text import sentence

MAX_PANELS = 24
MAX_BARS = 60
MAX_MOMENTS = 400
"""Points of a line: they need less room than bars."""
_FEW_BARS = 8
_SHORT_LABEL = 12

_TIME = re.compile(
    r"(?:1[5-9]|20|21)\d\d(?:-(?:0[1-9]|1[0-2])(?:-[0-3]\d)?|-?Q[1-4]|-?H[12]|-?W[0-5]\d)?"
)
_NUMBER = r"-?\d+(?:[.,]\d+)?"
_CLASS = re.compile(
    rf"(?:[<>≤≥]=?\s*{_NUMBER}|{_NUMBER}\s*\+|[\[(]?{_NUMBER}\s*(?:-|–|to|\.\.|,)\s*"
    rf"{_NUMBER}[\])]?)"
)


class Axis(StrEnum):
    """What the places along an axis are."""

    TIME = "time"
    CLASSES = "classes"
    """Ordered bins of a number, or parts of a day."""
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class View:
    """Which way round a table is looked at, and which part of it."""

    order: tuple[int, ...] = ()
    """Places of the dimensions: what goes down, what goes across, then the rest."""
    section: int = 0
    """Which section, when there are more than two dimensions."""
    show: int | None = None
    """Which heading the large panel is about, its parts being the small ones; None: the total."""


WHOLE = View()


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a panel."""

    at: str
    cell: Cell
    uncertainty: Uncertainty | None
    said: str
    """The number; empty where it is hidden."""
    tip: str
    """The number with its place, in words."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One small chart."""

    title: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The panels of a chart; the large one, where there is one, is about all of them."""

    axis: Axis
    large: Panel | None
    small: tuple[Panel, ...]
    places: tuple[str, ...]
    """Every label along the axis, in order."""
    cuts: tuple[tuple[str, int, int], ...]
    """What is not drawn for want of room: `panels` or `bars`, how many are, how many there are."""
    section: str = ""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels."""
        return (*((self.large,) if self.large else ()), *self.small)

    @property
    def points(self) -> Iterator[Point]:
        """All points of all panels."""
        return (point for panel in self.panels for point in panel.points)

    @property
    def hidden(self) -> int:
        """How many values are marked as hidden."""
        return sum(isinstance(point.cell, Suppressed) for point in self.points)

    @property
    def lies_flat(self) -> bool:
        """Whether its bars go sideways: one panel of many groups, or of long names."""
        if self.axis is not Axis.GROUPS or len(self.panels) != 1:
            return False
        longest = max(map(len, self.places), default=0)
        return len(self.places) > _FEW_BARS or longest > _SHORT_LABEL


def axis_of(headings: Sequence[Heading]) -> Axis:
    """What an axis is, read from the groups themselves; one odd group makes it groups."""
    codes = [next(g for g in reversed(h.groups) if g is not None) for h in headings if h.depth]
    if len(codes) > 1 and all(map(_TIME.fullmatch, codes)):
        return Axis.TIME
    if len(codes) > 1 and all(map(_CLASS.fullmatch, codes)):
        return Axis.CLASSES
    return Axis.GROUPS


def chart_grid(table: Table, language: Language, view: View = WHOLE) -> Grid:
    """The section that is drawn: what the axis shows goes across, what the panels show down."""
    grid = pivot(table, language, view.order)[view.section]
    if len(table.dimensions) < 2:
        grid = replace(_turned(grid), rows=(Heading(table.measure_title.said(language), 0, ()),))
    elif axis_of(grid.columns) is Axis.GROUPS and axis_of(grid.rows) is not Axis.GROUPS:
        grid = _turned(grid)
    return replace(grid, columns=_told_apart(grid.columns))


def _turned(grid: Grid) -> Grid:
    return Grid(
        section=grid.section,
        corner=grid.across,
        across=grid.corner,
        columns=grid.rows,
        rows=grid.columns,
        cells=tuple(zip(*grid.cells, strict=True)),
        bounds=tuple(zip(*grid.bounds, strict=True)),
    )


def choices(table: Table, language: Language, view: View) -> tuple[Heading, ...]:
    """The headings that the large panel can be about; none when there is nothing to choose."""
    rows = chart_grid(table, language, view).rows if len(table.dimensions) > 1 else ()
    return rows if len(rows) > 1 else ()


def drawing(table: Table, language: Language, view: View = WHOLE) -> Drawing:
    """What to draw of a table."""
    grid = chart_grid(table, language, view)
    axis = axis_of(grid.columns)
    large, small = _chosen(grid, view.show)
    most = MAX_MOMENTS if axis is Axis.TIME else MAX_BARS
    columns = _drawn_columns(grid)
    tell = _Telling(table, grid, columns[:most], shown_decimals(table), language)
    tops = [tell.panel(place) for place in small[:MAX_PANELS]]
    drawn = Drawing(
        axis=axis,
        large=None if large is None else tell.panel(large),
        small=tuple(each for each in tops if each.points),
        places=tuple(column.label for _, column in columns[:most]),
        cuts=tuple(
            (what, most_drawn, there)
            for what, most_drawn, there in (
                ("panels", MAX_PANELS, len(small)),
                ("bars", most, len(columns)),
            )
            if there > most_drawn
        ),
        section=grid.section,
    )
    return _by_size(drawn) if drawn.lies_flat else drawn


def _chosen(grid: Grid, wanted: int | None) -> tuple[int | None, list[int]]:
    """The row of the large panel, and the rows of the small ones."""
    totals = (place for place, head in enumerate(grid.rows) if head.depth == 0)
    show = next(totals, None) if wanted is None or wanted >= len(grid.rows) else wanted
    if show is None:
        return None, [place for place, head in enumerate(grid.rows) if head.depth == 1]
    shown = grid.rows[show]
    known = [group for group in shown.groups if group is not None]
    parts = [
        place
        for place, head in enumerate(grid.rows)
        if head.depth == shown.depth + 1
        and [group for group in head.groups if group is not None][: len(known)] == known
    ]
    return show, parts


def _told_apart(headings: tuple[Heading, ...]) -> tuple[Heading, ...]:
    """Headings of the same label get their code behind it, so that no two bars share a place."""
    often = Counter(heading.label for heading in headings)
    return tuple(
        replace(heading, label=f"{heading.label} ({'/'.join(filter(None, heading.groups))})")
        if often[heading.label] > 1
        else heading
        for heading in headings
    )


def _drawn_columns(grid: Grid) -> list[tuple[int, Heading]]:
    """The columns that may become bars: the widest level, or all when there is only a total."""
    inner = any(column.depth for column in grid.columns)
    return [
        (place, column)
        for place, column in enumerate(grid.columns)
        if column.depth == 1 or not inner
    ]


@dataclass(frozen=True, slots=True)
class _Telling:
    """A table's cells as points with their words."""

    table: Table
    grid: Grid
    columns: Sequence[tuple[int, Heading]]
    decimals: int
    language: Language

    def panel(self, row: int) -> Panel:
        """The panel of a row."""
        title, cells = self.grid.rows[row].label, self.grid.cells[row]
        bounds = self.grid.bounds[row] if self.grid.bounds else (None,) * len(cells)
        points = []
        for place, column in self.columns:
            cell = cells[place]
            if cell is not None:
                tip = self._tip(f"{title} – {column.label}", cell, bounds[place])
                shown = "" if isinstance(cell, Suppressed) else digits(cell, self.decimals)
                points.append(Point(column.label, cell, bounds[place], shown, tip))
        return Panel(title, tuple(points))

    def _tip(self, at: str, cell: Cell, known: Uncertainty | None) -> str:
        if isinstance(cell, Suppressed):
            return sentence("present.tip-hidden", {"at": at}, self.language)
        fields = {
            "at": at,
            "value": digits(cell, self.decimals),
            "unit": self.table.unit_of_measure.said(self.language),
        }
        if known is None:
            return sentence("present.tip", fields, self.language)
        low, high = (digits(end, self.decimals) for end in (known.low, known.high))
        return sentence("present.tip-interval", {**fields, "low": low, "high": high}, self.language)


def _by_size(drawn: Drawing) -> Drawing:
    """Bars from the longest to the shortest, hidden ones behind them."""

    def size(point: Point) -> tuple[bool, Decimal]:
        is_hidden = isinstance(point.cell, Suppressed)
        return is_hidden, Decimal(0) if isinstance(point.cell, Suppressed) else -Decimal(point.cell)

    panel = drawn.panels[0]
    ordered = replace(panel, points=tuple(sorted(panel.points, key=size)))
    places = tuple(point.at for point in ordered.points)
    if drawn.large:
        return replace(drawn, large=ordered, places=places)
    return replace(drawn, small=(ordered,), places=places)
