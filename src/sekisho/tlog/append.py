"""Growing a log: entries become bundles, tiles and one checkpoint, in an order no crash breaks.

Bundles and tiles are durable before the checkpoint that needs them; what no checkpoint needs yet is
nobody's to read. The same entries always give the same files, so that a run cut short is made good
by running again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sekisho.errors import TamperedError, UsageError, fault
from sekisho.model.entry import MAX_ENTRY_BYTES
from sekisho.tlog.merkle import leaf_hash, root_of
from sekisho.tlog.note import (
    Checkpoint,
    Signer,
    Verifier,
    decode_note,
    open_checkpoint,
    read_checkpoint,
    sign_checkpoint,
)
from sekisho.tlog.paths import CHECKPOINT, TILE_WIDTH, Resource, levels, parse_path, width_of
from sekisho.tlog.tree import Readable, Tree, framed, read_resource, split_bundle, split_tile

if TYPE_CHECKING:  # the ports bring numpy, which a log does not need
    from sekisho.ports import LogStorage

TILES_A_WRITE = 64


@dataclass(slots=True)
class Edge:
    """The right edge of a tree: what is not yet a full tile, level by level, and a full bundle."""

    size: int
    hashes: list[list[bytes]] = field(default_factory=list)
    bundle: list[bytes] = field(default_factory=list)

    def root(self) -> bytes:
        """The root over the whole tree."""
        tail: list[bytes] = []
        for layer in self.hashes:
            tail = [root_of([*layer, *tail])] if layer or tail else []
        return root_of(tail)


def current_checkpoint(storage: Readable, verifiers: Sequence[Verifier]) -> Checkpoint | None:
    """The checkpoint that stands, its signature checked; None when the log has none yet.

    Raises: TamperedError when the file is not a checkpoint that one of the keys signed.
    """
    data = storage.read(CHECKPOINT)
    return None if data is None else open_checkpoint(decode_note(data), verifiers)


def public_file(storage: Readable, path: str) -> bytes | None:
    """What a server may hand out under a path of the log: nothing that no checkpoint covers.

    None for any other path, for a file that is not there, and for one that lies beyond the
    checkpoint: it may still change, and nobody has signed it.
    """
    standing = storage.read(CHECKPOINT)
    if path == CHECKPOINT or standing is None:
        return standing if path == CHECKPOINT else None
    resource = parse_path(path)
    if resource is None or resource.end > read_checkpoint(decode_note(standing)).size:
        return None
    return storage.read(path)


def integrate(
    storage: "LogStorage", signers: Sequence[Signer], entries: Sequence[bytes], first: int = 0
) -> Checkpoint:
    """Make the entries part of the log, durable and under a signed checkpoint, or raise.

    Entries that the log has already are compared and passed over, so that a call may be repeated
    after any crash. Holds the log's lock from beginning to end.

    Shape: entries are n byte strings in order; the first of them has the index `first`.
    Raises: TamperedError when the log's files do not agree with its checkpoint, when an entry
    differs from what the log has at its index, or when entries are missing before the first;
    UsageError when an entry is too long; StorageError when the disk is full: then the
    former checkpoint stands.
    """
    _refuse_unfit(entries)
    verifiers = [signer.verifier for signer in signers]
    with storage.locked():
        before = current_checkpoint(storage, verifiers)
        edge = read_edge(storage, before)
        if not 0 <= first <= edge.size:
            raise TamperedError(fault("log.gap", size=edge.size, first=first))
        _refuse_rewriting(storage, edge.size, entries, first)
        fresh = entries[edge.size - first :]
        if before is not None and not fresh:
            return before
        started = edge.size
        for files in _written(edge, fresh):
            storage.write_all(files)
        after = sign_checkpoint(edge.size, edge.root(), signers)
        storage.write(CHECKPOINT, after.note.encode())
        storage.remove(_superseded(started, edge.size))
        return after


def resign(
    storage: "LogStorage", signers: Sequence[Signer], trusted: Sequence[Verifier]
) -> Checkpoint:
    """The same tree under the signatures of other keys: how a log takes up a new key.

    While old and new key both sign, whoever knows either can verify; later the old one is left out.

    Raises: TamperedError when the checkpoint that stands was not signed by a trusted key, or the
    log's files do not agree with it.
    """
    with storage.locked():
        before = current_checkpoint(storage, trusted)
        edge = read_edge(storage, before)
        after = sign_checkpoint(edge.size, edge.root(), signers)
        storage.write(CHECKPOINT, after.note.encode())
        return after


def read_edge(storage: Readable, checkpoint: Checkpoint | None) -> Edge:
    """The right edge of the tree that a checkpoint signs.

    Raises: TamperedError when the files do not give the signed root.
    """
    size = checkpoint.size if checkpoint else 0
    edge = Edge(size)
    for level, count in levels(size):
        part = Resource(level, count // TILE_WIDTH, count % TILE_WIDTH)
        edge.hashes.append(split_tile(read_resource(storage, part)) if part.width else [])
    last = Resource(None, size // TILE_WIDTH, size % TILE_WIDTH)
    if last.width:
        edge.bundle = split_bundle(read_resource(storage, last), last)
        if [leaf_hash(entry) for entry in edge.bundle] != edge.hashes[0]:
            raise TamperedError(fault("log.bundle-differs", path=last.path))
    if checkpoint is not None and edge.root() != checkpoint.root:
        raise TamperedError(fault("log.root-differs", size=size))
    return edge


def _refuse_unfit(entries: Sequence[bytes]) -> None:
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise UsageError(fault("log.entry-too-long", most=MAX_ENTRY_BYTES))


def _refuse_rewriting(storage: Readable, size: int, entries: Sequence[bytes], first: int) -> None:
    known = min(size - first, len(entries))
    tree = Tree(storage, size, cached_tiles=8)
    for place in range(known):
        index = first + place
        at = index % TILE_WIDTH
        if tree.layers(0, index // TILE_WIDTH)[0][at] != leaf_hash(entries[place]):
            raise TamperedError(fault("log.entry-differs", index=index))


def _written(edge: Edge, entries: Sequence[bytes]) -> Iterator[dict[str, bytes]]:
    """The files that the entries bring; a partial one that stays as it is is not among them."""
    standing = {each.path for each in _partial_resources(edge)}
    files: dict[str, bytes] = {}
    for entry in entries:
        edge.bundle.append(entry)
        _grow(edge, 0, leaf_hash(entry), files)
        edge.size += 1
        if len(edge.bundle) == TILE_WIDTH:
            bundle = Resource(None, edge.size // TILE_WIDTH - 1)
            files[bundle.path] = b"".join(framed(each) for each in edge.bundle)
            edge.bundle.clear()
            if len(files) >= 2 * TILES_A_WRITE:
                yield files
                files = {}
    files.update({path: data for path, data in _partial(edge).items() if path not in standing})
    yield files


def _grow(edge: Edge, level: int, hashed: bytes, files: dict[str, bytes]) -> None:
    if len(edge.hashes) == level:
        edge.hashes.append([])
    layer = edge.hashes[level]
    layer.append(hashed)
    if len(layer) == TILE_WIDTH:
        tile = Resource(level, edge.size // TILE_WIDTH ** (level + 1))
        files[tile.path] = b"".join(layer)
        above = root_of(layer)
        layer.clear()
        _grow(edge, level + 1, above, files)


def _partial_resources(edge: Edge) -> Iterator[Resource]:
    """The partial tiles of the right edge, from the leaves up, then the partial bundle."""
    for level, layer in enumerate(edge.hashes):
        if layer:
            yield Resource(level, edge.size // TILE_WIDTH ** (level + 1), len(layer))
    if edge.bundle:
        yield Resource(None, edge.size // TILE_WIDTH, len(edge.bundle))


def _partial(edge: Edge) -> dict[str, bytes]:
    return {
        each.path: b"".join(
            map(framed, edge.bundle) if each.level is None else edge.hashes[each.level]
        )
        for each in _partial_resources(edge)
    }


def _superseded(started: int, size: int) -> Iterator[str]:
    """The partial files that full ones have replaced since the tree had another size."""
    for level, count in levels(started):
        index, width = divmod(count, TILE_WIDTH)
        if width and width_of(level, index, size) == TILE_WIDTH:
            for each in (level, None) if level == 0 else (level,):
                yield from (Resource(each, index, part).path for part in range(1, TILE_WIDTH))


def tidy(storage: "LogStorage", size: int) -> int:
    """Remove what stopped runs left: partial files of tiles that are full in a tree of this size.

    Returns how many there were.
    """
    with storage.locked():
        stale = [path for path in storage.paths() if _is_superseded(path, size)]
        storage.remove(stale)
        return len(stale)


def _is_superseded(path: str, size: int) -> bool:
    resource = parse_path(path)
    return (
        resource is not None
        and resource.width < TILE_WIDTH
        and width_of(resource.level, resource.index, size) == TILE_WIDTH
    )
