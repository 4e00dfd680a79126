"""Office files, sound ones and crafted ones: a package's parts can be changed at will."""

import io
import struct
import zipfile
from collections.abc import Mapping

from docx import Document
from openpyxl import Workbook

MACRO_TYPE = "application/vnd.ms-office.vbaProject"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DOCX_MAIN = "word/document.xml"


def docx(*paragraphs: str) -> bytes:
    """A sound DOCX with these paragraphs."""
    document = Document()
    for each in paragraphs or ("A paragraph",):
        document.add_paragraph(each)
    whole = io.BytesIO()
    document.save(whole)
    return whole.getvalue()


def xlsx(*rows: tuple[object, ...]) -> bytes:
    """A sound XLSX with these rows."""
    book = Workbook()
    for each in rows or (("a", 1),):
        book.active.append(each)
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()


def parts_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(
    parts: Mapping[str, bytes] | list[tuple[str, bytes]], how: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A package of parts, in this order, names as they are."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", how) as package:
        for name, content in parts.items() if isinstance(parts, Mapping) else parts:
            info = zipfile.ZipInfo(name)
            info.compress_type = how
            package.writestr(info, content)
    return whole.getvalue()


def changed(package: bytes, **parts: bytes) -> bytes:
    """The package with parts added or replaced; `__` in a name stands for `/`, `_dot_` for `.`."""
    names = {name.replace("__", "/").replace("_dot_", "."): value for name, value in parts.items()}
    return packed({**parts_of(package), **names})


def with_part(package: bytes, name: str, content: bytes) -> bytes:
    return packed({**parts_of(package), name: content})


def edited(package: bytes, part: str, old: str, new: str) -> bytes:
    """The package with a piece of one part replaced; the piece must be there."""
    parts = parts_of(package)
    text = parts[part].decode("utf-8")
    assert old in text, f"{old!r} is not in {part}"
    return packed({**parts, part: text.replace(old, new, 1).encode("utf-8")})


def related(package: bytes, part: str, kind: str, target: str, mode: str = "External") -> bytes:
    """The package with one more relationship of a part."""
    folder, _, name = part.rpartition("/")
    rels = f"{folder}/_rels/{name}.rels"
    one = (
        f'<Relationship Id="rId999" Type="{OFFICE}/{kind}" Target="{target}" TargetMode="{mode}"/>'
    )
    return edited(package, rels, "</Relationships>", f"{one}</Relationships>")


def lying_about_size(package: bytes, part: str, declared: int) -> bytes:
    """The package whose directory declares another unfolded size for a part, in both places."""
    data = bytearray(package)
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        info = opened.getinfo(part)
    struct.pack_into("<I", data, info.header_offset + 22, declared)
    central = data.rindex(part.encode(), info.header_offset + 40) - 46
    struct.pack_into("<I", data, central + 24, declared)
    return bytes(data)
