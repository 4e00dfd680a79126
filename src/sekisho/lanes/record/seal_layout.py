"""How a sealed file lies: context, header, key derivation, size classes, chunks.

The specification with its test vectors is docs/reference/seal.md. `seal.py` writes and opens what
is laid out here.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sekisho.errors import TamperedError, UsageError, fault
from sekisho.model.canonical import canonical

MAGIC = b"sekisho-seal/1\n"
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
SUITE_IDS = (0x0020, 0x0001, 0x0002)
PAYLOAD = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"
KEY_INFO = b"sekisho-seal/1 content key\n"
SIGNATURE_INFO = b"sekisho-seal/1 signature\n"

CHUNK = 16 * 1024
TAG = 16
SALT = 24
COMMITMENT = 32
SIGNATURE = 64
CONTENT_KEY = 32
WRAPPED_KEY = 32 + CONTENT_KEY + TAG
LENGTH = 8
SMALLEST_CLASS = 4096
LONGEST_HEADER = 1024
LARGEST = 1 << 46


@dataclass(frozen=True)
class SealContext:
    """What a seal is for. Sealing binds it, opening must know it, the file does not tell it."""

    sender: str
    recipient: str
    transfer: str
    programme: str
    content_type: str

    @cached_property
    def bound(self) -> bytes:
        """The context as the one sequence of bytes that goes into key and signature."""
        return canonical(asdict(self))


@dataclass(frozen=True)
class Header:
    """What stands before the chunks, in the clear."""

    wrapped_key: bytes
    size: int
    """Bytes of the padded plaintext."""

    @cached_property
    def prefix(self) -> bytes:
        """Magic, length and header: the bytes before the payload, bound into its key."""
        said = canonical(
            {
                "hpke": list(SUITE_IDS),
                "key": base64.b64encode(self.wrapped_key).decode("ascii"),
                "payload": PAYLOAD,
                "size": self.size,
            }
        )
        return MAGIC + len(said).to_bytes(4, "big") + said

    @property
    def chunks(self) -> int:
        """How many chunks there are; the last one is shorter than the others, perhaps empty."""
        return self.size // CHUNK + 1

    @property
    def payload_bytes(self) -> int:
        """Salt, commitment and chunks."""
        return SALT + COMMITMENT + self.size + TAG * self.chunks

    @property
    def file_bytes(self) -> int:
        """The whole file."""
        return len(self.prefix) + self.payload_bytes + SIGNATURE


@dataclass(frozen=True, slots=True)
class ChunkKeys:
    """What the chunks of one file are encrypted with."""

    key: bytes
    base_nonce: int
    commitment: bytes

    def nonce(self, number: int) -> bytes:
        """The nonce of a chunk, numbered from zero."""
        return (self.base_nonce ^ number).to_bytes(12, "big")


def size_class(content_bytes: int) -> int:
    """How many bytes stand in the file for a content of this many, its length field included.

    Padmé: the mantissa keeps as many bits as the exponent's own length, so a size tells no more
    than O(log log n) bits, and what is added stays under 12 percent. Everything that is smaller
    than the smallest class counts as that.

    Source: Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with
    PURBs, PoPETs 2019(4), section 4.
    """
    length = max(LENGTH + content_bytes, SMALLEST_CLASS)
    exponent = length.bit_length() - 1
    kept = exponent.bit_length()
    step = (1 << (exponent - kept)) - 1
    return (length + step) & ~step


def chunk_keys(content_key: bytes, salt: bytes, prefix: bytes) -> ChunkKeys:
    """Key, base nonce and commitment of a file's chunks.

    Source: C2SP chunked-encryption v1, section Key derivation, with SHA-512 and AES-256-GCM; the
    context is everything that stands before the payload.
    """
    info = PAYLOAD.encode("ascii") + b"\0" + salt + prefix
    derived = HKDFExpand(hashes.SHA512(), 32 + 12 + COMMITMENT, info).derive(content_key)
    return ChunkKeys(derived[:32], int.from_bytes(derived[32:44], "big"), derived[44:])


def signed_bytes(context: SealContext, file_digest: bytes) -> bytes:
    """What a sender signs: domain, context, and the hash of all that stands before the signature.

    Shape: file_digest is SHA-256, 32 bytes.
    """
    digest = hashes.Hash(hashes.SHA256())
    digest.update(context.bound)
    return SIGNATURE_INFO + digest.finalize() + file_digest


def read_header(said: bytes) -> Header:
    """The header from its JSON, only in the one form in which it may stand.

    Raises: TamperedError when it is not that.
    """
    try:
        parsed = json.loads(said)
        header = Header(_wrapped(parsed), _size(parsed))
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        raise TamperedError(fault("seal.bad-header")) from error
    if header.prefix[len(MAGIC) + 4 :] != said:
        raise TamperedError(fault("seal.bad-header"))
    return header


def _wrapped(parsed: Mapping[str, object]) -> bytes:
    wrapped = base64.b64decode(str(parsed["key"]), validate=True)
    if len(wrapped) != WRAPPED_KEY:
        raise ValueError
    return wrapped


def _size(parsed: Mapping[str, object]) -> int:
    size = parsed["size"]
    if type(size) is not int or not LENGTH <= size <= LARGEST:
        raise ValueError
    return size


def checked_length(content_bytes: int) -> int:
    """The length of a content that can be sealed.

    Raises: UsageError when it is larger than a sealed file may be.
    """
    if content_bytes > LARGEST // 2:
        raise UsageError(fault("seal.too-large"))
    return content_bytes
