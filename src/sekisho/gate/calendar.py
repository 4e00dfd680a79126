"""Planned moments: what waits is published when its moment has come, or put off with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sekisho.errors import Conflict, UsageError, fault
from sekisho.gate.admit import installed, permit
from sekisho.gate.handout import finish_all
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.judge import judge, log_refusal, plan_of
from sekisho.gate.locks import held
from sekisho.gate.making import letting_out, put_off
from sekisho.gate.notices import notice_digest
from sekisho.gate.sequence import sequence
from sekisho.lanes.statistics.schedule import moments, moments_until
from sekisho.model.calendar import Hold, Notice, NoticeKind
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Release
from sekisho.model.text import Text
from sekisho.people import Action
from sekisho.terms import Lane, ReleaseState

STOPPED = Text(
    "The rules in force at the planned moment no longer allow this release.",
    "公表時刻に適用されるルールが、この公表を認めなくなりました。",
)


def publish_due(house: House) -> list[str]:
    """Publish every release whose moment has come; the ids of those that were.

    The rules are asked once more. What they refuse now stays closed, and the calendar says so.
    Safe to repeat, and for any number of processes at once.
    """
    opened = []
    for each in house.store.calendar.holds():
        if _is_due(house, each):
            release = house.store.release(each.release)
            if release is not None and _publish(house, release):
                opened.append(release.id)
    return opened


def _is_due(house: House, hold: Hold) -> bool:
    return hold.opens_at is not None and hold.opens_at <= house.clock.now()


def _publish(house: House, release: Release) -> bool:
    with held(house.lock_of(release.programme)):
        again = [
            each
            for each in house.store.calendar.holds(release.programme)
            if each.release == release.id and _is_due(house, each)
        ]
        if not again:
            return False
        programme = installed(house, release.programme)
        decision = judge(house, programme, release.plan, programme.purpose)
        if not decision.allowed:
            _stop(house, release, again[0], decision.rule_ids)
            log_refusal(house, programme, release.plan, decision)
            return False
        entry = letting_out(house, release, decision, again[0].entry_index)
        house.store.calendar.publish(release.id, house.clock.now(), entry)
        sequence(house)
        finish_all(house, release.programme)
    return True


def _stop(house: House, release: Release, hold: Hold, rules: tuple[str, ...]) -> None:
    notice = Notice(
        kind=NoticeKind.STOPPED,
        programme=release.programme,
        plan=release.plan,
        at=house.clock.now(),
        reason=STOPPED,
        release=release.id,
        moment=release.planned,
        rules=rules,
    )
    house.store.calendar.note(notice, _changed(house, notice, hold.entry_index))


def _changed(house: House, notice: Notice, concerns: int | None) -> Entry:
    """The entry of a planned moment that does not hold; it shows the digest of the notice."""
    public: list[tuple[str, str | int]] = [
        ("plan", notice.plan),
        ("change", notice.kind.value),
        ("digest", notice_digest(notice)),
    ]
    if notice.until is not None:
        public.append(("due", notice.until.date().isoformat()))
    if concerns is not None:
        public.append(("concerns", concerns))
    said = Said(
        programme=notice.programme,
        lane=Lane.STATISTICS,
        rules=notice.rules,
        public=tuple(public),
    )
    return entry_of(house, EntryKind.CALENDAR_CHANGED, said)


@dataclass(frozen=True, slots=True)
class Delay:
    """A planned moment that will pass without its release."""

    programme: str
    plan: str
    moment: datetime
    until: datetime
    reason: Text


def delay(call: Call, asked: Delay) -> Notice:
    """Put a planned moment off, for a reason that everybody reads.

    Raises: NotPermitted; NotFound; UsageError when the plan has no such moment, or the new one
    does not come later; Conflict when its release is out already.
    """
    house = call.house
    programme = installed(house, asked.programme)
    plan = plan_of(programme, asked.plan)
    permit(call, Action.RELEASE, programme)
    _check(house, plan, asked)
    with held(house.lock_of(programme.id)):
        waits = _waiting_for(house, programme, plan, asked.moment)
        notice = Notice(
            kind=NoticeKind.DELAYED,
            programme=programme.id,
            plan=plan.id,
            at=house.clock.now(),
            reason=asked.reason,
            release=waits.release if waits else None,
            moment=asked.moment,
            until=asked.until,
        )
        entry = _changed(house, notice, waits.entry_index if waits else None)
        index = house.store.calendar.note(notice, entry)
    sequence(house)
    return replace(notice, entry_index=index)


def _check(house: House, plan: ReleasePlan, asked: Delay) -> None:
    known = moments_until(plan.calendar, asked.moment) if plan.calendar else []
    if asked.moment not in known:
        raise UsageError(fault("calendar.no-such-moment", plan=plan.id))
    standing = put_off(house, asked.programme, plan.id).get(asked.moment, asked.moment)
    if asked.until <= max(standing, house.clock.now()):
        raise UsageError(fault("calendar.not-later", plan=plan.id))
    if not asked.reason.en.strip() or not asked.reason.ja.strip():
        raise UsageError(fault("calendar.no-reason"))


def _waiting_for(
    house: House, programme: Programme, plan: ReleasePlan, moment: datetime
) -> Hold | None:
    """The release that waits for a moment; Conflict when one for it is out already."""
    waiting = {each.release: each for each in house.store.calendar.holds(programme.id)}
    for each in house.store.releases(programme.id, plan.id):
        if each.planned != moment or each.state is ReleaseState.WITHDRAWN:
            continue
        if each.id not in waiting:
            raise Conflict(fault("calendar.out-already", release=each.id))
        return waiting[each.id]
    return None


@dataclass(frozen=True, slots=True)
class Line:
    """One planned moment of the calendar, as everybody sees it."""

    programme: Programme
    plan: ReleasePlan
    moment: datetime
    """As planned first."""
    opens_at: datetime
    """As it stands now."""
    release: Release | None
    """The release that was published for it."""
    notices: tuple[Notice, ...]
    """Why it is not published as planned."""
    now: datetime

    @property
    def is_late(self) -> bool:
        """Whether it has passed without a release, or its release came after it."""
        if self.release is None:
            return self.opens_at < self.now
        return (self.release.out_at - self.moment).total_seconds() > LATE_AFTER_S

    @property
    def is_delayed(self) -> bool:
        """Whether it was put off, stopped, or is late."""
        return self.is_late or bool(self.notices)


LATE_AFTER_S = 300.0
"""A release that is out within five minutes of its moment is on time."""
SHOWN_PAST = 3
SHOWN_AHEAD = 3
"""Moments of a plan that the calendar lists, passed and ahead."""


def calendar_lines(
    house: House, programmes: Sequence[Programme], ahead: int = SHOWN_AHEAD
) -> list[Line]:
    """The planned moments of programmes: the last that passed, and those ahead; earliest first.

    Whether a release is made already and waits is not told.
    """
    now = house.clock.now()
    lines = [
        line
        for programme in programmes
        for plan in programme.release_plans
        for line in _lines(house, programme, plan, (now, ahead))
    ]
    return sorted(lines, key=lambda each: (each.opens_at, each.programme.id, each.plan.id))


def _lines(
    house: House, programme: Programme, plan: ReleasePlan, asked: tuple[datetime, int]
) -> list[Line]:
    if plan.calendar is None:
        return []
    now, ahead = asked
    waiting = {each.release for each in house.store.calendar.holds(programme.id)}
    every = house.store.releases(programme.id, plan.id)
    planned = {
        each.planned: each
        for each in every
        if each.id not in waiting and each.planned and each.state is not ReleaseState.MADE
    }
    notices = [
        each
        for each in house.store.calendar.notices(programme.id)
        if each.plan == plan.id and each.kind is not NoticeKind.WITHDRAWN
    ]
    moved = put_off(house, programme.id, plan.id)
    following = islice((each for each in moments(plan.calendar) if each > now), ahead)
    shown = moments_until(plan.calendar, now)[-SHOWN_PAST:]
    added = min(each.added_at for each in house.store.programmes() if each.id == programme.id)
    shown = [each for each in shown if each in planned or each in moved or each >= added]
    return [
        Line(
            programme,
            plan,
            moment,
            moved.get(moment, moment),
            planned.get(moment),
            tuple(each for each in notices if each.moment == moment),
            now,
        )
        for moment in [*shown, *following]
    ]
