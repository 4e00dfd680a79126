"""What the pages ask of a node, and what of it everyone may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sekisho.errors import Fault, NotFound, TamperedError, fault
from sekisho.gate.logbook import LogBook
from sekisho.model.actor import Participant
from sekisho.model.programme import Programme
from sekisho.model.release import Became, Release
from sekisho.terms import Language, ReleaseState
from sekisho.tlog.testimony import Testimony

PUBLIC = "public"


class ServedProof(Protocol):
    """A release's place in the log, checked when asked for."""

    @property
    def index(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def origin(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def faults(self) -> tuple[Fault, ...]: ...
    @property
    def verified(self) -> bool: ...
    @property
    def witnesses(self) -> tuple[Testimony, ...]: ...


class ServedRelease(Protocol):
    """A release with its files."""

    @property
    def release(self) -> Release: ...
    @property
    def folder(self) -> Path: ...
    @property
    def files(self) -> Mapping[str, Path]: ...
    @property
    def became(self) -> Became: ...
    def explain(self, language: Language | None = None) -> list[str]: ...


class Served(Protocol):
    """The part of a node that pages need."""

    @property
    def origin(self) -> str: ...
    @property
    def verifier_key(self) -> str: ...
    @property
    def log_folder(self) -> Path: ...
    @property
    def log_book(self) -> LogBook: ...
    def programmes(self) -> Sequence[Programme]: ...
    def participants(self) -> Sequence[Participant]: ...
    def releases(
        self, programme: str | None = None, plan: str | None = None
    ) -> Sequence[ServedRelease]: ...
    def proof(self, release_id: str) -> ServedProof: ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """A programme that releases to everyone, with its newest releases, one a plan."""

    programme: Programme
    steward: Participant | None
    newest: tuple[ServedRelease, ...]


def shelves(node: Served) -> list[Shelf]:
    """Every programme whose releases are for everyone.

    A programme that names only certain recipients is left out: who asks for a page is unknown.
    """
    stewards = {each.id: each for each in node.participants()}
    return [
        Shelf(programme, stewards.get(programme.steward), _newest(node, programme.id))
        for programme in node.programmes()
        if PUBLIC in programme.recipients
    ]


def _newest(node: Served, programme: str) -> tuple[ServedRelease, ...]:
    found: dict[str, ServedRelease] = {}
    for each in node.releases(programme):
        held = found.get(each.release.plan)
        if held is None or held.release.revision < each.release.revision:
            found[each.release.plan] = each
    return tuple(found[plan] for plan in sorted(found))


def revisions(node: Served, programme: str, plan: str) -> tuple[Shelf, list[ServedRelease]]:
    """Every revision of a plan's table, oldest first.

    Raises: NotFound when there is none, or when it is not for everyone.
    """
    for shelf in shelves(node):
        if shelf.programme.id == programme:
            found = list(node.releases(programme, plan))
            if found:
                return shelf, sorted(found, key=lambda each: each.release.revision)
    raise NotFound(fault("web.no-such-release"))


def revision(
    node: Served, programme: str, plan: str, number: int | None
) -> tuple[Shelf, ServedRelease]:
    """One revision, the newest when no number is given.

    Raises: NotFound as `revisions` does.
    """
    shelf, found = revisions(node, programme, plan)
    for each in found:
        if each.release.revision == number:
            return shelf, each
    if number is None:
        return shelf, found[-1]
    raise NotFound(fault("web.no-such-release"))


def is_handed_out(released: ServedRelease) -> bool:
    """Whether the numbers may still be shown: of a withdrawn release as its notice says."""
    if released.release.state is ReleaseState.WITHDRAWN:
        return released.became.withdrawal is not None and not released.became.taken_down
    return released.release.state in {ReleaseState.OPEN, ReleaseState.CORRECTED}


def refuse_tampered(released: ServedRelease, name: str, digest: str) -> None:
    """Let a file pass only when it is the one that was released.

    Raises: TamperedError when its hash is another.
    """
    expected = released.release.files.get(name)
    if expected is not None and expected != digest:
        release = released.release.id
        raise TamperedError(fault("gate.release-tampered", release=release, file=name))
