"""Who takes part, and on whose behalf a call is made."""

from dataclasses import dataclass
from datetime import datetime

from sekisho.model.text import Text
from sekisho.terms import ParticipantKind, Role


@dataclass(frozen=True, slots=True)
class Participant:
    """An organisation that takes part."""

    id: str
    name: Text
    kind: ParticipantKind
    jurisdiction: str
    """ISO 3166-1 alpha-2, or `EU`, or `XX` for an international body."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or organisation on whose behalf a call is made."""

    id: str
    participant: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A participant's public key; the fingerprint is SHA-256 of the raw key, hexadecimal."""

    fingerprint: str
    participant: str
    purpose: str
    """`sign` (Ed25519) or `seal` (X25519)."""
    public_key: bytes
    registered_at: datetime
    revoked_at: datetime | None = None
