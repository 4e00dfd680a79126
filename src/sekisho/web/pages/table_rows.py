"""Which rows and columns of a table a page shows: found, folded, sorted, a page of them."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sekisho.errors import NotFound, fault
from sekisho.model.table import Suppressed
from sekisho.present.pivot import Grid
from sekisho.web.pages.table_state import LABEL, TableState

PAGE_ROWS = 200
PAGE_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class ShownRows:
    """The rows of one page, by their number in the table."""

    places: tuple[int, ...]
    found: int
    """How many rows there are on all pages."""
    all: int
    page: int
    pages: int
    parents: frozenset[int]
    """Rows that have parts."""
    folded: frozenset[int]
    parts: int
    """Rows that are folded away."""


@dataclass(frozen=True, slots=True)
class ShownColumns:
    """The columns of one page."""

    places: range
    all: int
    page: int
    pages: int


def shown_rows(grid: Grid, state: TableState) -> ShownRows:
    """The rows that a state asks for.

    Raises: NotFound when it sorts by a column, or names a page, that there is not.
    """
    parts = _parts(grid)
    parents = frozenset(place for place in parts if place is not None and grid.rows[place].depth)
    wanted = _found(grid, state, parts) if state.is_filtered else None
    folded = frozenset[int]()
    if wanted is None:
        folded = parents if state.folded is None else state.folded & parents
    ordered = list(_walk(parts, _key(grid, state), (wanted, folded)))
    pages = max(1, -(-len(ordered) // PAGE_ROWS))
    start = (_within(state.page, pages) - 1) * PAGE_ROWS
    return ShownRows(
        places=tuple(ordered[start : start + PAGE_ROWS]),
        found=len(ordered),
        all=len(grid.rows),
        page=state.page,
        pages=pages,
        parents=parents,
        folded=folded,
        parts=len(grid.rows) - len(ordered) if wanted is None else 0,
    )


def shown_columns(grid: Grid, state: TableState) -> ShownColumns:
    """The columns that a state asks for.

    Raises: NotFound when there is no such page.
    """
    pages = max(1, -(-len(grid.columns) // PAGE_COLUMNS))
    start = (_within(state.part, pages) - 1) * PAGE_COLUMNS
    places = range(start, min(start + PAGE_COLUMNS, len(grid.columns)))
    return ShownColumns(places, len(grid.columns), state.part, pages)


def _within(page: int, pages: int) -> int:
    if not 1 <= page <= pages:
        raise NotFound(fault("release_page.no-such-part"))
    return page


Parts = dict[int | None, list[int]]


def _parts(grid: Grid) -> Parts:
    """Row -> the rows that are its parts; None -> those that are part of no other."""
    placed = {head.groups: place for place, head in enumerate(grid.rows)}
    found: Parts = {None: []}
    for place, head in enumerate(grid.rows):
        above = list(head.groups)
        parent = None
        while parent is None and any(group is not None for group in above):
            above[max(i for i, group in enumerate(above) if group is not None)] = None
            parent = placed.get(tuple(above))
        found.setdefault(parent, []).append(place)
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _found(grid: Grid, state: TableState, parts: Parts) -> set[int]:
    """Rows that fit, with the rows that they are part of; of a row found by name its parts too."""
    text, within = _plain(state.find), _limits(grid, state)
    named = {p for p, head in enumerate(grid.rows) if text in _plain(head.label)} if text else None
    if named is not None:
        ahead = [place for place in named if grid.rows[place].depth]
        while ahead:
            below = parts.get(ahead.pop(), [])
            ahead += below
            named.update(below)
    fitting = {
        place
        for place in range(len(grid.rows))
        if (named is None or place in named) and (within is None or within(place))
    }
    above = {part: parent for parent, each in parts.items() for part in each}
    for place in list(fitting):
        parent = above[place]
        while parent is not None and parent not in fitting:
            fitting.add(parent)
            parent = above[parent]
    return fitting


def _limits(grid: Grid, state: TableState) -> Callable[[int], bool] | None:
    if not (state.least or state.most):
        return None
    column = _column(grid, state.by)
    least = Decimal(state.least) if state.least else None
    most = Decimal(state.most) if state.most else None

    def within(place: int) -> bool:
        cell = grid.cells[place][column]
        if cell is None or isinstance(cell, Suppressed):
            return False
        return (least is None or cell >= least) and (most is None or cell <= most)

    return within


def _column(grid: Grid, wanted: int) -> int:
    if wanted >= len(grid.columns):
        raise NotFound(fault("release_page.no-such-column"))
    return wanted


@dataclass(frozen=True, slots=True)
class _Order:
    """How siblings are ordered: what has no number comes last, whichever way."""

    grid: Grid
    by: str
    descending: bool

    def __call__(self, places: Sequence[int]) -> list[int]:
        if not self.by:
            return list(places)
        if self.by == LABEL:
            rows = self.grid.rows
            return sorted(places, key=lambda p: _plain(rows[p].label), reverse=self.descending)
        column = _column(self.grid, int(self.by))
        cells = {place: self.grid.cells[place][column] for place in places}
        numbers = {p: Decimal(c) for p, c in cells.items() if isinstance(c, Decimal | int)}
        known = sorted(numbers, key=lambda p: numbers[p], reverse=self.descending)
        hidden = [p for p, c in cells.items() if isinstance(c, Suppressed)]
        return [*known, *hidden, *(p for p, c in cells.items() if c is None)]


def _key(grid: Grid, state: TableState) -> _Order:
    by, descending = state.sorted_by
    if by and by != LABEL and not (by.isascii() and by.isdigit() and len(by) <= 9):
        raise NotFound(fault("release_page.no-such-column"))
    return _Order(grid, by, descending)


def _walk(
    parts: Parts, order: _Order, limits: tuple[set[int] | None, frozenset[int]]
) -> Iterator[int]:
    """Rows from the top, each followed by its parts."""
    wanted, folded = limits
    ahead = list(reversed(order(parts[None])))
    while ahead:
        place = ahead.pop()
        if wanted is None or place in wanted:
            yield place
            if place not in folded:
                ahead += reversed(order(parts.get(place, [])))
