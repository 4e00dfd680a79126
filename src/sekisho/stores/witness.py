"""A node as a witness of other logs: its key, the logs it watches, what it has cosigned.

Everything lies in the node's folder: the private key at mode 0600 among the node's keys, the
watched logs' public keys one a line, and the memory in a folder of its own.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sekisho.errors import NotFound, StorageError, fault
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.note import Algorithm, Signer, Verifier, new_signer, parse_signer, parse_verifiers
from sekisho.tlog.witness import Answer, add_checkpoint

KEY_FILE = "witness.skey"
LOGS_FILE = "logs.vkey"


class FolderWitness:
    """The witness of a node; it stands once `begin` was called for the node's folder."""

    def __init__(self, node: Path) -> None:
        self._key = node / "keys" / KEY_FILE
        self._logs = node / "witness" / LOGS_FILE
        self.memory = FolderLog(node / "witness" / "memory")

    @property
    def stands(self) -> bool:
        """Whether the node is a witness at all."""
        return self._key.is_file()

    @property
    def signer(self) -> Signer:
        """The key that cosigns.

        Raises: NotFound when the node is no witness; StorageError when others may read the key.
        """
        try:
            if self._key.stat().st_mode & 0o077:
                raise StorageError(fault("log.key-open", file=KEY_FILE))
            return parse_signer(self._key.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotFound(fault("log.no-witness")) from None

    def begin(self, name: str) -> Verifier:
        """Make the node a witness under a name; the key that logs need. One that stands, stays."""
        if not self.stands:
            self._logs.parent.mkdir(parents=True, exist_ok=True)
            made = new_signer(name, Algorithm.COSIGNATURE)
            descriptor = os.open(self._key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                opened.write(f"{made.skey}\n")
                opened.flush()
                os.fsync(opened.fileno())
        return self.signer.verifier

    def logs(self) -> dict[str, tuple[Verifier, ...]]:
        """The keys of each log that the witness watches, by origin."""
        text = self._logs.read_text(encoding="utf-8") if self._logs.is_file() else ""
        found: dict[str, tuple[Verifier, ...]] = defaultdict(tuple)
        for each in parse_verifiers(text):
            found[each.name] += (each,)
        return dict(found)

    def watch(self, keys: Iterable[Verifier]) -> None:
        """Watch logs from now on; a key that is watched already is passed over."""
        known = {each for group in self.logs().values() for each in group}
        fresh = [each for each in dict.fromkeys(keys) if each not in known]
        self._logs.parent.mkdir(parents=True, exist_ok=True)
        with self._logs.open("a", encoding="utf-8") as opened:
            opened.writelines(f"{each.vkey}\n" for each in fresh)

    def answer(self, body: bytes, now: datetime) -> Answer:
        """The answer to an `add-checkpoint` request.

        Raises: NotFound when the node is no witness.
        """
        return add_checkpoint(body, self.logs(), self.signer, self.memory, now)
