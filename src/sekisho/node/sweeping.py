"""Sweeps up what ran out in the record lane while a program runs."""

import logging
from threading import Event, Thread
from types import TracebackType
from typing import Self

from sekisho.errors import SekishoError
from sekisho.gate.house import House
from sekisho.gate.records.sweep import sweep

EVERY_S = 60.0
END_S = 2.0
"""How long the end of the program waits for a sweep under way."""

_LOG = logging.getLogger("sekisho.records")


class Sweeping:
    """One thread that removes, about every minute, what nobody may fetch any more.

    What ran out opens nothing before it is swept up either; this keeps sealed files from lying on
    a node that is never opened anew. It is the node's own housekeeping, on nobody's behalf.
    """

    def __init__(self, house: House, every_s: float = EVERY_S) -> None:
        self._house = house
        self._every_s = every_s
        self._over = Event()
        self._thread = Thread(target=self._run, name="sweeping", daemon=True)

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
        while not self._over.wait(self._every_s):
            try:
                sweep(self._house)
            except SekishoError as error:
                _LOG.warning("%s", error.faults[0].code)
