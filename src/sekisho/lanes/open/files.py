"""Files that come with answers: what they are, told by their bytes; a name that leads nowhere.

Nothing is opened beyond what telling the type needs, and nothing is ever run.
"""

import io
import re
import unicodedata
import zipfile

from sekisho.errors import Fault, fault
from sekisho.model.form import Question
from sekisho.programmes.form_vocabulary import FILE_TYPES

MOST_BYTES = 10 * 1024 * 1024
"""Bytes of a file whose question says nothing else."""

_MOST_UNPACKED = 200 * 1024 * 1024
_MOST_PARTS = 5_000
_LONGEST_NAME = 100
_STARTS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_OFFICE = {
    "word/document.xml": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    ),
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SUFFIXES = {suffix: kind for kind, suffix in FILE_TYPES.items()} | {".jpeg": "image/jpeg"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_IN_NAMES = re.compile(
    '[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff<>:"|?*`]'
)


def told_type(data: bytes, name: str) -> str | None:
    """The media type of a file, by its bytes; None when it is none that may be uploaded."""
    for start, kind in _STARTS.items():
        if data.startswith(start):
            return kind
    if data.startswith(b"PK\x03\x04"):
        return _office_type(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if _CONTROL.search(text) or text.lstrip()[:1] == "<":
        return None
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"


def _office_type(data: bytes) -> str | None:
    parts = _parts(data)
    return next((kind for part, kind in _OFFICE.items() if part in parts), None)


def _parts(data: bytes) -> dict[str, int]:
    """Part -> its size when unpacked, as the directory of a packed document says."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return {each.filename: each.file_size for each in packed.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return {}


def file_faults(question: Question, name: str, data: bytes) -> list[Fault]:
    """Everything that keeps a file from being an answer to a question."""
    most = question.most or MOST_BYTES
    if not data:
        return [fault("forms.file-empty")]
    if len(data) > most:
        return [fault("forms.file-too-large", most=_size(most))]
    kind, allowed = told_type(data, name), question.file_types or tuple(FILE_TYPES)
    if kind is None or kind not in allowed:
        return [
            fault("forms.file-other-type", known=", ".join(f"`{FILE_TYPES[t]}`" for t in allowed))
        ]
    claimed = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    found = []
    if _SUFFIXES.get(claimed, kind) != kind:
        found.append(fault("forms.file-lies", suffix=claimed, found=f"`{FILE_TYPES[kind]}`"))
    parts = _parts(data) if data.startswith(b"PK") else {}
    if any("vbaproject" in part.lower() for part in parts):
        found.append(fault("forms.file-macro"))
    if len(parts) > _MOST_PARTS or sum(parts.values()) > _MOST_UNPACKED:
        found.append(fault("forms.file-packed"))
    return found


def _size(most: int) -> str:
    return f"{most // 1024**2} MiB" if most >= 1024**2 else f"{most // 1024} KiB"


def safe_name(name: str, media_type: str) -> str:
    """A name under which a file may be saved anywhere: no path, no hidden character, one suffix."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = _NOT_IN_NAMES.sub("", last).strip(". ")
    suffix = FILE_TYPES[media_type]
    stem = clean.rpartition(".")[0] if "." in clean else clean
    stem = stem.strip(". ")[: _LONGEST_NAME - len(suffix)] or "file"
    return f"{stem}{suffix}"
