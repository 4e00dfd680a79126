"""A document as an accessible PDF (PDF/UA-1 and PDF/A-2a); the only file that knows Typst.

Text reaches Typst as data, never as markup. What the shipped font cannot draw, and what changes
the direction or hides, stands in the page as its number: `[U+202E]`.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.errors import UsageError, fault
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
)
from sekisho.present.glyphs import characters_of

if TYPE_CHECKING:
    import typst

LONGEST_WORD = 24
_COMBINED = re.compile(r".[\u0300-\u036f\u3099\u309a]+")
_WORD = re.compile(rf"[!-~]{{{LONGEST_WORD},}}")
_BREAKS = re.compile(rf"([-/_.,:;&?=]+|[^-/_.,:;&?=]{{{LONGEST_WORD}}})(?=.)")
_ADDRESS = re.compile(r"https?://[!-~]+")
BREAK = "\u200b"


def pdf_is_installed() -> bool:
    """Whether this installation can write PDF (extra `documents`)."""
    return find_spec("typst") is not None


def write_pdf(document: Document) -> bytes:
    """The document as PDF: tagged, in its own fonts, the same bytes for the same document.

    Raises: UsageError when the extra `documents` is not installed, or the document has no title
    (a reader that speaks needs one).
    """
    if not pdf_is_installed():
        raise UsageError(fault("format.pdf-not-installed"))
    if not document.title.strip():
        raise UsageError(fault("format.document-without-title"))
    import typst

    nowhere = _here() / "fonts"
    return typst.compile(
        _here() / "pdf.typ",
        root=_here(),
        font_paths=_typst_fonts(),
        format="pdf",
        sys_inputs={"document": json.dumps(_data(document), ensure_ascii=False)},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=int(datetime.combine(document.on, time(), UTC).timestamp()),
        package_path=nowhere,
        package_cache_path=nowhere,
    )


def shown(text: str) -> str:
    """The text as a page shows it: signs that cannot be drawn, or that hide, as their number."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    composed = _COMBINED.sub(lambda found: unicodedata.normalize("NFC", found[0]), lines)
    drawn = characters()
    return "".join(c if c in drawn or c == "\n" else f"[U+{ord(c):04X}]" for c in composed)


@cache
def characters() -> frozenset[str]:
    """Every character that the shipped fonts draw."""
    weights = [
        characters_of(file.read_bytes()) for file in sorted((_here() / "fonts").glob("*.ttf"))
    ]
    return frozenset.intersection(*weights)


def _here() -> Path:
    return Path(str(resources.files("sekisho.formats")))


@cache
def _typst_fonts() -> "typst.Fonts":
    import typst

    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[_here() / "fonts"]
    )


def _text(text: str) -> str:
    """Shown text in which long words may break."""
    return _WORD.sub(lambda found: _BREAKS.sub(rf"\1{BREAK}", found[0]), shown(text))


def _data(document: Document) -> Mapping[str, object]:
    return {
        "title": shown(document.title),
        "language": document.language.value,
        "year": document.on.year,
        "month": document.on.month,
        "day": document.on.day,
        "author": shown(document.author),
        "footer": _text(document.footer),
        "landscape": document.landscape,
        "blocks": [_block(block) for block in _without_gaps(document.blocks)],
    }


def _without_gaps(blocks: Iterable[Block]) -> Iterable[Block]:
    """The blocks, without empty ones, and no heading over one level below the one before it."""
    level = 0
    for block in blocks:
        if (isinstance(block, Heading) and not block.text.strip()) or (
            isinstance(block, Grid) and not block.header
        ):
            continue
        if isinstance(block, Heading):
            level = max(1, min(block.level, level + 1))
            yield Heading(block.text, level)
        else:
            yield block


def _block(block: Block) -> Mapping[str, object]:
    match block:
        case Heading():
            return {"kind": "heading", "level": block.level, "text": _text(block.text)}
        case Paragraph():
            notes = [_text(note) for note in block.notes]
            return {"kind": "paragraph", "notes": notes, **_line(Line(block.text, block.role))}
        case Bullets():
            items = [_text(item) for item in block.items]
            return {"kind": "bullets", "numbered": block.numbered, "items": items}
        case KeyValues():
            pairs = [[_text(name), _text(value)] for name, value in block.pairs]
            return {"kind": "pairs", "pairs": pairs}
        case Grid():
            return _grid(block)


def _grid(grid: Grid) -> Mapping[str, object]:
    columns = len(grid.header)
    empty: tuple[Cell, ...] = ("",) * columns
    return {
        "kind": "grid",
        "header": [_text(name) for name in grid.header],
        "rows": [[_cell(cell) for cell in (*row, *empty)[:columns]] for row in grid.rows],
        "caption": _text(grid.caption),
        "numbers": sorted(grid.numbers),
        "widths": list(grid.widths) if len(grid.widths) == columns else [],
    }


def _cell(cell: Cell) -> Mapping[str, object]:
    lines = (Line(cell),) if isinstance(cell, str) else cell
    return {"lines": [_line(line) for line in lines]}


def _line(line: Line) -> Mapping[str, str]:
    link = line.link if _ADDRESS.fullmatch(line.link) else ""
    return {"text": _text(line.text), "role": line.role, "link": link}
