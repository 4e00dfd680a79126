"""Verifying a log from where it was verified before: only what came after is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sekisho.errors import TamperedError, fault
from sekisho.tlog.append import current_checkpoint
from sekisho.tlog.merkle import proves_consistency
from sekisho.tlog.note import Checkpoint, Verifier
from sekisho.tlog.paths import CHECKPOINT
from sekisho.tlog.proof import proved_entries, proved_entry
from sekisho.tlog.tree import Readable, Tree

RUN = 4096


@dataclass(frozen=True, slots=True)
class Head:
    """A tree that was verified whole, by its size and root."""

    size: int
    root: bytes


def verify_since(
    storage: Readable,
    verifiers: Sequence[Verifier],
    head: Head,
    found: Sequence[int],
    take: Callable[[int, bytes], None],
) -> Checkpoint:
    """The checkpoint that stands, once it is proved to have grown out of a verified tree.

    Every entry that came after is handed to `take`, proved, and before them those of the indices
    `found`, proved again. What else lies below the tree's edge is not read.

    Raises: TamperedError when the log was set back or rewritten, or an entry is not proved.
    """
    standing = current_checkpoint(storage, verifiers)
    if standing is None:
        raise TamperedError(fault("log.file-missing", path=CHECKPOINT))
    if head.size > standing.size:
        raise TamperedError(fault("log.rolled-back", older=head.size, newer=standing.size))
    tree = Tree(storage, standing.size, standing.root)
    if head.size and not proves_consistency(
        head.size, standing.size, tree.consistency(head.size), head.root, standing.root
    ):
        raise TamperedError(fault("log.rewritten", older=head.size, newer=standing.size))
    for index in found:
        take(index, proved_entry(standing, tree, index))
    for start in range(head.size, standing.size, RUN):
        end = min(start + RUN, standing.size)
        for index, data in enumerate(proved_entries(standing, tree, start, end), start):
            take(index, data)
    return standing
