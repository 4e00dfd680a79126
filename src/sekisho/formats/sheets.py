"""Finished tables as offices keep them: CSV in any usual encoding, XLSX with merged cells.

What a file conceals (hidden sheets, rows, columns, comments) is told, not passed over: it leaves
with the file.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from sekisho.errors import DeliveryError, fault
from sekisho.formats.unpack import FileKind, Limits, harmless_package, kind_of
from sekisho.model.sheet import TYPED, Sheet, Span, sheet

MIB = 1024 * 1024
MOST_BYTES = 256 * MIB
MOST_CELLS = 6_000_000
_LIMITS = Limits(packed=128 * MIB, part=1024 * MIB, unpacked=2048 * MIB)
_DELIMITERS = ",;\t|"
_SAMPLE = 64 * 1024
_LINES = 60


def read_sheets(file: Path) -> list[Sheet]:
    """Every sheet of a CSV or XLSX file.

    Raises: DeliveryError when the file is neither, is damaged, or is too large.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DeliveryError(fault("sheets.too-large", file=file.name, most=MOST_BYTES // MIB))
        data = file.read_bytes()
    except OSError:
        raise DeliveryError(fault("sheets.unreadable", file=file.name)) from None
    kind = kind_of(data)
    if kind is FileKind.XLSX or (kind is FileKind.ZIP and file.suffix.lower() == ".xlsx"):
        return list(_workbook(file.name, data))
    if kind in {FileKind.TEXT, FileKind.OTHER}:
        return [_text(file.name, data)]
    raise DeliveryError(fault("sheets.another-kind", file=file.name, found=kind.value))


def _text(name: str, data: bytes) -> Sheet:
    text = _decoded(name, data)
    rows, cells = [], 0
    try:
        for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text)):
            cells += len(row)
            if cells > MOST_CELLS:
                raise DeliveryError(fault("sheets.too-many-cells", file=name, most=MOST_CELLS))
            rows.append(row)
    except csv.Error:
        raise DeliveryError(fault("sheets.damaged", file=name)) from None
    return sheet("", rows)


def _delimiter(text: str) -> str:
    """The sign that parts the first lines into the most columns, the same number in most lines.

    Counted outside quotes; a comma where nothing parts them.
    """
    lines = [line.split('"')[::2] for line in text[:_SAMPLE].splitlines()[:_LINES]]
    best, most = ",", 0
    for sign in _DELIMITERS:
        counts = Counter(sum(part.count(sign) for part in line) for line in lines)
        counts.pop(0, None)
        columns, often = max(counts.items(), key=lambda each: each[::-1], default=(0, 0))
        if columns * often > most:
            best, most = sign, columns * often
    return best


def _decoded(name: str, data: bytes) -> str:
    """The text in the first encoding that fits: UTF-8, UTF-16 with its mark, Shift_JIS, Latin."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp932", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text.replace(TYPED, "")
    raise DeliveryError(fault("sheets.not-text", file=name))


def _workbook(name: str, data: bytes) -> Iterator[Sheet]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        package = harmless_package(data, FileKind.XLSX, _LIMITS)
    except DeliveryError as error:
        raise DeliveryError(fault("sheets.refused", file=name), *error.faults) from None
    try:
        book = openpyxl.load_workbook(package, data_only=True, keep_links=False)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, InvalidFileException):
        raise DeliveryError(fault("sheets.damaged", file=name)) from None
    for each in book.worksheets:
        if (each.max_row or 0) * (each.max_column or 0) > MOST_CELLS:
            raise DeliveryError(fault("sheets.too-many-cells", file=name, most=MOST_CELLS))
        yield _worksheet(each)


def _worksheet(each) -> Sheet:  # type: ignore[no-untyped-def]  # openpyxl ships no types
    rows: list[list[str]] = []
    indents, comments = [], False
    for r, row in enumerate(each.iter_rows()):
        rows.append([_cell_text(cell) for cell in row])
        for c, cell in enumerate(row):
            comments |= cell.comment is not None
            if cell.alignment is not None and cell.alignment.indent:
                indents.append((r, c, int(cell.alignment.indent)))
    merged: list[Span] = [
        (span.min_row - 1, span.min_col - 1, span.max_row - 1, span.max_col - 1)
        for span in each.merged_cells.ranges
    ]
    concealed = []
    if each.sheet_state != "visible":
        concealed.append("sheet")
    if any(dimension.hidden for dimension in each.row_dimensions.values()):
        concealed.append("rows")
    if any(dimension.hidden for dimension in each.column_dimensions.values()):
        concealed.append("columns")
    if comments:
        concealed.append("comments")
    return sheet(each.title, rows, merged, indents, concealed)


_DIGITS = 9


def _cell_text(cell) -> str:  # type: ignore[no-untyped-def]
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            return "nan"
        percent = "%" in (cell.number_format or "")
        number = round(Decimal(repr(value)) * (100 if percent else 1), _DIGITS).normalize()
        return f"{TYPED}{number:f}{'%' if percent else ''}"
    return str(value).replace(TYPED, "")
