"""What follows from an allowed flow: its duties are written with it, listed, and done."""

from dataclasses import dataclass, replace
from datetime import date

from sekisho.errors import Conflict, NotFound, fault
from sekisho.gate.admit import installed, permit
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.judge import release_facts
from sekisho.gate.records.entries import RecordSaid, record_entry
from sekisho.gate.sequence import sequence
from sekisho.model.consent import Subject
from sekisho.model.decision import Decision, Duty
from sekisho.model.duty import (
    AllowedFlow,
    Brought,
    DutyDone,
    DutyEntry,
    DutyState,
    KeptDuty,
    StandingDuty,
)
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.facts import Facts
from sekisho.model.programme import Programme
from sekisho.model.release import Release
from sekisho.people import Action, may
from sekisho.rules.duties import months_after
from sekisho.terms import Lane, ReleaseState, TransferState

NEVER_WENT = (TransferState.REFUSED, TransferState.STOPPED, TransferState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Passing:
    """A flow that the rules let through, about to be written."""

    id: str
    programme: str
    holder: str
    """The participant that has to do what follows."""
    facts: Facts
    decision: Decision
    subject: Subject | None = None
    """Whom a flow of the record lane is about."""


def duties_for(house: House, passing: Passing) -> Brought:
    """What an allowed flow leaves in the store beside itself, for the flow's own transaction.

    A refusal leaves nothing and must not come here: Conflict.
    """
    if not passing.decision.allowed:
        raise Conflict(fault("duties.of-refusal"))
    flow = AllowedFlow(
        id=passing.id,
        lane=passing.facts.lane,
        programme=passing.programme,
        holder=passing.holder,
        on=passing.decision.at,
        pack_hash=passing.decision.pack_hash,
        facts=passing.facts,
    )
    made = (_first(flow, duty) for duty in passing.decision.duties)
    return Brought(flow, tuple(_due(house, each, passing.subject) for each in made))


def release_duties(house: House, programme: Programme, release: Release) -> Brought:
    """What a release leaves in the store beside itself."""
    facts = release_facts(house, programme, release.plan, programme.purpose)
    passing = Passing(release.id, programme.id, programme.steward, facts, release.decision)
    return duties_for(house, passing)


def _first(flow: AllowedFlow, duty: Duty) -> KeptDuty:
    return KeptDuty(
        id=f"{flow.id}.{duty.id}.1",
        flow=flow.id,
        lane=flow.lane,
        programme=flow.programme,
        holder=flow.holder,
        round=1,
        since=flow.on,
        duty=duty,
    )


def _due(house: House, kept: KeptDuty, subject: Subject | None) -> DutyEntry:
    return DutyEntry(kept, _entry(house, EntryKind.DUTY_DUE, kept, subject))


def _entry(house: House, kind: EntryKind, kept: KeptDuty, subject: Subject | None) -> Entry:
    """The entry of a duty; in the record lane it names no day and no flow."""
    if kept.lane is Lane.RECORD:
        said = RecordSaid(kept.programme, duty=kept.duty.id, values=(("duty", kept.id),))
        return record_entry(house, kind, subject, said)
    due = (("due", kept.duty.due.isoformat()),) if kept.duty.due else ()
    public = (("duty", kept.duty.id), *due)
    committed = (("duty", kept.id.encode()),)
    return entry_of(
        house, kind, Said(kept.programme, kept.lane, public=public, committed=committed)
    )


# -- listed -----------------------------------------------------------------------------------


def duties(
    call: Call, programme: str | None = None, *, every: bool = False, on: date | None = None
) -> list[StandingDuty]:
    """The duties that the actor may see, the most urgent first; with `every` also those done.

    Raises: NotPermitted for who may see none; NotFound for a programme that is not there.
    """
    house = call.house
    if may(call.actor, Action.DUTY_READ, None, (call.actor.participant,)) is not None:
        names = [programme] if programme else [each.id for each in house.store.programmes()]
        if not any(_may_read(call, name) for name in names):
            permit(call, Action.DUTY_READ)
    if programme is not None:
        installed(house, programme)
    day = on or house.clock.now().date()
    found = [
        StandingDuty(kept, _state(house, kept, day))
        for kept in house.store.duties.duties(programme, open_only=not every)
        if _may(call, Action.DUTY_READ, kept)
    ]
    return [each for each in found if every or each.state is not DutyState.LAPSED]


def duties_of_flow(house: House, programme: str, flow: str) -> list[StandingDuty]:
    """The duties that one flow brought, as they stand today; for whoever may see the flow."""
    today = house.clock.now().date()
    kept = house.store.duties.duties(programme, flow=flow)
    return [StandingDuty(each, _state(house, each, today)) for each in kept]


def _may_read(call: Call, programme: str) -> bool:
    return may(call.actor, Action.DUTY_READ, installed(call.house, programme)) is None


def _may(call: Call, action: Action, kept: KeptDuty) -> bool:
    programme = installed(call.house, kept.programme)
    return may(call.actor, action, programme, (kept.holder,)) is None


def _state(house: House, kept: KeptDuty, on: date) -> DutyState:
    if kept.done_at is not None:
        return DutyState.DONE
    if _is_over(house, kept):
        return DutyState.LAPSED
    if kept.duty.due is None:
        return DutyState.STANDING
    return DutyState.OVERDUE if kept.duty.due < on else DutyState.DUE


def _is_over(house: House, kept: KeptDuty) -> bool:
    """Whether what the duty follows from never went."""
    if kept.lane is not Lane.RECORD:
        return False
    transfer = house.store.records.transfer(kept.flow)
    if transfer is None:
        return False
    return transfer.state in NEVER_WENT or (
        transfer.state is TransferState.ERASED
        and not any(event.kind is TransferState.FETCHED for event in transfer.events)
    )


# -- done -------------------------------------------------------------------------------------


def finish_duty(call: Call, duty_id: str, note: str = "") -> KeptDuty:
    """Write that a duty is done, with its entry; a recurring one is due again from then on.

    Raises: NotFound for a duty that is not the actor's to see; NotPermitted; Conflict when it was
    done before.
    """
    house = call.house
    known = house.store.duties.duty(duty_id)
    if known is None or not _may(call, Action.DUTY_READ, known):
        raise NotFound(fault("store.no-duty"))
    permit(call, Action.DUTY_DO, installed(house, known.programme), (known.holder,))
    subject = _subject(house, known)

    def judge(kept: KeptDuty) -> DutyDone:
        if kept.done_at is not None:
            raise Conflict(fault("store.duty-done"))
        done = replace(kept, done_at=house.clock.now(), done_by=call.actor.id, note=note.strip())
        entry = DutyEntry(done, _entry(house, EntryKind.DUTY_DONE, done, subject))
        if kept.duty.every_months is None or _is_over(house, kept):
            return DutyDone(entry)
        return DutyDone(entry, _due(house, _next(kept, house.clock.now().date()), subject))

    finished = house.store.duties.finish(duty_id, judge)
    sequence(house)
    return finished


def _next(kept: KeptDuty, today: date) -> KeptDuty:
    """The next round: so many months after the last was due, or after today when that is past."""
    months = kept.duty.every_months or 12
    due = months_after(kept.duty.due or today, months)
    if due <= today:
        due = months_after(today, months)
    return replace(
        kept,
        id=f"{kept.flow}.{kept.duty.id}.{kept.round + 1}",
        round=kept.round + 1,
        since=today,
        duty=replace(kept.duty, due=due),
        index=None,
    )


def _subject(house: House, kept: KeptDuty) -> Subject | None:
    if kept.lane is not Lane.RECORD:
        return None
    transfer = house.store.records.transfer(kept.flow)
    return house.store.records.subject(transfer.subject) if transfer is not None else None


def is_open(house: House, flow: AllowedFlow) -> bool:
    """Whether what a flow lets out can still be fetched: there is something left to stop."""
    if flow.lane is Lane.RECORD:
        transfer = house.store.records.transfer(flow.id)
        return transfer is not None and transfer.state in (
            TransferState.OFFERED,
            TransferState.READY,
        )
    release = house.store.release(flow.id)
    return release is not None and release.state in (ReleaseState.MADE, ReleaseState.OPEN)
