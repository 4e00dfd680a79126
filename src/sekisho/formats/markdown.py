"""Markdown, as much of it as reports are written in: headings, paragraphs, lists and pipe tables.

Emphasis falls away, links keep their address, raw HTML stays the text that it is. What the reader
does not know stays in the text as it was written; nothing is dropped.
"""

import re
from collections.abc import Iterator

from sekisho.errors import DeliveryError, fault
from sekisho.formats.unpack import MIB, FileKind, kind_of
from sekisho.model.document import Block, Bullets, Grid, Heading, Line, Paragraph

MOST_BYTES = 2 * MIB
MOST_CELLS = 200_000
"""Cells of all tables together: each row is filled up to the width of its head."""
_HEADING = re.compile(r"#{1,6}(?=[ \t]|$)")
_ITEM = re.compile(r"[ \t]{0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+(.*)")
_FENCE = re.compile(r"[ \t]{0,3}(```+|~~~+)")
_DELIMITER = re.compile(r":?-+:?")
_BAR = re.compile(r"(?<!\\)\|")

# Marks reach 300 characters at most: a text of nothing but opening marks is read in linear time.
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]{1,2000})>")
_LINK = re.compile(
    r"!?\[([^\]\[]{0,300})\]\(<?([^()\s<>]{0,2000})>?(?:[ \t]{1,9}[\"'][^\"']{0,300}[\"'])?\)"
)
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])(.{1,300}?)(?<=[^\s*_])\1(?![\w*])")
_CODE = re.compile(r"(`{1,9})(.{1,300}?)(?<!`)\1(?!`)")


def read_markdown(data: bytes) -> tuple[Block, ...]:
    """The headings, paragraphs, lists and tables of a Markdown file, in order.

    Raises: DeliveryError when it is too large or no text in UTF-8.
    """
    if len(data) > MOST_BYTES:
        raise DeliveryError(fault("documents.too-large", most=MOST_BYTES // MIB))
    found = kind_of(data)
    if found is not FileKind.TEXT:
        raise DeliveryError(fault("documents.another-kind", wanted="md", found=found.value))
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    return tuple(_blocks(text.split("\n")))


def _blocks(lines: list[str]) -> Iterator[Block]:
    at, left = 0, MOST_CELLS
    while at < len(lines):
        line = lines[at]
        if not line.strip() or _is_rule(line):
            at += 1
        elif fence := _FENCE.match(line):
            at, text = _fenced(lines, at, fence[1])
            yield Paragraph(text)
        elif head := _HEADING.match(line):
            yield Heading(_inline(_without_marks(line)), len(head[0]))
            at += 1
        elif _is_table(lines, at):
            at, grid = _table(lines, at, left)
            left -= len(grid.header) * (len(grid.rows) + 1)
            yield grid
        elif _ITEM.fullmatch(line):
            at, items = _items(lines, at)
            yield Bullets(items, numbered=line.lstrip()[:1].isdigit())
        else:
            at, text = _paragraph(lines, at)
            yield Paragraph(_inline(text), role="strong" if _is_all_strong(text) else "plain")


def _is_rule(line: str) -> bool:
    """Whether a line is a rule across the page."""
    marks = line.replace(" ", "").replace("\t", "")
    return len(marks) > 2 and marks[0] in "-*_" and not marks.strip(marks[0])


def _without_marks(line: str) -> str:
    """A heading's words, without the signs before and behind them."""
    words = line.strip().lstrip("#").strip()
    bare = words.rstrip("#")
    return bare.rstrip() if not bare or bare.endswith((" ", "\t")) else words


def _fenced(lines: list[str], at: int, fence: str) -> tuple[int, str]:
    end = at + 1
    while end < len(lines) and not lines[end].strip().startswith(fence):
        end += 1
    return end + 1, "\n".join(lines[at + 1 : end])


def _is_table(lines: list[str], at: int) -> bool:
    return (
        "|" in lines[at]
        and at + 1 < len(lines)
        and "|" in lines[at + 1]
        and all(_DELIMITER.fullmatch(each.strip()) for each in _bare(lines[at + 1]).split("|"))
    )


def _table(lines: list[str], at: int, most_cells: int) -> tuple[int, Grid]:
    header = _cells(lines[at])
    rows: list[tuple[tuple[Line, ...], ...]] = []
    end = at + 2
    while end < len(lines) and "|" in lines[end]:
        if len(header) * (len(rows) + 2) > most_cells:
            raise DeliveryError(fault("documents.too-many-cells", most=MOST_CELLS))
        cells = _cells(lines[end])
        even = (*cells[: len(header)], *("",) * (len(header) - len(cells)))
        beyond = [cell for cell in cells[len(header) :] if cell]
        if beyond:
            even = (*even[:-1], " | ".join([even[-1], *beyond]))
        rows.append(tuple((Line(cell),) if cell else () for cell in even))
        end += 1
    return end, Grid(header, tuple(rows))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(_inline(cell.strip()) for cell in _BAR.split(_bare(line)))


def _bare(line: str) -> str:
    """A line of a table without the bars at its ends."""
    bare = line.strip().removeprefix("|")
    return bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare


def _items(lines: list[str], at: int) -> tuple[int, tuple[str, ...]]:
    items: list[list[str]] = []
    while at < len(lines) and lines[at].strip():
        found = _ITEM.fullmatch(lines[at])
        if found:
            items.append([found[1]])
        elif _begins_another(lines, at):
            break
        else:
            items[-1].append(lines[at].strip())
        at += 1
    return at, tuple(_inline(" ".join(item)) for item in items)


def _paragraph(lines: list[str], at: int) -> tuple[int, str]:
    """The lines up to the next block; a line that ends in two spaces or `\\` breaks."""
    pieces = [lines[at].lstrip()]
    at += 1
    while at < len(lines) and lines[at].strip() and not _begins_another(lines, at):
        pieces.append(lines[at].lstrip())
        at += 1
    text = ""
    for piece in pieces:
        broken = piece.endswith("  ") or (piece.endswith("\\") and not piece.endswith("\\\\"))
        text += piece.rstrip().removesuffix("\\" if broken else "") + ("\n" if broken else " ")
    return at, text.strip()


def _begins_another(lines: list[str], at: int) -> bool:
    line = lines[at]
    return bool(
        _HEADING.match(line) or _FENCE.match(line) or _is_rule(line) or _is_table(lines, at)
    )


def _is_all_strong(text: str) -> bool:
    found = _STRONG.fullmatch(text)
    return found is not None and found[1] not in found[2]


def _inline(text: str) -> str:
    """The words of a piece of text, without its marks; code and addresses keep theirs."""
    kept: list[str] = []

    def keep(words: str) -> str:
        kept.append(words)
        return f"\x00{len(kept) - 1}\x00"

    text = _CODE.sub(lambda m: keep(m[2].strip() or m[2]), text)
    text = _ESCAPED.sub(lambda m: keep(m[1]), text)
    text = _AUTOLINK.sub(lambda m: keep(m[1]), text)
    text = _LINK.sub(lambda m: m[1] + keep(f" ({m[2]})" if m[2] not in {"", m[1]} else ""), text)
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    return re.sub("\x00(\\d+)\x00", lambda m: kept[int(m[1])], text)
