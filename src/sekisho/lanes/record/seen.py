"""What a subject's look into the log found, kept so that only its secret opens it.

A tree head and the numbers of entries tie the subject to the log. They lie encrypted under a key
that follows from the subject's secret: destroy the secret, and they say nothing to anybody.
"""

import hmac
import json
import secrets
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.errors import TamperedError, fault

NONCE = 12
STEP = 1024
"""What is written has a multiple of so many bytes: its size tells little."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A verified tree, and the subject's entries in it."""

    size: int
    root: bytes
    indices: tuple[int, ...]


def name_of(secret: bytes) -> str:
    """Under which name a subject's look is kept; it tells nothing without the secret."""
    return hmac.digest(secret, b"sekisho/seen/v1\nname", sha256).hex()[:32]


def closed_up(secret: bytes, origin: str, seen: Seen) -> bytes:
    """A look, readable with the secret alone and only as one into the log of this origin."""
    said = {"size": seen.size, "root": seen.root.hex(), "indices": list(seen.indices)}
    plain = json.dumps(said, separators=(",", ":")).encode()
    plain = plain.ljust(-(-len(plain) // STEP) * STEP)
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(_key(secret)).encrypt(nonce, plain, origin.encode())


def opened_up(secret: bytes, origin: str, kept: bytes) -> Seen:
    """The look that was kept.

    Raises: TamperedError when it is not one of this subject into this log.
    """
    try:
        plain = AESGCM(_key(secret)).decrypt(kept[:NONCE], kept[NONCE:], origin.encode())
    except (InvalidTag, ValueError) as error:
        raise TamperedError(fault("records.seen-damaged", file=name_of(secret))) from error
    said = json.loads(plain)
    return Seen(said["size"], bytes.fromhex(said["root"]), tuple(said["indices"]))


def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"sekisho/seen/v1\nkey", sha256)
