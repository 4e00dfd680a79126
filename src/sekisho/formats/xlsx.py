"""XLSX: workbooks are written with XlsxWriter and read back with openpyxl, both only here.

Text is written as text: no cell becomes a formula, a link or a number, whatever it begins with. A
file passes `unpack` before it is read, and a formula in it is refused: its value could be another
on every machine.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

from sekisho.errors import DeliveryError, StorageError, fault
from sekisho.formats.csv import neutral
from sekisho.formats.unpack import FileKind, packed, unpack
from sekisho.model.characters import shown
from sekisho.model.workbook import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    MOST_ROWS,
    Book,
    BookSheet,
    Value,
    characters,
)

MOST_CELLS_READ = 2_000_000
_LONGEST_NAME = 31
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", "-"))
_FIRST_DAY = date(1900, 3, 1)
"""Before it spreadsheet programs count days that never were."""
_EXACT_DIGITS = 15
_LISTS = "Lists"
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_KEPT = "\ufdd0\ufdd1"
"""Two code points that are no characters and stand in no text."""


_AS_WRITTEN = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


def write_xlsx(book: Book) -> bytes:
    """The workbook as XLSX; the same book gives the same bytes.

    Raises: StorageError when a text or a sheet is larger than spreadsheets can hold: a file that
    they would cut is never written.
    """
    from xlsxwriter import Workbook

    _check(book)
    whole = io.BytesIO()
    with Workbook(whole, {"in_memory": True, **_AS_WRITTEN}) as made:
        made.set_properties({"title": book.title, "created": datetime.combine(book.on, time())})
        styles = _styles(made)
        names = _sheet_names([each.name for each in book.sheets])
        sheets = [made.add_worksheet(name) for name in names]
        lists = _write_lists(made, book) if any(each.choices for each in book.sheets) else {}
        for written, sheet in zip(sheets, book.sheets, strict=True):
            _write_sheet(written, sheet, styles)
            _offer_choices(written, sheet, lists)
    return whole.getvalue()


@dataclass(frozen=True, slots=True)
class LongSheet:
    """A sheet whose rows are written as they come and never held together."""

    name: str
    head: tuple[str, ...]
    rows: Iterable[Sequence[Value]]
    count: int
    """How many rows come."""
    texts: frozenset[str]
    """Every text that stands in them; what is long or looks like a formula is found before."""
    widths: tuple[int, ...] = ()
    decimals: int = 0
    """Of the numbers in it."""


def stream_xlsx(title: str, on: date, sheets: Sequence[LongSheet], target: BinaryIO) -> None:
    """Write a workbook row by row; the same rows give the same bytes.

    Raises: StorageError when a text or a sheet is larger than spreadsheets can hold; then nothing
    has been written.
    """
    from xlsxwriter import Workbook

    for sheet in sheets:
        _check_size(sheet.name, sheet.count + 1, len(sheet.head))
        for text in (*sheet.head, *sheet.texts):
            _check_text(sheet.name, 1, text)
    options = {"constant_memory": True, "use_zip64": True, **_AS_WRITTEN}
    with Workbook(target, options) as made:
        made.set_properties({"title": title, "created": datetime.combine(on, time())})
        styles = _styles(made)
        for name, sheet in zip(_sheet_names([s.name for s in sheets]), sheets, strict=True):
            places = f".{'0' * sheet.decimals}" if sheet.decimals else ""
            number = made.add_format({"valign": "top", "num_format": f"#,##0{places}"})
            _stream_sheet(made.add_worksheet(name), sheet, {**styles, "number": number})


def _stream_sheet(written: Any, sheet: LongSheet, styles: dict[str, Any]) -> None:
    for column, width in enumerate(sheet.widths):
        written.set_column(column, column, width)
    if sheet.head:
        written.freeze_panes(1, 0)
    for column, text in enumerate(sheet.head):
        written.write_string(0, column, shown(text), styles["head"])
    texts = {text: _as_text(text, styles, "text") for text in sheet.texts if text}
    number_style, write_string, write_number = (
        styles["number"],
        written.write_string,
        written.write_number,
    )
    for number, row in enumerate(sheet.rows, 1 if sheet.head else 0):
        for column, value in enumerate(row):
            if isinstance(value, str):
                if value:
                    write_string(number, column, *texts[value])
            elif isinstance(value, Decimal) and _is_exact(value):
                write_number(number, column, float(value), number_style)
            else:
                _write_cell(written, (number, column), value, styles, "text")


def _check_size(name: str, rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        most, wide = MOST_ROWS, MOST_COLUMNS
        raise StorageError(fault("documents.sheet-too-large", sheet=name, rows=most, columns=wide))


def _check_text(name: str, row: int, text: str) -> None:
    if characters(text) > MOST_CHARACTERS:
        most = MOST_CHARACTERS
        raise StorageError(fault("documents.cell-too-long", sheet=name, row=row, most=most))


def _check(book: Book) -> None:
    for sheet in book.sheets:
        wide = max((len(row) for row in sheet.rows), default=0)
        _check_size(sheet.name, len(sheet.rows), wide)
        for number, row in enumerate(sheet.rows, 1):
            for cell in row:
                if isinstance(cell, str):
                    _check_text(sheet.name, number, cell)


def _styles(made: Any) -> dict[str, Any]:
    plain = {"text_wrap": True, "valign": "top", "num_format": "@"}
    return {
        "text": made.add_format(plain),
        # The mark keeps a text that looks like a formula a text, also after it was edited.
        "quoted": made.add_format({**plain, "quote_prefix": True}),
        "head": made.add_format({**plain, "bold": True, "bg_color": "#D9E2EC", "border": 1}),
        "quiet": made.add_format({**plain, "font_color": "#5A646E", "font_size": 8}),
        "number": made.add_format({"valign": "top"}),
        "day": made.add_format({"valign": "top", "num_format": "yyyy-mm-dd"}),
    }


def _sheet_names(wanted: Sequence[str]) -> list[str]:
    """A name for each sheet that spreadsheet programs take: short, plain, each once."""
    names: list[str] = []
    for each_wanted in wanted:
        bare = shown(each_wanted).translate(_NOT_IN_NAMES).strip()[:_LONGEST_NAME] or "Sheet"
        name, count = bare, 2
        taken = {each.casefold() for each in names} | {_LISTS.casefold(), "history"}
        while name.casefold() in taken:
            name = f"{bare[: _LONGEST_NAME - len(str(count)) - 1]} {count}"
            count += 1
        names.append(name)
    return names


def _write_sheet(written: Any, sheet: BookSheet, styles: dict[str, Any]) -> None:
    for column, width in enumerate(sheet.widths):
        written.set_column(column, column, width)
    if sheet.head_rows:
        written.freeze_panes(sheet.head_rows, 0)
    for number, row in enumerate(sheet.rows):
        kind = "head" if number < sheet.head_rows else "text"
        for column, value in enumerate(row):
            _write_cell(written, (number, column), value, styles, kind)
    for number in sheet.quiet_rows:
        for column, value in enumerate(sheet.rows[number]):
            if isinstance(value, str):
                written.write_string(number, column, shown(value), styles["quiet"])


def _write_cell(
    written: Any, at: tuple[int, int], value: Value, styles: dict[str, Any], kind: str
) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Decimal) and _is_exact(value):
        written.write_number(*at, float(value), styles["number"])
    elif isinstance(value, date) and value >= _FIRST_DAY:
        written.write_datetime(*at, datetime.combine(value, time()), styles["day"])
    else:
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        written.write_string(*at, *_as_text(text, styles, kind))


def _as_text(text: str, styles: dict[str, Any], kind: str) -> tuple[str, Any]:
    """A text and the style that keeps it one."""
    told = shown(text)
    return told, styles["quoted" if kind == "text" and neutral(told) != told else kind]


def _is_exact(value: Decimal) -> bool:
    """Whether a spreadsheet keeps every digit of a number."""
    return len(value.as_tuple().digits) <= _EXACT_DIGITS and -9 <= value.adjusted() <= 15


def _write_lists(made: Any, book: Book) -> dict[tuple[str, ...], str]:
    """What to choose from, on a sheet of its own; list -> its range."""
    sheet = made.add_worksheet(_LISTS)
    sheet.hide()
    ranges: dict[tuple[str, ...], str] = {}
    from xlsxwriter.utility import xl_col_to_name

    for options in dict.fromkeys(each for s in book.sheets for each in s.choices.values()):
        column = len(ranges)
        for row, option in enumerate(options):
            sheet.write_string(row, column, shown(option))
        name = xl_col_to_name(column, col_abs=True)
        ranges[options] = f"={_LISTS}!{name}$1:{name}${len(options)}"
    return ranges


def _offer_choices(written: Any, sheet: BookSheet, lists: dict[tuple[str, ...], str]) -> None:
    for (row, column), options in sheet.choices.items():
        rule = {"validate": "list", "source": lists[options], "error_type": "warning"}
        last = max(row, sheet.choices_last_row)
        written.data_validation(row, column, last, column, rule)


def read_xlsx(data: bytes) -> tuple[BookSheet, ...]:
    """The sheets of an XLSX that people see, cell by cell.

    Raises: DeliveryError when the file is no XLSX, could do harm, is too large, or a cell holds a
    formula or an error.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        opened = load_workbook(_with_escapes_kept(data), read_only=True, keep_links=False)
        left = MOST_CELLS_READ
        sheets = []
        for each in opened.worksheets:
            if each.sheet_state == "visible":
                sheet, left = _read_sheet(each, left)
                sheets.append(sheet)
        opened.close()
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, InvalidFileException):
        # openpyxl has no error of its own for a workbook whose parts do not fit together
        raise DeliveryError(fault("documents.damaged", wanted="xlsx")) from None
    return tuple(sheets)


def _with_escapes_kept(data: bytes) -> io.BytesIO:
    """The package, its escapes out of openpyxl's reach: it would drop every `x005F_` it sees."""
    kept = f"x005F{_KEPT}_".encode()
    parts = unpack(data, FileKind.XLSX)
    return packed({name: part.replace(b"x005F_", kept) for name, part in parts.items()})


def _unescaped(text: str) -> str:
    """A cell's text as it was written: `_x0041_` in the file stands for one character."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text.replace(_KEPT, ""))


def _read_sheet(opened: Any, most_cells: int) -> tuple[BookSheet, int]:
    """A sheet, and how many cells are left for the next."""
    opened.reset_dimensions()
    rows: list[tuple[Value, ...]] = []
    empty = 0
    # openpyxl fills each row up to its last cell: what it fills counts, or one cell far out in
    # each of many rows would cost hours (test_documents_text: a_sheet_that_claims_a_million_rows).
    # It counts up to the number that a row bears, too: rows that are not there are worth a cell.
    for cells in opened.iter_rows():
        most_cells -= max(len(cells), 1)
        if most_cells < 0:
            raise DeliveryError(fault("documents.too-many-cells", most=MOST_CELLS_READ))
        row = tuple(_read_cell(opened.title, cell) for cell in cells)
        last = max((at for at, value in enumerate(row) if value not in {None, ""}), default=-1)
        row = row[: last + 1]
        if row:
            rows += [()] * min(empty, 1000)
            rows.append(row)
        empty = 0 if row else empty + 1
    return BookSheet(str(opened.title), tuple(rows), head_rows=0), most_cells


def _read_cell(sheet: str, cell: Any) -> Value:
    value = cell.value
    if value is None:
        return None
    if cell.data_type in {"f", "e"}:
        code = "documents.formula" if cell.data_type == "f" else "documents.cell-error"
        raise DeliveryError(fault(code, sheet=shown(sheet), cell=cell.coordinate))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value.isoformat(" ")
    return value if isinstance(value, date) else _unescaped(str(value))
