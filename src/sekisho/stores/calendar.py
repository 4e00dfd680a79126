"""Holds and notices of one store, behind the CalendarStore port."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from sekisho.model.calendar import Hold, Notice
from sekisho.model.entry import Entry
from sekisho.stores import calendar_rows, flow_rows, holding_rows, log_rows
from sekisho.stores.calendar_tables import release_notices
from sekisho.stores.duties import Transactions
from sekisho.terms import ReleaseState


class SqlCalendar:
    """Holds and notices; a store hands it out."""

    def __init__(
        self, change: Transactions, look: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._changing = change
        self._look = look

    def holds(self, programme: str | None = None) -> list[Hold]:
        """Releases that wait for their moment, in the order in which they were made."""
        with self._look() as connection:
            return calendar_rows.find_holds(connection, programme)

    def publish(self, release_id: str, at: datetime, entry: Entry) -> int:
        """Let a release wait no longer; Conflict when it does not wait."""
        with self._changing() as connection:
            index = log_rows.append(connection, entry)
            calendar_rows.publish(connection, release_id, at, index)
        return index

    def note(self, notice: Notice, entry: Entry) -> int:
        """Tell of a planned moment, and put off the release that waits for it, if one does."""
        with self._changing() as connection:
            index = log_rows.append(connection, entry)
            calendar_rows.insert_notice(connection, notice, index)
            if notice.release is not None:
                calendar_rows.put_off(connection, notice.release, notice.until)
        return index

    def withdraw(self, notice: Notice, entry: Entry) -> int:
        """Withdraw a release with what everybody is told of it; Conflict from its state."""
        with self._changing() as connection:
            index = log_rows.append(connection, entry)
            flow_rows.move_release(connection, notice.release or "", ReleaseState.WITHDRAWN)
            calendar_rows.insert_notice(connection, notice, index)
        return index

    def keep_holdings(self, programme: str, digest: str, entry: Entry) -> int:
        """Take up the data holder's table of holdings."""
        with self._changing() as connection:
            index = log_rows.append(connection, entry)
            holding_rows.insert_holdings(connection, programme, digest, index)
        return index

    def holdings(self, programme: str) -> str | None:
        """The digest of the newest table of holdings of a programme."""
        with self._look() as connection:
            return holding_rows.find_holdings(connection, programme)

    def notices(self, programme: str | None = None, release: str | None = None) -> list[Notice]:
        """Notices in the order in which they were logged."""
        where = []
        if programme is not None:
            where.append(release_notices.c.programme == programme)
        if release is not None:
            where.append(release_notices.c.release == release)
        with self._look() as connection:
            return calendar_rows.find_notices(connection, *where)
