"""A writer of a node's log as a process of its own: store, outbox, sequencer, tiles."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace

from sekisho.gate.sequence import sequence
from sekisho.model.entry import Entry, EntryKind
from sekisho.stores.sql import open_store
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.note import Algorithm, Signer

SIGNER = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.lib.log_writer"])


class Log:
    """The log as a node writes it, signed with a key that tests know."""

    def __init__(self, folder: Path) -> None:
        self.storage = FolderLog(folder)

    def size(self) -> int:
        checkpoint = current_checkpoint(self.storage, [SIGNER.verifier])
        return checkpoint.size if checkpoint else 0

    def integrate(self, start: int, entries: Sequence[bytes]) -> int:
        return integrate(self.storage, [SIGNER], entries, start).size


def house(folder: Path, *, create: bool = False) -> SimpleNamespace:
    """As much of a node as its sequencer asks for."""
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}", create=create)
    return SimpleNamespace(store=store, log=Log(folder / "log"))


def entry(nonce: str) -> Entry:
    return Entry(EntryKind.SETTINGS_CHANGED, NOON, public={"setting": "test"}, nonce=nonce)


def write(folder: Path, writer: int, count: int) -> None:
    """Append entries; once the log has acknowledged one, note `index nonce size` in a file."""
    own = house(folder)
    told = os.open(folder / f"told-{writer}", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for number in range(count):
        nonce = f"{writer:016x}{number:016x}"
        index = own.store.append_entry(entry(nonce))
        size = sequence(own)
        os.write(told, f"{index} {nonce} {size}\n".encode())


def start(folder: Path, writer: int, count: int = 10**9) -> BaseProcess:
    process = PROCESSES.Process(target=write, args=(folder, writer, count))
    process.start()
    return process


def told(folder: Path, writer: int) -> list[tuple[int, str, int]]:
    """What a writer was told, a last line cut short left out."""
    file = folder / f"told-{writer}"
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    return [(int(index), nonce, int(size)) for index, nonce, size in map(str.split, lines)]
