"""Private keys of participants and subjects: made, written as PEM, and read again."""

import base64
import binascii
import re

from sekisho.errors import UsageError, fault
from sekisho.tlog import keys

PURPOSES = ("sign", "seal")
_HEADERS = {
    "sign": bytes.fromhex("302e020100300506032b657004220420"),
    "seal": bytes.fromhex("302e020100300506032b656e04220420"),
}
"""Purpose -> the bytes before the raw key in a PrivateKeyInfo (RFC 8410)."""
_PUBLIC_HEADERS = {
    "sign": bytes.fromhex("302a300506032b6570032100"),
    "seal": bytes.fromhex("302a300506032b656e032100"),
}
_PEM = re.compile(
    r"\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]{1,512})-----END PRIVATE KEY-----\s*"
)
KEY_BYTES = 32


def new_private_key(purpose: str) -> bytes:
    """A fresh raw private key: Ed25519 to sign, X25519 to open what is sealed."""
    if purpose not in PURPOSES:
        raise UsageError(fault("people.key-purpose"))
    if purpose == "sign":
        return keys.new_private_key()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.generate().private_bytes_raw()


def public_key(private: bytes, purpose: str) -> bytes:
    """The raw public key that belongs to a raw private key."""
    if purpose == "sign":
        return keys.public_key(private)
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def private_pem(private: bytes, purpose: str) -> str:
    """A private key as PEM, which other tools read, too."""
    return _pem("PRIVATE", _HEADERS[purpose] + private)


def public_pem(public: bytes, purpose: str) -> str:
    """A public key as PEM: what is handed to others to be registered."""
    return _pem("PUBLIC", _PUBLIC_HEADERS[purpose] + public)


def _pem(kind: str, data: bytes) -> str:
    inside = base64.b64encode(data).decode()
    return f"-----BEGIN {kind} KEY-----\n{inside}\n-----END {kind} KEY-----\n"


def read_private_pem(text: str, purpose: str) -> bytes | None:
    """The raw private key in a PEM text; None when it is not one of that purpose."""
    found = _PEM.fullmatch(text)
    try:
        data = base64.b64decode("".join(found[1].split()), validate=True) if found else b""
    except (binascii.Error, ValueError):
        return None
    head = _HEADERS[purpose]
    right = data[: len(head)] == head and len(data) == len(head) + KEY_BYTES
    return data[len(head) :] if right else None
