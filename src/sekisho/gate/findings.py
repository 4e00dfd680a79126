"""Does what left agree with the log? Asked of one release, or of the whole node."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sekisho.errors import Fault, SekishoError, TamperedError, fault
from sekisho.gate.files import digest_of
from sekisho.gate.handout import ENTRY, MANIFEST, OUTSIDE_MANIFEST, PROOF, manifest_bytes
from sekisho.model.entry import Entry, EntryKind, manifest_digest, parse_entry
from sekisho.ports import Watch
from sekisho.tlog.note import Verifier
from sekisho.tlog.proof import verify_receipt
from sekisho.tlog.testimony import Testimony
from sekisho.tlog.tree import Listable
from sekisho.tlog.verify import verify_log


@dataclass(frozen=True, slots=True)
class Logged:
    """What the log says of one release."""

    index: int
    entry: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof of one release, checked: its files, its entry, its place in the log."""

    index: int
    """Index of the entry in the log."""
    size: int
    """Size of the log that the proof is about."""
    origin: str
    text: str
    faults: tuple[Fault, ...]
    witnesses: tuple[Testimony, ...] = ()
    """Who cosigned a checkpoint that covers the entry; `LogBook.witnessed` finds them."""

    @property
    def verified(self) -> bool:
        """Whether everything agrees."""
        return not self.faults


def released_by(entry: Entry) -> tuple[str, str] | None:
    """(release, digest of its files) when the entry lets a release out."""
    if entry.kind in {EntryKind.RELEASE_MADE, EntryKind.RELEASE_CORRECTED}:
        return str(entry.public["release"]), str(entry.public["digest"])
    return None


def folder_faults(folder: Path, logged: Logged) -> Iterator[Fault]:
    """Every way in which the files of a release differ from what its log entry stands for."""
    release = folder.name
    try:
        raw = (folder / MANIFEST).read_bytes()
        files = json.loads(raw)
        same = raw == manifest_bytes(files) and manifest_digest(files) == logged.digest
    except (OSError, ValueError, TypeError, AttributeError):
        same, files = False, {}
    if not same:
        yield fault("gate.entry-differs", release=release, index=logged.index)
        return
    present = {file.name for file in folder.iterdir()}
    for name in sorted({*files, *OUTSIDE_MANIFEST} - present):
        yield fault("gate.release-incomplete", release=release, file=name)
    for name in sorted(present - OUTSIDE_MANIFEST - set(files)):
        yield fault("gate.release-extra", release=release, file=name)
    for name in sorted(set(files) & present):
        if digest_of(folder / name) != files[name]:
            yield fault("gate.release-tampered", release=release, file=name)
    if ENTRY in present and (folder / ENTRY).read_bytes() != logged.entry:
        yield fault("gate.release-tampered", release=release, file=ENTRY)


def check_proof(folder: Path, verifiers: tuple[Verifier, ...]) -> Proof:
    """The proof of a released folder, checked with the log's public key alone."""
    faults: list[Fault] = []
    text, index, size, origin = "", 0, 0, ""
    try:
        text = (folder / PROOF).read_bytes().decode("utf-8")
        entry = (folder / ENTRY).read_bytes()
        found = verify_receipt(text, verifiers).proven
        index, size, origin = found.index, found.checkpoint.size, found.checkpoint.origin
        named = released_by(parse_entry(entry))
        if found.entry != entry or named is None or named[0] != folder.name:
            raise TamperedError(fault("gate.proof-wrong", release=folder.name))
        faults += folder_faults(folder, Logged(index, entry, named[1]))
    except (OSError, UnicodeDecodeError):
        faults.append(fault("gate.proof-wrong", release=folder.name))
    except SekishoError as error:
        faults += error.faults
    return Proof(index, size, origin, text, tuple(faults))


@dataclass(frozen=True, slots=True)
class Findings:
    """What verifying a whole node found: its log, and every release against it."""

    size: int
    """Entries under the signed checkpoint."""
    releases: int
    files: int
    """How many files of the log and of releases were checked."""
    faults: tuple[Fault, ...]
    unsigned: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything agrees."""
        return not self.faults


def verify_folder(
    storage: Listable, releases: Path, verifiers: tuple[Verifier, ...], watch: Watch
) -> Findings:
    """Check a whole log, and every released file against it; needs the public key only.

    Raises: CancelledError when the watch says so.
    """
    logged: dict[str, Logged] = {}

    def note_release(index: int, data: bytes) -> Iterator[Fault]:
        try:
            named = released_by(parse_entry(data))
        except TamperedError as error:
            yield from error.faults
            return
        if named is not None:
            if named[0] in logged:
                yield fault("gate.release-twice", release=named[0], index=index)
            logged[named[0]] = Logged(index, data, named[1])

    log = verify_log(storage, verifiers, note_release, watch)
    faults = list(log.faults)
    present = {each.name for each in releases.glob("*")} if releases.is_dir() else set()
    files = log.files
    for number, name in enumerate(sorted(present | set(logged))):
        watch.progress("gate.phase-verify-releases", number, len(present | set(logged)))
        if name not in present:
            faults.append(
                fault("gate.entry-without-release", index=logged[name].index, release=name)
            )
        elif name not in logged:
            faults.append(fault("gate.leftover", release=name))
        else:
            files += len(list((releases / name).iterdir()))
            faults += check_proof(releases / name, verifiers).faults
            faults += folder_faults(releases / name, logged[name])
    return Findings(log.entries, len(logged), files, _distinct(faults), log.unsigned)


def _distinct(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(each for n, each in enumerate(faults) if each not in faults[:n])
