"""The way of a transfer, in order, from the holder's side.

Who offers -> the consent -> the rules -> read, leave out, seal -> the file in its place -> entry
and state in one transaction -> checkpoint -> ready. Killed anywhere, it leaves either nothing that
counts, or a transfer that the next opening finishes; asked again, it is the same transfer.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from sekisho.errors import Conflict, Fault, NotFound, Refused, UsageError, fault, raise_all
from sekisho.gate.duties import Passing, duties_for
from sekisho.gate.files import workshop
from sekisho.gate.house import Call, House
from sekisho.gate.locks import held, held_once
from sekisho.gate.records.consents import request_id
from sekisho.gate.records.entries import transfer_entry
from sekisho.gate.records.flows import flow_of, way_of
from sekisho.gate.records.judging import asked_by, judge_transfer
from sekisho.gate.records.payloads import place, remove
from sekisho.gate.records.requests import refuse_other
from sekisho.gate.records.sealing import Material, Sealing, seal_keys, seal_record
from sekisho.gate.records.standing import by_holder
from sekisho.gate.records.subjects import record_mark
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import transfer as lane
from sekisho.lanes.record.consent import needed_faults, scope_of, uncovered, widened
from sekisho.lanes.record.facts import Way, attributed, stated_faults
from sekisho.model.consent import Consent, Subject
from sekisho.model.decision import Decision
from sekisho.model.dossier import Dossier, DossierChange
from sekisho.model.facts import Fact, Facts
from sekisho.model.programme import Programme
from sekisho.model.record_flow import RecordFlow
from sekisho.model.transfer import Transfer, TransferEvent
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.terms import TransferState

Judge = Callable[[Dossier], DossierChange]


@dataclass(frozen=True, slots=True)
class Offering:
    """A record that the holder sends under a consent, by itself or because it was asked."""

    consent: str
    recipient: str
    record: Path
    address: str
    """Where the subject stands in the record, e.g. `Patient/17`."""
    transfer: str | None = None
    """Id of the recipient's request that this answers."""
    request: str | None = None
    """The caller's own id, when nobody asked."""
    categories: tuple[str, ...] = ()
    """Empty: all that was asked for, or all that the consent covers."""
    encounters: tuple[str, ...] = ()
    stated: Mapping[str, Fact] = field(default_factory=dict)
    """Facts of this one case that the sender answers for, e.g. `basis.treatment`."""


@dataclass(frozen=True, slots=True)
class Work:
    """An offer with everything that it concerns, found once."""

    programme: Programme
    way: Way
    subject: Subject
    consent: Consent
    transfer: Transfer
    material: Material


def offer(call: Call, offering: Offering, watch: Watch) -> Transfer:
    """Send a record on its way; it waits, sealed, until the recipient fetches it.

    Raises: NotFound for a consent or request that is not the actor's; Refused by the consent or
    the rules, with what would open the way; DeliveryError with every fault of the record.
    """
    house, work = call.house, prepared(call, offering, watch)
    with (
        held(house.busy, shared=True),
        held_once(house.lock_of_transfer(work.transfer.id)),
    ):
        known = house.store.records.transfer(work.transfer.id)
        if known is not None and known.state is not TransferState.REQUESTED:
            return again(house, work, known)
        refuse_other_person(work)
        refuse_uncovered(house, work)
        facts, decision = judge_transfer(
            house, work.programme, work.way, work.consent, work.transfer
        )
        if not decision.allowed:
            _refuse(house, work, decision)
        offered = _offered(house, work, facts, decision)
    return finish(house, offered)


# -- before anything is read ------------------------------------------------------------------


def prepared(call: Call, offering: Offering, watch: Watch) -> Work:
    """An offer with everything that it concerns, before anything is read.

    Raises: as `offer`.
    """
    house = call.house
    consent = house.store.records.consent(offering.consent)
    subject_id = consent.subject if consent is not None else ""
    try:
        standing = by_holder(call, subject_id, Action.TRANSFER_OFFER)
    except NotFound:
        raise NotFound(fault("records.no-consent")) from None
    if consent is None:
        raise NotFound(fault("records.no-consent"))
    programme, flow = flow_of(house, consent.programme, consent.flow)
    raise_all(UsageError, stated_faults(offering.stated))
    way = way_of(house, flow, consent.holder, offering.recipient)
    transfer = begun(house, consent, offering, flow.purpose)
    raise_all(UsageError, needed_faults(transfer.categories, flow))
    material = Material(offering.record, offering.address, offering.encounters, watch)
    return Work(programme, way, standing.subject, consent, transfer, material)


def begun(house: House, consent: Consent, offering: Offering, purpose: str) -> Transfer:
    """The transfer that an offer begins or answers; NotFound when nobody asked for it so."""
    if offering.transfer is not None:
        known = house.store.records.transfer(offering.transfer)
        ours = (consent.id, consent.holder, offering.recipient)
        if known is None or (known.consent, known.sender, known.recipient) != ours:
            raise NotFound(fault("records.no-transfer"))
        stated = attributed(offering.stated, consent.holder)
        return replace(known, stated={**known.stated, **stated})
    request, now = request_id(offering.request), house.clock.now()
    return Transfer(
        id=lane.transfer_id(consent.holder, request),
        programme=consent.programme,
        flow=consent.flow,
        consent=consent.id,
        subject=consent.subject,
        sender=consent.holder,
        recipient=offering.recipient,
        state=TransferState.REQUESTED,
        purpose=purpose,
        categories=tuple(dict.fromkeys(offering.categories)) or consent.scope.categories,
        request=request,
        requested_by=consent.holder,
        requested_at=now,
        stated=attributed(offering.stated, consent.holder),
        events=(TransferEvent(TransferState.REQUESTED, now),),
    )


def refuse_other_person(work: Work) -> None:
    """Refuse a record that is not the one registered for the subject: nobody is swapped."""
    subject = work.subject
    if subject.record_mark is None or subject.secret is None:
        raise Refused(fault("records.no-record-address"))
    if record_mark(subject.secret, work.material.address) != subject.record_mark:
        raise Refused(fault("records.other-person"))


def refuse_uncovered(house: House, work: Work) -> None:
    """Refuse what the consent does not cover now."""
    asked = asked_by(work.transfer, work.way)
    raise_all(Refused, uncovered(work.consent, asked, house.clock.now()))


def again(house: House, work: Work, known: Transfer) -> Transfer:
    """The same request once more: the same transfer, or the same refusal."""
    refuse_other(known, work.transfer)
    if known.state is TransferState.OFFERED:
        return finish(house, known)
    if known.state is TransferState.REFUSED:
        if known.decision is None:
            raise Refused(fault("records.transfer-state", state=known.state.value))
        raise Refused(*_refusal(known, known.decision))
    return known


def _refusal(transfer: Transfer, decision: Decision) -> tuple[Fault, ...]:
    rules = ", ".join(f"`{rule}`" for rule in decision.rule_ids) or "-"
    where = {"flow": transfer.flow, "programme": transfer.programme}
    return (fault("records.refused", None, rules=rules, **where), *decision.faults)


def _refuse(house: House, work: Work, decision: Decision) -> NoReturn:
    """Write the refusal down with its decision, so that the person can see it; then raise it."""
    judge = refusing(house, work, decision)
    house.store.records.change(work.consent.id, judge, work.transfer.id)
    sequence(house)
    raise refusal(work, decision)


def refusal(work: Work, decision: Decision) -> Refused:
    """What is raised when the rules close the way."""
    return Refused(*_refusal(work.transfer, decision))


def refusing(house: House, work: Work, decision: Decision) -> Judge:
    """The change that writes a refusal down."""

    def judge(dossier: Dossier) -> DossierChange:
        now = dossier.transfer(work.transfer.id) or work.transfer
        refused = replace(
            lane.moved(now, TransferState.REFUSED, house.clock.now(), "rules"), decision=decision
        )
        entry = transfer_entry(house, dossier.subject, refused)
        return DossierChange((entry,), transfers=((refused, 0),))

    return judge


# -- sealed, in place, committed --------------------------------------------------------------


def _offered(house: House, work: Work, facts: Facts, decision: Decision) -> Transfer:
    keys = seal_keys(house, work.transfer.sender, work.transfer.recipient)
    with workshop(house.folder.aside) as own, ExitStack() as undo:
        sealed, left_out = seal_record(house, sealing(work), keys, own / "sealed")
        place(house, own / "sealed", work.transfer.id)
        undo.callback(drop, house, work.transfer.id)
        judge = offering_change(house, work, facts, lane.Offer(decision, sealed, left_out))
        dossier = house.store.records.change(work.consent.id, judge, work.transfer.id)
        undo.pop_all()
    return needed(dossier, work.transfer.id)


def sealing(work: Work) -> Sealing:
    """What of a record is sealed for an offer."""
    scope = scope_of(work.consent, asked_by(work.transfer, work.way))
    return Sealing(work.way.flow, work.transfer, scope, work.material)


def drop(house: House, transfer_id: str) -> None:
    """Remove a payload whose transfer never came to be."""
    known = house.store.records.transfer(transfer_id)
    if known is None or not known.has_payload:
        remove(house, transfer_id)


def offering_change(house: House, work: Work, facts: Facts, made: lane.Offer) -> Judge:
    """The change to offered, if the consent still covers what was sealed meanwhile."""
    asked = asked_by(work.transfer, work.way)

    def judge(dossier: Dossier) -> DossierChange:
        now, consent = house.clock.now(), dossier.consent
        raise_all(Refused, uncovered(consent, asked, now))
        before = dossier.transfer(work.transfer.id) or work.transfer
        if before.state is not TransferState.REQUESTED:
            raise Conflict(fault("records.transfer-state", state=before.state.value))
        scope = scope_of(work.consent, asked)
        raise_all(Refused, widened(scope, consent.scope))
        offered = lane.offered(replace(before, stated=work.transfer.stated), made, scope, now)
        entry = transfer_entry(house, dossier.subject, offered)
        passing = Passing(
            offered.id, offered.programme, offered.sender, facts, made.decision, dossier.subject
        )
        brought = (duties_for(house, passing),)
        return DossierChange((entry,), transfers=((offered, 0),), brought=brought)

    return judge


def needed(dossier: Dossier, transfer_id: str) -> Transfer:
    """The transfer in a dossier that must hold it; NotFound."""
    found = dossier.transfer(transfer_id)
    if found is None:
        raise NotFound(fault("records.no-transfer"))
    return found


def finish(house: House, transfer: Transfer) -> Transfer:
    """Open an offered transfer to its recipient, once its entry stands in a checkpoint.

    One that was stopped meanwhile stays stopped.
    """
    sequence(house)
    judge = opening_change(house, transfer.id)
    return needed(house.store.records.change(transfer.consent, judge, transfer.id), transfer.id)


def opening_change(house: House, transfer_id: str, of: RecordFlow | None = None) -> Judge:
    """The change from offered to ready; nothing for a transfer that is not offered any more.

    `of` is the transfer's flow, where it was just looked up.
    """

    def judge(dossier: Dossier) -> DossierChange:
        now = dossier.transfer(transfer_id)
        if now is None or now.state is not TransferState.OFFERED:
            return DossierChange()
        flow = of or flow_of(house, now.programme, now.flow)[1]
        ready = lane.ready(now, flow, dossier.consent, house.clock.now())
        return DossierChange(transfers=((ready, None),))

    return judge
