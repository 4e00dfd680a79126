"""Rows of allowed flows and of their duties."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from sekisho.errors import Conflict, NotFound, TamperedError, fault
from sekisho.model.duty import AllowedFlow, Brought, DutyEntry, KeptDuty
from sekisho.stores import log_rows
from sekisho.stores.codec import from_json, to_json, write_instant
from sekisho.stores.duty_tables import allowed_flows, duties
from sekisho.terms import Lane


def keep(connection: Connection, brought: Brought) -> None:
    """Write an allowed flow and its duties, each with its entry."""
    connection.execute(insert(allowed_flows).values(**flow_row(brought.flow)))
    for each in brought.duties:
        insert_duty(connection, each)


def keep_all(connection: Connection, every: Sequence[tuple[Brought, int]]) -> None:
    """Write many allowed flows with their duties.

    Shape: (what a flow brought, index of the first entry of its duties), the entries being written.
    """
    flows = [flow_row(brought.flow) for brought, _first in every]
    made = [
        duty_row(each.duty, first + at)
        for brought, first in every
        for at, each in enumerate(brought.duties)
    ]
    if flows:
        connection.execute(insert(allowed_flows), flows)
    if made:
        connection.execute(insert(duties), made)


def flow_row(flow: AllowedFlow) -> dict[str, str]:
    """An allowed flow as a row."""
    return {"id": flow.id, "programme": flow.programme, "body": to_json(flow, AllowedFlow)}


def insert_duty(connection: Connection, made: DutyEntry) -> None:
    """Write a new duty with its entry; in the record lane nothing ties the row to the log."""
    index = log_rows.append(connection, made.entry)
    connection.execute(insert(duties).values(**duty_row(made.duty, index)))


def duty_row(duty: KeptDuty, index: int) -> dict[str, object]:
    """A new duty as a row; in the record lane without the index of its entry."""
    return {
        "id": duty.id,
        "flow": duty.flow,
        "programme": duty.programme,
        "due": duty.duty.due.isoformat() if duty.duty.due else None,
        "done_at": None,
        "body": to_json(replace(duty, index=None), KeptDuty),
        "entry_index": None if duty.lane is Lane.RECORD else index,
    }


def finish_duty(connection: Connection, done: KeptDuty) -> None:
    """Write that a duty is done; Conflict when it was done before."""
    if done.done_at is None:
        raise Conflict(fault("store.duty-done"))
    changed = connection.execute(
        update(duties)
        .where(duties.c.id == done.id, duties.c.done_at.is_(None))
        .values(
            done_at=write_instant(done.done_at), body=to_json(replace(done, index=None), KeptDuty)
        )
    )
    if changed.rowcount != 1:
        raise Conflict(fault("store.duty-done"))


def find_duties(connection: Connection, *where: ColumnElement[bool]) -> list[KeptDuty]:
    """Duties in order of the day on which they are due; those without a day come last."""
    asked = select(duties).where(*where)
    found = connection.execute(asked.order_by(duties.c.due.is_(None), duties.c.due, duties.c.id))
    return [_duty(row) for row in found]


def needed(connection: Connection, duty_id: str) -> KeptDuty:
    """The duty of that id; NotFound when there is none."""
    found = find_duties(connection, duties.c.id == duty_id)
    if not found:
        raise NotFound(fault("store.no-duty"))
    return found[0]


def _duty(row: Row[Any]) -> KeptDuty:
    kept: KeptDuty = from_json(row.body, KeptDuty)
    if kept.id != row.id or (kept.done_at is None) != (row.done_at is None):
        raise TamperedError(fault("store.row-unreadable"))
    return replace(kept, index=row.entry_index)


def find_flows(connection: Connection, *where: ColumnElement[bool]) -> list[AllowedFlow]:
    """Allowed flows, in order of id."""
    asked = select(allowed_flows).where(*where).order_by(allowed_flows.c.id)
    return [from_json(row.body, AllowedFlow) for row in connection.execute(asked)]
