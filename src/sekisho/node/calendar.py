"""When releases are published, and what becomes of those that were wrong; for one actor."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from sekisho.errors import NotFound, fault
from sekisho.gate import calendar as gate
from sekisho.gate import corrections
from sekisho.gate.admit import installed
from sekisho.gate.calendar import SHOWN_AHEAD, Delay, Line
from sekisho.gate.corrections import Wrong
from sekisho.gate.house import Call
from sekisho.jobs import run_job, showing
from sekisho.model.calendar import ErrorClass, Hold, Notice
from sekisho.model.programme import Programme
from sekisho.model.release import Release
from sekisho.model.text import Text
from sekisho.node.punctual import Punctual
from sekisho.people import ANYBODY, Action, may
from sekisho.ports import Watch
from sekisho.present.changes import Changes, changes_between
from sekisho.present.released import Released


class Calendar:
    """Planned moments, corrections and withdrawals, on behalf of one actor."""

    def __init__(self, call: Call, released: Callable[[Release], Released]) -> None:
        self._call = call
        self._released = released

    def lines(self, programme: str | None = None, ahead: int = SHOWN_AHEAD) -> list[Line]:
        """The planned moments of every programme whose releases the actor may read."""
        house = self._call.house
        names = [programme] if programme else [each.id for each in house.store.programmes()]
        found = [installed(house, name) for name in names]
        shown = [each for each in found if self._may_read(each)]
        return gate.calendar_lines(house, shown, ahead)

    def of_anybody(self) -> "Calendar":
        """The same as everybody sees it."""
        return Calendar(Call(self._call.house, ANYBODY), self._released)

    def publish_due(self) -> list[str]:
        """Publish what waited for a moment that has come; anybody may ask, nothing is early."""
        return gate.publish_due(self._call.house)

    def punctual(self) -> Punctual:
        """Publishes what is due as long as its `with` block runs."""
        return Punctual(self._call.house)

    def delay(
        self, programme: str, plan: str, moment: datetime, until: datetime, reason: Text
    ) -> Notice:
        """Put a planned moment off, for a reason that everybody reads."""
        return gate.delay(self._call, Delay(programme, plan, moment, until, reason))

    def waiting(self, programme: str | None = None) -> list[tuple[Released, Hold]]:
        """Releases that wait for their moment, for those who may see them before it."""
        house = self._call.house
        found = []
        for hold in house.store.calendar.holds(programme):
            release = house.store.release(hold.release)
            if release is not None and self._may_read_early(release):
                found.append((self._released(release), hold))
        return found

    def early(self, release_id: str) -> Released:
        """A release that waits, for those who may see it before its moment; else NotFound."""
        for released, _hold in self.waiting():
            if released.id == release_id:
                return released
        raise NotFound(fault("gate.no-release", release=release_id))

    def price(self, release_id: str) -> Decimal | None:
        """What a correction would cost of the privacy budget; None where it costs nothing."""
        priced = corrections.price_of_correction(self._call, release_id)
        return priced.epsilon if priced else None

    def correct(
        self,
        release_id: str,
        error: ErrorClass,
        reason: Text,
        watch: Watch | None = None,
        *,
        accept_cost: bool = False,
    ) -> Released:
        """A new edition in the place of a release that was wrong; published at once.

        With differential privacy it is a new answer: it costs what `price` says, and is made
        only with `accept_cost`.

        Raises: UsageError; Conflict when nothing changed; Refused by a rule, or when the new
        edition cannot be protected together with what left before.
        """
        made: list[Release] = []
        wrong = Wrong(release_id, error, reason)

        def work(inner: Watch) -> Mapping[str, str]:
            made.append(corrections.correct(self._call, wrong, inner, accept_cost=accept_cost))
            return {"release": made[0].id}

        house = self._call.house
        shown = showing(work, watch or Watch())
        actor = self._call.actor.id
        run_job(house.store, house.clock, "correct", actor, {"release": release_id}, shown)
        return self._released(made[0])

    def withdraw(
        self, release_id: str, error: ErrorClass, reason: Text, *, take_down: bool = False
    ) -> Notice:
        """Withdraw a release; its page, reason and entry stay, its figures unless taken down."""
        wrong = Wrong(release_id, error, reason)
        return corrections.withdraw(self._call, wrong, take_down=take_down)

    def changes(self, release_id: str) -> Changes | None:
        """What a correction changed in the release whose place it took; None for no correction.

        None, too, when the figures of one of the two were taken down.
        """
        store = self._call.house.store
        later = store.release(release_id)
        earlier = store.release(later.corrects) if later and later.corrects else None
        if later is None or earlier is None or not self._may_read(self._programme(later)):
            return None
        if any(self._released(each).became.taken_down for each in (earlier, later)):
            return None
        return changes_between(earlier.table, later.table)

    def _programme(self, release: Release) -> Programme:
        return installed(self._call.house, release.programme)

    def _may_read(self, programme: Programme) -> bool:
        return may(self._call.actor, Action.RELEASE_READ, programme, programme.holders) is None

    def _may_read_early(self, release: Release) -> bool:
        programme = self._programme(release)
        plan = programme.plan(release.plan)
        calendar = plan.calendar if plan else None
        actor = self._call.actor
        if calendar is not None and actor.participant and actor.participant in calendar.early:
            return True
        return may(actor, Action.RELEASE_READ_EARLY, programme, programme.holders) is None
