"""FHIR R4 (4.0.1): Bundles, single resources and NDJSON, checked before anything is handed on."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sekisho.errors import (
    CancelledError,
    DeliveryError,
    Place,
    StorageError,
    TamperedError,
    fault,
    raise_all,
)
from sekisho.formats.fhir_check import Findings, check_resource
from sekisho.formats.fhir_links import Links
from sekisho.formats.fhir_semantics import FHIR_SEMANTICS
from sekisho.formats.fhir_stream import TWICE, BrokenError, Text, lines, members
from sekisho.model.resource import JsonTree, Resource, Semantics
from sekisho.ports import RecordFormat, Watch

MOST_RESOURCES = 1_000_000
HELD_BYTES = 8 << 20
"""A file up to this size is parsed once and held; a larger one is read again each time."""


@dataclass(frozen=True, slots=True)
class FhirR4:
    """FHIR R4 behind the RecordFormat port."""

    name: str = "fhir-r4"
    media_type: str = "application/fhir+json; fhirVersion=4.0"
    semantics: Semantics = FHIR_SEMANTICS

    def read(self, source: Path, watch: Watch) -> Iterable[Resource]:
        """Every resource of a Bundle, of NDJSON (`.ndjson`) or of a file with one resource.

        Resources can be read more than once. A file larger than is held in memory is read anew
        each time; should it have changed, reading it ends in TamperedError.

        Raises: DeliveryError with every fault; StorageError when the file cannot be read.
        """
        quick = _quickly(source, watch)
        if quick is not None:
            return quick
        checked = _check(source, watch)
        if checked.held is not None:
            return tuple(checked.held)
        return _Again(source, checked.digest)

    def write(self, resources: Iterable[Resource], target: BinaryIO) -> None:
        """Write a Bundle of type `collection`, resource by resource."""
        target.write(b'{"resourceType":"Bundle","type":"collection"')
        opened = False
        for resource in resources:
            target.write(b"," if opened else b',"entry":[')
            target.write(_entry_text(resource))
            opened = True
        target.write(b"]}\n" if opened else b"}\n")


def _entry_text(resource: Resource) -> bytes:
    tree = resource.tree
    entry: dict[str, object] = {"resource": tree if isinstance(tree, dict) else dict(tree.items())}
    return to_json({"fullUrl": resource.address, **entry} if resource.address else entry)


def to_json(tree: object) -> bytes:
    """A tree as JSON in UTF-8; decimals keep their digits."""
    from sekisho.formats.fhir_fast import encoder

    return encoder().encode(tree)


def _quickly(source: Path, watch: Watch) -> Iterable[Resource] | None:
    """The resources, when there is plainly nothing wrong with the file."""
    from sekisho.formats.fhir_quick import quickly

    try:
        size = source.stat().st_size
        reading = _Reading(watch, size)
        hold = size <= HELD_BYTES
        return quickly(source, reading.seen, reading.digest, MOST_RESOURCES, hold=hold)
    except OSError as error:
        raise StorageError(fault("fhir.not-read", reason=error.strerror or "")) from error


@dataclass(slots=True)
class _Checked:
    digest: bytes = b""
    held: list[Resource] | None = None


@dataclass(slots=True)
class _Reading:
    """What is seen while a file is read."""

    watch: Watch
    total: int
    done: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def seen(self, block: bytes) -> None:
        """Take note of a block, and stop when somebody said so."""
        if self.watch.cancelled():
            raise CancelledError(fault("fhir.cancelled"))
        self.digest.update(block)
        self.done += len(block)
        self.watch.progress("fhir.phase-read", self.done, self.total)


def _check(source: Path, watch: Watch) -> _Checked:
    findings, links = Findings(source.name), Links()
    checked = _Checked()
    try:
        size = source.stat().st_size
        reading = _Reading(watch, size)
        checked.held = [] if size <= HELD_BYTES else None
        with source.open("rb") as file:
            for path, resource, entry in _resources(file, source, reading, findings):
                check_resource(entry, path, findings)
                links.add(resource, path, findings)
                if checked.held is not None:
                    checked.held.append(resource)
    except OSError as error:
        raise StorageError(fault("fhir.not-read", reason=error.strerror or "")) from error
    except BrokenError as error:
        found = [*findings.all(), fault(error.code, Place(source.name))]
        raise DeliveryError(*found) from error
    links.finish(findings)
    raise_all(DeliveryError, findings.all())
    checked.digest = reading.digest.digest()
    return checked


def _resources(
    file: BinaryIO, source: Path, reading: _Reading, findings: Findings
) -> Iterator[tuple[str, Resource, object]]:
    """(path, resource, what stood there) of every resource in a file."""
    text = Text(file, reading.seen)
    values = _lines(text) if source.suffix == ".ndjson" else _bundle(text, findings)
    for number, (path, entry, address) in enumerate(values):
        if number >= MOST_RESOURCES:
            raise BrokenError("fhir.too-many")
        yield path, _resource(entry, address), entry


def _lines(text: Text) -> Iterator[tuple[str, object, str]]:
    for number, each in enumerate(lines(text), 1):
        yield f"line {number}", each, ""


def _bundle(text: Text, findings: Findings) -> Iterator[tuple[str, object, str]]:
    """The resources of a Bundle, or the one resource that a file holds."""
    rest: dict[str, object] = {}
    entries = 0
    for name, value in members(text, "entry"):
        if name != "entry":
            rest[name] = value
            continue
        if isinstance(value, Mapping) and TWICE in value:
            findings.add("name-twice-in", f"Bundle.entry[{entries}]")
        yield _entry(value, entries)
        entries += 1
    if rest.get("resourceType") != "Bundle":
        if entries:
            raise BrokenError("fhir.not-a-bundle")
        yield str(_type(rest)), rest, ""
        return
    check_resource(rest, "Bundle", findings)


def _entry(value: object, number: int) -> tuple[str, object, str]:
    path = f"Bundle.entry[{number}].resource"
    if not isinstance(value, Mapping):
        raise BrokenError("fhir.bad-entry")
    address = value.get("fullUrl", "")
    return path, value.get("resource"), address if isinstance(address, str) else ""


def _resource(entry: object, address: str) -> Resource:
    tree: JsonTree = entry if isinstance(entry, Mapping) else {}
    name = tree.get("id", "")
    return Resource(_type(tree), name if isinstance(name, str) else "", tree, address)


def _type(tree: JsonTree) -> str:
    said = tree.get("resourceType")
    return said if isinstance(said, str) else ""


@dataclass(frozen=True, slots=True)
class _Again:
    """The resources of a file that was checked, read anew."""

    source: Path
    digest: bytes

    def __iter__(self) -> Iterator[Resource]:
        reading = _Reading(Watch(), 0)
        with self.source.open("rb") as file:
            for _, resource, _ in _resources(file, self.source, reading, Findings("")):
                yield resource
        if reading.digest.digest() != self.digest:
            raise TamperedError(fault("fhir.changed"))


FHIR_R4: RecordFormat = FhirR4()
