"""Transfers asked for by a recipient.

A recipient names the consent, whose id only the person and the holder could have given it. It
learns nothing from asking for what it may not have: an unknown consent, somebody else's, one that
is paused, withdrawn or for others all get the same answer after the same work, and the log gets
an entry of the same form. Those concerned find theirs by its mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from sekisho.errors import Conflict, NotFound, Refused, UsageError, fault, raise_all
from sekisho.gate.house import Call, House
from sekisho.gate.records.consents import request_id
from sekisho.gate.records.entries import RecordSaid, record_entry, transfer_entry
from sekisho.gate.records.flows import flow_of, way_of
from sekisho.gate.records.restraint import note_turned_away, refuse_persistent
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import transfer as lane
from sekisho.lanes.record.consent import Asked, needed_faults, uncovered
from sekisho.lanes.record.facts import attributed, stated_faults
from sekisho.model.dossier import Dossier, DossierChange
from sekisho.model.entry import EntryKind
from sekisho.model.facts import Fact
from sekisho.model.transfer import Transfer, TransferEvent
from sekisho.people import Action, demand
from sekisho.terms import TransferState

_ABSENT = "0" * 32


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """What a recipient asks for."""

    programme: str
    flow: str
    consent: str
    categories: tuple[str, ...]
    stated: Mapping[str, Fact] = field(default_factory=dict)
    """Facts of this one case that the recipient answers for, e.g. `basis.treatment`."""
    request: str | None = None


def request_transfer(call: Call, asked: TransferRequest) -> Transfer:
    """Ask the holder for a record under a consent; the same request is the same transfer.

    Raises: NotPermitted; UsageError; Refused when the flow does not name the recipient; NotFound
    when no consent covers what is asked, without saying why.
    """
    demand(call.actor, Action.TRANSFER_REQUEST, of=(call.actor.participant,))
    house, recipient = call.house, call.actor.participant
    refuse_persistent(house, recipient)
    request = request_id(asked.request)
    raise_all(UsageError, stated_faults(asked.stated))
    _programme, flow = flow_of(house, asked.programme, asked.flow)
    if recipient not in flow.recipients:
        raise Refused(fault("records.not-a-party", flow=flow.id, side="recipient"))
    if not asked.categories or any(flow.category(each) is None for each in asked.categories):
        known = ", ".join(f"`{each.id}`" for each in flow.categories)
        raise UsageError(fault("records.list-unknown", field="categories", known=known))
    raise_all(UsageError, needed_faults(asked.categories, flow))
    dossier = _looked_up(house, asked.consent)
    transfer = _asked(house, dossier, asked, recipient, request)
    before = house.store.records.transfer(transfer.id)
    if before is not None:
        refuse_other(before, transfer)
        return before
    if dossier is None or not _may_ask(house, dossier, transfer):
        _turn_away(house, dossier, transfer)
    return _kept(house, transfer)


def _looked_up(house: House, consent_id: str) -> Dossier | None:
    """The consent with its subject; an unknown one costs the same two look-ups."""
    consent = house.store.records.consent(consent_id)
    subject = house.store.records.subject(consent.subject if consent else _ABSENT)
    return Dossier(subject, consent) if consent is not None and subject is not None else None


def _asked(
    house: House, dossier: Dossier | None, asked: TransferRequest, recipient: str, request: str
) -> Transfer:
    now = house.clock.now()
    return Transfer(
        id=lane.transfer_id(recipient, request),
        programme=asked.programme,
        flow=asked.flow,
        consent=asked.consent,
        subject=dossier.consent.subject if dossier else _ABSENT,
        sender=dossier.consent.holder if dossier else _ABSENT,
        recipient=recipient,
        state=TransferState.REQUESTED,
        purpose=flow_of(house, asked.programme, asked.flow)[1].purpose,
        categories=tuple(dict.fromkeys(asked.categories)),
        request=request,
        requested_by=recipient,
        requested_at=now,
        stated=attributed(asked.stated, recipient),
        events=(TransferEvent(TransferState.REQUESTED, now),),
    )


def _may_ask(house: House, dossier: Dossier, transfer: Transfer) -> bool:
    consent = dossier.consent
    if (consent.programme, consent.flow) != (transfer.programme, transfer.flow):
        return False
    if dossier.subject.secret is None:
        return False
    _programme, flow = flow_of(house, transfer.programme, transfer.flow)
    if consent.holder not in flow.senders:
        return False
    way = way_of(house, flow, consent.holder, transfer.recipient)
    asked = Asked(
        transfer.recipient, way.recipient.jurisdiction, transfer.purpose, transfer.categories
    )
    return not uncovered(consent, asked, house.clock.now())


def _turn_away(house: House, dossier: Dossier | None, transfer: Transfer) -> NoReturn:
    subject = dossier.subject if dossier else None
    said = RecordSaid(
        programme=transfer.programme,
        reason="not-covered",
        values=(("consent", transfer.consent), ("request", transfer.id)),
    )
    entry = record_entry(house, EntryKind.TRANSFER_REFUSED, subject, said)
    house.store.append_entry(entry)
    sequence(house)
    note_turned_away(house, transfer.recipient)
    raise NotFound(fault("records.no-consent"))


def _kept(house: House, transfer: Transfer) -> Transfer:
    def judge(dossier: Dossier) -> DossierChange:
        known = dossier.transfer(transfer.id)
        if known is not None:
            return DossierChange()
        if not _may_ask(house, dossier, transfer):
            raise NotFound(fault("records.no-consent"))
        entry = transfer_entry(house, dossier.subject, transfer)
        return DossierChange((entry,), transfers=((transfer, 0),))

    dossier = house.store.records.change(transfer.consent, judge, transfer.id)
    kept = dossier.transfer(transfer.id)
    if kept is None:
        raise NotFound(fault("records.no-consent"))
    refuse_other(kept, transfer)
    sequence(house)
    return kept


def refuse_other(known: Transfer | None, again: Transfer) -> None:
    """Refuse a request whose id asked for something else before; Conflict."""
    if known is not None and not lane.same_request(known, again):
        raise Conflict(fault("records.request-other"))
