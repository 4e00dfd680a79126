"""Witnesses: who cosigns a log only while it grows, and keeps the proof when it does not.

The C2SP tlog-witness call `add-checkpoint` as a plain function from request to answer. What a
witness remembers lies in a log storage of its own: the last checkpoint it cosigned of each log, and
pairs of signed checkpoints that cannot both be true.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from sekisho.errors import TamperedError, fault
from sekisho.tlog.append import current_checkpoint
from sekisho.tlog.coding import from_base64, to_base64
from sekisho.tlog.merkle import HASH_BYTES, proves_consistency
from sekisho.tlog.note import (
    Checkpoint,
    Signer,
    Verifier,
    decode_note,
    open_checkpoint,
    open_note,
    read_checkpoint,
    signature_line,
    split_note,
)
from sekisho.tlog.testimony import folder_of, latest_path
from sekisho.tlog.tree import Readable
from sekisho.tlog.verify import verify_growth

if TYPE_CHECKING:  # the ports bring numpy, which a log does not need
    from sekisho.ports import LogStorage

SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
MAX_REQUEST_BYTES = 100_000
MAX_PROOF_LINES = 63

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, media type, body."""

    status: int
    body: str = ""
    media_type: str = TEXT_TYPE


@dataclass(frozen=True, slots=True)
class Submission:
    """What a log asks a witness to cosign: a checkpoint, grown out of an older size."""

    old: int
    proof: tuple[bytes, ...]
    note: str


def write_submission(submission: Submission) -> bytes:
    """The body of an `add-checkpoint` request."""

    lines = [f"old {submission.old}", *map(to_base64, submission.proof)]
    return ("\n".join(lines) + "\n\n" + submission.note).encode()


def read_submission(body: bytes) -> Submission:
    """The parts of an `add-checkpoint` request, nothing verified.

    Raises: TamperedError when it is not well-formed.
    """
    head, gap, note = decode_note(body[: MAX_REQUEST_BYTES + 1]).partition("\n\n")
    first, *rest = head.split("\n")
    old = _OLD.fullmatch(first)
    proof = [from_base64(line) for line in rest]
    sound = tuple(each for each in proof if each is not None and len(each) == HASH_BYTES)
    if not gap or old is None or len(sound) != len(proof) or len(proof) > MAX_PROOF_LINES:
        raise TamperedError(fault("log.submission-unreadable"))
    if len(body) > MAX_REQUEST_BYTES:
        raise TamperedError(fault("log.submission-unreadable"))
    return Submission(int(old[1]), sound, note)


def add_checkpoint(
    body: bytes,
    logs: Mapping[str, Sequence[Verifier]],
    signer: Signer,
    memory: "LogStorage",
    now: datetime,
) -> Answer:
    """Cosign a checkpoint, or say why not, as C2SP tlog-witness numbers the reasons.

    A checkpoint is cosigned once it is proved to have grown out of the last one cosigned; it is
    remembered, durable, before the answer is given. The time in a cosignature never goes back, even
    when the clock does. Two signed checkpoints that contradict each other are kept.

    `logs` gives the keys of each origin that this witness watches.
    """
    try:
        asked = read_submission(body)
        origin = read_checkpoint(asked.note).origin
    except TamperedError:
        return Answer(400)
    if origin not in logs:
        return Answer(404)
    try:
        checkpoint = open_checkpoint(asked.note, logs[origin])
    except TamperedError:
        return Answer(403)
    if checkpoint.origin != origin or asked.old > checkpoint.size:
        return Answer(400)
    with memory.locked():
        return _cosigned(asked, checkpoint, signer, memory, now)


def _cosigned(
    asked: Submission,
    checkpoint: Checkpoint,
    signer: Signer,
    memory: "LogStorage",
    now: datetime,
) -> Answer:
    latest = last_cosigned(memory, checkpoint.origin, signer.verifier)
    if latest is not None and latest.size == checkpoint.size and latest.root != checkpoint.root:
        keep_evidence(memory, latest, checkpoint, "split")
        return Answer(409, f"{latest.size}\n", SIZE_TYPE)
    size = latest.size if latest else 0
    if asked.old != size:
        return Answer(409, f"{size}\n", SIZE_TYPE)
    if not _has_grown(latest, checkpoint, asked.proof):
        if latest is not None:
            keep_evidence(memory, latest, checkpoint, "unproved")
        return Answer(422)
    since = latest.cosigned[0].time if latest and latest.cosigned else 0
    text, _ = split_note(checkpoint.note)
    line = signature_line(text, signer, max(int(now.timestamp()), since))
    memory.write(latest_path(checkpoint.origin), (checkpoint.note + line).encode())
    return Answer(200, line)


def _has_grown(latest: Checkpoint | None, newer: Checkpoint, proof: Sequence[bytes]) -> bool:
    if latest is None or latest.size == 0:
        return not proof
    return proves_consistency(latest.size, newer.size, proof, latest.root, newer.root)


def last_cosigned(
    memory: Readable, origin: str, witness: Verifier | None = None
) -> Checkpoint | None:
    """The last checkpoint of a log that a witness remembers, with its own cosignature checked.

    Raises: TamperedError when the memory was changed by another hand.
    """
    data = memory.read(latest_path(origin))
    if data is None:
        return None
    note = decode_note(data)
    found = read_checkpoint(note)
    if witness is None:
        return found

    return Checkpoint(
        found.origin, found.size, found.root, note, open_note(note, [witness]).cosigned
    )


def refuse_rollback(
    storage: Readable, memory: Readable, verifiers: Sequence[Verifier]
) -> Checkpoint | None:
    """The standing checkpoint of a log that has grown out of the one remembered, or None if new.

    To be asked on start, before anything is signed: the memory lies apart from the log's folder, so
    that both are not restored from one backup.

    Raises: TamperedError when the log is older than, or not grown out of, what was remembered.
    """
    standing = current_checkpoint(storage, verifiers)
    origin = next((each.name for each in verifiers), "")
    data = memory.read(latest_path(origin))
    if data is None:
        return standing
    remembered = open_checkpoint(decode_note(data), verifiers)
    if standing is None:
        raise TamperedError(fault("log.rolled-back", older=remembered.size, newer=0))
    faults = verify_growth(storage, remembered, standing)
    if faults:
        raise TamperedError(*faults)
    return standing


def keep_evidence(memory: "LogStorage", first: Checkpoint, second: Checkpoint, reason: str) -> None:
    """Keep two signed checkpoints of one log side by side; to be called with the memory locked.

    `split`: same size, different roots, a proof against the log by itself. `unproved`: the second
    came without a valid proof that it grew out of the first.
    """
    pair = sha256(first.note.encode() + b"\0" + second.note.encode()).hexdigest()[:16]
    folder = f"{folder_of(first.origin)}/{reason}-{pair}"
    memory.write_all(
        {f"{folder}/first": first.note.encode(), f"{folder}/second": second.note.encode()}
    )


def evidence(memory: "LogStorage", origin: str) -> list[tuple[str, str, str]]:
    """The pairs of checkpoints kept against a log: reason, first, second."""
    prefix = f"{folder_of(origin)}/"
    folders = sorted(
        path.removesuffix("/first")
        for path in memory.paths()
        if path.startswith(prefix) and path.endswith("/first")
    )
    return [
        (
            folder.removeprefix(prefix).partition("-")[0],
            decode_note(memory.read(f"{folder}/first") or b""),
            decode_note(memory.read(f"{folder}/second") or b""),
        )
        for folder in folders
    ]
