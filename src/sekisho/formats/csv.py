"""CSV of a released table: RFC 4180, UTF-8, one line a cell, a hidden cell never a number."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sekisho.formats.cells import (
    CONFIDENTIAL,
    ESTIMATE_COLUMNS,
    PUBLISHED,
    Told,
    batches,
    bounds,
    code_of,
    columns,
    groups_columns,
    labellers,
    numbers_told,
    whole_file,
    writer,
)
from sekisho.model.table import SUPPRESSED, Row, Table
from sekisho.ports import Format
from sekisho.terms import Language
from sekisho.text import sentence

_QUOTED = ('"', ",", "\r", "\n")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SKIPPED = "' \u00a0\u3000\u200b\u2060\ufeff"
"""What programs leave out before they look at a text: a byte-order mark is the first of them."""


def neutral(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula.

    A quote goes in front when what follows the leading quotes, spaces and marks that nobody sees
    could begin a formula, so one quote less gives the text back.
    """
    return f"'{text}" if text.lstrip(_SKIPPED).startswith(_FORMULA_STARTS) else text


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
        """Write the whole table, line by line.

        Raises: StorageError when the file cannot be written or a group is called `TOTAL`.
        """
        with (
            whole_file(target) as file,
            io.TextIOWrapper(file, "utf-8-sig" if self.bom else "utf-8", newline="") as text,
        ):
            titles = columns(table) if self.language is None else titles_said(table, self.language)
            text.write(",".join(field(title) for title in titles) + "\r\n")
            text.writelines(self._lines(table))

    def _lines(self, table: Table) -> Iterator[str]:
        told = [Told(each) for each in self._tells(table)]
        rest = _in_codes(table) if self.language is None else _said(table, self.language)
        for rows in batches(table):
            said = [*groups_columns(rows, told), *rest(rows)]
            yield "\r\n".join([*map(",".join, zip(*said, strict=True)), ""])

    def _tells(self, table: Table) -> Iterator[Callable[[str | None], str]]:
        """How the groups of each column are written."""
        if self.language is None:
            says = [code_of(table, column) for column in table.group_columns]
        else:
            says = labellers(table, self.language)
        for say in says:
            yield lambda group, say=say: field(say(group))  # type: ignore[misc]


def field(text: str) -> str:
    """The text as a field of a line: no formula, and in quotes where RFC 4180 asks for them."""
    safe = neutral(text)
    if any(mark in safe for mark in _QUOTED):
        return '"' + safe.replace('"', '""') + '"'
    return safe


Columns = Callable[[Sequence[Row]], list[Sequence[str]]]
"""Rows -> what stands behind the groups in their lines, column by column."""


def _in_codes(table: Table) -> Columns:
    """For programs: number, bounds, status."""

    def rest(rows: Sequence[Row]) -> list[Sequence[str]]:
        numbers = numbers_told(rows, table.decimals)
        status = [PUBLISHED if number else CONFIDENTIAL for number in numbers]
        return [numbers, *(_bounds(table, rows) if estimated else ()), status]

    estimated = table.is_estimated
    return rest


def _said(table: Table, language: Language) -> Columns:
    """The same for people, with the marks of official tables in Japanese."""
    mark, estimated = SUPPRESSED.mark(language), table.is_estimated
    shown = sentence("format.published", language=language)
    japanese = language is Language.JA

    def rest(rows: Sequence[Row]) -> list[Sequence[str]]:
        numbers = numbers_told(rows, table.decimals)
        status = [shown if number else mark for number in numbers]
        if japanese:
            pairs = zip(numbers, rows, strict=True)
            numbers = ["-" if row.cell == 0 else number or mark for number, row in pairs]
        return [numbers, *(_bounds(table, rows) if estimated else ()), status]

    return rest


def _bounds(table: Table, rows: Sequence[Row]) -> list[Sequence[str]]:
    """Standard error and interval; no column for them where no number carries noise."""
    write, none = writer(table.decimals), ("",) * len(ESTIMATE_COLUMNS)
    found = [bounds(row) for row in rows]
    ends = [none if each is None else tuple(map(write, each)) for each in found]
    return list(zip(*ends, strict=True))


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


CSV: Format = CsvFormat()
