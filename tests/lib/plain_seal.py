"""Opens sealed files a second time, from docs/reference/seal.md alone: nothing but primitives.

HPKE in base mode is written out here too, so that the published vectors reach it.
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AES_128_GCM, AES_256_GCM = 1, 2
KEY_BYTES = {AES_128_GCM: 16, AES_256_GCM: 32}


def extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.new(salt or bytes(32), secret, "sha256").digest()


def expand(secret: bytes, info: bytes, length: int, name: str = "sha256") -> bytes:
    out, block, number = b"", b"", 1
    while len(out) < length:
        block = hmac.new(secret, block + info + bytes([number]), name).digest()
        out, number = out + block, number + 1
    return out[:length]


def labeled_extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + suite + label + secret)


def labeled_expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(secret, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def derived_private_key(seed: bytes) -> X25519PrivateKey:
    suite = b"KEM" + (0x20).to_bytes(2, "big")
    secret = labeled_extract(suite, b"", b"dkp_prk", seed)
    return X25519PrivateKey.from_private_bytes(labeled_expand(suite, secret, b"sk", b"", 32))


def shared_secret(dh: bytes, enc: bytes, recipient: bytes) -> bytes:
    suite = b"KEM" + (0x20).to_bytes(2, "big")
    secret = labeled_extract(suite, b"", b"eae_prk", dh)
    return labeled_expand(suite, secret, b"shared_secret", enc + recipient, 32)


class HpkeContext:
    """Key schedule of RFC 9180, section 5.1, base mode, HKDF-SHA256."""

    def __init__(self, shared: bytes, info: bytes, aead: int):
        suite = b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (0x20, 1, aead))
        ids = labeled_extract(suite, b"", b"psk_id_hash", b"")
        infos = labeled_extract(suite, b"", b"info_hash", info)
        schedule = b"\0" + ids + infos
        secret = labeled_extract(suite, shared, b"secret", b"")
        key = labeled_expand(suite, secret, b"key", schedule, KEY_BYTES[aead])
        self.key = key
        self.base_nonce = labeled_expand(suite, secret, b"base_nonce", schedule, 12)
        self.cipher, self.number = AESGCM(key), 0

    def nonce(self) -> bytes:
        base = int.from_bytes(self.base_nonce, "big")
        self.number += 1
        return (base ^ (self.number - 1)).to_bytes(12, "big")

    def seal(self, aad: bytes, plain: bytes) -> bytes:
        return self.cipher.encrypt(self.nonce(), plain, aad)

    def open(self, aad: bytes, sealed: bytes) -> bytes:
        return self.cipher.decrypt(self.nonce(), sealed, aad)


def sender(recipient: bytes, ephemeral: X25519PrivateKey, info: bytes, aead: int):
    enc = ephemeral.public_key().public_bytes_raw()
    dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    return enc, HpkeContext(shared_secret(dh, enc, recipient), info, aead)


def receiver(enc: bytes, private: X25519PrivateKey, info: bytes, aead: int) -> HpkeContext:
    dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    public = private.public_key().public_bytes_raw()
    return HpkeContext(shared_secret(dh, enc, public), info, aead)


def chunked_keys(key: bytes, salt: bytes, context: bytes):
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    out = expand(key, info, 76, "sha512")
    return out[:32], int.from_bytes(out[32:44], "big"), out[44:]


def open_chunked(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """A message of C2SP chunked encryption with SHA-512 and AES-256-GCM; ValueError otherwise."""
    if len(key) != 32 or len(sealed) < 56:
        raise ValueError
    chunk_key, base, commitment = chunked_keys(key, sealed[:24], context)
    if commitment != sealed[24:56]:
        raise ValueError
    cipher, said, at, number = AESGCM(chunk_key), b"", 56, 0
    while True:
        piece = sealed[at : at + 16400]
        if len(piece) < 16:
            raise ValueError
        said += cipher.decrypt((base ^ number).to_bytes(12, "big"), piece, None)
        at, number = at + len(piece), number + 1
        if len(piece) < 16400:
            break
    if at != len(sealed):
        raise ValueError
    return said


def open_plain(file: bytes, context: dict, private_key: bytes, sender_key: bytes) -> bytes:
    """The content of a sealed file; any error when something is wrong."""
    bound = json.dumps(context, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    magic, rest = file[:15], file[15:]
    assert magic == b"sekisho-seal/1\n"
    length = int.from_bytes(rest[:4], "big")
    header, prefix = json.loads(rest[4 : 4 + length]), file[: 15 + 4 + length]
    assert header["hpke"] == [32, 1, 2]
    assert header["payload"] == "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"
    wrapped = base64.b64decode(header["key"])
    signature, payload = file[-64:], file[len(prefix) : -64]
    signed = b"sekisho-seal/1 signature\n" + hashlib.sha256(bound).digest()
    signed += hashlib.sha256(file[:-64]).digest()
    Ed25519PublicKey.from_public_bytes(sender_key).verify(signature, signed)
    private = X25519PrivateKey.from_private_bytes(private_key)
    info = b"sekisho-seal/1 content key\n" + bound
    key = receiver(wrapped[:32], private, info, AES_256_GCM).open(b"", wrapped[32:])
    padded = open_chunked(key, prefix, payload)
    assert len(padded) == header["size"]
    said = int.from_bytes(padded[:8], "big")
    assert not padded[8 + said :].strip(b"\0")
    assert len(padded) >= 8 + said
    return padded[8 : 8 + said]
