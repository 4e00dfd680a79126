"""Asks a node's witnesses while a program runs, beside everything else and never in its way."""

import logging
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from sekisho.errors import SekishoError
from sekisho.gate.logbook import LogBook

LOOK_S = 1.0
"""How often it looks whether the log has grown; a look reads one small file."""
LEAST_PAUSE_S = 10.0
"""Between two rounds, however fast the log grows."""
END_S = 2.0
"""How long the end of the program waits for a round under way."""

_LOG = logging.getLogger("sekisho.witness")


class Witnessing:
    """One thread that asks after each growth of the log, and again every so many minutes.

    It holds no lock while it waits for an answer, so a release never waits for a witness. How each
    of them answered is kept beside the log for `doctor` and the pages. Without witnesses it does
    nothing.
    """

    def __init__(self, book: LogBook, every_s: float, least_pause_s: float = LEAST_PAUSE_S) -> None:
        self._book = book
        self._every_s = every_s
        self._least_pause_s = least_pause_s
        self._over = Event()
        self._thread = Thread(target=self._run, name="witnesses", daemon=True)

    def __enter__(self) -> Self:
        if self._book.witnesses:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(END_S)

    def _run(self) -> None:
        asked_size, last = -1, -self._every_s
        while not self._over.is_set():
            size = self._size()
            due = monotonic() - last >= self._every_s
            if size and (due or size != asked_size):
                asked_size, last = size, monotonic()
                self._ask()
                self._over.wait(self._least_pause_s)
            else:
                self._over.wait(LOOK_S)

    def _size(self) -> int:
        """Entries under the checkpoint; 0 when it cannot be read just now."""
        try:
            standing = self._book.standing()
        except SekishoError as error:
            self._tell(error)
            return 0
        return standing.size if standing else 0

    def _ask(self) -> None:
        try:
            found = self._book.cosign(self._book.witnesses, datetime.now(UTC))
        except SekishoError as error:
            self._tell(error)
            return
        for each in found.refused:
            _LOG.error("%s", each.code)

    def _tell(self, error: SekishoError) -> None:
        _LOG.warning("%s", error.faults[0].code)
