"""What a call at the gate works with."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sekisho.model.actor import Actor
from sekisho.model.entry import Entry, EntryKind, commit, new_nonce
from sekisho.model.folder import NodeFolder
from sekisho.model.private import PrivateSettings
from sekisho.model.programme import Programme
from sekisho.ports import Clock, Engine, Format, LogStorage, Noise, RecordFormat, Store
from sekisho.rules.packs import Packs
from sekisho.terms import Lane, Outcome
from sekisho.tlog.proof import Opening

if TYPE_CHECKING:
    from sekisho.lanes.statistics.privacy.answer import BoundingEngine


class LogWriter(Protocol):
    """Brings entries into the signed log, at the index that each already has."""

    def size(self) -> int:
        """Entries in the newest signed checkpoint."""
        ...

    def integrate(self, start: int, entries: Sequence[bytes]) -> int:
        """Append the entries from index `start` on and sign; the new size, durable."""
        ...

    def prove(self, index: int, openings: Sequence[Opening] = ()) -> str:
        """The tlog-proof of an entry under the newest checkpoint, with what it may open."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """One node as the gate sees it: ports, folder, and the secrets of its owner."""

    folder: NodeFolder
    participant: str
    store: Store
    engine: Engine
    bounding: "BoundingEngine"
    """Runs the bounding query of differential privacy; its sums go into the draw alone."""
    noise: Noise
    storage: LogStorage
    log: LogWriter
    formats: Callable[[], Sequence[Format]]
    """Every format in which a release is handed out; their libraries load when asked."""
    clock: Clock
    private: PrivateSettings
    packs: Packs
    secret: bytes
    """32 bytes from which the salts of this node's entries come."""
    threads: int
    rounds: int
    """How often disclosure control looks for a pattern that hides less."""
    origin: str = ""
    """The origin line of the node's log: what a signed answer to one of its challenges names."""
    record_formats: Callable[[], Sequence[RecordFormat]] = tuple

    @property
    def busy(self) -> Path:
        """Shared by everyone who writes files, exclusive for the repair of leftovers."""
        return self.folder.root / "locks" / "busy"

    def lock_of(self, programme: str) -> Path:
        """Held while a release of a programme is made: releases never race each other."""
        return self.folder.root / "locks" / f"programme-{programme}"

    def lock_of_dataset(self, programme: str, dataset: str) -> Path:
        """Held while a delivery is compared with earlier ones and joins them."""
        return self.folder.root / "locks" / f"dataset-{programme}-{dataset}"

    def lock_of_data(self, digest: str) -> Path:
        """Held while tables of a delivery leave; taken after the programme's, never before."""
        return self.folder.root / "locks" / f"data-{digest}"

    def lock_of_transfer(self, transfer: str) -> Path:
        """Held while a transfer is sealed: the same request twice at once seals one payload."""
        return self.folder.root / "locks" / f"transfer-{transfer}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: which house, on whose behalf."""

    house: House
    actor: Actor


def salt(house: House, nonce: str, name: str) -> bytes:
    """The salt of one commitment of one entry; 32 bytes, from the node's secret."""
    return hmac.digest(house.secret, f"sekisho/salt/v1\n{nonce}\n{name}".encode(), sha256)


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry says beside its kind."""

    programme: str | None = None
    lane: Lane | None = None
    outcome: Outcome | None = None
    rules: tuple[str, ...] = ()
    pack: str | None = None
    public: tuple[tuple[str, str | int], ...] = ()
    committed: tuple[tuple[str, bytes], ...] = ()
    """(name, value): the entry holds a salted commitment to the value, never the value."""


def entry_of(house: House, kind: EntryKind, said: Said) -> Entry:
    """An entry of this node, now."""
    nonce = new_nonce()
    return Entry(
        kind=kind,
        time=house.clock.now(),
        programme=said.programme,
        lane=said.lane,
        outcome=said.outcome,
        rules=said.rules,
        pack=said.pack,
        public=dict(said.public),
        commitments={
            name: commit(salt(house, nonce, name), value) for name, value in said.committed
        },
        nonce=nonce,
    )


ReadProgramme = Callable[[str], Programme]
