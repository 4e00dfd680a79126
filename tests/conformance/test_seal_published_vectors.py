"""HPKE and chunked encryption as published; sealed files opened by an implementation apart."""

import hashlib
import io
import json
import zlib
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.errors import SekishoError
from sekisho.lanes.record import seal_layout as layout
from sekisho.lanes.record.seal import open_sealed, seal
from tests.lib import plain_seal

VECTORS = Path(__file__).parent / "vectors"
RFC9180 = json.loads((VECTORS / "hpke" / "rfc9180.json").read_text())
CHUNKED = json.loads((VECTORS / "chunked" / "wycheproof.json").read_text())
OURS = json.loads((VECTORS / "seal" / "seal-1.json").read_text())
unhex = bytes.fromhex


def _drawn(source, at):
    length = source[at]
    return source[at + 1 : at + 1 + length], at + 1 + length


@pytest.mark.parametrize("vector", RFC9180, ids=lambda v: f"aead-{v['aead_id']}")
def test_the_plain_hpke_gives_the_published_keys_and_ciphertexts(vector):
    aead, info = vector["aead_id"], unhex(vector["info"])
    private = X25519PrivateKey.from_private_bytes(unhex(vector["skRm"]))
    recipient = unhex(vector["pkRm"])
    assert private.public_key().public_bytes_raw() == recipient
    derived = plain_seal.derived_private_key(unhex(vector["ikmR"]))
    assert derived.public_key().public_bytes_raw() == recipient
    ephemeral = plain_seal.derived_private_key(unhex(vector["ikmE"]))
    enc, sending = plain_seal.sender(recipient, ephemeral, info, aead)
    receiving = plain_seal.receiver(enc, private, info, aead)
    assert enc == unhex(vector["enc"])
    if "key" in vector:
        assert sending.key == unhex(vector["key"])
        assert sending.base_nonce == unhex(vector["base_nonce"])
        first = {name: unhex(value) for name, value in vector["first"].items()}
        _, fresh = plain_seal.sender(recipient, ephemeral, info, aead)
        assert fresh.seal(first["aad"], first["pt"]) == first["ct"]
    source, sink, at = hashlib.shake_128().digest(600_000), hashlib.shake_128(), 0
    for _ in range(1000):
        aad, at = _drawn(source, at)
        plain, at = _drawn(source, at)
        sealed = sending.seal(aad, plain)
        sink.update(sealed)
        assert receiving.open(aad, sealed) == plain
    assert sink.digest(16) == unhex(vector["encryptions"])


def test_the_library_and_the_plain_hpke_open_each_other():
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    enc, sending = plain_seal.sender(public, X25519PrivateKey.generate(), b"info", 2)
    wrapped = enc + sending.seal(b"", b"content")
    assert layout.SUITE.decrypt(wrapped, private, info=b"info") == b"content"
    wrapped = layout.SUITE.encrypt(b"content", private.public_key(), info=b"info")
    receiving = plain_seal.receiver(wrapped[:32], private, b"info", 2)
    assert receiving.open(b"", wrapped[32:]) == b"content"


@pytest.mark.parametrize("case", CHUNKED["tests"], ids=lambda case: f"case-{case['tcId']}")
def test_chunked_encryption_is_as_published(case):
    key, context = unhex(case.get("key", CHUNKED["key"])), unhex(case.get("ctx", ""))
    sealed = zlib.decompress(unhex(case["ct"]))
    if case["result"] == "invalid":
        with pytest.raises((ValueError, InvalidTag)):
            plain_seal.open_chunked(key, context, sealed)
        return
    said = plain_seal.open_chunked(key, context, sealed)
    assert len(said) == case["msgLength"]
    assert hashlib.sha512(said).hexdigest() == case["msgSha512"]
    keys = layout.chunk_keys(key, sealed[:24], context)
    assert keys.key == unhex(case["aeadKey"])
    assert keys.nonce(0) == unhex(case["baseNonce"])
    assert keys.commitment == sealed[24:56]
    first = sealed[56 : 56 + 16400]
    assert AESGCM(keys.key).decrypt(keys.nonce(0), first, None) == said[:16384]


@pytest.mark.parametrize("size", [0, 1, 4088, 4089, 16376, 16384, 70_000, 1_048_576])
def test_a_second_implementation_opens_what_is_sealed(size):
    private, signing = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    context = {
        "sender": "病院-東京",
        "recipient": "klinik-köln",
        "transfer": "t-1",
        "programme": "p",
        "content_type": "application/fhir+json",
    }
    content, file = bytes(range(256)) * (size // 256) + bytes(size % 256), io.BytesIO()
    public = private.public_key().public_bytes_raw()
    bound = layout.SealContext(**context)
    sealed = seal(io.BytesIO(content), file, bound, public, signing.private_bytes_raw())
    assert hashlib.sha256(file.getvalue()).hexdigest() == sealed.digest
    sender_key = signing.public_key().public_bytes_raw()
    opened = plain_seal.open_plain(
        file.getvalue(), context, private.private_bytes_raw(), sender_key
    )
    assert opened == content


@pytest.mark.parametrize("case", OURS["cases"], ids=lambda case: case["name"])
def test_the_published_files_of_the_specification_open_or_are_refused(case):
    file, target = io.BytesIO(unhex(case["file"])), io.BytesIO()
    keys = unhex(OURS["recipient_private"]), unhex(OURS["sender_public"])
    context = layout.SealContext(**{**OURS["context"], **case.get("context", {})})
    if "code" in case:
        with pytest.raises(SekishoError) as refused:
            open_sealed(file, target, context, *keys)
        assert [fault.code for fault in refused.value.faults] == [case["code"]]
        with pytest.raises(Exception):  # noqa: B017, PT011 - any refusal will do
            plain_seal.open_plain(
                file.getvalue(), {**OURS["context"], **case.get("context", {})}, *keys
            )
        assert target.getvalue() == b""
        return
    open_sealed(file, target, context, *keys)
    assert target.getvalue() == unhex(case["content"])
    assert plain_seal.open_plain(file.getvalue(), OURS["context"], *keys) == target.getvalue()
