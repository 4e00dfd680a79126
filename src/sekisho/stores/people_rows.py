"""Rows of participants, actors and registered keys."""

import hmac
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from sekisho.errors import Conflict, NotFound, TamperedError, fault
from sekisho.model.actor import Actor, Participant, RegisteredKey
from sekisho.model.text import Text
from sekisho.stores.codec import from_json, read_bytes, read_instant, to_json, write_instant
from sekisho.stores.tables import actors, keys, participants
from sekisho.terms import ParticipantKind, Role

_ROLES = frozenset[Role]


def insert_participant(connection: Connection, participant: Participant, index: int) -> None:
    """Take in a participant."""
    connection.execute(
        insert(participants).values(
            id=participant.id,
            name_en=participant.name.en,
            name_ja=participant.name.ja,
            kind=participant.kind.value,
            jurisdiction=participant.jurisdiction,
            entry_index=index,
        )
    )


def all_participants(connection: Connection) -> list[Participant]:
    """Every participant, in order of id."""
    rows = connection.execute(select(participants).order_by(participants.c.id))
    return [
        Participant(row.id, Text(row.name_en, row.name_ja), _kind(row.kind), row.jurisdiction)
        for row in rows
    ]


def _kind(said: str) -> ParticipantKind:
    try:
        return ParticipantKind(said)
    except ValueError:
        raise TamperedError(fault("store.row-unreadable")) from None


def _needs_participant(connection: Connection, participant: str) -> None:
    asked = select(participants.c.id).where(participants.c.id == participant)
    if connection.execute(asked).scalar_one_or_none() is None:
        raise NotFound(fault("store.no-participant"))


def insert_actor(
    connection: Connection, actor: Actor, token_hash: bytes | None, index: int
) -> None:
    """Take in an actor.

    Raises: NotFound when there is no such participant.
    """
    _needs_participant(connection, actor.participant)
    connection.execute(
        insert(actors).values(
            id=actor.id,
            participant=actor.participant,
            roles=to_json(actor.roles, _ROLES),
            token_hash=token_hash,
            entry_index=index,
        )
    )


def set_token(connection: Connection, actor_id: str, token_hash: bytes | None) -> None:
    """Give an actor another token; None leaves it without one.

    Raises: NotFound when there is no such actor.
    """
    this = actors.c.id == actor_id
    if connection.execute(update(actors).where(this).values(token_hash=token_hash)).rowcount != 1:
        raise NotFound(fault("store.no-actor"))


def all_actors(connection: Connection) -> list[Actor]:
    """Every actor, in order of id."""
    return [_actor(row) for row in connection.execute(select(actors).order_by(actors.c.id))]


def actor_of(connection: Connection, token_hash: bytes) -> Actor | None:
    """The actor whose token has this hash."""
    row = connection.execute(select(actors).where(actors.c.token_hash == token_hash)).one_or_none()
    if row is None or not hmac.compare_digest(read_bytes(row.token_hash), token_hash):
        return None
    return _actor(row)


def _actor(row: Row[Any]) -> Actor:
    return Actor(row.id, row.participant, from_json(row.roles, _ROLES))


def insert_key(connection: Connection, key: RegisteredKey, index: int) -> None:
    """Take in a public key.

    Raises: NotFound when there is no such participant.
    """
    _needs_participant(connection, key.participant)
    connection.execute(
        insert(keys).values(
            fingerprint=key.fingerprint,
            participant=key.participant,
            purpose=key.purpose,
            public_key=key.public_key,
            registered_at=write_instant(key.registered_at),
            revoked_at=write_instant(key.revoked_at) if key.revoked_at else None,
            entry_index=index,
        )
    )


def revoke_key(connection: Connection, fingerprint: str, at: datetime) -> None:
    """Mark a key as revoked; the first time stands.

    Raises: NotFound when there is no such key; Conflict when it is revoked already.
    """
    this = keys.c.fingerprint == fingerprint
    marked = connection.execute(
        update(keys).where(this, keys.c.revoked_at.is_(None)).values(revoked_at=write_instant(at))
    )
    if marked.rowcount == 1:
        return
    if connection.execute(select(keys.c.fingerprint).where(this)).scalar_one_or_none() is None:
        raise NotFound(fault("store.no-key"))
    raise Conflict(fault("store.key-revoked"))


def find_keys(connection: Connection, participant: str | None) -> list[RegisteredKey]:
    """Keys, revoked ones too, in the order in which they were registered."""
    asked = select(keys).order_by(keys.c.entry_index)
    if participant is not None:
        asked = asked.where(keys.c.participant == participant)
    return [
        RegisteredKey(
            fingerprint=row.fingerprint,
            participant=row.participant,
            purpose=row.purpose,
            public_key=read_bytes(row.public_key),
            registered_at=read_instant(row.registered_at),
            revoked_at=read_instant(row.revoked_at) if row.revoked_at else None,
        )
        for row in connection.execute(asked)
    ]
