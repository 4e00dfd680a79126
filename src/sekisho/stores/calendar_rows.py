"""Rows of releases that wait for their moment, and of notices."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from sekisho.errors import Conflict, TamperedError, fault
from sekisho.model.calendar import Hold, Notice
from sekisho.stores.calendar_tables import release_holds, release_notices
from sekisho.stores.codec import from_json, read_instant, to_json, write_instant
from sekisho.stores.tables import releases
from sekisho.terms import ReleaseState


def hold(connection: Connection, release_id: str, opens_at: datetime, index: int) -> None:
    """Let a release that was just written wait."""
    connection.execute(
        insert(release_holds).values(
            release=release_id, opens_at=write_instant(opens_at), entry_index=index
        )
    )


def find_holds(connection: Connection, programme: str | None = None) -> list[Hold]:
    """Releases that wait, in the order in which they were made."""
    where = [release_holds.c.published_at.is_(None), releases.c.state == ReleaseState.MADE.value]
    if programme is not None:
        where.append(releases.c.programme == programme)
    asked = (
        select(release_holds)
        .join(releases, releases.c.id == release_holds.c.release)
        .where(*where)
        .order_by(release_holds.c.entry_index)
    )
    return [
        Hold(row.release, read_instant(row.opens_at) if row.opens_at else None, row.entry_index)
        for row in connection.execute(asked)
    ]


def published_moments(connection: Connection, ids: Collection[str]) -> dict[str, datetime]:
    """When releases that waited were published."""
    asked = select(release_holds.c.release, release_holds.c.published_at).where(
        release_holds.c.release.in_(ids), release_holds.c.published_at.is_not(None)
    )
    return {row.release: read_instant(row.published_at) for row in connection.execute(asked)}


def publish(connection: Connection, release_id: str, at: datetime, index: int) -> None:
    """Let a release wait no longer; the entry that lets it out is its entry from now on."""
    waits = release_holds.c.release == release_id, release_holds.c.published_at.is_(None)
    changed = connection.execute(
        update(release_holds).where(*waits).values(published_at=write_instant(at))
    )
    made = releases.c.id == release_id, releases.c.state == ReleaseState.MADE.value
    moved = connection.execute(update(releases).where(*made).values(entry_index=index))
    if changed.rowcount != 1 or moved.rowcount != 1:
        raise Conflict(fault("calendar.not-waiting"))


def put_off(connection: Connection, release_id: str, opens_at: datetime | None) -> None:
    """Give a release that waits another moment, or none."""
    said = write_instant(opens_at) if opens_at else None
    waits = release_holds.c.release == release_id, release_holds.c.published_at.is_(None)
    changed = connection.execute(update(release_holds).where(*waits).values(opens_at=said))
    if changed.rowcount != 1:
        raise Conflict(fault("calendar.not-waiting"))


def insert_notice(connection: Connection, notice: Notice, index: int) -> None:
    """Write a notice beside its entry."""
    connection.execute(
        insert(release_notices).values(
            entry_index=index,
            programme=notice.programme,
            release=notice.release,
            kind=notice.kind.value,
            body=to_json(replace(notice, entry_index=None), Notice),
        )
    )


def find_notices(connection: Connection, *where: ColumnElement[bool]) -> list[Notice]:
    """Notices in the order in which they were logged."""
    asked = select(release_notices).where(*where).order_by(release_notices.c.entry_index)
    return [_notice(row) for row in connection.execute(asked)]


def _notice(row: Row[Any]) -> Notice:
    whole: Notice = from_json(row.body, Notice)
    if whole.kind.value != row.kind or whole.release != row.release:
        raise TamperedError(fault("store.row-unreadable"))
    return replace(whole, entry_index=row.entry_index)
