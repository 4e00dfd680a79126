"""What a file really is, and the parts of an Office file once nothing in it can do harm.

A DOCX or XLSX is a ZIP of XML. Before any library reads it, every part is unfolded here under
limits, and what a document of answers has no need of is refused: macros, embedded programs,
encryption, parts or templates fetched from elsewhere, and XML that declares a document type, by
which entities swell or fetch. Readers get a fresh package of the checked parts, never the file.
"""

import io
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from xml.parsers import expat
from zlib import error as ZlibError  # noqa: N812 - zlib writes its class in small letters

from sekisho.errors import DeliveryError, Fault, fault

KIB = 1024
MIB = 1024 * KIB
OnElement = Callable[[str, dict[str, str]], None]
OnEnd = Callable[[str], None]


class FileKind(StrEnum):
    """What a file is by its bytes; its name is not asked."""

    DOCX = "docx"
    XLSX = "xlsx"
    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    ZIP = "zip"
    OLD_OFFICE = "old-office"
    """A .doc or .xls of before 2007, or an Office file with a password."""
    TEXT = "text"
    """UTF-8 without control characters: Markdown, JSON, CSV."""
    OTHER = "other"


MEDIA_TYPES: Mapping[FileKind, str] = {
    FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.PDF: "application/pdf",
    FileKind.PNG: "image/png",
    FileKind.JPEG: "image/jpeg",
    FileKind.ZIP: "application/zip",
    FileKind.TEXT: "text/plain",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an Office file may be, folded and unfolded."""

    packed: int = 20 * MIB
    parts: int = 1_000
    part: int = 64 * MIB
    unpacked: int = 128 * MIB
    ratio: int = 250
    """How many times its folded size a part over 1 MiB may have."""
    depth: int = 64
    """How deep XML elements may stand in each other."""
    elements: int = 6_000_000
    """XML elements of all parts that hold the contents: sheets, texts of cells, the document."""
    others: int = 150_000
    """XML elements of any other part: styles, names, what belongs together."""
    merged: int = 1_000_000
    """Cells that all merged ranges of a workbook cover: a reader makes each of them."""


LIMITS = Limits()

_SIGNATURES = (
    (b"%PDF-", FileKind.PDF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLD_OFFICE),
)
_ZIP = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"
"""Begins every entry of a ZIP's directory."""
_CONTENT_TYPES = "[Content_Types].xml"
_MAIN = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": (
        FileKind.DOCX
    ),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": FileKind.XLSX,
}
_MACROS = re.compile(r"macroenabled|vbaproject|vbadata|activex|macrosheet|intlmacro", re.IGNORECASE)
_PROGRAMS = re.compile(r"oleobject|\.package$|/embeddings/|afchunk|/altchunk", re.IGNORECASE)
_PART_NAME = re.compile(r"[^\x00-\x1f\\:*?\"<>|]{1,240}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def kind_of(data: bytes) -> FileKind:
    """What a file is, told by its bytes alone.

    A damaged package, and one whose parts cannot be read, counts as a ZIP.
    """
    if data.startswith(_ZIP):
        return _package_kind(data)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return FileKind.OTHER
    return FileKind.OTHER if _CONTROL.search(text) else FileKind.TEXT


def _package_kind(data: bytes) -> FileKind:
    if _has_too_many_parts(data, LIMITS):
        return FileKind.ZIP
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            info = package.getinfo(_CONTENT_TYPES)
            if info.file_size > MIB or info.flag_bits & 1:
                return FileKind.ZIP
            return _main_kind(package.read(info)) or FileKind.ZIP
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, EOFError, ZlibError):
        return FileKind.ZIP


def _has_too_many_parts(data: bytes, limits: Limits) -> bool:
    """Told before the directory is read: reading it makes an object of every entry."""
    return data.count(_ENTRY) > limits.parts


def _main_kind(content_types: bytes) -> FileKind | None:
    said = content_types.decode("utf-8", "replace")
    return next((kind for name, kind in _MAIN.items() if f'"{name}"' in said), None)


def unpack(data: bytes, wanted: FileKind, limits: Limits = LIMITS) -> dict[str, bytes]:
    """Name -> bytes of every part of an Office file that is of the wanted kind and harmless.

    Raises: DeliveryError, which says what the file is instead or what in it is refused.
    """
    if len(data) > limits.packed:
        raise DeliveryError(fault("documents.too-large", most=limits.packed // MIB))
    found = kind_of(data)
    if found not in {wanted, FileKind.ZIP}:
        raise DeliveryError(_another_kind(found, wanted))
    if _has_too_many_parts(data, limits):
        raise DeliveryError(fault("documents.too-many-parts", most=limits.parts))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = _parts(package, limits)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, ZlibError):
        raise DeliveryError(fault("documents.damaged", wanted=wanted.value)) from None
    _refuse_programs(parts)
    tally = _Tally(limits)
    for name in _xml_parts(parts):
        _check_xml(name, parts[name], tally)
    if _main_kind(parts.get(_CONTENT_TYPES, b"")) is not wanted:
        raise DeliveryError(_another_kind(FileKind.ZIP, wanted))
    return parts


def harmless_package(data: bytes, wanted: FileKind, limits: Limits = LIMITS) -> io.BytesIO:
    """A fresh package of the checked parts, for a library to read.

    Raises: DeliveryError as `unpack` does.
    """
    return packed(unpack(data, wanted, limits))


def packed(parts: Mapping[str, bytes]) -> io.BytesIO:
    """A fresh package of these parts and nothing else."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name), content)
    whole.seek(0)
    return whole


def _another_kind(found: FileKind, wanted: FileKind) -> Fault:
    return fault("documents.another-kind", wanted=wanted.value, found=found.value)


def _parts(package: zipfile.ZipFile, limits: Limits) -> dict[str, bytes]:
    """Every part, each read under the limits; the sizes that the file declares are not believed."""
    infos = [info for info in package.infolist() if not info.is_dir()]
    if len(infos) > limits.parts:
        raise DeliveryError(fault("documents.too-many-parts", most=limits.parts))
    names = Counter(info.filename.casefold() for info in infos)
    if any(often > 1 for often in names.values()):
        raise DeliveryError(fault("documents.part-twice"))
    left = limits.unpacked
    parts: dict[str, bytes] = {}
    for info in infos:
        _check_entry(info)
        parts[info.filename] = _unfolded(package, info, min(left, limits.part), limits.ratio)
        left -= len(parts[info.filename])
    return parts


def _check_entry(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    steps = name.split("/")
    if name.startswith("/") or not _PART_NAME.fullmatch(name) or {"", ".", ".."} & set(steps):
        raise DeliveryError(fault("documents.part-name"))
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DeliveryError(fault("documents.part-name"))
    if info.flag_bits & 0x1:
        raise DeliveryError(fault("documents.encrypted"))
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise DeliveryError(fault("documents.folding"))


def _unfolded(package: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, ratio: int) -> bytes:
    bound = min(most, max(MIB, info.compress_size * ratio))
    if info.file_size > bound:
        raise DeliveryError(fault("documents.bomb"))
    with package.open(info) as part:
        content = part.read(bound + 1)
    if len(content) > bound:
        raise DeliveryError(fault("documents.bomb"))
    return content


def _refuse_programs(parts: Mapping[str, bytes]) -> None:
    """Refuse macros, embedded programs, and whatever the document would fetch from elsewhere.

    Links that a reader may click stay: they are text to us, nothing follows them.
    """
    types = parts.get(_CONTENT_TYPES, b"").decode("utf-8", "replace")
    names = "\n".join(parts)
    if _MACROS.search(types) or _MACROS.search(names):
        raise DeliveryError(fault("documents.macros"))
    if _PROGRAMS.search(names):
        raise DeliveryError(fault("documents.embedded"))
    for name, content in parts.items():
        if name.lower().endswith(".rels"):
            for kind, is_outside in _relations(name, content):
                if _MACROS.search(kind):
                    raise DeliveryError(fault("documents.macros"))
                if _PROGRAMS.search(kind):
                    raise DeliveryError(fault("documents.embedded"))
                if is_outside and not kind.endswith("/hyperlink"):
                    raise DeliveryError(fault("documents.fetches"))


def _xml_parts(parts: Mapping[str, bytes]) -> list[str]:
    """The parts that some reader would parse as XML: by their name, or by their declared type."""
    defaults: set[str] = set()
    overridden: set[str] = set()

    def element(tag: str, attributes: dict[str, str]) -> None:
        if attributes.get("ContentType", "").casefold().endswith("xml"):
            if tag.rpartition(":")[2] == "Default":
                defaults.add(attributes.get("Extension", "").casefold())
            else:
                overridden.add(attributes.get("PartName", "").lstrip("/").casefold())

    _parse(_CONTENT_TYPES, parts.get(_CONTENT_TYPES, b""), element)
    return [
        name
        for name in parts
        if (folded := name.casefold()).endswith((".xml", ".rels"))
        or folded in overridden
        or folded.rpartition(".")[2] in defaults
    ]


def _relations(name: str, content: bytes) -> Iterator[tuple[str, bool]]:
    """(type, whether it leads out of the file) of every relationship of a part."""
    found: list[tuple[str, bool]] = []

    def element(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "Relationship":
            outside = attributes.get("TargetMode", "").casefold() == "external"
            target = attributes.get("Target", "")
            found.append((attributes.get("Type", ""), outside or "//" in target))

    _parse(name, content, element)
    yield from found


_CONTENTS = re.compile(r"xl/worksheets/|xl/sharedstrings|word/document", re.IGNORECASE)
_RANGE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Za-z]{1,3})\$?([0-9]{1,7}))?")


@dataclass(slots=True)
class _Tally:
    """What the parts of one file hold together."""

    limits: Limits
    elements: int = 0
    merged: int = 0

    def merge(self, ref: str) -> None:
        """Count the cells of a merged range; the reader has no word for another form of it."""
        found = _RANGE.fullmatch(ref)
        if found is None:
            raise DeliveryError(fault("documents.damaged", wanted=FileKind.XLSX.value))
        column, row, last_column, last_row = found.groups()
        wide = abs(_place(last_column or column) - _place(column)) + 1
        self.merged += wide * (abs(int(last_row or row) - int(row)) + 1)
        if self.merged > self.limits.merged:
            raise DeliveryError(fault("documents.too-many-cells", most=self.limits.merged))


def _place(column: str) -> int:
    place = 0
    for letter in column.upper():
        place = place * 26 + ord(letter) - 64
    return place


def _check_xml(name: str, content: bytes, tally: _Tally) -> None:
    limits, depth, here = tally.limits, 0, 0
    is_contents = _CONTENTS.match(name) is not None
    most = limits.elements - tally.elements if is_contents else limits.others

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, here
        depth += 1
        here += 1
        if depth > limits.depth:
            raise DeliveryError(fault("documents.too-deep", most=limits.depth))
        if here > most:
            raise DeliveryError(fault("documents.too-many-elements", part=printable(name)))
        if tag.endswith("mergeCell"):
            tally.merge(attributes.get("ref", ""))

    def closed(_tag: str) -> None:
        nonlocal depth
        depth -= 1

    _parse(name, content, opened, closed)
    if is_contents:
        tally.elements += here


def _parse(
    name: str,
    content: bytes,
    opened: OnElement,
    closed: OnEnd | None = None,
) -> None:
    """Parse XML that declares no document type.

    Raises: DeliveryError for a document type or entity, or XML that is not well-formed.
    """

    def refuse(*_: object) -> None:
        raise DeliveryError(fault("documents.document-type"))

    parser = expat.ParserCreate()
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    # INVARIANT: no entity is ever declared, so none can swell or fetch
    # (test_documents_packages: xml_that_declares_entities_is_refused).
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat's own signature
    except (expat.ExpatError, ValueError):
        raise DeliveryError(fault("documents.bad-xml", part=printable(name))) from None


def printable(name: str) -> str:
    """A file's or part's name as it can be printed, whatever it holds."""
    return "".join(c if c.isprintable() else "?" for c in name)[:120]


def safe_name(name: str) -> str:
    """The last step of an uploaded file's name, without path, control or invisible characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    return kept[:120] or "file"
