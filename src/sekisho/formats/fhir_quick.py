"""A file of FHIR R4 without a fault, read quickly; for any other the full check says what is wrong.

Most resources are accepted by `fhir_fast`; one that is not is checked in full by itself. One fault,
or anything out of the ordinary, and nothing is said here.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sekisho.errors import TamperedError, fault
from sekisho.formats import fhir_fast, fhir_stream
from sekisho.formats.fhir_check import Findings, check_resource
from sekisho.formats.fhir_fast import Accepted, Cut, RawTree, UnsureError
from sekisho.formats.fhir_links import address_fault, settle_inside
from sekisho.formats.fhir_semantics import FHIR_SEMANTICS
from sekisho.formats.fhir_stream import BrokenError
from sekisho.model.addresses import ABSENT, Addresses
from sekisho.model.resource import Resource

MOST_SEEN = 20_000
"""So many targets that were looked up are remembered."""

Seen = Callable[[bytes], None]


def quickly(
    source: Path, seen: Seen, digest: "hashlib._Hash", most: int, *, hold: bool
) -> Iterable[Resource] | None:
    """The resources of a file without a fault; None when that cannot be said here.

    Shape: can be read more than once; `hold` keeps the text in memory, else the file is read anew
    each time. `seen` is given every block, for `digest` too; `most` resources are allowed.
    Raises: OSError.
    """
    held: list[Resource] = []
    links = _Links()
    try:
        with source.open("rb") as file:
            for number, (raw, address, found) in enumerate(_accepted(file, source, seen)):
                if number >= most:
                    return None
                links.add(number, found, address)
                if hold:
                    held.append(_resource(raw, found.type, found.id, address))
        links.finish()
    except (UnsureError, BrokenError):
        return None
    return tuple(held) if hold else _Again(source, digest.digest())


def _accepted(file: BinaryIO, source: Path, seen: Seen) -> Iterator[tuple[Any, str, Accepted]]:
    """(text, full address, what is known) of every resource; each has no fault of its own."""
    cut = Cut(file, seen)
    is_bundle = source.suffix != ".ndjson"
    for raw, address in cut.resources() if is_bundle else cut.lines():
        yield raw, address, fhir_fast.accepted(raw) or _checked(raw)
    if is_bundle:
        _check_rest(cut.rest or {})


def _checked(raw: Any) -> Accepted:
    """What is known of a resource that the full check finds no fault in."""
    said = bytes(raw)
    if len(said) > fhir_stream.LARGEST_VALUE:
        raise UnsureError
    try:
        tree = fhir_stream.whole(said.decode("utf-8"))
        kind, name = fhir_fast.kind_and_id(said)
    except (ValueError, RecursionError):
        raise UnsureError from None
    findings = Findings("")
    check_resource(tree, "", findings)
    settle_inside(_resource(said, kind, name, ""), findings)
    if findings.all():
        raise UnsureError
    return Accepted(kind, name, tuple(findings.pointed))


def _check_rest(rest: Any) -> None:
    findings = Findings("")
    check_resource(rest, "Bundle", findings)
    if rest.get("resourceType") != "Bundle" or findings.all() or findings.pointed:
        raise UnsureError


def _resource(raw: Any, kind: str, name: str, address: str) -> Resource:
    return Resource(kind, name, RawTree(raw, kind), address)


@dataclass(slots=True)
class _Links:
    """Whether the resources of a file can be told apart, and point at what is there."""

    known: Addresses = field(default_factory=Addresses)
    waiting: set[str] = field(default_factory=set)
    """Targets that no resource was found under yet."""
    met: set[str] = field(default_factory=set)
    """Targets that are there, as long as there are few."""

    def add(self, number: int, found: Accepted, address: str) -> None:
        """Note a resource; UnsureError when there is something about its address."""
        if address_fault(found.type, found.id, address):
            raise UnsureError
        for name in FHIR_SEMANTICS.names(Resource(found.type, found.id, {}, address)):
            self.known.claim(name, number)
        for target in found.pointed:
            if target not in self.met:
                self._look_up(target)

    def _look_up(self, target: str) -> None:
        if self.known.number(target) == ABSENT:
            self.waiting.add(target)
        elif len(self.met) < MOST_SEEN:
            self.met.add(target)

    def finish(self) -> None:
        """UnsureError when an address is claimed twice, or a target is nowhere."""
        if not self.known.is_unique():
            raise UnsureError
        if any(self.known.number(target) == ABSENT for target in self.waiting):
            raise UnsureError


@dataclass(frozen=True, slots=True)
class _Again:
    """The resources of a file without a fault, cut out anew."""

    source: Path
    digest: bytes

    def __iter__(self) -> Iterator[Resource]:
        hashed = hashlib.sha256()
        try:
            with self.source.open("rb") as file:
                cut = Cut(file, hashed.update)
                is_bundle = self.source.suffix != ".ndjson"
                for raw, address in cut.resources() if is_bundle else cut.lines():
                    yield _resource(raw, *fhir_fast.kind_and_id(raw), address)
        except (UnsureError, ValueError) as error:
            raise TamperedError(fault("fhir.changed")) from error
        if hashed.digest() != self.digest:
            raise TamperedError(fault("fhir.changed"))
