"""Notices to past recipients, their answers, and requests that everything be erased."""

from dataclasses import dataclass, replace

from sekisho.errors import NotFound, UsageError, fault
from sekisho.gate.house import Call, House
from sekisho.gate.records.entries import RecordSaid, consent_entry, record_entry
from sekisho.gate.records.payloads import clear
from sekisho.gate.records.standing import Standing, demand_act
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import consent as consents
from sekisho.lanes.record import transfer as lane
from sekisho.lanes.record.consent import Acted
from sekisho.lanes.record.proofs import Act
from sekisho.model.consent import Consent
from sekisho.model.decision import Duty
from sekisho.model.dossier import Dossier, DossierChange
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.transfer import Recall, RecallKind
from sekisho.people import Action, demand
from sekisho.terms import ConsentState

ANSWERS = ("erased", "kept-by-law", "not-found", "noted")
"""What a recipient can say that it did."""

ERASE = Act("erase")


def recalls_for(call: Call) -> list[Recall]:
    """Notices to the actor's participant, oldest first; those without an answer are open."""
    demand(call.actor, Action.TRANSFER_READ, of=(call.actor.participant,))
    return call.house.store.records.recalls(call.actor.participant)


def acknowledge_recall(call: Call, recall_id: str, answer: str) -> Recall:
    """A past recipient's answer to a notice, kept with its entry; the same answer twice is one.

    Raises: NotFound for a notice that is not the actor's; UsageError for another answer; Conflict
    when it was answered otherwise.
    """
    demand(call.actor, Action.TRANSFER_FETCH, of=(call.actor.participant,))
    if answer not in ANSWERS:
        known = ", ".join(f"`{each}`" for each in ANSWERS)
        raise UsageError(fault("records.answer-form", known=known))
    house, store = call.house, call.house.store.records
    own = [each for each in store.recalls(call.actor.participant) if each.id == recall_id]
    transfer = store.transfer(own[0].transfer) if own else None
    if transfer is None:
        raise NotFound(fault("records.no-recall"))

    def judge(dossier: Dossier) -> DossierChange:
        recall = next(each for each in dossier.recalls if each.id == recall_id)
        if recall.answer == answer:
            return DossierChange()
        done = replace(recall, acknowledged_at=house.clock.now(), answer=answer)
        said = RecordSaid(transfer.programme, answer, f"recall-{recall.kind.value}")
        entry = record_entry(house, EntryKind.DUTY_DONE, dossier.subject, said)
        return DossierChange((entry,), recalls=((done, 0),))

    dossier = store.change(transfer.consent, judge, transfer.id)
    sequence(house)
    return next(each for each in dossier.recalls if each.id == recall_id)


# -- erasure ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a request for erasure brought about, and what nobody may erase."""

    withdrawn: tuple[str, ...]
    """Ids of the consents that it ended."""
    recalls: tuple[Recall, ...]
    """To everyone who received something."""
    kept: tuple[Duty, ...]
    """What the law makes sender and recipient keep all the same about what was handed out."""


def request_erasure(house: House, standing: Standing) -> Erasure:
    """Ask everyone who received a subject's records to erase them; every consent ends with it.

    Sealed payloads that wait are removed at once. Asked again, only those who did not answer yet
    have their notice; nobody gets a second one.
    """
    demand_act(standing, ERASE)
    store = house.store.records
    if standing.spent is not None:
        store.spend(standing.spent)
    ended: list[str] = []
    recalls: list[Recall] = []
    kept: dict[str, Duty] = {}
    for consent in store.consents(subject=standing.subject.id):
        dossier = store.change(consent.id, lambda found: _erasing(house, found, standing))
        sequence(house)
        clear(house, dossier)
        if not consent.at_rest:
            ended.append(consent.id)
        recalls += [each for each in dossier.recalls if each.kind is RecallKind.ERASE]
        for transfer in dossier.transfers:
            if transfer.pick_ups and transfer.decision is not None:
                kept |= {each.id: each for each in transfer.decision.duties if each.keeps}
    return Erasure(tuple(ended), tuple(recalls), tuple(kept.values()))


def _erasing(house: House, dossier: Dossier, standing: Standing) -> DossierChange:
    now, consent = house.clock.now(), dossier.consent
    after = _ended(consent, Acted(now, standing.by, "erasure"))
    asked = {each.transfer for each in dossier.recalls if each.kind is RecallKind.ERASE}
    open_ones = [each for each in dossier.transfers if each.id not in asked]
    sent = lane.recalled(open_ones, after or consent, now, RecallKind.ERASE)
    entries: list[Entry] = []
    if after is not None:
        entries.append(consent_entry(house, dossier.subject, after))
    shut = lane.closed(dossier.transfers, after, now, "erasure") if after is not None else ()
    if sent:
        said = RecordSaid(consent.programme, duty="recall-erase")
        entries.append(record_entry(house, EntryKind.DUTY_DUE, dossier.subject, said))
    return DossierChange(
        entries=tuple(entries),
        consent=after,
        transfers=tuple((each, 0) for each in shut),
        recalls=tuple((each, len(entries) - 1) for each in sent),
    )


def _ended(consent: Consent, acted: Acted) -> Consent | None:
    """The consent at its end; None when it was there already."""
    if consent.at_rest:
        return None
    over = consents.state_at(consent, acted.at) is ConsentState.EXPIRED
    return consents.moved(consent, ConsentState.EXPIRED if over else ConsentState.WITHDRAWN, acted)
