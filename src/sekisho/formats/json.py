"""JSON of a released table: one object, byte for byte the same on every run."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sekisho.formats.cells import (
    CONFIDENTIAL,
    ESTIMATE_COLUMNS,
    Told,
    batches,
    bounds,
    groups_told,
    whole_file,
    writer,
)
from sekisho.model.table import Row, Suppressed, Table, TableDimension
from sekisho.model.text import Text
from sekisho.ports import Format

SCHEMA = "sekisho.table"
VERSION = 1


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """Everything about the table, then one line a cell.

    A shown cell is `{"value": "12.30"}`, its decimals as a string so that no reader rounds it, with
    `standard_error`, `low` and `high` beside it where it carries noise, and `counted` where it puts
    back what scaling down took; a hidden one is `{"status": "confidential"}`. A group that is null
    is a total over its column.
    """

    name: str = "json"
    suffix: str = ".json"
    media_type: str = "application/json"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the whole table.

        Raises: StorageError when the file cannot be written.
        """
        with whole_file(target) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
            text.writelines(_pieces(table, about))


def table_document(table: Table, about: Mapping[str, object]) -> dict[str, object]:
    """What the file says before the rows."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "table": table.id,
        "title": _both(table.title),
        "about": {name: about[name] for name in sorted(about)},
        "dimensions": [_dimension(dimension) for dimension in table.dimensions],
        "measure": {
            "id": table.measure,
            "title": _both(table.measure_title),
            "unit_of_measure": _both(table.unit_of_measure),
            "decimals": table.decimals,
        },
        "labels": [
            {"column": column, "value": value, "label": _both(label)}
            for column, value, label in _labels_in_use(table)
        ],
        "cells": {"shown": table.shown, "hidden": table.hidden},
    }


def _pieces(table: Table, about: Mapping[str, object]) -> Iterator[str]:
    head = json.dumps(table_document(table, about), ensure_ascii=False, indent=1, allow_nan=False)
    yield head.removesuffix("\n}")
    yield ',\n "rows": ['
    between = "\n  "
    for line in _lines(table):
        yield between + line
        between = ",\n  "
    yield "\n ]\n}\n"


def _lines(table: Table) -> Iterator[str]:
    """One object a cell; a group is put into JSON once, however many cells have it."""
    told = [Told(lambda group: json.dumps(group, ensure_ascii=False)) for _ in table.group_columns]
    hidden = f'{{"status":"{CONFIDENTIAL}"}}'
    estimated, write = table.is_estimated, writer(table.decimals)
    for rows in batches(table):
        for groups, row in zip(groups_told(rows, told, ","), rows, strict=True):
            if isinstance(row.cell, Suppressed):
                cell = hidden
            else:
                ends = _bounds(row, write) + _counted(row, write) if estimated else ""
                cell = f'{{"value":"{write(row.cell)}"{ends}}}'
            yield f'{{"groups":[{groups}],"cell":{cell}}}'


def _bounds(row: Row, write: Callable[[Decimal], str]) -> str:
    found = zip(ESTIMATE_COLUMNS, bounds(row) or (), strict=False)
    return "".join(f',"{name}":"{write(each)}"' for name, each in found)


def _counted(row: Row, write: Callable[[Decimal], str]) -> str:
    """What was counted before it was corrected for large contributions, where it was."""
    if row.counted is None:
        return ""
    inside = _bounds(Row((), row.counted.cell, row.counted.uncertainty), write)
    return f',"counted":{{"value":"{write(row.counted.cell)}"{inside}}}'


def _labels_in_use(table: Table) -> list[tuple[str, str, Text]]:
    """The labels of groups that occur: a look-up may know many more."""
    columns = table.group_columns
    occurring = {
        (column, group)
        for place, column in enumerate(columns)
        for group in {row.groups[place] for row in table.rows}
    }
    return [each for each in table.labels if (each[0], each[1]) in occurring]


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "ja": text.ja}


def _dimension(dimension: TableDimension) -> dict[str, object]:
    return {
        "id": dimension.id,
        "title": _both(dimension.title),
        "columns": [
            {"id": column, "title": _both(title)}
            for column, title in zip(dimension.columns, dimension.column_titles, strict=True)
        ],
        "total": _both(dimension.total),
    }


JSON: Format = JsonFormat()
