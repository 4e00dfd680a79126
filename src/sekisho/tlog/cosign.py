"""A log's side of witnessing: ask each witness, keep what is rightly signed, believe no other."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sekisho.errors import Fault, StorageError, TamperedError, fault
from sekisho.tlog.append import current_checkpoint
from sekisho.tlog.note import (
    Checkpoint,
    Verifier,
    decode_note,
    open_checkpoint,
    open_note,
    read_checkpoint,
    split_note,
)
from sekisho.tlog.paths import CHECKPOINT
from sekisho.tlog.tree import Readable, Tree
from sekisho.tlog.witness import SIZE_TYPE, Answer, Submission, write_submission

MOST_AT_ONCE = 8
"""Witnesses that are asked at the same time."""
LAST_SECOND = 253_402_300_799
"""The end of the year 9999: a cosignature of a later time is nonsense."""

if TYPE_CHECKING:  # the ports bring numpy, which a log does not need
    from sekisho.ports import LogStorage


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as a log knows it: its key, and how to hand it a request."""

    verifier: Verifier
    ask: Callable[[bytes], Answer]
    """Posts an `add-checkpoint` body; raises StorageError when nobody answers in time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one witness gave: its line, or the fault for which there is none."""

    witness: Verifier
    line: str = ""
    fault: Fault | None = None
    refused: bool = False
    """Whether the fault speaks against the log itself: the witness saw another history."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint with the cosignatures gathered, and what each witness gave."""

    checkpoint: Checkpoint
    heard: tuple[Heard, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What went wrong with witnesses; it costs their own signatures only."""
        return tuple(each.fault for each in self.heard if each.fault and not each.refused)

    @property
    def refused(self) -> tuple[Fault, ...]:
        """What speaks against the log itself: then it must be compared with a copy."""
        return tuple(each.fault for each in self.heard if each.fault and each.refused)


def gather(
    storage: Readable,
    checkpoint: Checkpoint,
    verifiers: Sequence[Verifier],
    witnesses: Sequence[Witness],
) -> Witnessed:
    """The checkpoint with every cosignature that its witnesses give; all are asked at once.

    A witness that is down, slow or signs wrongly costs its own signature only. One that refuses
    because it saw another history is named in `refused`: then the log must stop and be compared.
    """
    with ThreadPoolExecutor(min(len(witnesses), MOST_AT_ONCE) or 1) as asking:
        heard = list(asking.map(lambda each: _hear(storage, checkpoint, each), witnesses))
    known = [*verifiers, *(each.verifier for each in witnesses)]
    note = _replaced(checkpoint.note, [each for each in heard if each.line])
    return Witnessed(open_checkpoint(note, known), tuple(heard))


def _replaced(note: str, heard: Sequence[Heard]) -> str:
    """The note with the new lines of witnesses in place of those that they gave before."""
    text, signatures = split_note(note)
    lines = [f"{line}\n" for line in note.split("\n")[-len(signatures) - 1 : -1]]
    fresh = {(each.witness.name, each.witness.key_id): each.line for each in heard}
    kept = [
        line
        for line, (name, raw) in zip(lines, signatures, strict=True)
        if (name, raw[:4]) not in fresh
    ]
    return f"{text}\n{''.join(kept)}{''.join(fresh.values())}"


def _hear(storage: Readable, checkpoint: Checkpoint, witness: Witness) -> Heard:
    try:
        return Heard(witness.verifier, _ask(storage, checkpoint, witness))
    except StorageError as error:
        return Heard(witness.verifier, fault=error.faults[0])
    except TamperedError as error:
        return Heard(witness.verifier, fault=error.faults[0], refused=True)


def _ask(storage: Readable, checkpoint: Checkpoint, witness: Witness) -> str:
    name = witness.verifier.name
    tree = Tree(storage, checkpoint.size, cached_tiles=64)
    answer = witness.ask(write_submission(Submission(0, (), checkpoint.note)))
    if answer.status == 409 and answer.media_type == SIZE_TYPE:
        old = _size(answer.body, name)
        _refuse_older(storage, checkpoint, old)
        proof = tuple(tree.consistency(old))
        answer = witness.ask(write_submission(Submission(old, proof, checkpoint.note)))
        if answer.status == 409 and answer.media_type == SIZE_TYPE:
            _refuse_older(storage, checkpoint, _size(answer.body, name))
    if answer.status in {409, 422}:
        raise TamperedError(fault("log.witness-refuses", name=name))
    if answer.status != 200:
        raise StorageError(fault("log.witness-answers", name=name, status=answer.status))
    return _checked(checkpoint, answer.body, witness.verifier)


def _refuse_older(storage: Readable, checkpoint: Checkpoint, seen: int) -> None:
    """Tell a log that was set back from a checkpoint that the log itself has overtaken."""
    if seen <= checkpoint.size:
        return
    standing = read_checkpoint(decode_note(storage.read(CHECKPOINT) or b""))
    if standing.size >= seen:
        raise StorageError(fault("log.overtaken"))
    raise TamperedError(fault("log.rolled-back", older=seen, newer=checkpoint.size))


def _size(body: str, name: str) -> int:
    text = body.removesuffix("\n")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise StorageError(fault("log.witness-wrong", name=name))
    return int(text)


def _checked(checkpoint: Checkpoint, body: str, verifier: Verifier) -> str:
    """The witness's own line of an answer, its signature verified; other lines are left out."""
    text, _ = split_note(checkpoint.note)
    for line in body.splitlines(keepends=True):
        try:
            cosigned = open_note(f"{text}\n{line}", [verifier]).cosigned
            if cosigned and cosigned[0].time <= LAST_SECOND:
                return line
        except TamperedError:
            continue
    raise StorageError(fault("log.witness-wrong", name=verifier.name))


def publish(storage: "LogStorage", witnessed: Checkpoint, verifiers: Sequence[Verifier]) -> bool:
    """Serve the cosignatures with the checkpoint; False when the log has meanwhile grown.

    Raises: TamperedError when the checkpoint that stands was not signed by a known key.
    """
    with storage.locked():
        standing = current_checkpoint(storage, verifiers)
        if standing is None or split_note(standing.note)[0] != split_note(witnessed.note)[0]:
            return False
        storage.write(CHECKPOINT, witnessed.note.encode())
        return True
