"""CSV of a released table: RFC 4180, UTF-8, one line a cell, a hidden cell never a number."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sekisho.formats.cells import (
    ESTIMATE_COLUMNS,
    bounds,
    codes,
    columns,
    labels_of,
    status_of,
    whole_file,
    written,
)
from sekisho.model.table import SUPPRESSED, Row, Suppressed, Table
from sekisho.ports import Format
from sekisho.terms import Language
from sekisho.text import sentence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula.

    A quote goes in front when what follows the leading quotes could begin a formula, so one quote
    less gives the text back.
    """
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """Long form: group columns, the measure, `status`; with noise, error and interval between.

    Without a language: codes of the declaration, `TOTAL` for a total, `published` or
    `confidential`, and nothing in the measure of a hidden cell. With one: the titles and labels
    that people read, and in Japanese the marks of official tables (`X` hidden, `-` zero).
    """

    bom: bool = False
    """Begin with a byte-order mark, which spreadsheet programs in Japan need to see UTF-8."""
    language: Language | None = None

    @property
    def name(self) -> str:
        """`csv`, or `csv-ja` and `csv-en` for people."""
        return f"csv-{self.language.value}" if self.language else "csv"

    @property
    def suffix(self) -> str:
        """What the file name ends with."""
        return f".{self.language.value}.csv" if self.language else ".csv"

    @property
    def media_type(self) -> str:
        """As registered, with the charset."""
        return "text/csv; charset=utf-8"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:  # noqa: ARG002 - a CSV has no room for it
        """Write the whole table.

        Raises: StorageError when the file cannot be written or a group is called `TOTAL`.
        """
        with (
            whole_file(target) as file,
            io.TextIOWrapper(file, "utf-8-sig" if self.bom else "utf-8", newline="") as text,
        ):
            lines = csv.writer(text, lineterminator="\r\n")
            lines.writerows(self._lines(table))

    def _lines(self, table: Table) -> Iterator[list[str]]:
        if self.language is None:
            yield [neutral(name) for name in columns(table)]
            for row in table:
                groups = [neutral(code) for code in codes(table, row)]
                yield [*groups, _number(table, row), *_bounds(table, row), status_of(row.cell)]
        else:
            yield [neutral(title) for title in titles_said(table, self.language)]
            labels = labels_of(table, self.language)
            for row in table:
                groups = [neutral(said) for said in labels_said(table, row, labels, self.language)]
                number, status = _said(table, row, self.language)
                yield [*groups, number, *_bounds(table, row), status]


def _number(table: Table, row: Row) -> str:
    return "" if isinstance(row.cell, Suppressed) else written(row.cell, table.decimals)


def _bounds(table: Table, row: Row) -> list[str]:
    """Standard error and interval; no column for them where no number carries noise."""
    if not table.is_estimated:
        return []
    found = bounds(row)
    if found is None:
        return [""] * len(ESTIMATE_COLUMNS)
    return [written(each, table.decimals) for each in found]


def titles_said(table: Table, language: Language) -> list[str]:
    """What people read over the columns."""
    columns = [title.said(language) for d in table.dimensions for title in d.column_titles]
    unit = sentence(
        "format.measure-with-unit",
        {
            "measure": table.measure_title.said(language),
            "unit": table.unit_of_measure.said(language),
        },
        language,
    )
    estimates = [
        sentence(f"format.{name.replace('_', '-')}", language=language)
        for name in (ESTIMATE_COLUMNS if table.is_estimated else ())
    ]
    return [*columns, unit, *estimates, sentence("format.status", language=language)]


def labels_said(
    table: Table, row: Row, labels: Mapping[tuple[str, str], str], language: Language
) -> Iterator[str]:
    """What people read for the groups of a row."""
    totals = [d.total.said(language) for d in table.dimensions for _ in d.columns]
    for column, group, total in zip(table.group_columns, row.groups, totals, strict=True):
        yield total if group is None else labels.get((column, group), group)


def _said(table: Table, row: Row, language: Language) -> tuple[str, str]:
    if isinstance(row.cell, Suppressed):
        mark = SUPPRESSED.mark(language)
        return (mark if language is Language.JA else "", mark)
    shown = sentence("format.published", language=language)
    if language is Language.JA and row.cell == 0:
        return "-", shown
    return written(row.cell, table.decimals), shown


CSV: Format = CsvFormat()
