"""A table on a terminal: as many rows and columns as fit, and a line that says what is left out."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text as RichText

from sekisho.model.table import Suppressed, Table
from sekisho.present.pivot import Grid, legend, pivot, said, shortened, shown_decimals
from sekisho.terms import Language
from sekisho.text import sentence

_LABEL_SHARE = 0.4
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Space:
    """How much room a table may take."""

    width: int = 80
    """Columns of the terminal."""
    max_rows: int = 12
    in_blocks: bool = False
    """Columns that do not fit follow below instead of being left out; every section is shown."""


_DEFAULT = Space()


def print_table(
    table: Table, language: Language, *, limit: int | None = 12, whole: str = ""
) -> None:
    """Print the first `limit` rows of a table, or all; `whole` is the file that holds it."""
    console = Console(highlight=False, soft_wrap=False)
    rows = len(table.rows) if limit is None else limit
    space = Space(console.width, rows, in_blocks=limit is None)
    console.print(terminal_table(table, language, space, file=whole), crop=False)


def terminal_table(
    table: Table, language: Language, space: Space = _DEFAULT, *, file: str = ""
) -> RenderableType:
    """The table's first section, shortened to the space; `file` is where the whole one lies."""
    grids = pivot(table, language)
    parts: list[RenderableType] = [
        RichText(table.title.said(language), style="bold"),
        RichText(_measure(table, language), style="dim"),
    ]
    if space.in_blocks:
        parts += [part for grid in grids for part in _blocks(table, grid, language, space)]
        cut = ""
    else:
        columns = _fitting(table, grids[0], language, space)
        rows = min(space.max_rows, len(grids[0].rows))
        parts.append(_drawn(table, grids[0], language, (rows, columns)))
        cut = shortened(grids, (rows, columns), language, file)
    if cut:
        # one line however long, so that the terminal wraps it and the path can be copied whole
        parts.append(RichText(cut, no_wrap=True, overflow="ignore"))
    parts += [RichText(line) for line in legend(table, language)]
    return Group(*parts)


def _blocks(table: Table, grid: Grid, language: Language, space: Space) -> Iterator[RenderableType]:
    """The whole section, as many columns as fit at a time."""
    if grid.section:
        yield RichText(grid.section, style="bold")
    left = grid
    while left.columns:
        columns = _fitting(table, left, language, space)
        yield _drawn(table, left, language, (len(left.rows), columns))
        rest = tuple(line[columns:] for line in left.cells)
        left = replace(left, columns=left.columns[columns:], cells=rest)
        if left.columns:
            yield RichText("")


def table_text(table: Table, language: Language, space: Space = _DEFAULT, *, file: str = "") -> str:
    """The same as plain text."""
    out = io.StringIO()
    console = Console(file=out, width=space.width, color_system=None, legacy_windows=False)
    console.print(terminal_table(table, language, space, file=file), highlight=False, crop=False)
    return out.getvalue()


def _measure(table: Table, language: Language) -> str:
    fields = {
        "measure": table.measure_title.said(language),
        "unit": table.unit_of_measure.said(language),
    }
    return sentence("format.measure-with-unit", fields, language)


def _fitting(table: Table, grid: Grid, language: Language, space: Space) -> int:
    decimals = shown_decimals(table)
    wide = max((len(_INDENT) * r.depth + RichText(r.label).cell_len for r in grid.rows), default=0)
    left = space.width - min(wide, int(space.width * _LABEL_SHARE)) - 2
    fits = 0
    for place, column in enumerate(grid.columns):
        texts = [said(line[place], decimals, language) for line in grid.cells[: space.max_rows]]
        left -= 2 + max(RichText(text).cell_len for text in (*texts, column.label))
        if left < 0:
            break
        fits += 1
    return max(fits, 1)


def _drawn(table: Table, grid: Grid, language: Language, size: tuple[int, int]) -> RichTable:
    rows, columns = size
    decimals = shown_decimals(table)
    drawn = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    drawn.add_column(RichText(grid.corner), overflow="ellipsis", no_wrap=True)
    for column in grid.columns[:columns]:
        drawn.add_column(RichText(column.label), justify="right", no_wrap=True)
    for head, line in list(zip(grid.rows, grid.cells, strict=True))[:rows]:
        style = "bold" if head.depth == 0 else ""
        cells = [
            RichText(
                said(cell, decimals, language),
                style="yellow" if isinstance(cell, Suppressed) else "",
            )
            for cell in line[:columns]
        ]
        drawn.add_row(RichText(_INDENT * head.depth + head.label), *cells, style=style)
    return drawn
