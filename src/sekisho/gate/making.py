"""A release is written with its entry: open at once, or waiting for its planned moment.

A release that waits shows no digest of its files: a table of few cells could be guessed, and the
guess be tried against the digest. Its first entry commits to the digest with a salt; the entry that
lets it out, at the moment, shows the digest and names the first, and a receipt beside the files
opens the first: so anybody can see that the figures stood fixed before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sekisho.errors import Conflict, Refused, fault
from sekisho.gate.duties import release_duties
from sekisho.gate.files import workshop
from sekisho.gate.handout import (
    embargo_value,
    finish_all,
    manifest_digest_of,
    method_of,
    write_papers,
)
from sekisho.gate.house import House, Said, entry_of
from sekisho.gate.private import decimal_text
from sekisho.gate.sequence import sequence
from sekisho.lanes.statistics.schedule import Slot, slot_for
from sekisho.model.calendar import Correction, NoticeKind
from sekisho.model.canonical import canonical
from sekisho.model.decision import Decision
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Release
from sekisho.terms import Lane, Outcome, ReleaseState


@dataclass(frozen=True, slots=True)
class Correcting:
    """The release whose place the new one takes, and why."""

    release: str
    correction: Correction


def same_again(same: Release, correcting: Correcting | None) -> Release:
    """The release that an earlier call made of the same; Conflict for a correction of nothing."""
    if correcting is not None and same.corrects != correcting.release:
        raise Conflict(fault("calendar.changes-nothing", release=correcting.release))
    return same


def handed_out(house: House, made: Release) -> Release:
    """A release that was just written, in the log, and open unless it waits."""
    sequence(house)
    finish_all(house, made.programme)
    return made if made.held_until else replace(made, state=ReleaseState.OPEN)


def keep(house: House, programme: Programme, plan: ReleasePlan, new: Release) -> Release:
    """Write the papers aside, then commit release and entry together.

    A correction is published at once; any other release of a plan with a calendar waits for its
    moment.

    Raises: Conflict when the next moment has its release already.
    """
    if plan.calendar is not None and new.corrects is None:
        slot = _slot(house, programme, plan, new.made_at)
        if slot is not None:
            held_until = slot.opens_at if slot.opens_at > new.made_at else None
            new = replace(new, planned=slot.moment, held_until=held_until)
    with workshop(house.folder.aside) as own:
        new = write_papers(house, programme, new, own)
        entry = _embargo(house, new) if new.held_until else letting_out(house, new, new.decision)
        kept = release_duties(house, programme, new)
        (index,) = house.store.add_releases([new], [entry], [kept])
    return replace(new, entry_index=index)


def made_before(house: House, new: tuple[str, str, str]) -> Release | None:
    """A release of the same plan from the same request, open or waiting: it is the same release.

    `new` are programme, plan and request.

    Raises: Refused when that very release was withdrawn: it does not leave a second time.
    """
    programme, plan, request = new
    waiting = {each.release for each in house.store.calendar.holds(programme)}
    for each in house.store.releases(programme, plan):
        if each.request != request:
            continue
        if each.state is ReleaseState.OPEN or each.id in waiting:
            return each
        if each.state is ReleaseState.WITHDRAWN:
            raise Refused(fault("calendar.was-withdrawn", release=each.id))
    return None


def _slot(house: House, programme: Programme, plan: ReleasePlan, now: datetime) -> Slot | None:
    if plan.calendar is None:
        return None
    taken = {
        each.planned
        for each in house.store.releases(programme.id, plan.id)
        if each.planned is not None and each.state is not ReleaseState.WITHDRAWN
    }
    waiting = {each.release for each in house.store.calendar.holds(programme.id)}
    slot = slot_for(plan.calendar, now, taken, put_off(house, programme.id, plan.id))
    if slot is None and any(
        each.id in waiting for each in house.store.releases(programme.id, plan.id)
    ):
        raise Conflict(fault("calendar.taken", plan=plan.id))
    return slot


def put_off(house: House, programme: str, plan: str) -> dict[datetime, datetime]:
    """Planned moment -> the moment that takes its place, as the last notice says."""
    return {
        each.moment: each.until
        for each in house.store.calendar.notices(programme)
        if each.kind is NoticeKind.DELAYED and each.plan == plan and each.moment and each.until
    }


def _embargo(house: House, new: Release) -> Entry:
    """The entry of a release that waits: that it stands fixed, without a digest to guess from."""
    public: dict[str, str | int] = {
        "release": new.id,
        "plan": new.plan,
        "revision": new.revision,
        "method": method_of(new).value,
    }
    if new.planned is not None:
        public["due"] = new.planned.date().isoformat()
    said = Said(
        programme=new.programme,
        lane=Lane.STATISTICS,
        outcome=Outcome.ALLOWED,
        rules=new.decision.rule_ids,
        pack=new.decision.pack_hash,
        public=tuple(public.items()),
        committed=(*_committed(new, new.decision), ("release", embargo_value(new).encode())),
    )
    return entry_of(house, EntryKind.RELEASE_EMBARGOED, said)


def letting_out(
    house: House, new: Release, decision: Decision, concerns: int | None = None
) -> Entry:
    """The entry that lets a release out: never how many rows, never which parameters.

    `concerns` is the entry of a release that waited.
    """
    public: dict[str, str | int] = {
        "release": new.id,
        "plan": new.plan,
        "revision": new.revision,
        "digest": manifest_digest_of(new),
        "method": method_of(new).value,
        **_cost(new),
    }
    kind = EntryKind.RELEASE_MADE
    if new.correction is not None:
        kind = EntryKind.RELEASE_CORRECTED
        public["reason"] = new.correction.error.value
        corrected = house.store.release(new.corrects or "")
        concerns = corrected.entry_index if corrected else None
    if concerns is not None:
        public["concerns"] = concerns
    said = Said(
        programme=new.programme,
        lane=Lane.STATISTICS,
        outcome=Outcome.ALLOWED,
        rules=decision.rule_ids,
        pack=decision.pack_hash,
        public=tuple(public.items()),
        committed=_committed(new, decision),
    )
    return entry_of(house, kind, said)


def _cost(new: Release) -> Mapping[str, str]:
    if new.cost is None:
        return {}
    return {"epsilon": decimal_text(new.cost.epsilon), "delta": decimal_text(new.cost.delta)}


def _committed(new: Release, decision: Decision) -> tuple[tuple[str, bytes], ...]:
    return (
        ("delivery", canonical(list(new.deliveries))),
        ("facts", decision.facts_hash.encode()),
        ("request", new.request.encode()),
    )
