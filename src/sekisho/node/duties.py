"""Duties that allowed flows brought, and permissions that would be refused today."""

from datetime import date

from sekisho.gate import duties as gate
from sekisho.gate.house import Call
from sekisho.gate.redecide import redecide
from sekisho.model.duty import KeptDuty, StandingDuty
from sekisho.rules.redecide import Lapsed


class Duties:
    """What is to be done after flows were let through; on behalf of one actor."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def listed(
        self, programme: str | None = None, *, every: bool = False, on: date | None = None
    ) -> list[StandingDuty]:
        """Open duties, the most urgent first, overdue ones marked; with `every` all there were."""
        return gate.duties(self._call, programme, every=every, on=on)

    def done(self, duty_id: str, note: str = "") -> KeptDuty:
        """Write that a duty is done, with its entry; a recurring one is due again."""
        return gate.finish_duty(self._call, duty_id, note)

    def redecide(self, programme: str | None = None, on: date | None = None) -> list[Lapsed]:
        """Open permissions that would be refused today, with what would open them again."""
        return redecide(self._call, programme, on)
