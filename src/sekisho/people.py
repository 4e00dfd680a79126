"""Who may do what: roles and actions, access tokens, registered public keys.

The gate asks here before anything else. What no line of the table grants is refused.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from sekisho.errors import Fault, NotPermitted, UsageError, fault, raise_all
from sekisho.model.actor import Actor, Participant, RegisteredKey
from sekisho.model.programme import Programme
from sekisho.ports import Store
from sekisho.terms import Language, Role
from sekisho.text import sentence


class Action(StrEnum):
    """Everything that an actor can ask of a node."""

    INIT = "init"
    ACT_FOR = "act-for"
    READ = "read"
    PROGRAMME_ADD = "programme.add"
    PARTICIPANT_ADD = "participant.add"
    ACTOR_ADD = "actor.add"
    TOKEN_REPLACE = "token.replace"  # noqa: S105 - an action, no password
    KEY_ADD = "key.add"
    KEY_REVOKE = "key.revoke"
    LOAD = "load"
    DELIVERY_READ = "delivery.read"
    RELEASE = "release"
    RELEASE_READ = "release.read"
    RELEASE_READ_PRIVATE = "release.read-private"
    RELEASE_READ_EARLY = "release.read-early"
    RELEASE_CORRECT = "release.correct"
    RELEASE_WITHDRAW = "release.withdraw"
    QUERY = "query"
    LOG_VERIFY = "log.verify"
    SETTINGS = "settings"
    JOB_READ = "job.read"
    JOB_CANCEL = "job.cancel"
    JOB_RETRY = "job.retry"
    SUBJECT_ADD = "subject.add"
    SUBJECT_ACT = "subject.act"
    SUBJECT_IDENTIFY = "subject.identify"
    CONSENT_REQUEST = "consent.request"
    FACT_FILE = "fact.file"
    TRANSFER_REQUEST = "transfer.request"
    TRANSFER_OFFER = "transfer.offer"
    TRANSFER_FETCH = "transfer.fetch"
    TRANSFER_READ = "transfer.read"
    RECORDS_SWEEP = "records.sweep"
    DUTY_READ = "duty.read"
    DUTY_DO = "duty.do"
    REDECIDE = "redecide"
    FORM_ANSWER = "form.answer"
    FORM_STATUS = "form.status"
    FORM_ASK = "form.ask"
    SUBMISSION_READ = "submission.read"


class Reach(StrEnum):
    """How far a grant goes."""

    ALL = "all"
    OWN = "own"
    """Only where everything that the call touches belongs to the actor's participant."""
    STEWARD = "steward"
    """Only in a programme that the actor's participant answers for."""
    RECIPIENT = "recipient"
    """Only in a programme that releases to the public or to the actor's participant."""


_EVERYONE = None
"""Whoever calls, known to the node or not."""

Granted = Mapping[Role | None, Reach]

_OWNER_ALONE: Granted = {Role.OWNER: Reach.ALL}
_RESPONSIBLE: Granted = {Role.OWNER: Reach.ALL, Role.STEWARD: Reach.STEWARD}
_EVERY_ROLE: Granted = dict.fromkeys(Role, Reach.ALL)
# Not even the owner of the node acts for a person whom another participant knows.
_HOLDER_ALONE: Granted = {Role.OWNER: Reach.OWN, Role.DATA_HOLDER: Reach.OWN}
_USER_ALONE: Granted = {Role.OWNER: Reach.OWN, Role.DATA_USER: Reach.OWN}
_OWN_JOBS: Granted = {**dict.fromkeys(Role, Reach.OWN), Role.OWNER: Reach.ALL}

_OFFICERS = (Role.OWNER, Role.STEWARD, Role.DATA_HOLDER, Role.DATA_USER)
"""Who speaks for an organisation in the open lane."""

GRANTS: Mapping[Action, Granted] = MappingProxyType(
    {
        Action.INIT: _OWNER_ALONE,
        Action.ACT_FOR: _OWNER_ALONE,
        Action.READ: _EVERY_ROLE,
        Action.PROGRAMME_ADD: _OWNER_ALONE,
        Action.PARTICIPANT_ADD: _OWNER_ALONE,
        Action.ACTOR_ADD: _OWNER_ALONE,
        Action.TOKEN_REPLACE: _OWNER_ALONE,
        # A stolen token must not be enough to have records sealed for somebody else's key.
        Action.KEY_ADD: _OWNER_ALONE,
        Action.KEY_REVOKE: {
            Role.OWNER: Reach.ALL,
            Role.STEWARD: Reach.OWN,
            Role.DATA_HOLDER: Reach.OWN,
            Role.DATA_USER: Reach.OWN,
        },
        Action.LOAD: {Role.OWNER: Reach.ALL, Role.DATA_HOLDER: Reach.OWN},
        # Row counts are exact: they are for the holder, and for the owner who keeps the files.
        Action.DELIVERY_READ: {Role.OWNER: Reach.ALL, Role.DATA_HOLDER: Reach.OWN},
        Action.RELEASE: _RESPONSIBLE,
        Action.RELEASE_READ: {
            _EVERYONE: Reach.RECIPIENT,
            Role.OWNER: Reach.ALL,
            Role.STEWARD: Reach.STEWARD,
            Role.DATA_HOLDER: Reach.OWN,
            Role.AUDITOR: Reach.ALL,
        },
        # Which cells are hidden by which rule, and counts: not even the owner of the node.
        Action.RELEASE_READ_PRIVATE: {Role.DATA_HOLDER: Reach.OWN},
        Action.RELEASE_READ_EARLY: {**_HOLDER_ALONE, Role.STEWARD: Reach.STEWARD},
        Action.RELEASE_CORRECT: _RESPONSIBLE,
        Action.RELEASE_WITHDRAW: _RESPONSIBLE,
        Action.QUERY: {**_RESPONSIBLE, Role.DATA_USER: Reach.RECIPIENT},
        Action.LOG_VERIFY: {_EVERYONE: Reach.ALL},
        Action.SETTINGS: _OWNER_ALONE,
        Action.JOB_READ: _OWN_JOBS,
        Action.JOB_CANCEL: _OWN_JOBS,
        Action.JOB_RETRY: _OWN_JOBS,
        Action.SUBJECT_ADD: _HOLDER_ALONE,
        # A person has no role: they act by their key or secret, or by whoever holds their records
        # and has identified them.
        Action.SUBJECT_ACT: _HOLDER_ALONE,
        Action.SUBJECT_IDENTIFY: _HOLDER_ALONE,
        Action.CONSENT_REQUEST: _HOLDER_ALONE,
        Action.FACT_FILE: _HOLDER_ALONE,
        Action.TRANSFER_REQUEST: _USER_ALONE,
        Action.TRANSFER_OFFER: _HOLDER_ALONE,
        Action.TRANSFER_FETCH: _USER_ALONE,
        Action.TRANSFER_READ: {**_HOLDER_ALONE, Role.DATA_USER: Reach.OWN},
        Action.RECORDS_SWEEP: _OWNER_ALONE,
        # Duties are those of whoever let the flow go: the sender, or the steward of a release.
        Action.DUTY_READ: {**_RESPONSIBLE, Role.DATA_HOLDER: Reach.OWN, Role.AUDITOR: Reach.ALL},
        Action.DUTY_DO: {**_RESPONSIBLE, Role.DATA_HOLDER: Reach.OWN},
        Action.REDECIDE: {**_RESPONSIBLE, Role.AUDITOR: Reach.ALL},
        # Nobody answers for another organisation, not even the owner of the node.
        Action.FORM_ANSWER: dict.fromkeys(_OFFICERS, Reach.OWN),
        Action.FORM_STATUS: _RESPONSIBLE,
        Action.FORM_ASK: _RESPONSIBLE,
        # Of whom a submission is, and who may read it with them, the gate finds out.
        Action.SUBMISSION_READ: {
            **dict.fromkeys(_OFFICERS, Reach.OWN),
            Role.AUDITOR: Reach.OWN,
        },
    }
)
"""The whole of authorisation: action, then role, then how far the grant goes."""

ANYBODY = Actor("anybody", "", frozenset())
"""The actor of a call that brings no token: a reader of a public page."""


def may(
    actor: Actor,
    action: Action,
    programme: Programme | str | None = None,
    of: Collection[str] = (),
) -> Fault | None:
    """None when the actor may do this; else the fault that says who may.

    `of` names the participants whose things the call touches: the holders of the data, the owner
    of a key, the participant of a job's actor. A grant whose reach cannot be seen from what is
    handed over is no grant: a programme's id alone does not show who its steward is.
    """
    grants = GRANTS[action]
    reaches = {grants[role] for role in (_EVERYONE, *actor.roles) if role in grants}
    if any(_covers(reach, actor, programme, of) for reach in reaches):
        return None
    who = tuple(sorted(role for role in grants if isinstance(role, Role)))
    code = "people.not-yours" if reaches else "people.not-permitted"
    return fault(code, action=action.value, roles=_Roles(who))


@dataclass(frozen=True, slots=True)
class _Roles:
    """Roles as a field of a sentence: by their ids, in Japanese with their words before them."""

    roles: tuple[Role, ...]

    def said(self, language: Language) -> str:
        """The roles in one language."""
        ids = [f"`{role.value}`" for role in self.roles]
        if language is Language.EN:
            return ", ".join(ids) or "-"
        words = [sentence(f"people.role-{role.value}", language=language) for role in self.roles]
        return "、".join(f"{word}（{code}）" for word, code in zip(words, ids, strict=True)) or "-"

    def __str__(self) -> str:
        return self.said(Language.EN)


def _covers(
    reach: Reach, actor: Actor, programme: Programme | str | None, of: Collection[str]
) -> bool:
    if reach is Reach.ALL:
        return True
    if reach is Reach.OWN:
        return bool(actor.participant) and set(of) == {actor.participant}
    if not isinstance(programme, Programme):
        return False
    if reach is Reach.STEWARD:
        return bool(actor.participant) and programme.steward == actor.participant
    return "public" in programme.recipients or (
        bool(actor.participant) and actor.participant in programme.recipients
    )


def demand(
    actor: Actor,
    action: Action,
    programme: Programme | str | None = None,
    of: Collection[str] = (),
) -> None:
    """Let the actor go on.

    Raises: NotPermitted when `may` finds a fault.
    """
    closed = may(actor, action, programme, of)
    if closed is not None:
        raise NotPermitted(closed)


# -- participants and actors ----------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_JURISDICTION = re.compile(r"[A-Z]{2}")
_RESERVED = frozenset({"public", ANYBODY.id})
"""Words that mean more than one participant or actor."""


def check_participant(participant: Participant) -> None:
    """A participant that a node can take in.

    Raises: UsageError with every fault: id, names, jurisdiction.
    """
    faults = []
    if not _NAME.fullmatch(participant.id) or participant.id in _RESERVED:
        faults.append(fault("people.id-form"))
    if not participant.name.en.strip() or not participant.name.ja.strip():
        faults.append(fault("people.name-missing"))
    if not _JURISDICTION.fullmatch(participant.jurisdiction):
        faults.append(fault("people.jurisdiction-form"))
    raise_all(UsageError, faults)


def check_actor(actor: Actor) -> None:
    """An actor that a node can take in.

    Raises: UsageError with every fault: id, no role.
    """
    faults = []
    if not _NAME.fullmatch(actor.id) or actor.id in _RESERVED:
        faults.append(fault("people.id-form"))
    if not actor.roles:
        faults.append(fault("people.no-role"))
    raise_all(UsageError, faults)


# -- access tokens --------------------------------------------------------------------------------

TOKEN_PREFIX = "sekisho_"  # noqa: S105 - lets scanners of public code find a token that got lost
_TOKEN = re.compile(r"sekisho_[A-Za-z0-9_-]{43}")


def new_token() -> tuple[str, bytes]:
    """An access token, to be shown once, and the hash that the store keeps.

    Units: 32 random bytes, so an unsalted hash cannot be searched.
    """
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return token, hash_token(token)


def hash_token(token: str) -> bytes:
    """What the store keeps of a token: SHA-256 of a heading and the token."""
    return sha256(b"sekisho/token/v1\n" + token.encode("utf-8", "surrogatepass")).digest()


def actor_of_token(store: Store, token: str) -> Actor:
    """The actor whose token this is.

    The store finds a hash, never a token, and compares it in constant time.

    Raises: NotPermitted, the same for a malformed, unknown and replaced token.
    """
    actor = store.actor_by_token(hash_token(token)) if _TOKEN.fullmatch(token) else None
    if actor is None:
        raise NotPermitted(fault("people.token-unknown"))
    return actor


# -- public keys ----------------------------------------------------------------------------------

KEY_BYTES = 32
LONGEST_KEY_TEXT = 1024
"""Characters; a public key of these kinds takes 113 in PEM."""
_PEM = re.compile(r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*")
_HEADERS = {
    "sign": bytes.fromhex("302a300506032b6570032100"),
    "seal": bytes.fromhex("302a300506032b656e032100"),
}
"""Purpose -> the bytes before the raw key in a SubjectPublicKeyInfo (RFC 8410)."""

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _P - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)
"""u-coordinates of Curve25519 and its twist whose multiples are few (RFC 7748, section 6.1)."""


def read_public_key(text: str, purpose: str) -> bytes:
    """The raw public key in a PEM text, or in base64 of its 32 bytes.

    Raises: UsageError when the purpose is neither `sign` (Ed25519) nor `seal` (X25519), the text
    is a private key, a key of another kind or no key, or the key is so weak that anyone could
    forge its signatures or open what is sealed for it.
    """
    if purpose not in _HEADERS:
        raise UsageError(fault("people.key-purpose"))
    if "PRIVATE KEY" in text:
        raise UsageError(fault("people.key-private"))
    raw = _raw_key(text, purpose)
    if not (_is_strong_point(raw) if purpose == "sign" else _is_strong_coordinate(raw)):
        raise UsageError(fault("people.key-weak"))
    return raw


def _raw_key(text: str, purpose: str) -> bytes:
    if len(text) > LONGEST_KEY_TEXT:
        raise UsageError(fault("people.key-form"))
    pem = _PEM.fullmatch(text)
    encoded = "".join((pem[1] if pem else text).split())
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(fault("people.key-form")) from None
    if pem:
        if len(data) != 12 + KEY_BYTES or data[:12] not in _HEADERS.values():
            raise UsageError(fault("people.key-form"))
        if data[:12] != _HEADERS[purpose]:
            raise UsageError(fault("people.key-kind", purpose=purpose))
        data = data[12:]
    if len(data) != KEY_BYTES:
        raise UsageError(fault("people.key-form"))
    return data


def _is_strong_coordinate(raw: bytes) -> bool:
    """An X25519 key whose shared secret is not one of a few known values."""
    return (int.from_bytes(raw, "little") & (2**255 - 1)) % _P not in _SMALL_ORDER


def _is_strong_point(raw: bytes) -> bool:
    """An Ed25519 key that is a point of the curve, canonical, and not of small order."""
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P or y == 1:
        return False
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    on_curve = pow(x_squared, (_P - 1) // 2, _P) in (0, 1)
    return on_curve and (1 + y) * pow(1 - y, -1, _P) % _P not in _SMALL_ORDER


def registered_key(participant: str, purpose: str, raw: bytes, at: datetime) -> RegisteredKey:
    """A key to register, with its fingerprint: SHA-256 of the raw key, hexadecimal."""
    return RegisteredKey(sha256(raw).hexdigest(), participant, purpose, raw, at)


def keys_in_force(store: Store, participant: str, purpose: str) -> list[RegisteredKey]:
    """A participant's keys for a purpose that are not revoked, newest last."""
    return [
        key for key in store.keys(participant) if key.purpose == purpose and key.revoked_at is None
    ]
