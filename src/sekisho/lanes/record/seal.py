"""Sealing a record to its recipient, and opening it: nobody in between reads it or changes it.

HPKE seals a random content key to the recipient's registered key; the payload is numbered,
authenticated chunks; the sender signs the whole. Memory stays flat whatever the size.
"""

import contextlib
import hashlib
import hmac
import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.errors import Refused, StorageError, TamperedError, UsageError, fault
from sekisho.lanes.record import seal_layout as layout
from sekisho.lanes.record.seal_layout import CHUNK, TAG, ChunkKeys, Header, SealContext

Buffer: TypeAlias = bytes | memoryview
SLAB = 16 * CHUNK
"""How much is in memory at once: little enough to stay in a processor's cache."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was written."""

    digest: str
    """SHA-256 of the sealed file, hexadecimal."""
    bytes: int
    size_class: int


def seal(
    source: BinaryIO,
    target: BinaryIO,
    context: SealContext,
    recipient_key: bytes,
    sign: bytes,
    *,
    size_classes: bool = True,
) -> Sealed:
    """Write a content so that only the recipient reads it and everyone sees whose it is.

    Shape: source can seek and is read from where it stands to its end; recipient_key is X25519
    public, sign is Ed25519 private, both 32 raw bytes.
    Raises: UsageError when a key cannot be used; StorageError when the source changes meanwhile.
    """
    signer = _signer(sign)
    length = layout.checked_length(_rest_of(source))
    size = layout.size_class(length) if size_classes else layout.LENGTH + length
    content_key = secrets.token_bytes(layout.CONTENT_KEY)
    header = Header(_wrap(content_key, recipient_key, context), size)
    salt = secrets.token_bytes(layout.SALT)
    keys = layout.chunk_keys(content_key, salt, header.prefix)
    digest = hashlib.sha256()
    for piece in _pieces(source, length, header, keys, salt):
        digest.update(piece)
        target.write(piece)
    signature = signer.sign(layout.signed_bytes(context, digest.digest()))
    digest.update(signature)
    target.write(signature)
    return Sealed(digest.hexdigest(), header.file_bytes, size)


def open_sealed(
    source: BinaryIO,
    target: BinaryIO,
    context: SealContext,
    private_key: bytes,
    sender_key: bytes,
) -> None:
    """Write what was sealed, once all of it is proved; on any fault the target is as before.

    Shape: target can seek; private_key is X25519 private, sender_key is Ed25519 public, both 32
    raw bytes.
    Raises: Refused when it is not sealed to this key in this context; TamperedError when it is
    not whole, not as it was sealed, or not signed by the sender; UsageError when a key cannot be
    used.
    """
    start, whole = target.tell(), False
    try:
        _open(source, target, context, private_key, _verifier(sender_key))
        whole = True
    finally:
        if not whole:
            target.seek(start)
            target.truncate()


def open_sealed_file(
    source: Path, target: Path, context: SealContext, private_key: bytes, sender_key: bytes
) -> None:
    """Open a sealed file into a new one that appears only when all of it is proved.

    Raises: as `open_sealed`; StorageError when the file cannot be written.
    """
    aside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        with source.open("rb") as sealed, os.fdopen(os.open(aside, flags, 0o600), "w+b") as file:
            open_sealed(sealed, file, context, private_key, sender_key)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    except OSError as error:
        raise StorageError(fault("seal.not-written", reason=error.strerror or "")) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def intact_until(partial: BinaryIO, context: SealContext, private_key: bytes) -> int:
    """How many bytes of a file that came only in part are proved: fetching goes on from there.

    The signature is proved at the end, over the whole; until then nothing is handed out.

    Raises: Refused when it is not sealed to this key in this context; TamperedError when its
    header or its chunks were changed.
    """
    try:
        header = _read_header(partial)
        _, keys = _keys(partial, header, context, private_key)
    except _EndedError:
        return 0
    proved = partial.tell()
    cipher = AESGCM(keys.key)
    for number in range(header.chunks):
        piece = partial.read(_chunk_bytes(header, number) + TAG)
        if len(piece) < _chunk_bytes(header, number) + TAG:
            return proved
        _opened(cipher, keys, number, piece)
        proved += len(piece)
    return proved


class _EndedError(TamperedError):
    """The file ends before it is whole."""

    def __init__(self) -> None:
        super().__init__(fault("seal.cut"))


def _open(
    source: BinaryIO,
    target: BinaryIO,
    context: SealContext,
    private_key: bytes,
    verifier: Ed25519PublicKey,
) -> None:
    header = _read_header(source)
    opening, keys = _keys(source, header, context, private_key)
    digest = hashlib.sha256(header.prefix + opening)
    content = _Content(target)
    for piece, plain in _plain_slabs(source, header, keys):
        digest.update(piece)
        content.take(plain)
    content.finish()
    signature = _exactly(source, layout.SIGNATURE)
    if source.read(1):
        raise TamperedError(fault("seal.too-long"))
    try:
        verifier.verify(signature, layout.signed_bytes(context, digest.digest()))
    except InvalidSignature as error:
        raise TamperedError(fault("seal.not-signed")) from error


@dataclass(slots=True)
class _Content:
    """Takes padded plaintext and writes the content alone."""

    target: BinaryIO
    left: int = -1

    def take(self, plain: bytes) -> None:
        if self.left < 0:
            self.left = int.from_bytes(plain[: layout.LENGTH], "big")
            plain = plain[layout.LENGTH :]
        self.target.write(plain[: self.left])
        padding = plain[self.left :]
        self.left -= min(self.left, len(plain))
        if padding.strip(b"\0"):
            raise TamperedError(fault("seal.bad-padding"))

    def finish(self) -> None:
        if self.left:
            raise TamperedError(fault("seal.bad-padding"))


def _pieces(
    source: BinaryIO, length: int, header: Header, keys: ChunkKeys, salt: bytes
) -> Iterator[Buffer]:
    """The sealed file up to its signature, in slabs; each is good until the next is asked for."""
    yield header.prefix + salt + keys.commitment
    largest = min(SLAB, header.size)
    out = memoryview(bytearray(largest + (largest // CHUNK + 1) * TAG))
    cipher, number = AESGCM(keys.key), 0
    for slab in _padded(source, length, header.size):
        done = 0
        for at in range(0, len(slab), CHUNK):
            plain = slab[at : at + CHUNK]
            end = done + len(plain) + TAG
            cipher.encrypt_into(keys.nonce(number), plain, None, out[done:end])
            done, number = end, number + 1
        yield out[:done]
    if header.size % CHUNK == 0:
        yield cipher.encrypt(keys.nonce(number), b"", None)


def _padded(source: BinaryIO, length: int, size: int) -> Iterator[memoryview]:
    """Length field, content and zeros, in slabs in the same memory; the last may be shorter."""
    room = memoryview(bytearray(min(SLAB, size)))
    head, left = length.to_bytes(layout.LENGTH, "big"), length
    for at in range(0, size, SLAB):
        wanted = min(SLAB, size - at)
        room[: len(head)] = head
        have, head = len(head), b""
        while have < wanted and left:
            block = source.read(min(left, wanted - have))
            if not block:
                raise StorageError(fault("seal.source-changed"))
            room[have : have + len(block)] = block
            have += len(block)
            left -= len(block)
        room[have:wanted] = bytes(wanted - have)
        yield room[:wanted]
    if source.read(1):
        raise StorageError(fault("seal.source-changed"))


def _plain_slabs(
    source: BinaryIO, header: Header, keys: ChunkKeys
) -> Iterator[tuple[bytes, bytes]]:
    """Encrypted slabs with what they say, in order; each chunk proved."""
    cipher = AESGCM(keys.key)
    per_slab = SLAB // CHUNK
    for first in range(0, header.chunks, per_slab):
        numbers = range(first, min(first + per_slab, header.chunks))
        sizes = [_chunk_bytes(header, number) + TAG for number in numbers]
        piece = _exactly(source, sum(sizes))
        view, at, plain = memoryview(piece), 0, []
        for number, size in zip(numbers, sizes, strict=True):
            plain.append(_opened(cipher, keys, number, view[at : at + size]))
            at += size
        yield piece, b"".join(plain)


def _opened(cipher: AESGCM, keys: ChunkKeys, number: int, piece: bytes | memoryview) -> bytes:
    try:
        return cipher.decrypt(keys.nonce(number), piece, None)
    except InvalidTag as error:
        raise TamperedError(fault("seal.changed")) from error


def _chunk_bytes(header: Header, number: int) -> int:
    return CHUNK if number < header.chunks - 1 else header.size % CHUNK


def _read_header(source: BinaryIO) -> Header:
    if _exactly(source, len(layout.MAGIC)) != layout.MAGIC:
        raise TamperedError(fault("seal.not-a-seal"))
    length = int.from_bytes(_exactly(source, 4), "big")
    if length > layout.LONGEST_HEADER:
        raise TamperedError(fault("seal.bad-header"))
    return layout.read_header(_exactly(source, length))


def _keys(
    source: BinaryIO, header: Header, context: SealContext, private_key: bytes
) -> tuple[bytes, ChunkKeys]:
    """Salt and commitment as they stand in the file, and the keys of its chunks."""
    content_key = _unwrap(header.wrapped_key, private_key, context)
    opening = _exactly(source, layout.SALT + layout.COMMITMENT)
    keys = layout.chunk_keys(content_key, opening[: layout.SALT], header.prefix)
    if not hmac.compare_digest(keys.commitment, opening[layout.SALT :]):
        raise TamperedError(fault("seal.changed"))
    return opening, keys


def _exactly(source: BinaryIO, count: int) -> bytes:
    parts, left = [], count
    while left:
        part = source.read(left)
        if not part:
            raise _EndedError
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _rest_of(source: BinaryIO) -> int:
    start = source.tell()
    end = source.seek(0, io.SEEK_END)
    source.seek(start)
    return end - start


def _wrap(content_key: bytes, recipient_key: bytes, context: SealContext) -> bytes:
    try:
        public = X25519PublicKey.from_public_bytes(recipient_key)
        return layout.SUITE.encrypt(content_key, public, info=layout.KEY_INFO + context.bound)
    except ValueError as error:
        raise UsageError(fault("seal.bad-key")) from error


def _unwrap(wrapped: bytes, private_key: bytes, context: SealContext) -> bytes:
    try:
        private = X25519PrivateKey.from_private_bytes(private_key)
    except ValueError as error:
        raise UsageError(fault("seal.bad-key")) from error
    try:
        return layout.SUITE.decrypt(wrapped, private, info=layout.KEY_INFO + context.bound)
    except (InvalidTag, ValueError) as error:
        raise Refused(fault("seal.not-for-you")) from error


def _signer(sign: bytes) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(sign)
    except ValueError as error:
        raise UsageError(fault("seal.bad-key")) from error


def _verifier(sender_key: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(sender_key)
    except ValueError as error:
        raise UsageError(fault("seal.bad-key")) from error
