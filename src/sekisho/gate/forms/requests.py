"""Requests for data: sent, decided by their holders, delivered or refused with a reason."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sekisho.errors import NotFound, Refused, UsageError, fault
from sekisho.gate.admit import bring, dataset_of, installed, permit
from sekisho.gate.forms.asked import (
    asked_form,
    form_then,
    judge,
    participants_asked,
    party_of,
    refuse,
)
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.lanes.open.deadlines import closes_at, due_in_round
from sekisho.model.canonical import canonical
from sekisho.model.data_request import DataRequest, RequestState
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.form import Ask, Deadline, Form
from sekisho.model.programme import Programme
from sekisho.model.release import Delivery
from sekisho.people import Action, may
from sekisho.ports import Watch
from sekisho.terms import Lane, Outcome
from sekisho.text import Words

LONGEST_REASON = 2_000


def _asking(form: Form) -> tuple[Ask, Deadline]:
    if form.ask is None or form.deadline is None:
        raise Refused(fault("forms.not-a-request", form=form.id))
    return form.ask, form.deadline


def send(call: Call, programme_id: str, form_id: str) -> list[DataRequest]:
    """Send the next round of a declared request to everyone whom it asks.

    A request that is not to be delivered again has one round.

    Raises: Refused by the rules, the refusal logged; Conflict when it was sent already.
    """
    house = call.house
    programme, form = asked_form(call, programme_id, form_id)
    permit(call, Action.FORM_ASK, programme)
    ask, deadline = _asking(form)
    known = {each.id for each in house.store.participants()}
    holders = participants_asked(house, programme, form)
    missing = [each for each in holders if each not in known]
    if missing:
        listed = ", ".join(f"`{each}`" for each in missing)
        raise UsageError(fault("forms.holder-unknown", known=listed))
    sent = house.store.forms.requests(programme.id, form.id)
    number = 1 if ask.every_months is None else 1 + max((each.round for each in sent), default=0)
    due = due_in_round(deadline.day, ask.every_months, number)
    for holder in holders:
        flow = (party_of(house, programme.steward), party_of(house, holder))
        decision = judge(house, programme, flow, form.id, ask.purpose)
        if not decision.allowed:
            refuse(house, programme, form, decision)
    made = [_request(house, programme, form, (holder, number, due)) for holder in holders]
    entries = [_due_entry(house, each) for each in made]
    indices = house.store.forms.add_requests(made, entries)
    sequence(house)
    return [replace(each, entry_index=n) for each, n in zip(made, indices, strict=True)]


def _request(
    house: House, programme: Programme, form: Form, to: tuple[str, int, date]
) -> DataRequest:
    holder, number, due = to
    ask, _ = _asking(form)
    now = house.clock.now()
    return DataRequest(
        id=f"{programme.id}.{form.id}.{number}.{holder}",
        programme=programme.id,
        form=form.id,
        dataset=ask.dataset,
        round=number,
        participant=holder,
        due=due,
        state=RequestState.ASKED,
        asked_at=now,
        changed_at=now,
        programme_digest=programme.digest,
    )


def _committed(request: DataRequest) -> bytes:
    return canonical([request.id, request.due.isoformat(), request.programme_digest])


def _due_entry(house: House, request: DataRequest) -> Entry:
    said = Said(
        programme=request.programme,
        lane=Lane.OPEN,
        public=(("duty", request.form), ("due", request.due.isoformat())),
        committed=(("duty", _committed(request)),),
    )
    return entry_of(house, EntryKind.DUTY_DUE, said)


def requests(call: Call, programme_id: str | None = None) -> list[DataRequest]:
    """Requests for data: all of a programme for whoever answers for it, else one's own."""
    permit(call, Action.READ)
    return [
        each
        for each in call.house.store.forms.requests(programme_id)
        if each.participant == call.actor.participant or _may_see_all(call, each.programme)
    ]


def _may_see_all(call: Call, programme_id: str) -> bool:
    programme = installed(call.house, programme_id)
    return may(call.actor, Action.FORM_STATUS, programme) is None


def form_of_request(call: Call, request: DataRequest) -> Form:
    """The declaration of a request as it stood when it was sent."""
    return form_then(call.house, request.programme, request.programme_digest, request.form)


def _own(call: Call, request_id: str) -> DataRequest:
    """A request to the actor's participant; NotFound for another's."""
    for each in call.house.store.forms.requests():
        if each.id == request_id and each.participant == call.actor.participant:
            permit(call, Action.FORM_ANSWER, None, of=(each.participant,))
            return each
    raise NotFound(fault("forms.no-request"))


def accept(call: Call, request_id: str) -> DataRequest:
    """Say that a delivery will come."""
    found = _own(call, request_id)
    return _decided(call, replace(found, state=RequestState.ACCEPTED, reason=""))


def decline(call: Call, request_id: str, reason: str) -> DataRequest:
    """Say that no delivery will come, and why.

    The reason is read by the steward; the log commits to it and does not show it.
    """
    found = _own(call, request_id)
    words = " ".join(reason.split())
    if not words or len(words) > LONGEST_REASON or not words.isprintable():
        raise UsageError(fault("forms.reason-missing"))
    return _decided(call, replace(found, state=RequestState.REFUSED, reason=words))


def _decided(call: Call, request: DataRequest) -> DataRequest:
    house = call.house
    accepted = request.state is RequestState.ACCEPTED
    said = Said(
        programme=request.programme,
        lane=Lane.OPEN,
        outcome=Outcome.ALLOWED if accepted else Outcome.REFUSED,
        public=(("form", request.form), ("concerns", request.entry_index or 0)),
        committed=(("request", canonical([request.id, request.reason])),),
    )
    kind = EntryKind.DECISION_ALLOWED if accepted else EntryKind.DECISION_REFUSED
    changed = replace(request, changed_at=house.clock.now())
    house.store.forms.change_request(changed, entry_of(house, kind, said))
    sequence(house)
    return changed


@dataclass(frozen=True, slots=True)
class Delivered:
    """A request that was met, and the delivery that met it."""

    request: DataRequest
    delivery: Delivery


def deliver(call: Call, request_id: str, source: Path, watch: Watch) -> Delivered:
    """Bring the data that were asked for; validated whole, or nothing changed.

    A run that was killed after the data came in is finished by bringing the same file again.
    """
    house, found = call.house, _own(call, request_id)
    if found.state is RequestState.DELIVERED:
        state = Words(f"forms.request-{found.state.value}")
        raise Refused(fault("forms.request-state", state=state))
    programme = installed(house, found.programme, afresh=True)
    dataset = dataset_of(programme, found.dataset)
    delivery = bring(call, programme, dataset, (source, None), watch)
    form = form_of_request(call, found)
    zone = form.deadline.zone if form.deadline else "UTC"
    now = house.clock.now()
    met = replace(
        found,
        state=RequestState.DELIVERED,
        delivery=delivery.id,
        late=now >= closes_at(Deadline(found.due, zone)),
        changed_at=now,
        reason="",
    )
    said = Said(
        programme=found.programme,
        lane=Lane.OPEN,
        public=(("duty", found.form), ("concerns", found.entry_index or 0)),
        committed=(("duty", canonical([found.id, delivery.digest])),),
    )
    house.store.forms.change_request(met, entry_of(house, EntryKind.DUTY_DONE, said))
    sequence(house)
    return Delivered(met, delivery)
