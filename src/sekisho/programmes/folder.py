"""The files of a programme folder, taken in once: checked, hashed, and then never looked at again.

Nothing outside the folder is read: links are refused, not followed. Sizes are bounded before and
while reading, so that neither a huge file nor a packed one that unfolds fills the memory.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO

from sekisho.errors import Fault, Place, fault
from sekisho.programmes.guess import guessed

KIB = 1024
MIB = 1024 * KIB
MOST_FILES = 2000
MOST_BYTES = 256 * MIB
MOST_DEPTH = 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

TEXT_LIMITS = {
    ".toml": 256 * KIB,
    ".sql": 64 * KIB,
    ".cedar": 256 * KIB,
    ".csv": 5 * MIB,
    ".json": 1 * MIB,
    ".md": 1 * MIB,
}
"""Suffixes of files that must be UTF-8 text, and how large each may be."""
SAMPLE_LIMITS = {".parquet": 64 * MIB, ".csv": 64 * MIB, ".json": 16 * MIB, ".md": 1 * MIB}

LAYOUT: dict[str, tuple[str, ...]] = {
    "": ("README.md", "README.ja.md", "programme.toml"),
    "datasets": (".toml",),
    "lookups": (".toml", ".csv"),
    "public": (".toml", ".csv"),
    "releases": (".toml", ".sql"),
    "rules": (".cedar",),
    "forms": (".toml", ".json"),
    "records": (".toml",),
    "notices": (".md",),
    "sample": (".parquet", ".csv", ".json", ".md"),
    "cases": (".json", ".csv"),
}
"""The folders of a programme and the files that each may hold."""


@dataclass
class Folder:
    """The files of one folder, as they were at one moment."""

    texts: dict[str, str] = field(default_factory=dict)
    """Path -> text, for every text file outside `sample/`."""
    digests: dict[str, str] = field(default_factory=dict)
    """Path -> SHA-256, for every file."""
    faults: list[Fault] = field(default_factory=list)
    bytes: int = 0

    def digest(self) -> str:
        """SHA-256 over the lines `<sha256>  <path>` that `sha256sum` prints, in order of path."""
        lines = (f"{self.digests[path]}  {path}\n" for path in sorted(self.digests))
        return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()

    def under(self, folder: str, suffix: str) -> list[str]:
        """Paths of the text files of one folder, in order."""
        return sorted(p for p in self.texts if p.startswith(f"{folder}/") and p.endswith(suffix))


def take_in(root: Path | Traversable) -> Folder:
    """Every file of a folder, or the faults that keep it out."""
    folder = Folder()
    if not root.is_dir():
        folder.faults.append(fault("programme.no-folder", None, folder=_printable(root.name)))
        return folder
    for path, entry in _walk(root, folder):
        if len(folder.digests) >= MOST_FILES or folder.bytes > MOST_BYTES:
            folder.faults.append(
                fault("programme.folder-too-large", None, files=MOST_FILES, mib=MOST_BYTES // MIB)
            )
            return folder
        _take_file(path, entry, folder)
    for needed in ("programme.toml", "README.md"):
        if needed not in folder.digests and not any(
            f.place and f.place.file == needed for f in folder.faults
        ):
            folder.faults.append(fault("programme.no-file", Place(needed), file=needed))
    return folder


def _walk(root: Path | Traversable, folder: Folder) -> Iterator[tuple[str, Path | Traversable]]:
    ahead: list[tuple[str, Path | Traversable]] = [("", root)]
    while ahead:
        under, current = ahead.pop()
        try:
            entries = sorted(current.iterdir(), key=lambda entry: entry.name)
        except OSError:
            folder.faults.append(fault("programme.unreadable", Place(under or ".")))
            continue
        for entry in entries:
            path = f"{under}/{entry.name}" if under else entry.name
            reason = _refusal(path, entry)
            if reason:
                folder.faults.append(reason)
            elif entry.is_dir():
                ahead.append((path, entry))
            else:
                yield path, entry


def _refusal(path: str, entry: Path | Traversable) -> Fault | None:
    """Why an entry may not be part of a programme folder, or None."""
    place = Place(_printable(path))
    if not _NAME.fullmatch(entry.name):
        return fault("programme.bad-file-name", place)
    if isinstance(entry, Path):
        mode = entry.lstat().st_mode
        if stat.S_ISLNK(mode):
            return fault("programme.link", place)
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return fault("programme.not-a-file", place)
    return _folder_refusal(path, place) if entry.is_dir() else _file_refusal(path, place)


def _folder_refusal(path: str, place: Place) -> Fault | None:
    top, _, rest = path.partition("/")
    if top not in LAYOUT:
        return guessed("programme.unknown-folder", place, top, filter(None, LAYOUT))
    if rest and (top != "sample" or path.count("/") > MOST_DEPTH):
        return fault("programme.no-folder-here", place)
    return None


def _file_refusal(path: str, place: Place) -> Fault | None:
    top, _, rest = path.partition("/")
    if not rest:
        known = LAYOUT[""]
        return None if top in known else guessed("programme.unknown-file", place, top, known)
    suffixes = LAYOUT[top]
    if path.endswith(suffixes):
        return None
    listed = ", ".join(f"`{suffix}`" for suffix in suffixes)
    return fault("programme.wrong-suffix", place, suffixes=listed)


def _take_file(path: str, entry: Path | Traversable, folder: Folder) -> None:
    suffix = f".{path.rpartition('.')[2]}"
    sample = path.startswith("sample/")
    limit = (SAMPLE_LIMITS if sample else TEXT_LIMITS)[suffix]
    try:
        digest, size, data = _content(entry, limit, keep=not sample)
    except OSError as error:
        code = "programme.link" if error.errno == errno.ELOOP else "programme.unreadable"
        folder.faults.append(fault(code, Place(path)))
        return
    if size > limit:
        folder.faults.append(fault("programme.file-too-large", Place(path), kib=limit // KIB))
        return
    folder.digests[path] = digest
    folder.bytes += size
    text = None if sample else _text(path, data, folder)
    if text is not None:
        folder.texts[path] = text


def _content(entry: Path | Traversable, limit: int, *, keep: bool) -> tuple[str, int, bytes]:
    """Digest, size and, if kept, the bytes of a file; reading ends once it is over the limit."""
    hashed = hashlib.sha256()
    parts: list[bytes] = []
    size = 0
    with _opened(entry) as stream:
        while size <= limit and (block := stream.read(MIB)):
            size += len(block)
            hashed.update(block)
            if keep:
                parts.append(block)
    return hashed.hexdigest(), size, b"".join(parts)


def _opened(entry: Path | Traversable) -> IO[bytes]:
    """The file, opened without following a link that took its place in the meantime."""
    if isinstance(entry, Path):
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        return os.fdopen(os.open(entry, flags), "rb")
    return entry.open("rb")


def _text(path: str, data: bytes, folder: Folder) -> str | None:
    """The text of a file; None, and a fault, when it is not plain UTF-8."""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        folder.faults.append(fault("programme.byte-order-mark", Place(path, 1, 1)))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        folder.faults.append(fault("programme.not-utf8", Place(path, line)))
        return None
    for row, line_text in enumerate(text.split("\n"), start=1):
        found = FORBIDDEN.search(line_text.removesuffix("\r"))
        if found:
            place = Place(path, row, found.start() + 1)
            folder.faults.append(
                fault("programme.control-character", place, point=f"U+{ord(found[0]):04X}")
            )
            return None
    return text


FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
"""NUL and other control characters, invisible ones, and those that turn the direction of text."""


def _printable(name: str) -> str:
    """A file name as it can be printed, whatever bytes it holds."""
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in name)[:200]
