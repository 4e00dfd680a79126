"""A log's side of witnessing: ask each witness, keep what is rightly signed, believe no other."""

from collections.abc import Callable, Sequence
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

if TYPE_CHECKING:  # the ports bring numpy, which a log does not need
    from sekisho.ports import LogStorage


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as a log knows it: its key, and how to hand it a request."""

    verifier: Verifier
    ask: Callable[[bytes], Answer]
    """Posts an `add-checkpoint` body; raises StorageError when nobody answers in time."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint with the cosignatures gathered, and what went wrong with other witnesses."""

    checkpoint: Checkpoint
    faults: tuple[Fault, ...]
    refused: tuple[Fault, ...]
    """Faults that speak against the log itself: a witness saw another history."""


def gather(
    storage: Readable,
    checkpoint: Checkpoint,
    verifiers: Sequence[Verifier],
    witnesses: Sequence[Witness],
) -> Witnessed:
    """The checkpoint with every cosignature that its witnesses give.

    A witness that is down, slow or signs wrongly costs its own signature only. One that refuses
    because it saw another history is named in `refused`: then the log must stop and be compared.
    """
    lines: list[str] = []
    faults: list[Fault] = []
    refused: list[Fault] = []
    for witness in witnesses:
        try:
            lines.append(_ask(storage, checkpoint, witness))
        except StorageError as error:
            faults.extend(error.faults)
        except TamperedError as error:
            refused.extend(error.faults)
    known = [*verifiers, *(each.verifier for each in witnesses)]
    note = checkpoint.note + "".join(line for line in lines if line not in checkpoint.note)
    return Witnessed(open_checkpoint(note, known), tuple(faults), tuple(refused))


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
            if open_note(f"{text}\n{line}", [verifier]).cosigned:
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
