"""Duties and allowed flows, behind the DutyStore port."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from sekisho.model.duty import AllowedFlow, DutyDone, KeptDuty
from sekisho.stores import duty_rows, log_rows
from sekisho.stores.duty_tables import allowed_flows, duties


class Transactions(Protocol):
    """How the store opens a transaction that writes; what is said when a row exists."""

    def __call__(self, taken: str = ..., /) -> AbstractContextManager[Connection]: ...


class SqlDuties:
    """Duties of one store; a store hands it out."""

    def __init__(
        self, change: Transactions, look: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._changing = change
        self._look = look

    def duties(
        self, programme: str | None = None, *, open_only: bool = False, flow: str | None = None
    ) -> list[KeptDuty]:
        """Duties in order of the day on which they are due; those without a day come last."""
        where = [duties.c.programme == programme] if programme is not None else []
        where += [duties.c.flow == flow] if flow is not None else []
        where += [duties.c.done_at.is_(None)] if open_only else []
        with self._look() as connection:
            return duty_rows.find_duties(connection, *where)

    def duty(self, duty_id: str) -> KeptDuty | None:
        """The duty of that id."""
        with self._look() as connection:
            found = duty_rows.find_duties(connection, duties.c.id == duty_id)
        return found[0] if found else None

    def finish(self, duty_id: str, judge: Callable[[KeptDuty], DutyDone]) -> KeptDuty:
        """Write that a duty is done, with its entry and its next round, in one transaction.

        Raises: whatever `judge` raises; NotFound; Conflict when it was done before.
        """
        with self._changing("store.duty-done") as connection:
            log_rows.lock(connection)
            change = judge(duty_rows.needed(connection, duty_id))
            log_rows.append(connection, change.done.entry)
            duty_rows.finish_duty(connection, change.done.duty)
            if change.follows is not None:
                duty_rows.insert_duty(connection, change.follows)
            return duty_rows.needed(connection, duty_id)

    def flows(self, programme: str | None = None) -> list[AllowedFlow]:
        """Every flow that was let through, with the facts of its decision."""
        where = [allowed_flows.c.programme == programme] if programme is not None else []
        with self._look() as connection:
            return duty_rows.find_flows(connection, *where)
