"""Signed notes, checkpoints and cosignatures in the C2SP formats, and the keys that sign them.

Keys are written as Go's `sumdb/note` writes them, so that foreign tools read them:
`name+hash+key` is public, `PRIVATE+KEY+name+hash+key` is not.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from sekisho.errors import TamperedError, UsageError, fault
from sekisho.tlog import keys
from sekisho.tlog.coding import from_base64, to_base64
from sekisho.tlog.merkle import HASH_BYTES

MAX_SIGNATURES = 64
MAX_NOTE_BYTES = 1_000_000

_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Algorithm(IntEnum):
    """How a key signs: the signature type byte of C2SP signed-note."""

    ED25519 = 1
    COSIGNATURE = 4


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name under which it signs."""

    name: str
    algorithm: Algorithm
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that tell this key's signatures from others."""
        said = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return sha256(said).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text that may be published."""
        coded = to_base64(bytes([self.algorithm]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{coded}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the published text, hexadecimal: what an entry of the log names."""
        return sha256(self.vkey.encode()).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """A private key with the name under which it signs; it prints nothing of itself."""

    name: str
    algorithm: Algorithm
    private: bytes

    def __repr__(self) -> str:
        return f"Signer({self.name!r}, {self.algorithm.name})"

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.algorithm, keys.public_key(self.private))

    @property
    def skey(self) -> str:
        """The private key as text, for a file of mode 0600."""
        coded = to_base64(bytes([self.algorithm]) + self.private)
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{coded}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's statement that the log had grown rightly up to a time (seconds since 1970)."""

    name: str
    time: int


@dataclass(frozen=True, slots=True)
class Note:
    """A text that at least one known key has signed."""

    text: str
    signed_by: tuple[Verifier, ...]
    cosigned: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's signed tree head; `note` is the whole file, word for word."""

    origin: str
    size: int
    root: bytes
    note: str
    cosigned: tuple[Cosignature, ...] = ()


def new_signer(name: str, algorithm: Algorithm = Algorithm.ED25519) -> Signer:
    """A fresh key under a name: for a log its origin line, for a witness its own name.

    Raises: UsageError when the name is empty or holds a space or a plus sign.
    """
    if not _NAME.fullmatch(name) or _CONTROL.search(name):
        raise UsageError(fault("log.key-name"))
    return Signer(name, algorithm, keys.new_private_key())


def parse_signer(skey: str) -> Signer:
    """The signer of a private key text.

    Raises: UsageError when the text is not such a key; the message does not repeat it.
    """
    private, _, rest = skey.strip().partition("+KEY+")
    name, key_id, algorithm, raw = _parse_key(rest)
    signer = Signer(name, algorithm, raw)
    if private != "PRIVATE" or signer.verifier.key_id.hex() != key_id:
        raise UsageError(fault("log.key-unreadable"))
    return signer


def parse_signers(text: str) -> tuple[Signer, ...]:
    """The signers of a file with one private key a line, the newest first."""
    return tuple(parse_signer(line) for line in text.splitlines() if line.strip())


def parse_verifier(vkey: str) -> Verifier:
    """The verifier of a public key text.

    Raises: UsageError when the text is not such a key.
    """
    name, key_id, algorithm, raw = _parse_key(vkey.strip())
    verifier = Verifier(name, algorithm, raw)
    if verifier.key_id.hex() != key_id:
        raise UsageError(fault("log.key-unreadable"))
    return verifier


def parse_verifiers(text: str) -> tuple[Verifier, ...]:
    """The keys of a file with one public key a line; empty lines and `#` lines say nothing."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(parse_verifier(line) for line in lines if line and not line.startswith("#"))


def _parse_key(text: str) -> tuple[str, str, Algorithm, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, coded = rest.partition("+")
    raw = from_base64(coded)
    known = {each.value for each in Algorithm}
    if not _NAME.fullmatch(name) or raw is None or len(raw) != 33 or raw[0] not in known:
        raise UsageError(fault("log.key-unreadable"))
    return name, key_id, Algorithm(raw[0]), raw[1:]


def sign_note(text: str, signers: Iterable[Signer], time: int = 0) -> str:
    """The note: the text, an empty line, and one signature line a signer.

    Units: time is in seconds since 1970 and matters to cosignatures only.
    Raises: UsageError when the text does not end in a newline or holds a control character.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise UsageError(fault("log.note-text"))
    return text + "\n" + "".join(signature_line(text, signer, time) for signer in signers)


def signature_line(text: str, signer: Signer, time: int = 0) -> str:
    """One signer's line under a text."""
    if signer.algorithm is Algorithm.COSIGNATURE:
        stamp = time.to_bytes(8, "big")
        signed = stamp + keys.signature(signer.private, _cosigned_message(text, time))
    else:
        signed = keys.signature(signer.private, text.encode())
    return f"— {signer.name} {to_base64(signer.verifier.key_id + signed)}\n"


def _cosigned_message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def open_note(note: str, verifiers: Iterable[Verifier]) -> Note:
    """The note's text, once a known key has signed it.

    Signatures of unknown keys are passed over; a wrong one of a known key spoils the note.

    Raises: TamperedError when the note is not well-formed, or no known key signed it, or one that
    is known did not.
    """
    text, signatures = split_note(note)
    known = {(each.name, each.key_id): each for each in verifiers}
    signed_by: dict[Verifier, None] = {}
    cosigned: dict[Cosignature, None] = {}
    for name, raw in signatures:
        verifier = known.get((name, raw[:4]))
        if verifier is None:
            continue
        time = _checked(text, verifier, raw[4:])
        signed_by[verifier] = None
        if time is not None:
            cosigned[Cosignature(name, time)] = None
    if not signed_by:
        raise TamperedError(fault("log.note-unsigned"))
    return Note(text, tuple(signed_by), tuple(cosigned))


def _checked(text: str, verifier: Verifier, signed: bytes) -> int | None:
    time = None
    message = text.encode()
    if verifier.algorithm is Algorithm.COSIGNATURE:
        time, signed = int.from_bytes(signed[:8], "big"), signed[8:]
        message = _cosigned_message(text, time)
        if time >= 2**63:
            raise TamperedError(fault("log.note-forged", name=verifier.name))
    if len(signed) != 64 or not keys.is_signed(verifier.public, signed, message):
        raise TamperedError(fault("log.note-forged", name=verifier.name))
    return time


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """A note's text and its signatures as (name, key id and signature), nothing verified.

    Raises: TamperedError when it is not a well-formed note.
    """
    broken = TamperedError(fault("log.note-unreadable"))
    text, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() or not 0 < len(lines) <= MAX_SIGNATURES or _CONTROL.search(note):
        raise broken
    if len(note) > MAX_NOTE_BYTES:
        raise broken
    signatures = []
    for line in lines:
        parts = line.split(" ")
        raw = from_base64(parts[-1])
        if len(parts) != 3 or parts[0] != "—" or not _NAME.fullmatch(parts[1]):
            raise broken
        if raw is None or len(raw) < 5:
            raise broken
        signatures.append((parts[1], raw))
    return text + "\n", signatures


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint: origin line, size, root."""
    return f"{origin}\n{size}\n{to_base64(root)}\n"


def sign_checkpoint(size: int, root: bytes, signers: Sequence[Signer]) -> Checkpoint:
    """The signed tree head of the log whose keys these are; the origin is their common name.

    Raises: UsageError when there is no signer, or the signers bear different names.
    """
    origins = {signer.name for signer in signers}
    if len(origins) != 1:
        raise UsageError(fault("log.signer-names"))
    origin = origins.pop()
    text = checkpoint_text(origin, size, root)
    return Checkpoint(origin, size, root, sign_note(text, signers))


def open_checkpoint(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint of a note that the log's own key signed, with the witnesses known.

    Raises: TamperedError when the note is forged, no log key among the verifiers signed it, or
    its text is not a checkpoint.
    """
    opened = open_note(note, verifiers)
    found = read_checkpoint(note)
    own = [
        each
        for each in opened.signed_by
        if each.algorithm is Algorithm.ED25519 and each.name == found.origin
    ]
    if not own:
        raise TamperedError(fault("log.note-unsigned"))
    return Checkpoint(found.origin, found.size, found.root, note, opened.cosigned)


def read_checkpoint(note: str) -> Checkpoint:
    """What a note says as a checkpoint, no signature verified.

    Raises: TamperedError when it does not read as one.
    """
    text, _ = split_note(note)
    lines = text.removesuffix("\n").split("\n")
    root = from_base64(lines[2]) if len(lines) >= 3 else None
    if not all(lines) or root is None or len(root) != HASH_BYTES or not _SIZE.fullmatch(lines[1]):
        raise TamperedError(fault("log.checkpoint-unreadable"))
    return Checkpoint(lines[0], int(lines[1]), root, note)


def decode_note(data: bytes) -> str:
    """The text of a note file.

    Raises: TamperedError when it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TamperedError(fault("log.note-unreadable")) from error
