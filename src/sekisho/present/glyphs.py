"""A TrueType font cut down to some characters, so that a chart carries the font it is set in.

Only for the font that is shipped: outlines without composites, one cmap of format 4, no layout
tables (a test holds it). Source: OpenType specification 1.9, chapters glyf, loca, hmtx, cmap.
"""

import struct
from collections.abc import Iterable

_KEPT_AS_THEY_ARE = (b"OS/2", b"name", b"post")
_WHOLE = 0xB1B0AFBA
_MASK = 0xFFFFFFFF


def cut_font(font: bytes, characters: Iterable[str]) -> bytes:
    """The font with these characters only; those it does not have are left out.

    Raises: ValueError when the font is not of the kind described above.
    """
    tables = _tables(font)
    glyph_of = _format_4(tables[b"cmap"])
    wanted = sorted({ord(c) for c in characters} & glyph_of.keys())
    glyphs = [0, *dict.fromkeys(glyph_of[c] for c in wanted)]
    new = {glyph: number for number, glyph in enumerate(glyphs)}
    outlines, places = _outlines(tables, glyphs)
    cut = {name: tables[name] for name in _KEPT_AS_THEY_ARE}
    cut[b"glyf"] = outlines
    cut[b"loca"] = struct.pack(f">{len(places)}I", *places)
    cut[b"hmtx"] = b"".join(_metrics(tables, glyph) for glyph in glyphs)
    cut[b"cmap"] = _format_12({c: new[glyph_of[c]] for c in wanted})
    cut[b"hhea"] = tables[b"hhea"][:34] + struct.pack(">H", len(glyphs))
    cut[b"maxp"] = tables[b"maxp"][:4] + struct.pack(">H", len(glyphs)) + tables[b"maxp"][6:]
    head = tables[b"head"]
    cut[b"head"] = head[:8] + bytes(4) + head[12:50] + struct.pack(">H", 1) + head[52:]
    return _file(cut)


def characters_of(font: bytes) -> frozenset[str]:
    """Every character that a font draws.

    Raises: ValueError when its first cmap is not of format 4.
    """
    return frozenset(map(chr, _format_4(_tables(font)[b"cmap"])))


def _tables(font: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">H", font, 4)
    entries = (struct.unpack_from(">4s4xII", font, 12 + 16 * n) for n in range(count))
    return {tag: font[offset : offset + length] for tag, offset, length in entries}


def _format_4(cmap: bytes) -> dict[int, int]:
    """Character -> glyph, from the first subtable."""
    (offset,) = struct.unpack_from(">I", cmap, 8)
    form, _, _, doubled = struct.unpack_from(">4H", cmap, offset)
    if form != 4:
        raise ValueError("the font's cmap is not of format 4")
    size = doubled // 2
    ends, starts, deltas, ranges = (
        struct.unpack_from(f">{size}H", cmap, offset + 14 + doubled * n + (2 if n else 0))
        for n in range(4)
    )
    found = {}
    for n, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for character in range(first, min(last, 0xFFFE) + 1):
            glyph = character
            if ranges[n]:
                place = offset + 16 + 3 * doubled + 2 * n + ranges[n] + 2 * (character - first)
                (glyph,) = struct.unpack_from(">H", cmap, place)
                if not glyph:
                    continue
            found[character] = (glyph + deltas[n]) & 0xFFFF
    return found


def _outlines(tables: dict[bytes, bytes], glyphs: list[int]) -> tuple[bytes, list[int]]:
    (is_long,) = struct.unpack_from(">H", tables[b"head"], 50)
    shape, scale = (">2I", 1) if is_long else (">2H", 2)
    found, places = bytearray(), [0]
    for glyph in glyphs:
        start, end = struct.unpack_from(shape, tables[b"loca"], struct.calcsize(shape) // 2 * glyph)
        outline = tables[b"glyf"][start * scale : end * scale]
        if outline and struct.unpack_from(">h", outline)[0] < 0:
            raise ValueError("the font has composite glyphs")
        found += outline + bytes(-len(outline) % 4)
        places.append(len(found))
    return bytes(found), places


def _metrics(tables: dict[bytes, bytes], glyph: int) -> bytes:
    (full,) = struct.unpack_from(">H", tables[b"hhea"], 34)
    hmtx = tables[b"hmtx"]
    if glyph < full:
        return hmtx[4 * glyph : 4 * glyph + 4]
    bearing = 4 * full + 2 * (glyph - full)
    return hmtx[4 * full - 4 : 4 * full - 2] + hmtx[bearing : bearing + 2]


def _format_12(glyph_of: dict[int, int]) -> bytes:
    groups = b"".join(struct.pack(">3I", c, c, glyph) for c, glyph in sorted(glyph_of.items()))
    head = struct.pack(">HHHHI", 0, 1, 3, 10, 12)
    return head + struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(glyph_of)) + groups


def _checksum(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & _MASK


def _file(tables: dict[bytes, bytes]) -> bytes:
    count = len(tables)
    power = count.bit_length() - 1
    search = 16 << power
    head = struct.pack(">IHHHH", 0x00010000, count, search, power, 16 * count - search)
    offset, directory, body = 12 + 16 * count, b"", b""
    adjustment_at = 0
    for tag, data in sorted(tables.items()):
        if tag == b"head":
            adjustment_at = offset + 8
        directory += struct.pack(">4sIII", tag, _checksum(data), offset, len(data))
        padded = data + bytes(-len(data) % 4)
        body += padded
        offset += len(padded)
    whole = head + directory + body
    adjustment = struct.pack(">I", (_WHOLE - _checksum(whole)) & _MASK)
    return whole[:adjustment_at] + adjustment + whole[adjustment_at + 4 :]
