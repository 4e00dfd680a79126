"""Finished tables as offices keep them: CSV in any usual encoding, XLSX with merged cells.

What a file conceals (hidden sheets, rows, columns, comments) is told, not passed over: it leaves
with the file.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from sekisho.errors import DeliveryError, fault
from sekisho.formats.unpack import FileKind, Limits, kind_of, packed, unpack
from sekisho.model.sheet import TYPED, Sheet, Span, sheet

MIB = 1024 * 1024
MOST_BYTES = 256 * MIB
MOST_CELLS = 10_000_000
_ROWS_OF_A_SHEET = 1_048_576
_DIGITS_OF_A_ROW = 7
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
    rows: list[list[str]] = []
    known: dict[str, str] = {}
    room = _Room(name)
    try:
        for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text)):
            room.take(len(row))
            rows.append([known.setdefault(cell, cell) for cell in row])
    except csv.Error:
        raise DeliveryError(fault("sheets.damaged", file=name)) from None
    return sheet("", rows)


@dataclass(slots=True)
class _Room:
    """Counts the cells that a sheet has once all its rows are as wide as the widest."""

    name: str
    most_rows: int = MOST_CELLS
    rows: int = 0
    width: int = 0

    def take(self, cells: int) -> None:
        """One more row. Raises: DeliveryError when the sheet has become too large."""
        self.rows += 1
        self.width = max(self.width, cells, 1)
        if self.rows * self.width > MOST_CELLS or self.rows > self.most_rows:
            raise DeliveryError(fault("sheets.too-many-cells", file=self.name, most=MOST_CELLS))


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
        parts = unpack(data, FileKind.XLSX, _LIMITS)
    except DeliveryError as error:
        raise DeliveryError(fault("sheets.refused", file=name), *error.faults) from None
    wrong = (ValueError, KeyError, TypeError, AttributeError, IndexError, InvalidFileException)
    try:
        book = openpyxl.load_workbook(packed(parts), read_only=True, data_only=True)
        for each in book.worksheets:
            yield _worksheet(name, each, parts)
        book.close()
    except wrong:
        raise DeliveryError(fault("sheets.damaged", file=name)) from None


def _worksheet(name: str, each, parts: Mapping[str, bytes]) -> Sheet:  # type: ignore[no-untyped-def]  # openpyxl ships no types
    path = each._worksheet_path.lstrip("/")  # noqa: SLF001 - no public name for it
    seen = _Beside(name)
    seen.read(parts.get(path, b""))
    # What the sheet says of its own size need not be true.
    each.reset_dimensions()
    rows: list[list[str]] = []
    indents: list[tuple[int, int, int]] = []
    known: dict[str, str] = {}
    room = _Room(name, _ROWS_OF_A_SHEET)
    for r, row in enumerate(each.rows):
        room.take(len(row))
        texts = [_cell_text(cell) for cell in row]
        rows.append([known.setdefault(text, text) for text in texts])
        for c, cell in enumerate(row):
            if cell.value is not None and (steps := _indent_of(cell)):
                indents.append((r, c, steps))
    folder, _, last = path.rpartition("/")
    relations = parts.get(f"{folder}/_rels/{last}.rels", b"").lower()
    concealed = [
        what
        for what, is_so in (
            ("sheet", each.sheet_state != "visible"),
            ("rows", seen.hidden_rows),
            ("columns", seen.hidden_columns),
            ("comments", b"/comments" in relations or b"/threadedcomment" in relations),
        )
        if is_so
    ]
    return sheet(each.title, rows, seen.merged, indents, concealed)


def _indent_of(cell) -> int:  # type: ignore[no-untyped-def]
    alignment = cell.alignment if cell.has_style else None
    return int(alignment.indent or 0) if alignment is not None else 0


@dataclass(slots=True)
class _Beside:
    """What a sheet says beside its cells: merged ranges, hidden rows and columns."""

    name: str
    merged: list[Span] = field(default_factory=list)
    hidden_rows: bool = False
    hidden_columns: bool = False

    def read(self, content: bytes) -> None:
        """Take it from the sheet's XML, which has been checked before."""
        from xml.parsers import expat

        parser = expat.ParserCreate()
        parser.StartElementHandler = self._element
        parser.Parse(content, True)  # noqa: FBT003 - expat's own signature

    def _element(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "mergeCell":
            from openpyxl.utils.cell import range_boundaries

            left, top, right, bottom = range_boundaries(attributes["ref"])
            self.merged.append((top - 1, left - 1, bottom - 1, right - 1))
        elif name == "row" and len(attributes.get("r", "")) > _DIGITS_OF_A_ROW:
            # Rows up to it would be made, one by one.
            raise DeliveryError(fault("sheets.too-many-cells", file=self.name, most=MOST_CELLS))
        elif name in {"row", "col"} and attributes.get("hidden") in {"1", "true"}:
            self.hidden_rows |= name == "row"
            self.hidden_columns |= name == "col"


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
