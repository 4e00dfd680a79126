"""Ed25519 as RFC 8032 has it, over raw bytes. The log's only door to the cryptography library."""

from functools import lru_cache
from hmac import new as hmac_new
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def new_private_key() -> bytes:
    """A fresh private key: 32 random bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes_raw()


@lru_cache(maxsize=16)
def _private_key(private: bytes) -> "Ed25519PrivateKey":
    """The key made ready to sign, which takes longer than signing."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private)


def public_key(private: bytes) -> bytes:
    """The public key that belongs to a private key; both have 32 bytes."""
    return _private_key(private).public_key().public_bytes_raw()


def signature(private: bytes, message: bytes) -> bytes:
    """The 64 bytes by which the private key signs a message."""
    return _private_key(private).sign(message)


def is_signed(public: bytes, signed: bytes, message: bytes) -> bool:
    """Whether the signature is that of the public key over the message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def keyed_hash(secret: bytes, message: bytes) -> bytes:
    """HMAC with SHA-256: 32 bytes that nobody finds without the secret."""
    return hmac_new(secret, message, "sha256").digest()
