"""The catalogue of every public release of a node, ready to be written."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from sekisho.errors import UsageError, fault
from sekisho.formats.dcat import Catalogue, Catalogued, graph_of
from sekisho.formats.triples import as_json_ld, as_turtle
from sekisho.model.actor import Participant
from sekisho.model.programme import Programme
from sekisho.model.release import Became, Release
from sekisho.terms import ReleaseState

PUBLIC = "public"
MEDIA_TYPES = {"ttl": "text/turtle; charset=utf-8", "jsonld": "application/ld+json"}
"""Form of a catalogue -> media type."""
_ADDRESS = ("https://", "http://")


class _Handed(Protocol):
    @property
    def release(self) -> Release: ...
    @property
    def files(self) -> Mapping[str, Path]: ...
    @property
    def became(self) -> Became: ...


class Listing(Protocol):
    """What of a node a catalogue is made from."""

    @property
    def origin(self) -> str: ...
    def programmes(self) -> Sequence[Programme]: ...
    def participants(self) -> Sequence[Participant]: ...
    def releases(
        self, programme: str | None = None, plan: str | None = None
    ) -> Sequence[_Handed]: ...


class _WithOwner(Protocol):
    @property
    def owner(self) -> str: ...


@runtime_checkable
class _Owned(Protocol):
    @property
    def members(self) -> _WithOwner: ...


def catalogue_of(node: Listing, base: str) -> Catalogue:
    """Everything that a node has released to everyone, under the address of its pages.

    Raises: UsageError when the address is none, or nobody takes part yet.
    """
    if not base.startswith(_ADDRESS) or any(each <= " " or each in '<>"' for each in base):
        raise UsageError(fault("exports.no-base"))
    people = {each.id: each for each in node.participants()}
    if not people:
        raise UsageError(fault("exports.nobody"))
    owner = node.members.owner if isinstance(node, _Owned) else next(iter(people))
    entries = [
        Catalogued(
            programme,
            people.get(programme.steward),
            each.release,
            each.became,
            _sizes(each),
        )
        for programme in node.programmes()
        if PUBLIC in programme.recipients
        for each in node.releases(programme.id)
    ]
    entries.sort(
        key=lambda each: (each.release.programme, each.release.plan, each.release.revision)
    )
    return Catalogue(base.rstrip("/"), node.origin, people[owner], tuple(entries))


def _sizes(handed: _Handed) -> Mapping[str, int]:
    """Bytes of the released files; none once the figures may no longer be read."""
    if handed.release.state is ReleaseState.WITHDRAWN and (
        handed.became.withdrawal is None or handed.became.taken_down
    ):
        return {}
    files, released = handed.files, handed.release.files
    return {name: files[name].stat().st_size for name in released if name in files}


def catalogue_text(node: Listing, base: str, form: str) -> Iterator[str]:
    """The catalogue as `ttl` or `jsonld`, piece by piece.

    Raises: UsageError as `catalogue_of`.
    """
    graph = graph_of(catalogue_of(node, base))
    return as_turtle(graph) if form == "ttl" else as_json_ld(graph)
