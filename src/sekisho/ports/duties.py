"""Duties and allowed flows, as the gate asks for them."""

from collections.abc import Callable
from typing import Protocol

from sekisho.model.duty import AllowedFlow, DutyDone, KeptDuty


class DutyStore(Protocol):
    """Duties that allowed flows brought. They are written in the transaction of their flow."""

    def duties(
        self, programme: str | None = None, *, open_only: bool = False, flow: str | None = None
    ) -> list[KeptDuty]:
        """Duties in order of the day on which they are due; those without a day come last."""
        ...

    def duty(self, duty_id: str) -> KeptDuty | None: ...
    def finish(self, duty_id: str, judge: Callable[[KeptDuty], DutyDone]) -> KeptDuty:
        """Write that a duty is done, with its entry and its next round, in one transaction.

        Raises: whatever `judge` raises; NotFound; `Conflict` when it was done before.
        """
        ...

    def flows(self, programme: str | None = None) -> list[AllowedFlow]:
        """Every flow that was let through, with the facts of its decision."""
        ...
