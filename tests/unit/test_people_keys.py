import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from sekisho.errors import UsageError
from sekisho.people import keys_in_force, read_public_key, registered_key
from tests.lib.stores import NOW, entry, new_store, participant

KINDS = {"sign": Ed25519PrivateKey, "seal": X25519PrivateKey}


def pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("purpose", KINDS)
def test_a_key_is_read_from_pem_and_from_base64(purpose):
    for _ in range(20):
        key = KINDS[purpose].generate()
        raw = key.public_key().public_bytes_raw()
        assert read_public_key(pem(key), purpose) == raw
        assert read_public_key(pem(key).replace("\n", "\r\n"), purpose) == raw
        assert read_public_key(base64.b64encode(raw).decode() + "\n", purpose) == raw


def code(text: str, purpose: str) -> str:
    with pytest.raises(UsageError) as raised:
        read_public_key(text, purpose)
    assert text.strip() == "" or text.strip() not in str(raised.value)
    return raised.value.faults[0].code


def test_a_private_key_is_refused_as_such():
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert code(text, "sign") == "people.key-private"


def test_a_key_of_the_other_kind_is_refused():
    assert code(pem(Ed25519PrivateKey.generate()), "seal") == "people.key-kind"
    assert code(pem(X25519PrivateKey.generate()), "sign") == "people.key-kind"
    assert code(pem(generate_private_key(65537, 1024)), "sign") == "people.key-form"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%%%%",
        "AAAA",
        "A" * 44,
        base64.b64encode(bytes(31)).decode(),
        "鍵",
        "A" * 100_000,
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----" + "\n" * 100_000,
        "-----BEGIN PUBLIC KEY-----" + "\n" * 900,
    ],
)
def test_what_is_no_key_is_refused(text):
    assert code(text, "sign") == "people.key-form"


def test_a_purpose_that_there_is_not_is_refused():
    assert code(pem(Ed25519PrivateKey.generate()), "log") == "people.key-purpose"


def test_the_fingerprint_is_the_hash_of_the_raw_key():
    raw = bytes(range(32))
    key = registered_key("holder", "seal", raw, NOW)
    assert key.fingerprint == sha256(raw).hexdigest()
    assert key.revoked_at is None


def test_revoked_keys_are_not_in_force(tmp_path):
    store = new_store("sqlite", tmp_path)
    store.add_participant(participant(), entry())
    old, new, other = (
        registered_key("holder", purpose, bytes([n]) * 32, NOW)
        for n, purpose in enumerate(["seal", "seal", "sign"])
    )
    for key in (old, new, other):
        store.add_key(key, entry())
    assert keys_in_force(store, "holder", "seal") == [old, new]
    store.revoke_key(old.fingerprint, NOW, entry())
    assert keys_in_force(store, "holder", "seal") == [new]
    store.close()
