"""Rows of programmes, deliveries and releases."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from sekisho.errors import Conflict, NotFound, TamperedError, fault
from sekisho.model.release import Delivery, Release
from sekisho.ports import InstalledProgramme
from sekisho.stores import calendar_rows
from sekisho.stores.codec import from_json, read_instant, to_json, write_instant
from sekisho.stores.part_tables import still_counts
from sekisho.stores.tables import deliveries, programmes, releases
from sekisho.terms import RELEASE_TRANSITIONS, ReleaseState


def insert_programme(connection: Connection, programme: InstalledProgramme, index: int) -> None:
    """Take in a programme, or a new version of it; the one before stays in the history.

    Raises: Conflict when exactly this version is in use already.
    """
    now = {each.id: each.digest for each in current_programmes(connection)}
    if now.get(programme.id) == programme.digest:
        raise Conflict(fault("store.programme-exists"))
    connection.execute(
        insert(programmes).values(
            entry_index=index,
            id=programme.id,
            digest=programme.digest,
            added_at=write_instant(programme.added_at),
        )
    )


def current_programmes(connection: Connection) -> list[InstalledProgramme]:
    """The version in use of each programme, in order of id."""
    newest = select(func.max(programmes.c.entry_index)).group_by(programmes.c.id)
    asked = select(programmes).where(programmes.c.entry_index.in_(newest))
    return [
        InstalledProgramme(row.id, row.digest, read_instant(row.added_at))
        for row in connection.execute(asked.order_by(programmes.c.id))
    ]


def insert_delivery(connection: Connection, delivery: Delivery, index: int) -> None:
    """Make a delivery visible."""
    connection.execute(
        insert(deliveries).values(
            id=delivery.id,
            programme=delivery.programme,
            dataset=delivery.dataset,
            holder=delivery.holder,
            digest=delivery.digest,
            rows=delivery.rows,
            bytes=delivery.bytes,
            delivered_at=write_instant(delivery.delivered_at),
            entry_index=index,
        )
    )


def find_deliveries(
    connection: Connection, programme: str, dataset: str, *, ever: bool = False
) -> list[Delivery]:
    """The deliveries of a dataset, in order; with `ever` also those that were taken back."""
    asked = (
        select(deliveries)
        .where(deliveries.c.programme == programme, deliveries.c.dataset == dataset)
        .order_by(deliveries.c.entry_index)
    )
    if not ever:
        asked = asked.where(still_counts())
    return [
        Delivery(
            id=row.id,
            programme=row.programme,
            dataset=row.dataset,
            holder=row.holder,
            digest=row.digest,
            rows=row.rows,
            bytes=row.bytes,
            delivered_at=read_instant(row.delivered_at),
            entry_index=row.entry_index,
        )
        for row in connection.execute(asked)
    ]


def insert_release(connection: Connection, release: Release, index: int) -> None:
    """Write a release; what it corrects is corrected from now on.

    Raises: Conflict when it is not newly made or corrects one that is not open; NotFound when
    what it corrects is not there.
    """
    if release.state is not ReleaseState.MADE:
        raise Conflict(fault("store.release-state", state=release.state.value))
    if release.corrects is not None:
        move_release(connection, release.corrects, ReleaseState.CORRECTED)
    connection.execute(
        insert(releases).values(
            id=release.id,
            programme=release.programme,
            plan=release.plan,
            revision=release.revision,
            state=release.state.value,
            corrects=release.corrects,
            body=to_json(replace(release, entry_index=None), Release),
            entry_index=index,
        )
    )
    if release.held_until is not None:
        calendar_rows.hold(connection, release.id, release.held_until, index)


def move_release(connection: Connection, release_id: str, state: ReleaseState) -> None:
    """Bring a release into another state.

    Raises: NotFound when there is no such release; Conflict when the transition is not one of
    RELEASE_TRANSITIONS.
    """
    allowed = [old.value for old, new in RELEASE_TRANSITIONS.items() if state in new]
    this = releases.c.id == release_id
    moved = connection.execute(
        update(releases).where(this, releases.c.state.in_(allowed)).values(state=state.value)
    )
    if moved.rowcount == 1:
        return
    found = connection.execute(select(releases.c.state).where(this)).scalar_one_or_none()
    if found is None:
        raise NotFound(fault("store.no-release"))
    raise Conflict(fault("store.release-state", state=state.value))


def find_releases(connection: Connection, *where: ColumnElement[bool]) -> list[Release]:
    """Releases in the order in which they were logged."""
    asked = select(releases).where(*where).order_by(releases.c.entry_index)
    found = [_release(row) for row in connection.execute(asked)]
    waited = [each.id for each in found if each.held_until is not None]
    if not waited:
        return found
    moments = calendar_rows.published_moments(connection, waited)
    return [replace(each, published_at=moments.get(each.id)) for each in found]


def _release(row: Row[Any]) -> Release:
    try:
        state = ReleaseState(row.state)
    except ValueError:
        raise TamperedError(fault("store.row-unreadable")) from None
    whole: Release = from_json(row.body, Release)
    return replace(whole, state=state, entry_index=row.entry_index)
