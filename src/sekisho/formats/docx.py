"""DOCX: a document for people is written, and a filled one is read back as plain blocks.

The only door to python-docx and lxml. Reading follows no link and runs nothing; a file passes
`unpack` first. What a line is of an answer (`Line.part`) is kept as the style of its paragraph, so
that text comes back where it stood, also after people have edited it.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sekisho.errors import DeliveryError, fault
from sekisho.formats.unpack import FileKind, Limits, harmless_package
from sekisho.model.characters import shown
from sekisho.model.document import (
    Block,
    Bullets,
    Cell,
    Document,
    Grid,
    Heading,
    KeyValues,
    Line,
    Paragraph,
    Role,
)
from sekisho.terms import Language

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STYLE = "answer-"
_GONE = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}delText"})
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FONTS = {Language.EN: "Noto Sans", Language.JA: "Noto Sans JP"}
_SHADE = "D9E2EC"
MOST_CELLS = 500_000
"""Cells of all tables together: each row is filled up to the width of the widest."""
_LIMITS = Limits(elements=1_000_000)
_PLAIN_NUMBER = re.compile(r"[0-9]{1,4}")


@dataclass(slots=True)
class _Reading:
    """What is known while a document is read: its styles, and how many cells it may still have."""

    styles: Mapping[str, str]
    left: int = MOST_CELLS

    def take(self, cells: int) -> None:
        """Count cells; DeliveryError when there are too many."""
        self.left -= cells
        if self.left < 0:
            raise DeliveryError(fault("documents.too-many-cells", most=MOST_CELLS))


def read_docx(data: bytes) -> tuple[Block, ...]:
    """The headings, paragraphs and tables of a DOCX, in order.

    Text that was inserted while changes were tracked counts, deleted text does not. Pictures,
    headers and footnotes are left out; `left_out_of` tells of them.

    Raises: DeliveryError when the file is no DOCX or could do harm.
    """
    from docx import Document as OpenedDocument

    opened = OpenedDocument(harmless_package(data, FileKind.DOCX, _LIMITS))
    return tuple(_blocks(opened.element.body, _Reading(_styles(opened))))


def left_out_of(data: bytes) -> tuple[str, ...]:
    """What a DOCX holds that is not read: `pictures`, `footnotes`, `comments`."""
    with zipfile.ZipFile(harmless_package(data, FileKind.DOCX, _LIMITS)) as package:
        names = package.namelist()
        found = {
            "pictures": any(name.startswith("word/media/") for name in names),
            "footnotes": any(
                name in names and package.read(name).count(b"<w:t") > 0
                for name in ("word/footnotes.xml", "word/endnotes.xml")
            ),
            "comments": "word/comments.xml" in names
            and b"<w:comment " in package.read("word/comments.xml"),
        }
    return tuple(name for name, is_there in found.items() if is_there)


def _styles(opened: Any) -> Mapping[str, str]:
    """Id -> name of every paragraph style, small letters."""
    return {
        str(style.style_id): str(style.name or "").lower()
        for style in opened.styles
        if style.style_id is not None
    }


def _blocks(parent: Any, reading: _Reading) -> Iterator[Block]:
    for element in parent:
        if element.tag == f"{_W}p":
            yield _paragraph(element, reading.styles)
        elif element.tag == f"{_W}tbl":
            yield _grid(element, reading)
        elif element.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"}:
            yield from _blocks(element, reading)


def _paragraph(element: Any, styles: Mapping[str, str]) -> Block:
    name = _style_name(element, styles)
    text = _text(element)
    if name == "title":
        return Heading(text, 0)
    if name.startswith("heading ") and _PLAIN_NUMBER.fullmatch(name[8:]):
        return Heading(text, int(name[8:]))
    return Paragraph(text, role="strong" if _is_bold(element) else "plain")


def _style_name(element: Any, styles: Mapping[str, str]) -> str:
    found = element.find(f"{_W}pPr/{_W}pStyle")
    return styles.get(found.get(f"{_W}val", ""), "") if found is not None else ""


def _text(element: Any) -> str:
    pieces: list[str] = []
    ahead = [element]
    while ahead:
        current = ahead.pop()
        if current.tag in _GONE or current.tag == _FALLBACK:
            continue
        if current.tag == f"{_W}t":
            pieces.append(current.text or "")
        elif current.tag == f"{_W}tab" and current.getparent().tag == f"{_W}r":
            pieces.append("\t")
        elif current.tag in {f"{_W}br", f"{_W}cr"}:
            pieces.append("\n")
        elif current.tag == f"{_W}noBreakHyphen":
            pieces.append("-")
        ahead += reversed(current)
    return "".join(pieces)


def _is_bold(element: Any) -> bool:
    """Whether all of a paragraph's text is bold."""
    runs = [run for run in element.iter(f"{_W}r") if run.find(f"{_W}t") is not None]
    marks = [run.find(f"{_W}rPr/{_W}b") for run in runs]
    off = {"0", "false", "off"}
    return bool(runs) and all(m is not None and m.get(f"{_W}val") not in off for m in marks)


def _grid(table: Any, reading: _Reading) -> Grid:
    rows = [_row(row, reading) for row in _within(table, f"{_W}tr")]
    wide = max((len(row) for row in rows), default=0)
    reading.take(wide * len(rows))
    even = [row + ((),) * (wide - len(row)) for row in rows]
    head = tuple("\n".join(line.text for line in cell) for cell in even[0]) if even else ()
    return Grid(head, tuple(even[1:]))


def _row(row: Any, reading: _Reading) -> tuple[tuple[Line, ...], ...]:
    cells: list[tuple[Line, ...]] = []
    for cell in _within(row, f"{_W}tc"):
        if len(cells) > reading.left:
            reading.take(len(cells))
        cells.append(tuple(_lines(cell, reading.styles)))
        span = cell.find(f"{_W}tcPr/{_W}gridSpan")
        across = span.get(f"{_W}val", "1") if span is not None else "1"
        cells += [()] * (min(int(across), 64) - 1 if _PLAIN_NUMBER.fullmatch(across) else 0)
    return tuple(cells)


def _within(parent: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or cells of a row, also those inside content controls."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"}:
            yield from _within(element, tag)


def _lines(cell: Any, styles: Mapping[str, str]) -> Iterator[Line]:
    """A line a paragraph; also those of a table within the cell."""
    for element in cell.iter(f"{_W}p"):
        name = _style_name(element, styles)
        part = name.removeprefix(_STYLE) if name.startswith(_STYLE) else ""
        role: Role = "strong" if _is_bold(element) else "plain"
        for text in _text(element).split("\n"):
            yield Line(text, role, part=part)


@dataclass(frozen=True, slots=True)
class _Pen:
    """A document as it is written, and the styles of the parts of its answers."""

    made: Any
    styles: Mapping[str, str]


def write_docx(document: Document) -> bytes:
    """The document as DOCX; the same document gives the same bytes.

    Text is written as text: no markup, field or link is made of it.
    """
    from docx import Document as NewDocument

    made = NewDocument()
    _set_page(made, document)
    made.add_heading(shown(document.title), 0)
    pen = _Pen(made, _part_styles(made, document))
    for block in document.blocks:
        _write_block(pen, block)
    whole = io.BytesIO()
    made.save(whole)
    return _dated(whole.getvalue())


def _set_page(made: Any, document: Document) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    section = made.sections[0]
    tall, wide = Mm(297), Mm(210)
    if document.landscape:
        section.orientation = WD_ORIENT.LANDSCAPE
        tall, wide = wide, tall
    section.page_height, section.page_width = tall, wide
    section.left_margin = section.right_margin = Mm(18)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = _FONTS[document.language], Pt(10)
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), _FONTS[Language.JA])
    normal.paragraph_format.space_after = Pt(3)
    about, at = made.core_properties, datetime.combine(document.on, time(), UTC)
    about.title, about.author = shown(document.title), shown(document.author)
    about.language, about.comments = document.language.value, ""
    about.created = about.modified = at
    about.last_modified_by = ""
    if document.footer:
        section.footer.paragraphs[0].text = shown(document.footer)


def _write_block(pen: _Pen, block: Block) -> None:
    match block:
        case Heading(text, level):
            pen.made.add_heading(shown(text), min(max(level, 1), 9))
        case Paragraph(text, notes, role):
            _set_lines(pen, pen.made.add_paragraph(), [Line(text, role)])
            for each in notes:
                _set_lines(pen, pen.made.add_paragraph(), [Line(each, "quiet")])
        case Bullets(items, numbered):
            for each in items:
                pen.made.add_paragraph(
                    shown(each), style="List Number" if numbered else "List Bullet"
                )
        case KeyValues(pairs):
            rows = tuple((Line(name, "strong"),) for name, _ in pairs)
            _write_rows(
                pen, [(name, (Line(value),)) for name, (_, value) in zip(rows, pairs, strict=True)]
            )
        case Grid():
            _write_grid(pen, block)


def _write_grid(pen: _Pen, grid: Grid) -> None:
    if grid.caption:
        _set_lines(pen, pen.made.add_paragraph(), [Line(grid.caption, "strong")])
    head = tuple((Line(title, "strong"),) for title in grid.header)
    table = _write_rows(pen, [head, *grid.rows], grid.widths)
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = table.rows[0]._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no word for it
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    properties.append(repeated)
    for cell in table.rows[0].cells:
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), _SHADE)
        cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001 - as above


def _write_rows(pen: _Pen, rows: Iterable[tuple[Cell, ...]], widths: tuple[int, ...] = ()) -> Any:
    written = list(rows)
    wide = max(len(row) for row in written)
    table = pen.made.add_table(rows=len(written), cols=wide, style="Table Grid")
    section = pen.made.sections[0]
    across = section.page_width - section.left_margin - section.right_margin
    shares = widths if len(widths) == wide else (1,) * wide
    table.autofit = False
    for row, cells in zip(table.rows, written, strict=True):
        for cell, content, share in zip(row.cells, cells, shares, strict=False):
            cell.width = across * share // sum(shares)
            _set_lines(pen, cell.paragraphs[0], _as_lines(content), cell)
    return table


def _as_lines(cell: Cell) -> list[Line]:
    return [Line(text) for text in cell.split("\n")] if isinstance(cell, str) else list(cell)


def _set_lines(pen: _Pen, first: Any, lines: list[Line], cell: Any = None) -> None:
    """Write lines, a paragraph each; the first into the paragraph that is there already."""
    from docx.shared import Pt, RGBColor

    for number, line in enumerate(lines):
        paragraph = first if number == 0 or cell is None else cell.add_paragraph()
        if line.part:
            # python-docx would look the style up by its name for every line
            paragraph._p.style = pen.styles[line.part]  # noqa: SLF001
        text = line.text if line.link in {"", line.text} else f"{line.text} <{line.link}>"
        run = paragraph.add_run(shown(text))
        if line.role == "strong":
            run.bold = True
        elif line.role == "quiet":
            run.font.size, run.font.color.rgb = Pt(8.5), RGBColor(0x44, 0x4E, 0x58)


def _part_styles(made: Any, document: Document) -> dict[str, str]:
    """A paragraph style for each part of an answer; part -> the style's id."""
    from docx.enum.style import WD_STYLE_TYPE

    grids = [block for block in document.blocks if isinstance(block, Grid)]
    cells = [cell for grid in grids for row in grid.rows for cell in row]
    parts = dict.fromkeys(line.part for cell in cells for line in _as_lines(cell) if line.part)
    found: dict[str, str] = {}
    for part in parts:
        style = made.styles.add_style(f"{_STYLE}{part}", WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = made.styles["Normal"]
        style.quick_style = True
        found[part] = str(style.style_id)
    return found


def _dated(package: bytes) -> bytes:
    """The package without the moment of its making."""
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as source,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(name))
    return whole.getvalue()
