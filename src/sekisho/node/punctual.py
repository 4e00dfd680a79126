"""Publishes what waits for its moment while a program runs, beside everything else."""

import logging
from threading import Event, Thread
from types import TracebackType
from typing import Self

from sekisho.errors import SekishoError
from sekisho.gate.house import House

LOOK_S = 1.0
"""How often it looks; a look reads a few rows of the store."""
END_S = 10.0
"""How long the end of the program waits for a release that is being published."""

_LOG = logging.getLogger("sekisho.calendar")


class Punctual:
    """One thread that publishes releases when their moment has come."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._over = Event()
        self._thread = Thread(target=self._run, name="calendar", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join(END_S)

    def _run(self) -> None:
        while not self._over.wait(LOOK_S):
            try:
                self._look()
            except SekishoError as error:
                _LOG.error("%s", error.faults[0].code)

    def _look(self) -> None:
        now = self._house.clock.now()
        holds = self._house.store.calendar.holds()
        if any(each.opens_at and each.opens_at <= now for each in holds):
            from sekisho.gate.calendar import publish_due

            publish_due(self._house)
