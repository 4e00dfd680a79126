"""A release as one archive, and whether everything in such an archive agrees with the log.

The same release under the same state gives the same bytes: names in order, one fixed time. Within
lies the folder of the release as it is, which the log's entry stands for; the papers that people
read first lie beside it once more.
"""

import hashlib
import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from sekisho.errors import DeliveryError, Fault, SekishoError, TamperedError, fault
from sekisho.gate.findings import Logged, Proof, embargo_faults, receipts_of, released_by
from sekisho.gate.handout import EMBARGO, ENTRY, MANIFEST, OUTSIDE_MANIFEST, PROOF, manifest_bytes
from sekisho.model.entry import manifest_digest, parse_entry
from sekisho.tlog.note import Verifier
from sekisho.tlog.proof import verify_receipt

MEDIA_TYPE = "application/zip"
SUFFIX = ".zip"
STATUS = "STATUS.txt"
LAYOUT = 1
"""Changes when the same release would give other bytes."""
_FIRST = re.compile(r".*\.(README(?:\.[a-z]{2})?\.md|CITATION\.(?:cff|txt)|LICENCE\.txt)")
_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 18
_LONGEST_STATUS = 1 << 16
_MOST_PAPER = 1 << 26
"""Bytes of a manifest, an entry or a proof that is read; real ones have some thousand."""


def bundle_name(release_id: str) -> str:
    """The file name of a release's archive."""
    return f"{release_id}{SUFFIX}"


def bundle_tag(folder: Path, status: str) -> str:
    """A digest that changes whenever the archive does, without writing it."""
    found = hashlib.sha256(f"sekisho/bundle/v{LAYOUT}\n{folder.name}\n".encode())
    for name in (MANIFEST, ENTRY, PROOF):
        found.update((folder / name).read_bytes())
    found.update(status.encode())
    return found.hexdigest()


def bundle_pieces(folder: Path, status: str = "") -> Iterator[bytes]:
    """The archive of a released folder, piece by piece, in constant memory.

    `status` is what a reader must know first: that the release was corrected or withdrawn.
    """
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        if status:
            archive.writestr(_member(STATUS), status.encode())
        for name, file in _members(folder):
            with file.open("rb") as read, archive.open(_member(name), "w", force_zip64=True) as to:
                while chunk := read.read(_CHUNK):
                    to.write(chunk)
                    yield from out.taken()
        yield from out.taken()
    yield from out.taken()


def _members(folder: Path) -> Iterator[tuple[str, Path]]:
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    for file in files:
        first = _FIRST.fullmatch(file.name)
        if first:
            yield first[1], file
    for file in files:
        yield f"{folder.name}/{file.name}", file


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = 0o100644 << 16
    return member


class _Pieces(io.RawIOBase):
    """Takes what is written, to be handed on; nobody can go back in it."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._held.append(piece)
        return len(piece)

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time."""
        held, self._held = self._held, []
        if held:
            yield b"".join(held)


def check_bundle(file: Path, verifiers: tuple[Verifier, ...]) -> Proof:
    """Every file of an archive against its manifest, entry and proof; nothing is unpacked.

    Raises: DeliveryError when it is no archive of a release, or a name in it leads elsewhere.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return _checked(archive, file.name, verifiers)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        # RuntimeError: a member is encrypted; the library has no error of its own for it
        raise DeliveryError(fault("exports.bundle-damaged", file=file.name)) from None


def _checked(archive: zipfile.ZipFile, file: str, verifiers: tuple[Verifier, ...]) -> Proof:
    release, members = _folder_in(archive, file)
    faults: list[Fault] = []
    try:
        entry, manifest = _read(archive, members[ENTRY]), _read(archive, members[MANIFEST])
        text = _read(archive, members[PROOF]).decode("utf-8")
        found = verify_receipt(text, verifiers).proven
        named = released_by(parse_entry(entry))
        if found.entry != entry or named is None or named[0] != release:
            raise TamperedError(fault("gate.proof-wrong", release=release))
    except (KeyError, UnicodeDecodeError):
        return Proof(0, 0, "", "", (fault("gate.proof-wrong", release=release),))
    except SekishoError as error:
        return Proof(0, 0, "", "", tuple(error.faults))
    files = _files_of(manifest, named[1])
    if files is None:
        faults.append(fault("gate.entry-differs", release=release, index=found.index))
    else:
        wanted = {**dict.fromkeys((*OUTSIDE_MANIFEST, *receipts_of(entry)), ""), **files}
        faults += _file_faults(archive, release, members, wanted)
        if EMBARGO in wanted and EMBARGO in members:
            logged = Logged(found.index, entry, named[1])
            receipt = _read(archive, members[EMBARGO])
            faults += _embargo_faults(release, receipt, logged, verifiers)
    return Proof(found.index, found.checkpoint.size, found.checkpoint.origin, text, tuple(faults))


def _folder_in(archive: zipfile.ZipFile, file: str) -> tuple[str, Mapping[str, zipfile.ZipInfo]]:
    """The release's folder in the archive: its name, and its members by theirs."""
    members: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for info in archive.infolist():
        place, _, name = info.filename.rpartition("/")
        leads = "/" in place or "\\" in info.filename or ".." in (place, name) or not name
        if leads or not _is_plain_file(info):
            raise DeliveryError(fault("exports.bundle-unsafe", file=file))
        if name in members.setdefault(place, {}):
            raise DeliveryError(fault("exports.bundle-damaged", file=file))
        members[place][name] = info
    folders = [place for place, inside in members.items() if place and MANIFEST in inside]
    if len(folders) != 1 or set(members) - {"", folders[0]}:
        raise DeliveryError(fault("exports.bundle-damaged", file=file))
    return folders[0], members[folders[0]]


def _is_plain_file(info: zipfile.ZipInfo) -> bool:
    """Whether unpacking gives a file, and no link to what lies elsewhere."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    too_long = info.filename == STATUS and info.file_size > _LONGEST_STATUS
    return kind in (0, stat.S_IFREG) and not too_long


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as opened:
        data = opened.read(_MOST_PAPER + 1)
    if len(data) > _MOST_PAPER:
        raise zipfile.BadZipFile(member.filename)
    return data


def _files_of(manifest: bytes, digest: str) -> Mapping[str, str] | None:
    """File -> SHA-256; None when the manifest is not the one that the entry names."""
    try:
        files = json.loads(manifest)
        same = manifest == manifest_bytes(files) and manifest_digest(files) == digest
    except (ValueError, TypeError, AttributeError):
        return None
    return files if same else None


def _file_faults(
    archive: zipfile.ZipFile,
    release: str,
    members: Mapping[str, zipfile.ZipInfo],
    files: Mapping[str, str],
) -> Iterator[Fault]:
    """What is missing, is there without need, or differs; the log's own papers have no digest."""
    for name in sorted(set(files) - set(members)):
        yield fault("gate.release-incomplete", release=release, file=name)
    for name in sorted(set(members) - set(files)):
        yield fault("gate.release-extra", release=release, file=name)
    for name in sorted(set(files) & set(members)):
        if files[name] and _digest(archive, members[name]) != files[name]:
            yield fault("gate.release-tampered", release=release, file=name)
    beside = {info.filename: info for info in archive.infolist() if "/" not in info.filename}
    for name, info in sorted(beside.items()):
        papers = {digest for file, digest in files.items() if file.endswith(f".{name}")}
        if name != STATUS and _digest(archive, info) not in papers:
            yield fault("gate.release-tampered", release=release, file=name)


def _embargo_faults(
    release: str, receipt: bytes, logged: Logged, verifiers: tuple[Verifier, ...]
) -> list[Fault]:
    """Whether the figures are those to which the log had committed before their moment."""
    with TemporaryDirectory() as place:
        folder = Path(place) / release
        folder.mkdir()
        (folder / EMBARGO).write_bytes(receipt)
        return list(embargo_faults(folder, logged, verifiers))


def _digest(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    found = hashlib.sha256()
    with archive.open(member) as opened:
        while chunk := opened.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
