"""A person's or firm's own history: entries that only those concerned can recognise.

A subject has one secret. From it and an entry's nonce come the subject's mark on the entry and the
salts of the entry's commitments. Who has the secret finds and opens what concerns the subject; to
all others the marks of two entries have nothing in common. Once every copy of the secret is
destroyed, nobody can tell any more that an entry concerned the subject: the entry stays, the link
is gone.
"""

import secrets

from sekisho.errors import UsageError, fault
from sekisho.model.entry import SALT_BYTES, Entry, commit
from sekisho.tlog import keys


def new_secret() -> bytes:
    """A subject's secret: 32 random bytes, to be kept where it can be destroyed."""
    return secrets.token_bytes(SALT_BYTES)


def read_secret(text: str) -> bytes:
    """The secret of a text of 64 hexadecimal digits, as it is handed out.

    Raises: UsageError when it is not one; the message does not repeat it.
    """
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != SALT_BYTES:
        raise UsageError(fault("log.secret"))
    return secret


def salt_of(secret: bytes, nonce: str, field: str) -> bytes:
    """The salt of one commitment of one entry, which only the secret gives.

    Raises: UsageError when the secret has not 32 bytes.
    """
    if len(secret) != SALT_BYTES:
        raise UsageError(fault("log.secret"))
    return keys.keyed_hash(secret, f"sekisho/salt/v1\n{nonce}\n{field}".encode())


def subject_mark(secret: bytes, nonce: str) -> str:
    """The mark of a subject on the entry with this nonce, for `Entry.subjects`."""
    return commit(salt_of(secret, nonce, "subject"), b"subject")


def committed(secret: bytes, nonce: str, field: str, value: bytes) -> str:
    """The commitment of a field under the subject's own salt, for `Entry.commitments`."""
    return commit(salt_of(secret, nonce, field), value)


def concerns(entry: Entry, secret: bytes) -> bool:
    """Whether the entry concerns the subject whose secret this is."""
    return bool(entry.subjects) and subject_mark(secret, entry.nonce) in entry.subjects
