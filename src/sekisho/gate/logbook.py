"""A node's log as people read it: its entries, each proved, and who has witnessed them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sekisho.errors import NotFound, SekishoError, TamperedError, fault
from sekisho.gate.findings import Proof
from sekisho.model.entry import Entry, parse_entry
from sekisho.ports import LogStorage
from sekisho.tlog.append import current_checkpoint
from sekisho.tlog.cosign import Witness, Witnessed, gather, publish
from sekisho.tlog.merkle import leaf_hash
from sekisho.tlog.note import Checkpoint, Verifier
from sekisho.tlog.proof import Opening, proved_entries, proved_entry, write_receipt
from sekisho.tlog.testimony import (
    Asked,
    Testimony,
    last_asked,
    note_asked,
    remember,
    testimonies,
)
from sekisho.tlog.tree import Tree

MOST_SHOWN = 500
"""Entries of one page at most."""


@dataclass(frozen=True, slots=True)
class Page:
    """A run of entries, newest first, under the checkpoint that stands."""

    size: int
    """Entries under the checkpoint."""
    entries: tuple[tuple[int, Entry], ...]

    @property
    def older(self) -> int | None:
        """Below which index the next older run begins; None when this is the oldest."""
        return self.entries[-1][0] if self.entries and self.entries[-1][0] > 0 else None


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry, proved under the checkpoint that stands."""

    index: int
    entry: Entry
    data: bytes
    checkpoint: Checkpoint
    witnesses: tuple[Testimony, ...]
    """Each cosigned a checkpoint under which the entry was found again, just now."""

    @property
    def leaf(self) -> str:
        """The entry's hash as a leaf of the tree, hexadecimal."""
        return leaf_hash(self.data).hex()


@dataclass(frozen=True, slots=True)
class LogBook:
    """The log of one node; reading it needs public keys only."""

    storage: LogStorage
    memory: LogStorage
    """What the node keeps of its witnesses, apart from the log's folder."""
    keys: tuple[Verifier, ...]
    """The log's own public keys, newest first."""
    witnesses: tuple[Witness, ...] = ()
    """Who is asked to cosign."""

    @property
    def origin(self) -> str:
        """The log's origin line."""
        return self.keys[0].name

    def standing(self) -> Checkpoint | None:
        """The checkpoint that stands, verified; None before the first."""
        return current_checkpoint(self.storage, self.keys)

    def page(self, before: int | None = None, most: int = 50) -> Page:
        """Entries below an index (the newest when none is given), newest first, each proved.

        Raises: TamperedError when the log's files do not give the signed root.
        """
        checkpoint = self.standing()
        if checkpoint is None:
            return Page(0, ())
        end = checkpoint.size if before is None else min(before, checkpoint.size)
        start = max(0, end - min(most, MOST_SHOWN))
        tree = Tree(self.storage, checkpoint.size, checkpoint.root)
        read = proved_entries(checkpoint, tree, start, end) if start < end else []
        newest_first = zip(range(end - 1, start - 1, -1), reversed(read), strict=True)
        return Page(checkpoint.size, tuple((at, parse_entry(data)) for at, data in newest_first))

    def shown(self, index: int) -> Shown:
        """One entry with who has witnessed it.

        Raises: NotFound when the log has no such entry; TamperedError when the log's files do not
        give a root that was signed, also one that only a witness remembers.
        """
        checkpoint = self.standing()
        if checkpoint is None:
            raise NotFound(fault("log.no-such-entry", size=0))
        tree = Tree(self.storage, checkpoint.size, checkpoint.root)
        data = proved_entry(checkpoint, tree, index)
        found = tuple(self._witnessed(index, data))
        return Shown(index, parse_entry(data), data, checkpoint, found)

    def testimonies(self) -> tuple[Testimony, ...]:
        """The last word of each witness that ever cosigned the log."""
        return testimonies(self.memory, self.origin, self.keys)

    def asked(self) -> tuple[Asked, ...]:
        """How each witness answered when it was last asked."""
        return last_asked(self.memory, self.origin)

    def _witnessed(self, index: int, data: bytes) -> Iterator[Testimony]:
        trees: dict[tuple[int, bytes], Tree] = {}
        for each in self.testimonies():
            if not each.covers(index):
                continue
            under = each.checkpoint
            place = (under.size, under.root)
            if place not in trees:
                trees[place] = Tree(self.storage, under.size, under.root)
            if proved_entry(under, trees[place], index) != data:
                raise TamperedError(fault("log.entry-unproved", index=index))
            yield each

    def witnessed(self, proof: Proof) -> Proof:
        """A release's proof with the witnesses of its entry, found again under what they signed."""
        if not proof.text or proof.size <= proof.index:
            return proof
        try:
            found = self.shown(proof.index).witnesses
        except SekishoError as error:
            return replace(proof, faults=(*proof.faults, *error.faults))
        return replace(proof, witnesses=found)

    def receipt(self, index: int, openings: Sequence[Opening] = ()) -> str:
        """The receipt of an entry, under the checkpoint that most witnesses have cosigned.

        Raises: as `shown`; UsageError when an opening does not fit the entry.
        """
        found = [each.checkpoint for each in self.shown(index).witnesses]
        best = max(found, key=lambda each: (len(each.cosigned), each.size), default=None)
        return write_receipt(self.storage, index, self.keys, openings, under=best)

    def cosign(self, witnesses: Sequence[Witness], at: datetime) -> Witnessed:
        """Ask witnesses; keep and serve what they sign, and note how each of them answered.

        Raises: NotFound when the log is empty; StorageError when the folder cannot be written.
        """
        checkpoint = self.standing()
        if checkpoint is None:
            raise NotFound(fault("log.no-such-entry", size=0))
        found = gather(self.storage, checkpoint, self.keys, witnesses)
        if found.checkpoint.cosigned:
            remember(self.memory, found.checkpoint, [each.verifier for each in witnesses])
            publish(self.storage, found.checkpoint, self.keys)
        answered = [
            Asked(each.witness.name, at, checkpoint.size, each.fault, refused=each.refused)
            for each in found.heard
        ]
        note_asked(self.memory, self.origin, answered)
        return found
