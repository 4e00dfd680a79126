"""A release in the form that somebody asks for: a published file, one made from it, the archive."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sekisho.errors import NotFound, TamperedError, UsageError, fault
from sekisho.gate import bundle
from sekisho.gate.findings import Proof
from sekisho.model.export import EXCEL_CSV, FORMS, SDMX_FORMS
from sekisho.model.release import Became, Release
from sekisho.present.history import status_lines
from sekisho.terms import Language
from sekisho.tlog.note import Verifier

BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 20


class Handed(Protocol):
    """A release with its files, and what became of it."""

    @property
    def release(self) -> Release: ...
    @property
    def folder(self) -> Path: ...
    @property
    def files(self) -> Mapping[str, Path]: ...
    @property
    def became(self) -> Became: ...


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written for somebody."""

    file: Path
    digest: str
    published: bool
    """Whether it is, or is made of, files that the release's entry stands for."""


def name_of(release: Release, form: str) -> str:
    """The file name of a release in a form.

    Raises: UsageError when there is no such form.
    """
    if form not in FORMS:
        raise UsageError(fault("exports.no-format", format=form, known=", ".join(FORMS)))
    return bundle.bundle_name(release.id) if form == "zip" else f"{release.plan}.{form}"


def status_of(handed: Handed) -> str:
    """What a reader must know first, in both languages; empty for a release that stands."""
    lines = [
        line
        for language in Language
        for line in status_lines(handed.release, handed.became, language)
    ]
    return "".join(f"{line}\n" for line in lines)


def archive_of(handed: Handed) -> tuple[str, Iterator[bytes]]:
    """The tag of a release's archive, and the archive piece by piece.

    Raises: TamperedError when a file is not the one that was released; NotFound when the figures
    have been taken down.
    """
    files = handed.files
    for name, digest in handed.release.files.items():
        if name not in files:
            raise NotFound(fault("exports.not-of-release", release=handed.release.id))
        if file_digest(files[name]) != digest:
            release = handed.release.id
            raise TamperedError(fault("gate.release-tampered", release=release, file=name))
    status = status_of(handed)
    return bundle.bundle_tag(handed.folder, status), bundle.bundle_pieces(handed.folder, status)


def write_export(handed: Handed, form: str, target: Path) -> Written:
    """Write a release in a form, whole or not at all.

    A form that the release has no file of, since it is older than the form, is made now from its
    protected table; the answer says so.

    Raises: UsageError for a form that there is not, or whose extra is missing; NotFound;
    StorageError; TamperedError.
    """
    from sekisho.formats.cells import whole_file

    name, published = name_of(handed.release, form), True
    if form == "zip":
        pieces = archive_of(handed)[1]
    else:
        source = f"{handed.release.plan}.csv" if form == EXCEL_CSV else name
        if source not in handed.files:
            return _made_now(handed, form, target)
        file = handed.files[source]
        if file_digest(file) != handed.release.files.get(source):
            release = handed.release.id
            raise TamperedError(fault("gate.release-tampered", release=release, file=source))
        pieces = file_pieces(file, BOM if form == EXCEL_CSV else b"")
    found = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as out:
        for piece in pieces:
            found.update(piece)
            out.write(piece)
    return Written(target, found.hexdigest(), published)


def _made_now(handed: Handed, form: str, target: Path) -> Written:
    from sekisho.formats.sdmx import sdmx_is_installed
    from sekisho.wiring import formats

    if form in SDMX_FORMS and not sdmx_is_installed():
        raise UsageError(fault("format.sdmx-not-installed"))
    known = {each.suffix: each for each in formats()}
    about = handed.files.get("release.json")
    if handed.became.taken_down or about is None or f".{form}" not in known:
        raise NotFound(fault("exports.not-of-release", release=handed.release.id))
    target.parent.mkdir(parents=True, exist_ok=True)
    told = json.loads(about.read_bytes())
    known[f".{form}"].write(handed.release.table, target, told)
    return Written(target, file_digest(target), published=False)


def check_archive(file: Path, verifiers: tuple[Verifier, ...]) -> Proof:
    """Every file of a release's archive, or of its unpacked folder, against entry and proof.

    Raises: DeliveryError when the file is no such archive.
    """
    from sekisho.gate.findings import check_proof

    return check_proof(file, verifiers) if file.is_dir() else bundle.check_bundle(file, verifiers)


def file_digest(file: Path) -> str:
    """SHA-256 of a file, hexadecimal, in constant memory."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def file_pieces(file: Path, first: bytes) -> Iterator[bytes]:
    """A file piece by piece, after what comes first."""
    yield first
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            yield piece
