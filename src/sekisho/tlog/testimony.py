"""Who has witnessed a log: for each witness the last checkpoint that it cosigned.

Kept by the log's own node, apart from the log's folder. What is read back is verified again, with
the log's key and the witness's: a memory changed by another hand names nobody.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from sekisho.errors import Fault, TamperedError, UsageError
from sekisho.tlog.note import (
    Checkpoint,
    Verifier,
    decode_note,
    open_checkpoint,
    parse_verifiers,
    read_checkpoint,
)
from sekisho.tlog.tree import Readable

if TYPE_CHECKING:  # the ports bring numpy, which a log does not need
    from sekisho.ports import LogStorage


@dataclass(frozen=True, slots=True)
class Testimony:
    """A witness's last cosignature: up to this checkpoint it saw the log grow rightly."""

    witness: Verifier
    at: datetime
    """When it cosigned, by its own clock."""
    checkpoint: Checkpoint
    """With every cosignature that was gathered together with this one."""

    @property
    def name(self) -> str:
        """The witness's name."""
        return self.witness.name

    def covers(self, index: int) -> bool:
        """Whether the entry was in the log when the witness cosigned it."""
        return index < self.checkpoint.size


@dataclass(frozen=True, slots=True)
class Asked:
    """How a witness answered when it was last asked."""

    name: str
    at: datetime
    size: int
    """Entries of the checkpoint that it was asked to cosign."""
    fault: Fault | None = None
    refused: bool = False
    """Whether it said that it had seen another history."""


def remember(
    memory: "LogStorage", checkpoint: Checkpoint, witnesses: Sequence[Verifier] = ()
) -> None:
    """Keep a cosigned checkpoint of the node's own log, and by whom of these witnesses it is.

    What is remembered never goes back: an older checkpoint than the one kept changes nothing.
    """
    names = {each.name for each in checkpoint.cosigned}
    note = checkpoint.note.encode()
    with memory.locked():
        paths = [latest_path(checkpoint.origin)]
        paths += [_path(checkpoint.origin, each) for each in witnesses if each.name in names]
        files = {path: note for path in paths if not _is_newer(memory, path, checkpoint.size)}
        known = known_witnesses(memory, checkpoint.origin)
        fresh = [each for each in witnesses if each.name in names and each not in known]
        if fresh:
            lines = "".join(f"{each.vkey}\n" for each in (*known, *fresh))
            files[_keys_path(checkpoint.origin)] = lines.encode()
        memory.write_all(files)


def _is_newer(memory: Readable, path: str, size: int) -> bool:
    kept = memory.read(path)
    try:
        return kept is not None and read_checkpoint(decode_note(kept)).size > size
    except TamperedError:
        return False


def known_witnesses(memory: Readable, origin: str) -> tuple[Verifier, ...]:
    """The keys of every witness that has ever cosigned the log, oldest first."""
    data = memory.read(_keys_path(origin)) or b""
    try:
        return parse_verifiers(data.decode("utf-8", "replace"))
    except UsageError:
        return ()


def testimonies(
    memory: Readable, origin: str, verifiers: Sequence[Verifier]
) -> tuple[Testimony, ...]:
    """The last word of each witness; `verifiers` are the log's own keys.

    A note that neither of them signed is left out.
    """
    every = known_witnesses(memory, origin)
    return tuple(found for each in every for found in _testimony(memory, each, verifiers, every))


def _testimony(
    memory: Readable, witness: Verifier, own: Sequence[Verifier], every: Sequence[Verifier]
) -> Iterator[Testimony]:
    origin = next((each.name for each in own), "")
    data = memory.read(_path(origin, witness))
    if data is None:
        return
    try:
        alone = open_checkpoint(decode_note(data), [*own, witness])
        whole = open_checkpoint(decode_note(data), [*own, *every])
    except TamperedError:
        return
    for cosignature in alone.cosigned:
        yield Testimony(witness, datetime.fromtimestamp(cosignature.time, UTC), whole)


def note_asked(memory: "LogStorage", origin: str, round_: Sequence[Asked]) -> None:
    """Keep how each witness answered, for whoever asks later."""
    with memory.locked():
        every = {each.name: each for each in (*last_asked(memory, origin), *round_)}
        said = {name: _written(each) for name, each in every.items()}
        memory.write(_asked_path(origin), json.dumps(said, sort_keys=True).encode())


def last_asked(memory: Readable, origin: str) -> tuple[Asked, ...]:
    """How each witness answered last; nothing when none was asked, or the note cannot be read."""
    try:
        said = json.loads(memory.read(_asked_path(origin)) or b"{}")
        return tuple(_read(name, each) for name, each in sorted(said.items()))
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def _written(asked: Asked) -> dict[str, object]:
    fault = asked.fault
    return {
        "at": asked.at.isoformat(),
        "size": asked.size,
        "refused": asked.refused,
        "code": fault.code if fault else None,
        "fields": {name: str(value) for name, value in fault.fields.items()} if fault else {},
    }


def _read(name: str, said: Mapping[str, object]) -> Asked:
    fields, size = said["fields"], said["size"]
    if not (isinstance(fields, dict) and isinstance(size, int)):
        raise TypeError("asked")
    fault = Fault(str(said["code"]), fields) if said["code"] else None
    at = datetime.fromisoformat(str(said["at"]))
    return Asked(name, at, size, fault, refused=bool(said["refused"]))


def folder_of(origin: str) -> str:
    """The folder of a log in a witness's memory."""
    return sha256(origin.encode()).hexdigest()


def latest_path(origin: str) -> str:
    """Where the last cosigned checkpoint of a log lies in a memory."""
    return f"{folder_of(origin)}/latest"


def _path(origin: str, witness: Verifier) -> str:
    return f"{folder_of(origin)}/by/{witness.fingerprint}"


def _keys_path(origin: str) -> str:
    return f"{folder_of(origin)}/witnesses"


def _asked_path(origin: str) -> str:
    return f"{folder_of(origin)}/asked"
