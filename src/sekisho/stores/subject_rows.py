"""Rows of subjects and their secrets, and how secrets are destroyed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from sekisho.errors import Conflict, NotFound, fault
from sekisho.model.consent import Subject, secret_hash
from sekisho.stores.codec import read_bytes, read_instant, write_instant
from sekisho.stores.record_tables import subject_secrets, subjects


def insert_subject(connection: Connection, subject: Subject) -> None:
    """Write a subject with its secret."""
    if subject.registered_at is None or subject.secret is None:
        raise Conflict(fault("store.value-form"))
    connection.execute(
        insert(subjects).values(
            id=subject.id,
            holder=subject.holder,
            registered_at=write_instant(subject.registered_at),
        )
    )
    _insert_secrets(connection, subject)


def _insert_secrets(connection: Connection, subject: Subject) -> None:
    """Former secrets first, numbered in the order in which they held; the one in force last."""
    held = [*subject.former, *([subject.secret] if subject.secret is not None else [])]
    for number, secret in enumerate(held):
        current = secret == subject.secret
        connection.execute(
            insert(subject_secrets).values(
                subject=subject.id,
                number=number,
                secret=secret,
                secret_hash=secret_hash(secret),
                in_force=current,
                public_key=subject.public_key if current else None,
                record_mark=subject.record_mark if current else None,
            )
        )


def rewrite_subject(connection: Connection, subject: Subject) -> None:
    """Write secrets, key and mark anew, as the subject has them now."""
    needed(connection, subject.id)
    _delete_secrets(connection, subject.id)
    _insert_secrets(connection, subject)


def _delete_secrets(connection: Connection, subject_id: str) -> None:
    connection.execute(delete(subject_secrets).where(subject_secrets.c.subject == subject_id))


def destroy(connection: Connection, subject_id: str, at: datetime) -> None:
    """Delete every secret of a subject.

    Raises: NotFound without such a subject; Conflict when it is destroyed already.
    """
    if needed(connection, subject_id).destroyed_at is not None:
        raise Conflict(fault("store.subject-destroyed"))
    _delete_secrets(connection, subject_id)
    this = subjects.c.id == subject_id
    connection.execute(update(subjects).where(this).values(destroyed_at=write_instant(at)))


def find_subject(connection: Connection, subject_id: str) -> Subject | None:
    """The subject of that id."""
    found = find_subjects(connection, subjects.c.id == subject_id)
    return found[0] if found else None


def subjects_of(connection: Connection, ids: Sequence[str]) -> dict[str, Subject]:
    """Subjects by their ids, with two questions however many they are."""
    rows = connection.execute(select(subjects).where(subjects.c.id.in_(ids))).all()
    asked = select(subject_secrets).where(subject_secrets.c.subject.in_(ids))
    held: dict[str, list[Row[Any]]] = {}
    for each in connection.execute(asked.order_by(subject_secrets.c.number)):
        held.setdefault(each.subject, []).append(each)
    return {row.id: _subject(row, held.get(row.id, [])) for row in rows}


def needed(connection: Connection, subject_id: str) -> Subject:
    """The subject of that id; NotFound when there is none."""
    found = find_subject(connection, subject_id)
    if found is None:
        raise NotFound(fault("store.no-subject"))
    return found


def subject_of_secret(connection: Connection, digest: bytes) -> Subject | None:
    """The subject whose secret in force has this hash."""
    asked = select(subject_secrets.c.subject).where(
        subject_secrets.c.secret_hash == digest, subject_secrets.c.in_force.is_(True)
    )
    found = connection.execute(asked).scalar_one_or_none()
    return find_subject(connection, found) if found is not None else None


def find_subjects(connection: Connection, *where: ColumnElement[bool]) -> list[Subject]:
    """Subjects in the order in which they were registered."""
    asked = select(subjects).where(*where).order_by(subjects.c.registered_at, subjects.c.id)
    rows = connection.execute(asked).all()
    return [_subject(row, _secrets(connection, row.id)) for row in rows]


def _secrets(connection: Connection, subject_id: str) -> Sequence[Row[Any]]:
    asked = select(subject_secrets).where(subject_secrets.c.subject == subject_id)
    return connection.execute(asked.order_by(subject_secrets.c.number)).all()


def _subject(row: Row[Any], secrets: Sequence[Row[Any]]) -> Subject:
    current = next((each for each in secrets if each.in_force), None)
    return Subject(
        id=row.id,
        holder=row.holder,
        secret=read_bytes(current.secret) if current else None,
        public_key=_optional(current.public_key) if current else None,
        record_mark=_optional(current.record_mark) if current else None,
        former=tuple(read_bytes(each.secret) for each in secrets if not each.in_force),
        registered_at=read_instant(row.registered_at),
        destroyed_at=read_instant(row.destroyed_at) if row.destroyed_at else None,
    )


def _optional(value: object) -> bytes | None:
    return None if value is None else read_bytes(value)
