"""The table of a release as its page shows it: cells, links that sort and fold, pages of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sekisho.errors import NotFound, fault
from sekisho.model.release import Release
from sekisho.model.table import Cell, Suppressed, Table, Uncertainty
from sekisho.present.pivot import Grid, digits, legend, pivot, said, shown_decimals
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages.table_rows import (
    PAGE_ROWS,
    ShownColumns,
    ShownRows,
    shown_columns,
    shown_rows,
)
from sekisho.web.pages.table_state import LABEL, TableState

BESIDE_COLUMNS = 3
"""A table of so few columns leaves room for the chart beside it."""

MANY_COLUMNS = 9
"""More columns than this are set smaller and closer."""


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections of a release's table, looked at one way; compared by what was released."""

    same: tuple[str, ...]
    language: Language
    order: tuple[int, ...]
    table: Table = field(compare=False)


def sections_of(release: Release, language: Language, order: tuple[int, ...]) -> Sections:
    """What to look up the sections by: the digests of the released files stand for the table."""
    same = (release.id, *sorted(release.files.values()))
    return Sections(same, language, order, release.table)


@lru_cache(maxsize=32)
def _grids(sections: Sections) -> tuple[Grid, ...]:
    return pivot(sections.table, sections.language, sections.order)


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell as the table shows it; `spoken` is what a screen reader says instead of a mark."""

    text: str
    kind: str
    spoken: str
    between: str = ""
    """The interval of a number with noise."""


@dataclass(frozen=True, slots=True)
class HeadView:
    """The head of a column, which sorts by it."""

    label: str
    place: int
    sort: str
    """As `aria-sort` says it; empty when the table is not sorted by it."""
    address: str


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of the table."""

    label: str
    depth: int
    cells: tuple[CellView, ...]
    fold: str | None
    """The query that folds or unfolds its parts; None when it has none."""
    is_folded: bool


@dataclass(frozen=True, slots=True)
class PagerView:
    """Pages of rows or columns: which of how many are shown, and the ways to the others."""

    first: int
    last: int
    all: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class WholeView:
    """A whole section, as it stands."""

    corner: str
    across: str
    columns: tuple[str, ...]
    rows: tuple[RowView, ...]


def whole_sections(table: Table, language: Language) -> list[WholeView]:
    """Every section of a small table, without links."""
    found = []
    for grid in pivot(table, language):
        lines = _Lines(grid, shown_decimals(table), language)
        rows = tuple(
            RowView(
                head.label,
                head.depth,
                lines.cells(place, range(len(grid.columns))),
                "",
                is_folded=False,
            )
            for place, head in enumerate(grid.rows)
        )
        columns = tuple(column.label for column in grid.columns)
        found.append(WholeView(grid.corner, grid.across, columns, rows))
    return found


def table_page(release: Release, state: TableState, language: Language) -> dict[str, object]:
    """The values of `release_table.html`.

    Raises: UsageError, NotFound for what the table has not.
    """
    table = release.table
    view = state.view(table)
    grids = _grids(sections_of(release, language, view.order))
    if state.at >= len(grids):
        raise NotFound(fault("release_page.no-such-part"))
    grid = grids[state.at]
    rows, columns = shown_rows(grid, state), shown_columns(grid, state)
    alone = len(grid.columns) == 1 and bool(grid.bounds)
    return {
        "corner": grid.corner,
        "across": grid.across,
        "section": grid.section,
        "label_head": _head(grid.corner, LABEL, 0, state),
        "heads": [_head(grid.columns[p].label, str(p), p, state) for p in columns.places],
        "rows": _rows(_Lines(grid, shown_decimals(table), language), rows, columns, state),
        "interval_column": alone,
        "shape": _shape(grid, columns),
        "is_narrow": len(grid.columns) + alone <= BESIDE_COLUMNS,
        "count": _count(rows, language),
        "row_pages": _row_pages(rows, state),
        "column_pages": _column_pages(columns, state),
        "fold_all": state.address(fold="all", page=1)
        if rows.parents - rows.folded and not state.is_filtered
        else None,
        "unfold_all": state.address(fold="", page=1) if rows.folded else None,
        "whole": state.address(
            **dict.fromkeys(("find", "least", "most", "sort", "fold"), ""), page=1, by=0
        ),
        "is_whole": not (state.is_filtered or state.sort or state.fold),
        "dimensions": _dimensions(table, view.order, language),
        "sections": [each.section for each in grids] if len(grids) > 1 else [],
        "section_title": _section_title(table, view.order, language),
        "columns": [(p, each.label) for p, each in enumerate(grid.columns)],
        "notes": legend(table, language),
    }


def _shape(grid: Grid, columns: ShownColumns) -> str:
    """Class names: whether the rows have no levels, and whether there are many columns."""
    flat = max((head.depth for head in grid.rows), default=0) < 2
    return f"{' flat' if flat else ''}{' many' if len(columns.places) > MANY_COLUMNS else ''}"


def _head(label: str, by: str, place: int, state: TableState) -> HeadView:
    """Sorting goes from the largest number or the first name to the other end, then to neither."""
    first = "" if by == LABEL else "-"
    now, descending = state.sorted_by
    steps = [f"{first}{by}", f"{'' if first else '-'}{by}", ""]
    upcoming = steps[steps.index(state.sort) + 1] if state.sort in steps[:2] else steps[0]
    sort = ("descending" if descending else "ascending") if now == by else ""
    return HeadView(label, place, sort, state.address(sort=upcoming, page=1))


@dataclass(frozen=True, slots=True)
class _Lines:
    grid: Grid
    decimals: int
    language: Language

    def cell(self, cell: Cell | None, known: Uncertainty | None) -> CellView:
        """The cell as the table shows it."""
        text = said(cell, self.decimals, self.language)
        if cell is None:
            return CellView(text, "nothing", sentence("web.spoken-nothing", None, self.language))
        if isinstance(cell, Suppressed):
            return CellView(text, "hidden", sentence("web.spoken-hidden", None, self.language))
        if known is None:
            return CellView(text, "number", "")
        low, high = (digits(end, self.decimals) for end in (known.low, known.high))
        ends = {"low": low, "high": high}
        return CellView(text, "number", "", sentence("release_page.between", ends, self.language))

    def cells(self, row: int, places: Sequence[int]) -> tuple[CellView, ...]:
        """The cells of a row."""
        line = self.grid.cells[row]
        bounds = self.grid.bounds[row] if self.grid.bounds else (None,) * len(line)
        return tuple(self.cell(line[place], bounds[place]) for place in places)


def _rows(
    lines: _Lines, rows: ShownRows, columns: ShownColumns, state: TableState
) -> list[RowView]:
    def fold(place: int) -> str | None:
        if place not in rows.parents or state.is_filtered:
            return None
        changed = sorted(rows.folded ^ {place})
        everything = rows.parents == frozenset(changed)
        return state.address(fold="all" if everything else ".".join(map(str, changed)), page=1)

    return [
        RowView(
            lines.grid.rows[place].label,
            lines.grid.rows[place].depth,
            lines.cells(place, columns.places),
            fold(place),
            place in rows.folded,
        )
        for place in rows.places
    ]


def _count(rows: ShownRows, language: Language) -> str:
    fields = {"found": f"{rows.found:,}", "all": f"{rows.all:,}", "folded": f"{rows.parts:,}"}
    if rows.found == rows.all:
        return sentence("release_page.count-all", fields, language)
    code = "count-folded" if rows.parts else "count-found"
    return sentence(f"release_page.{code}", fields, language)


def _row_pages(rows: ShownRows, state: TableState) -> PagerView | None:
    if rows.pages == 1:
        return None
    first = (rows.page - 1) * PAGE_ROWS + 1
    return PagerView(
        first,
        first + len(rows.places) - 1,
        rows.found,
        state.address(page=rows.page - 1) if rows.page > 1 else None,
        state.address(page=rows.page + 1) if rows.page < rows.pages else None,
    )


def _column_pages(columns: ShownColumns, state: TableState) -> PagerView | None:
    if columns.pages == 1:
        return None
    return PagerView(
        columns.places.start + 1,
        columns.places.stop,
        columns.all,
        state.address(part=columns.page - 1) if columns.page > 1 else None,
        state.address(part=columns.page + 1) if columns.page < columns.pages else None,
    )


def _dimensions(
    table: Table, order: tuple[int, ...], language: Language
) -> list[dict[str, object]]:
    """The dimensions to choose from, when there are more than one; which are down and across."""
    places = order or tuple(range(len(table.dimensions)))
    if len(places) < 2:
        return []
    return [
        {
            "id": dimension.id,
            "title": dimension.title.said(language),
            "down": place == places[0],
            "across": place == places[1],
        }
        for place, dimension in enumerate(table.dimensions)
    ]


def _section_title(table: Table, order: tuple[int, ...], language: Language) -> str:
    places = order or tuple(range(len(table.dimensions)))
    return " / ".join(table.dimensions[place].title.said(language) for place in places[2:])


def plain_state(state: TableState) -> TableState:
    """The state without what only orders or narrows rows: what a chart depends on."""
    return replace(
        TableState(), rows=state.rows, columns=state.columns, at=state.at, show=state.show
    )
