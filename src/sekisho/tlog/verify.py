"""Verifying a whole log: every byte of every file, in one pass and in bounded memory.

What is verified is what the checkpoint signs. Files beyond it belong to nobody yet and are told
apart; anything else that lies in the folder is a fault.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sekisho.errors import CancelledError, Fault, TamperedError, fault
from sekisho.model.entry import Entry, parse_entry
from sekisho.tlog.append import current_checkpoint
from sekisho.tlog.history import concerns
from sekisho.tlog.merkle import leaf_hash, proves_consistency, root_of
from sekisho.tlog.note import Checkpoint, Verifier
from sekisho.tlog.paths import CHECKPOINT, TILE_WIDTH, Resource, parse_path, whole, width_of
from sekisho.tlog.tree import Listable, Readable, Tree, framed, split_bundle, split_tile

if TYPE_CHECKING:  # the ports bring numpy, which a log does not need
    from sekisho.ports import Watch

MAX_FAULTS = 100
GROUP = 4096

Check = Callable[[int, bytes], Iterable[Fault]]


def _no_check(_index: int, _entry: bytes) -> Iterable[Fault]:
    return ()


@dataclass(frozen=True, slots=True)
class LogFindings:
    """What verifying a log found."""

    checkpoint: Checkpoint | None
    entries: int
    """How many entries were read and hashed."""
    files: int
    """How many files were checked."""
    faults: tuple[Fault, ...]
    """The first hundred faults; none means that the log is exactly what its checkpoint signs."""
    unsigned: tuple[str, ...] = ()
    """Files that no checkpoint covers yet, as a writer at work or a stopped one leaves them."""

    @property
    def is_sound(self) -> bool:
        """Whether everything agrees with the signed checkpoint."""
        return not self.faults


@dataclass(slots=True)
class _Pass:
    """One verification under way."""

    storage: Readable
    size: int
    faults: list[Fault] = field(default_factory=list)
    layers: list[list[bytes]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    files: int = 0
    entries: int = 0

    def blame(self, found: Fault) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(found)


def verify_log(
    storage: Readable,
    verifiers: Sequence[Verifier],
    check: Check = _no_check,
    watch: "Watch | None" = None,
) -> LogFindings:
    """Everything that is wrong with a log, or the certainty that nothing is.

    Each entry is handed to `check` in order; what it returns joins the faults. A storage that can
    list its files (a folder) is also searched for files that do not belong.

    Raises: CancelledError when the watch says so.
    """
    try:
        checkpoint = current_checkpoint(storage, verifiers)
    except TamperedError as error:
        return LogFindings(None, 0, 1, error.faults)
    if checkpoint is None:
        return LogFindings(None, 0, 0, (fault("log.file-missing", path=CHECKPOINT),))
    run = _Pass(storage, checkpoint.size, files=1)
    for index in range(-(-checkpoint.size // TILE_WIDTH)):
        if watch is not None:
            _report(watch, run)
        _verify_bundle(run, index, check)
    root = _finish(run)
    if root != checkpoint.root:
        run.blame(fault("log.root-differs", size=checkpoint.size))
    unsigned = tuple(_verify_rest(run, storage)) if isinstance(storage, Listable) else ()
    return LogFindings(checkpoint, run.entries, run.files, tuple(run.faults), unsigned)


def _report(watch: "Watch", run: _Pass) -> None:
    if watch.cancelled():
        raise CancelledError(fault("log.cancelled"))
    watch.progress("log.phase-verify", run.entries, run.size)


def verify_growth(storage: Readable, older: Checkpoint, newer: Checkpoint) -> tuple[Fault, ...]:
    """Faults if the newer checkpoint did not grow out of one that was kept from earlier.

    Both signatures must have been checked; the proof is made from the log's own tiles.
    """
    if older.origin != newer.origin:
        return (fault("log.other-origin"),)
    if older.size > newer.size:
        return (fault("log.rolled-back", older=older.size, newer=newer.size),)
    if older.size == 0:
        return ()
    try:
        proof = Tree(storage, newer.size).consistency(older.size)
    except TamperedError as error:
        return error.faults
    if proves_consistency(older.size, newer.size, proof, older.root, newer.root):
        return ()
    return (fault("log.rewritten", older=older.size, newer=newer.size),)


def _verify_bundle(run: _Pass, index: int, check: Check) -> None:
    bundle = Resource(None, index, width_of(None, index, run.size))
    data, exact = _fetch(run, bundle)
    try:
        entries = [] if data is None else split_bundle(data, bundle)
    except TamperedError as error:
        entries = []
        run.blame(error.faults[0])
    if data is not None and entries and exact and len(data) != sum(map(len, map(framed, entries))):
        run.blame(fault("log.file-length", path=bundle.path))
    start = index * TILE_WIDTH
    for place, entry in enumerate(entries):
        for each in check(start + place, entry):
            run.blame(each)
    run.entries += len(entries)
    _climb(run, 0, [leaf_hash(entry) for entry in entries] or _hashes_on_file(run, bundle))


def _hashes_on_file(run: _Pass, bundle: Resource) -> list[bytes]:
    """The tile's word for entries that cannot be read; the levels above then judge the tile."""
    data = run.storage.read(Resource(0, bundle.index, bundle.width).path) or b""
    return split_tile(data.ljust(bundle.width * 32, b"\0")[: bundle.width * 32])


def _climb(run: _Pass, level: int, hashes: list[bytes]) -> None:
    """Take a tile's worth of hashes: compare it with its file, and hand its root on."""
    if len(run.done) == level:
        run.done.append(0)
        run.layers.append([])
    tile = Resource(level, run.done[level], len(hashes))
    run.done[level] += 1
    data, exact = _fetch(run, tile)
    expected = b"".join(hashes)
    if data is not None and (data if exact else data[: len(expected)]) != expected:
        run.blame(fault("log.tile-differs", path=tile.path))
    if len(hashes) < TILE_WIDTH:
        run.layers[level] = hashes
        return
    if len(run.layers) == level + 1:
        run.done.append(0)
        run.layers.append([])
    above = run.layers[level + 1]
    above.append(root_of(hashes))
    if len(above) == TILE_WIDTH:
        run.layers[level + 1] = []
        _climb(run, level + 1, above)


def _finish(run: _Pass) -> bytes:
    """Compare the partial tiles above the leaves; returns the root."""
    for level in range(1, len(run.layers)):
        if run.layers[level]:
            _climb(run, level, run.layers[level])
    tail: list[bytes] = []
    for layer in run.layers:
        tail = [root_of([*layer, *tail])] if layer or tail else []
    return root_of(tail)


def _fetch(run: _Pass, resource: Resource) -> tuple[bytes | None, bool]:
    """A resource's bytes, and whether they are its own file's, not those of its full successor."""
    data = run.storage.read(resource.path)
    exact = True
    if data is None and resource.width < TILE_WIDTH:
        data, exact = run.storage.read(whole(resource).path), False
    if data is None:
        run.blame(fault("log.file-missing", path=resource.path))
    run.files += 1
    return data, exact


def _verify_rest(run: _Pass, storage: Listable) -> Iterator[str]:
    """Check the files that the tree does not need; yields those that no checkpoint covers."""
    covering: tuple[Resource | None, bytes] = (None, b"")
    for path in storage.paths():
        resource = parse_path(path)
        if path == CHECKPOINT:
            continue
        if path.startswith(".aside/") or (resource is not None and resource.end > run.size):
            yield path
        elif resource is None:
            run.blame(fault("log.file-unknown", path=path))
        elif resource.width != width_of(resource.level, resource.index, run.size):
            wider = _wider(resource, run.size)
            if covering[0] != wider:
                kept = storage.read(wider.path) or storage.read(whole(wider).path)
                covering = (wider, kept or b"")
            data = storage.read(path)
            run.files += 1
            if data is not None and data != _beginning(covering[1], resource):
                run.blame(fault("log.tile-differs", path=path))


def _wider(resource: Resource, size: int) -> Resource:
    return Resource(resource.level, resource.index, width_of(resource.level, resource.index, size))


def _beginning(data: bytes, resource: Resource) -> bytes | None:
    if resource.level is not None:
        return data[: resource.width * 32]
    try:
        return b"".join(framed(entry) for entry in split_bundle(data, resource))
    except TamperedError:
        return None


def same_as(outbox: Callable[[int, int], Sequence[tuple[int, bytes]]]) -> Check:
    """A check for `verify_log`: each entry must be, byte for byte, what the store has.

    `outbox` gives entries with their indices in order: (first index, how many at most).
    """
    waiting: deque[tuple[int, bytes]] = deque()

    def check(index: int, entry: bytes) -> Iterator[Fault]:
        while waiting and waiting[0][0] < index:
            waiting.popleft()
        if not waiting:
            waiting.extend(outbox(index, GROUP))
        if not waiting or waiting[0] != (index, entry):
            yield fault("log.store-differs", index=index)

    return check


def counts_differ(logged: int, stored: int) -> Iterator[Fault]:
    """The fault when log and store have not as many entries."""
    if logged > stored:
        yield fault("log.store-lacks", logged=logged, stored=stored)
    if logged < stored:
        yield fault("log.log-lacks", logged=logged, stored=stored)


def concerning(secret: bytes, found: list[tuple[int, Entry]]) -> Check:
    """A check for `verify_log` that gathers the entries of the subject whose secret this is.

    Entries that cannot be read are faults: one of them might be the subject's.
    """
    return concerning_any((secret,), found)


def concerning_any(secrets: Sequence[bytes], found: list[tuple[int, Entry]]) -> Check:
    """As `concerning`, for a subject who has had several secrets; each entry is gathered once."""

    def check(index: int, entry: bytes) -> Iterator[Fault]:
        try:
            read = parse_entry(entry)
        except TamperedError as error:
            yield from error.faults
            return
        if any(concerns(read, secret) for secret in secrets):
            found.append((index, read))

    return check


def readable(_index: int, entry: bytes) -> Iterator[Fault]:
    """A check for `verify_log`: each entry must be one that this version would write."""
    try:
        parse_entry(entry)
    except TamperedError as error:
        yield from error.faults
