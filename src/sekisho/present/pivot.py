"""A table as people read it: the first dimension down, the second across."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

from sekisho.formats.cells import labels_of
from sekisho.model.table import Cell, Row, Suppressed, Table, TableDimension, Uncertainty
from sekisho.terms import Language
from sekisho.text import sentence

_ROUND_FROM = 100_000
"""From this size of the largest number on, decimals are left to the downloads."""

Groups = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a row or column: a group of one dimension, or its total."""

    label: str
    depth: int
    """0 for the total, 1 for the widest level, and so on."""
    groups: Groups


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and columns of one section; a cell is None where the table has none."""

    section: str
    """What the third and further dimensions are fixed at; empty when there are only two."""
    corner: str
    across: str
    columns: tuple[Heading, ...]
    rows: tuple[Heading, ...]
    cells: tuple[tuple[Cell | None, ...], ...]
    bounds: tuple[tuple[Uncertainty | None, ...], ...] = ()
    """As `cells`: how far noise may have carried each number; empty when nothing is known."""


def pivot(table: Table, language: Language, order: Sequence[int] = ()) -> tuple[Grid, ...]:
    """The table's sections, headings in the order in which the rows bring them.

    `order` names the dimensions by their place, what goes down first, then what goes across;
    empty for the order that the table has.
    """
    places = tuple(order) or tuple(range(len(table.dimensions)))
    widths = [len(dimension.columns) for dimension in table.dimensions]
    placed = {
        tuple(parts[place] for place in places): row
        for row in table
        for parts in (_split(row.groups, widths),)
    }
    labels = labels_of(table, language)
    heads = [
        [
            _heading(labels, table.dimensions[place], groups, language)
            for groups in dict.fromkeys(key[i] for key in placed)
        ]
        for i, place in enumerate(places)
    ]
    down = heads[0] if heads else []
    across = heads[1] if len(heads) > 1 else [Heading(table.measure_title.said(language), 0, ())]
    titles = [table.dimensions[place].title.said(language) for place in places]
    return tuple(
        _grid(placed, (down, across, rest), titles, bounded=table.has_intervals)
        for rest in product(*heads[2:])
    )


def _grid(
    placed: Mapping[tuple[Groups, ...], Row],
    heads: tuple[list[Heading], list[Heading], tuple[Heading, ...]],
    titles: Sequence[str],
    *,
    bounded: bool,
) -> Grid:
    down, across, rest = heads
    two = len(titles) > 1
    fixed = tuple(head.groups for head in rest)

    def at(row: Heading, column: Heading) -> Row | None:
        own = (row.groups, column.groups) if two else (row.groups,)
        return placed.get((*own, *fixed))

    lines = [[at(row, column) for column in across] for row in down]
    known = [[each.uncertainty if each else None for each in line] for line in lines]
    return Grid(
        section=" / ".join(head.label for head in rest),
        corner=titles[0] if titles else "",
        across=titles[1] if two else "",
        columns=tuple(across),
        rows=tuple(down),
        cells=tuple(tuple(each.cell if each else None for each in line) for line in lines),
        bounds=tuple(map(tuple, known)) if bounded else (),
    )


def _split(groups: Groups, widths: Iterable[int]) -> tuple[Groups, ...]:
    parts, start = [], 0
    for width in widths:
        parts.append(groups[start : start + width])
        start += width
    return tuple(parts)


def _heading(
    labels: Mapping[tuple[str, str], str],
    dimension: TableDimension,
    groups: Groups,
    language: Language,
) -> Heading:
    depth = sum(group is not None for group in groups)
    if depth == 0:
        return Heading(dimension.total.said(language), 0, groups)
    finest = max(i for i, group in enumerate(groups) if group is not None)
    group = str(groups[finest])
    return Heading(labels.get((dimension.columns[finest], group), group), depth, groups)


def shown_decimals(table: Table) -> int:
    """How many decimals people see: none in a table with large numbers, else all."""
    numbers = [Decimal(row.cell) for row in table if not isinstance(row.cell, Suppressed)]
    largest = max(map(abs, numbers), default=Decimal(0))
    return 0 if largest >= _ROUND_FROM else table.decimals


def hidden_mark(language: Language) -> str:
    """The short mark of a hidden cell: `[c]`, as in British, and `X`, as in Japanese tables."""
    return "X" if language is Language.JA else "[c]"


def said(cell: Cell | None, decimals: int, language: Language) -> str:
    """What people read in a cell: digits in threes, the mark of a hidden cell, or a dash."""
    if cell is None:
        return "-" if language is Language.JA else "–"
    if isinstance(cell, Suppressed):
        return hidden_mark(language)
    if cell == 0 and language is Language.JA:
        return "-"
    return digits(cell, decimals)


def digits(number: Decimal | int, decimals: int) -> str:
    """A number in threes; zero is 0 also where a table writes a dash."""
    rounded = Decimal(number).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded + 0:,f}"


def legend(table: Table, language: Language) -> list[str]:
    """Sentences under the table: what the marks mean, and what was rounded for reading."""
    grids = pivot(table, language)
    cells = [cell for grid in grids for line in grid.cells for cell in line]
    told = []
    if table.hidden:
        fields = {"mark": hidden_mark(language), "hidden": table.hidden, "cells": len(table.rows)}
        told.append(sentence("present.hidden-means", fields, language))
    if table.is_estimated:
        told.append(_noise(table, language))
    dash = said(None, 0, language)
    if None in cells or (language is Language.JA and any(cell == 0 for cell in cells)):
        means = "dash-means-estimated" if table.is_estimated else "dash-means"
        told.append(sentence(f"present.{means}", {"mark": dash}, language))
    if shown_decimals(table) < table.decimals:
        told.append(sentence("present.rounded", language=language))
    return told


def _noise(table: Table, language: Language) -> str:
    """That the numbers are estimates, and how far noise carries them."""
    errors = [row.uncertainty.standard_error for row in table if row.uncertainty is not None]
    if not errors:
        return sentence("present.noise-means-drawn", language=language)
    decimals = max(shown_decimals(table), _two_digits(min(errors)))
    least, most = (said(each, decimals, language) for each in (min(errors), max(errors)))
    fields = {"least": least, "most": most, "unit": table.unit_of_measure.said(language)}
    return sentence(f"present.noise-{'means' if least != most else 'means-one'}", fields, language)


def _two_digits(number: Decimal) -> int:
    """How many of its decimals show the first two digits of a number; three at most."""
    held = -int(number.as_tuple().exponent)
    return max(min(1 - number.adjusted(), held, 3), 0)


def shortened(
    grids: tuple[Grid, ...], shown: tuple[int, int], language: Language, file: str
) -> str:
    """What of the table is shown when only the first section's first rows and columns are.

    Empty when that is everything.
    """
    rows, columns = shown
    every_row = sum(len(grid.rows) for grid in grids)
    every_column = len(grids[0].columns)
    cut = [rows < every_row, columns < every_column]
    if not any(cut):
        return ""
    fields = {
        "rows": rows,
        "all_rows": every_row,
        "columns": columns,
        "all_columns": every_column,
    }
    which = "both" if all(cut) else "rows" if cut[0] else "columns"
    what = sentence(f"present.shortened-{which}", fields, language)
    code = "present.shortened-see" if file else "present.shortened"
    return sentence(code, {"what": what, "file": file}, language)
