"""A writer of a log as a process of its own: entries go into an outbox, then into the log.

    python -m tests.lib.log_writer FOLDER NAME [COUNT]

Prints the index of each entry once the log has acknowledged it.
"""

import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from sekisho.stores.tiles import FolderLog
from sekisho.tlog.note import Algorithm, Signer
from sekisho.tlog.sequence import sequence

SIGNER = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))


class Outbox:
    """Entries with gapless indices in one SQLite file, as a node's store keeps them."""

    def __init__(self, file: Path) -> None:
        self.base = sqlite3.connect(file, timeout=60, isolation_level=None)
        self.base.execute("PRAGMA journal_mode = WAL")
        self.base.execute("CREATE TABLE IF NOT EXISTS outbox (at INTEGER PRIMARY KEY, entry BLOB)")

    def add(self, entry: bytes) -> int:
        self.base.execute("BEGIN IMMEDIATE")
        (at,) = self.base.execute("SELECT count(*) FROM outbox").fetchone()
        self.base.execute("INSERT INTO outbox VALUES (?, ?)", (at, entry))
        self.base.execute("COMMIT")
        return at

    def read(self, start: int, limit: int) -> Sequence[tuple[int, bytes]]:
        asked = "SELECT at, entry FROM outbox WHERE at >= ? ORDER BY at LIMIT ?"
        return self.base.execute(asked, (start, limit)).fetchall()


def main(folder: Path, name: str, count: int) -> None:
    outbox = Outbox(folder / "outbox.sqlite")
    storage = FolderLog(folder / "log")
    for number in range(count):
        at = outbox.add(f'{{"writer":"{name}","number":{number}}}'.encode())
        checkpoint = sequence(storage, [SIGNER], outbox.read, at)
        os.write(1, f"{at} {name} {number} {checkpoint.size}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10**9)
