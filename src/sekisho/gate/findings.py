"""Does what left agree with the log? Asked of one release, or of the whole node."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sekisho.errors import Fault, SekishoError, TamperedError, fault
from sekisho.gate.files import digest_of
from sekisho.gate.handout import EMBARGO, ENTRY, MANIFEST, OUTSIDE_MANIFEST, PROOF, manifest_bytes
from sekisho.model.entry import Entry, EntryKind, manifest_digest, parse_entry
from sekisho.ports import Watch
from sekisho.tlog.note import Verifier
from sekisho.tlog.proof import verify_receipt
from sekisho.tlog.testimony import Testimony
from sekisho.tlog.tree import Listable
from sekisho.tlog.verify import verify_log

Keys = tuple[Verifier, ...]
"""Public keys of a log, newest first."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What the log says of one release."""

    index: int
    entry: bytes
    digest: str
    taken_down: bool = False
    """Whether a later entry says that its figures are no longer there."""


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
    wanted = {*OUTSIDE_MANIFEST, *receipts_of(logged.entry)}
    if logged.taken_down:
        yield from (
            fault("calendar.still-there", release=release, file=name)
            for name in sorted(set(files) & present)
        )
        files = {}
    for name in sorted({*files, *wanted} - present):
        yield fault("gate.release-incomplete", release=release, file=name)
    for name in sorted(present - wanted - set(files)):
        yield fault("gate.release-extra", release=release, file=name)
    for name in sorted(set(files) & present):
        if digest_of(folder / name) != files[name]:
            yield fault("gate.release-tampered", release=release, file=name)
    if ENTRY in present and (folder / ENTRY).read_bytes() != logged.entry:
        yield fault("gate.release-tampered", release=release, file=ENTRY)


def receipts_of(entry: bytes) -> frozenset[str]:
    """The receipt that a release which waited for its moment has beside its files."""
    read = parse_entry(entry)
    waited = read.kind is EntryKind.RELEASE_MADE and "concerns" in read.public
    return frozenset({EMBARGO}) if waited else frozenset()


def embargo_faults(folder: Path, logged: Logged, verifiers: Keys) -> Iterator[Fault]:
    """Whether the figures are those to which the log had committed before their moment."""
    for name in receipts_of(logged.entry):
        receipt = verify_receipt((folder / name).read_bytes().decode("utf-8"), verifiers)
        first = parse_entry(logged.entry).public["concerns"]
        if receipt.proven.index != first or receipt.opened.get("release") != logged.digest:
            yield fault("gate.proof-wrong", release=folder.name)


def check_proof(folder: Path, verifiers: Keys, *, taken_down: bool = False) -> Proof:
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
        logged = Logged(index, entry, named[1], taken_down)
        faults += [*folder_faults(folder, logged), *embargo_faults(folder, logged, verifiers)]
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
            entry = parse_entry(data)
            named = released_by(entry)
        except TamperedError as error:
            yield from error.faults
            return
        if entry.kind is EntryKind.RELEASE_WITHDRAWN and entry.public["release"] in logged:
            of = str(entry.public["release"])
            gone = entry.public.get("change") == "taken-down"
            logged[of] = replace(logged[of], taken_down=gone)
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
            gone = logged[name].taken_down
            faults += check_proof(releases / name, verifiers, taken_down=gone).faults
            faults += folder_faults(releases / name, logged[name])
    return Findings(log.entries, len(logged), files, _distinct(faults), log.unsigned)


def _distinct(faults: list[Fault]) -> tuple[Fault, ...]:
    return tuple(each for n, each in enumerate(faults) if each not in faults[:n])
