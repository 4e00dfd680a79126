"""Proof files (C2SP tlog-proof) and receipts: what a person keeps and checks without a network.

A receipt is a proof file whose extra line holds the entry itself, and what the keeper of the
receipt may open of its commitments. Any tlog-proof tool checks it; ours also reads it out.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sekisho.errors import TamperedError, UsageError, fault
from sekisho.model.canonical import canonical
from sekisho.model.entry import Entry, commit, parse_entry
from sekisho.tlog.append import current_checkpoint
from sekisho.tlog.coding import from_base64, to_base64
from sekisho.tlog.merkle import HASH_BYTES, leaf_hash, proves_inclusion
from sekisho.tlog.note import Checkpoint, Verifier, open_checkpoint
from sekisho.tlog.tree import Readable, Tree

HEADING = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
MAX_PROOF_BYTES = 1_000_000
SUFFIX = ".tlog-proof"

_SALT = re.compile(r"[0-9a-f]{64}")
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof file as it reads, nothing verified."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry that stands in a log, under a checkpoint that known keys signed."""

    index: int
    entry: bytes
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Opening:
    """Salt and value of a commitment: who shows it shows what the entry meant."""

    field: str
    salt: bytes
    value: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says once it is verified."""

    proven: Proven
    entry: Entry
    opened: dict[str, str]
    """Commitment name -> value; each was checked against the entry."""


def prove(storage: Readable, index: int, verifiers: Sequence[Verifier], extra: bytes = b"") -> str:
    """The proof file of an entry under the checkpoint that stands.

    Raises: NotFound when the log has no such entry; TamperedError when the log's files do not
    give the signed root.
    """
    checkpoint = current_checkpoint(storage, verifiers)
    if checkpoint is None:
        raise TamperedError(fault("log.file-missing", path="checkpoint"))
    tree = Tree(storage, checkpoint.size, checkpoint.root)
    return prove_under(checkpoint, tree, index, extra)


def prove_under(checkpoint: Checkpoint, tree: Tree, index: int, extra: bytes = b"") -> str:
    """The proof file of an entry in a tree that is read tile by tile; for many proofs.

    The tree must have been opened under the checkpoint's own root.

    Raises: as `prove`.
    """
    _refuse_unsigned(checkpoint, tree)
    hashes = tree.inclusion(index)
    return write_proof(Proof(index, tuple(hashes), checkpoint.note, extra))


def proved_entry(checkpoint: Checkpoint, tree: Tree, index: int) -> bytes:
    """An entry's bytes, once its place under the checkpoint is proved.

    Raises: as `prove`.
    """
    (entry,) = proved_entries(checkpoint, tree, index, index + 1)
    return entry


def proved_entries(checkpoint: Checkpoint, tree: Tree, start: int, end: int) -> list[bytes]:
    """The bytes of a run of entries, once the place of each under the checkpoint is proved.

    Raises: as `prove`.
    """
    _refuse_unsigned(checkpoint, tree)
    found = list(tree.entries(start, end))
    for index, entry in enumerate(found, start):
        if leaf_hash(entry) != tree.subtree(0, index):
            raise TamperedError(fault("log.entry-unproved", index=index))
    return found


def _refuse_unsigned(checkpoint: Checkpoint, tree: Tree) -> None:
    if (tree.size, tree.signed_root) != (checkpoint.size, checkpoint.root):
        raise TamperedError(fault("log.root-differs", size=checkpoint.size))


def write_proof(proof: Proof) -> str:
    """The text of a proof file."""
    lines = [HEADING]
    if proof.extra:
        lines.append(f"extra {to_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines.extend(to_base64(each) for each in proof.hashes)
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def read_proof(text: str) -> Proof:
    """The parts of a proof file, nothing verified.

    Raises: TamperedError when it is not a well-formed proof file.
    """
    head, gap, checkpoint = text.partition("\n\n")
    heading, *lines = head.split("\n")
    extra: bytes | None = b""
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0).removeprefix("extra ")) or None
    index = _INDEX.fullmatch(lines[0]) if lines else None
    hashes = [from_base64(line) for line in lines[1:]]
    sound = [each for each in hashes if each is not None and len(each) == HASH_BYTES]
    if heading != HEADING or not gap or extra is None or index is None or sound != hashes:
        raise TamperedError(fault("log.proof-unreadable"))
    if len(hashes) > MAX_HASHES or len(text) > MAX_PROOF_BYTES:
        raise TamperedError(fault("log.proof-unreadable"))
    return Proof(int(index[1]), tuple(sound), checkpoint, extra)


def verify_proof(text: str, entry: bytes, verifiers: Sequence[Verifier]) -> Proven:
    """What a proof file proves of an entry, needing nothing but the log's public key.

    Raises: TamperedError when the file is not well-formed, its checkpoint is not signed by a known
    key of the log, or the entry does not stand at its index.
    """
    proof = read_proof(text)
    checkpoint = open_checkpoint(proof.checkpoint, verifiers)
    if not proves_inclusion(
        leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root
    ):
        raise TamperedError(fault("log.proof-fails"))
    return Proven(proof.index, entry, checkpoint)


def write_receipt(
    storage: Readable,
    index: int,
    verifiers: Sequence[Verifier],
    openings: Sequence[Opening] = (),
    *,
    under: Checkpoint | None = None,
) -> str:
    """The receipt of an entry: a proof file that holds the entry and what may be opened of it.

    What is opened can be read by whoever holds the file: open to each party what is theirs. Under
    which checkpoint the receipt stands may be chosen, say the last that witnesses have signed.

    Raises: as `prove`; UsageError when an opening does not fit the entry.
    """
    checkpoint = under or current_checkpoint(storage, verifiers)
    if checkpoint is None:
        raise TamperedError(fault("log.file-missing", path="checkpoint"))
    tree = Tree(storage, checkpoint.size, checkpoint.root)
    entry = proved_entry(checkpoint, tree, index)
    commitments = parse_entry(entry).commitments
    for each in openings:
        if commitments.get(each.field) != commit(each.salt, each.value.encode()):
            raise UsageError(fault("log.opening-differs", field=each.field))
    opened = {each.field: {"salt": each.salt.hex(), "value": each.value} for each in openings}
    extra = canonical({"entry": entry.decode(), "openings": opened})
    return prove_under(checkpoint, tree, index, extra)


def verify_receipt(text: str, verifiers: Sequence[Verifier]) -> Receipt:
    """What a receipt proves, checked offline from end to end.

    Raises: TamperedError when anything in it does not hold.
    """
    said = _receipt_extra(read_proof(text).extra)
    proven = verify_proof(text, str(said["entry"]).encode(), verifiers)
    entry = parse_entry(proven.entry)
    opened: dict[str, str] = {}
    for name, (salt, value) in _openings(said["openings"]).items():
        if entry.commitments.get(name) != commit(salt, value.encode()):
            raise TamperedError(fault("log.opening-differs", field=name))
        opened[name] = value
    return Receipt(proven, entry, opened)


def _receipt_extra(extra: bytes) -> dict[str, object]:
    try:
        said = json.loads(extra.decode("utf-8"))
        plain = canonical(said) == extra
    except (ValueError, RecursionError, UsageError) as error:
        raise TamperedError(fault("log.receipt-unreadable")) from error
    if not plain or not isinstance(said, dict) or said.keys() != {"entry", "openings"}:
        raise TamperedError(fault("log.receipt-unreadable"))
    return said


def _openings(said: object) -> dict[str, tuple[bytes, str]]:
    found: dict[str, tuple[bytes, str]] = {}
    for name, each in said.items() if isinstance(said, dict) else [("", None)]:
        salt, value = (each.get("salt"), each.get("value")) if isinstance(each, dict) else (0, 0)
        if not (isinstance(salt, str) and _SALT.fullmatch(salt) and isinstance(value, str)):
            raise TamperedError(fault("log.receipt-unreadable"))
        found[name] = (bytes.fromhex(salt), value)
    return found
