"""Releases that wait for their moment, and notices, as the gate asks for them."""

from datetime import datetime
from typing import Protocol

from sekisho.model.calendar import Hold, Notice
from sekisho.model.entry import Entry


class CalendarStore(Protocol):
    """Holds and notices. Every change commits together with its entry."""

    def holds(self, programme: str | None = None) -> list[Hold]:
        """Releases that wait for their moment, in the order in which they were made."""
        ...

    def publish(self, release_id: str, at: datetime, entry: Entry) -> int:
        """Let a release wait no longer, `entry` being its own from now on.

        Raises: `Conflict` when it does not wait.
        """
        ...

    def note(self, notice: Notice, entry: Entry) -> int:
        """Tell of a planned moment; the release that it names waits until `notice.until`.

        Raises: `Conflict` when that release does not wait.
        """
        ...

    def withdraw(self, notice: Notice, entry: Entry) -> int:
        """Withdraw the release that the notice names.

        Raises: `NotFound`; `Conflict` when RELEASE_TRANSITIONS forbids it.
        """
        ...

    def keep_holdings(self, programme: str, digest: str, entry: Entry) -> int:
        """Take up the data holder's table of holdings, known by the SHA-256 of its file."""
        ...

    def holdings(self, programme: str) -> str | None: ...
    def notices(self, programme: str | None = None, release: str | None = None) -> list[Notice]:
        """Notices in the order in which they were logged."""
        ...
