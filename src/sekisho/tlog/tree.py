"""A log's tree, read out of its tiles: any subtree's hash, any entry, any proof.

Nothing read here is trusted by itself: who hands a proof out checks it against the signed root.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from sekisho.errors import NotFound, TamperedError, fault
from sekisho.tlog.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    consistency_ranges,
    inclusion_ranges,
    node_hash,
    pair_up,
)
from sekisho.tlog.paths import TILE_WIDTH, Resource, whole, width_of

CACHED_TILES = 4096


class Readable(Protocol):
    """What a log can be read from: a folder, or a server of the same files."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None when there is no such file."""
        ...


@runtime_checkable
class Listable(Readable, Protocol):
    """A log whose files can also be listed: a folder."""

    def paths(self) -> Iterable[str]:
        """Every file there is."""
        ...


def read_resource(storage: Readable, resource: Resource) -> bytes:
    """The bytes of a resource; a partial one may be cut out of the full one that replaced it.

    Raises: TamperedError when neither is there, or its length is wrong.
    """
    data = storage.read(resource.path)
    if data is None and resource.width < TILE_WIDTH:
        data = storage.read(whole(resource).path)
    if data is None:
        raise TamperedError(fault("log.file-missing", path=resource.path))
    if resource.level is None:
        return b"".join(framed(entry) for entry in split_bundle(data, resource))
    cut = data[: resource.width * HASH_BYTES]
    if len(cut) != resource.width * HASH_BYTES or len(data) % HASH_BYTES:
        raise TamperedError(fault("log.file-length", path=resource.path))
    return cut


def framed(entry: bytes) -> bytes:
    """An entry as a bundle holds it: its length in two bytes, then itself."""
    return len(entry).to_bytes(2, "big") + entry


def split_bundle(data: bytes, resource: Resource) -> list[bytes]:
    """The entries of a bundle, as many as the resource is wide.

    Raises: TamperedError when there are fewer, or bytes are left over.
    """
    entries: list[bytes] = []
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) < resource.width:
        raise TamperedError(fault("log.file-length", path=resource.path))
    return entries[: resource.width]


def split_tile(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


class Tree:
    """One tree of a size over a storage; keeps the last tiles it read.

    With the signed root, each tile is compared with the one above it when it is read, the right
    edge with the root itself: then whatever the tree gives is what the checkpoint signs.

    Units: `cached_tiles` tiles of 16 KiB each are kept in memory at most.
    Raises: TamperedError when the right edge does not give the signed root.
    """

    def __init__(
        self,
        storage: Readable,
        size: int,
        signed_root: bytes | None = None,
        cached_tiles: int = CACHED_TILES,
    ) -> None:
        self.size = size
        self.signed_root = signed_root
        self._storage = storage
        self._layers: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()
        self._ragged: dict[tuple[int, int], bytes] = {}
        self._edge: dict[tuple[int, int], list[list[bytes]]] = {}
        self._room = cached_tiles
        if signed_root is not None and self.root() != signed_root:
            raise TamperedError(fault("log.root-differs", size=size))

    def layers(self, level: int, index: int) -> list[list[bytes]]:
        """A tile's hashes and the full pairs above them, layer by layer."""
        found = self._layers.get((level, index))
        if found is not None:
            self._layers.move_to_end((level, index))
            return found
        found = self._edge.get((level, index))
        return self._read(level, index) if found is None else found

    def _read(self, level: int, index: int) -> list[list[bytes]]:
        tile = Resource(level, index, width_of(level, index, self.size))
        layers = [split_tile(read_resource(self._storage, tile))]
        while len(layers[-1]) > 1:
            last = layers[-1]
            layers.append(pair_up(last[: len(last) & ~1]))
        if tile.width < TILE_WIDTH:
            self._edge[level, index] = layers
            return layers
        if self.signed_root is not None:
            above = self.layers(level + 1, index // TILE_WIDTH)[0][index % TILE_WIDTH]
            if layers[-1] != [above]:
                raise TamperedError(fault("log.tile-unsigned", path=tile.path))
        self._layers[level, index] = layers
        if len(self._layers) > self._room:
            self._layers.popitem(last=False)
        return layers

    def subtree(self, height: int, index: int) -> bytes:
        """The hash of the full subtree of 2**height leaves that is index-th of its height."""
        above = height & 7
        inside = 8 - above
        layers = self.layers(height >> 3, index >> inside)
        return layers[above][index & ((1 << inside) - 1)]

    def range_hash(self, start: int, end: int) -> bytes:
        """The hash of a run of leaves that the tree hashes as one."""
        length = end - start
        if length & (length - 1) == 0 and length:
            height = length.bit_length() - 1
            return self.subtree(height, start >> height)
        found = self._ragged.get((start, end))
        if found is None:
            found = self._ragged[start, end] = self._ragged_hash(start, end)
        return found

    def _ragged_hash(self, start: int, end: int) -> bytes:
        """The hash of a run that is no full subtree: the right edge has few of them."""
        if start == end:
            return EMPTY_ROOT
        parts = []
        while start < end:
            height = (end - start).bit_length() - 1
            parts.append(self.subtree(height, start >> height))
            start += 1 << height
        found = parts.pop()
        while parts:
            found = node_hash(parts.pop(), found)
        return found

    def root(self) -> bytes:
        """The tree's root."""
        return self.range_hash(0, self.size)

    def inclusion(self, index: int) -> list[bytes]:
        """The hashes that prove an entry, from the leaf's neighbour up.

        Raises: NotFound when the tree has no such entry.
        """
        if not 0 <= index < self.size:
            raise NotFound(fault("log.no-such-entry", size=self.size))
        return [self.range_hash(*run) for run in inclusion_ranges(index, self.size)]

    def consistency(self, old: int) -> list[bytes]:
        """The hashes that prove that this tree grew out of the tree of an older size.

        Nothing proves the empty tree: its proof is empty.

        Raises: NotFound when the tree has never had that size.
        """
        if not 0 <= old <= self.size:
            raise NotFound(fault("log.no-such-size", size=self.size))
        return [self.range_hash(*run) for run in consistency_ranges(old, self.size)] if old else []

    def entry(self, index: int) -> bytes:
        """The bytes of an entry, as the bundle has them.

        Raises: NotFound when the tree has no such entry.
        """
        (found,) = self.entries(index, index + 1)
        return found

    def entries(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes of the entries of a run, as the bundles have them; each bundle is read once.

        Raises: NotFound when the tree does not have them all.
        """
        if not 0 <= start < end <= self.size:
            raise NotFound(fault("log.no-such-entry", size=self.size))
        for at in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            bundle = Resource(None, at, width_of(None, at, self.size))
            held = split_bundle(read_resource(self._storage, bundle), bundle)
            first = at * TILE_WIDTH
            yield from held[max(start - first, 0) : end - first]
