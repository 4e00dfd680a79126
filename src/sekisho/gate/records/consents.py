"""Consents: asked for within the template, given, narrowed, paused, resumed, withdrawn.

Every change commits with its entry and with what follows from it for the transfers under the
consent, in one transaction; what waits sealed is removed right after.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sekisho.errors import Conflict, NotFound, UsageError, fault, raise_all
from sekisho.gate.house import Call, House
from sekisho.gate.records.entries import consent_entry
from sekisho.gate.records.flows import flow_of
from sekisho.gate.records.payloads import clear
from sekisho.gate.records.standing import Standing, by_holder, demand_act, hexadecimal
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import consent as lane
from sekisho.lanes.record import transfer as ways
from sekisho.lanes.record.age import age_faults
from sekisho.lanes.record.consent import Acted
from sekisho.lanes.record.proofs import Act
from sekisho.model.consent import (
    Consent,
    ConsentEvent,
    Expression,
    Scope,
    Subject,
)
from sekisho.model.dossier import Dossier, DossierChange
from sekisho.model.entry import EntryKind
from sekisho.people import Action
from sekisho.terms import ConsentState
from sekisho.tlog import keys

_REQUEST = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id(said: str | None) -> str:
    """The caller's own id of a request, or a random one; UsageError when it has no good form."""
    chosen = secrets.token_hex(16) if said is None else said
    if not _REQUEST.fullmatch(chosen):
        raise UsageError(fault("records.request-form"))
    return chosen


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What a subject is asked to agree to."""

    programme: str
    flow: str
    subject: str
    scope: Scope
    valid_until: datetime
    age_reached: bool | None = None
    """Whether the holder found the flow's age of consent reached; needed where there is one."""
    request: str | None = None
    of_age_on: date | None = None
    """The day on which it will be; needed where it is not."""


def request_consent(call: Call, asked: ConsentRequest) -> Consent:
    """Ask a subject for a consent within the flow's template; the same request is the same one.

    Raises: UsageError with every fault and contradiction; NotFound for a subject who is not the
    actor's; Conflict when the request's id was used for something else.
    """
    standing = by_holder(call, asked.subject, Action.CONSENT_REQUEST)
    house, request = call.house, request_id(asked.request)
    _programme, flow = flow_of(house, asked.programme, asked.flow)
    now, until = house.clock.now(), lane.utc(asked.valid_until, "valid_until")
    places = [(each.id, each.jurisdiction) for each in house.store.participants()]
    faults = [
        *lane.scope_faults(asked.scope, flow),
        *lane.country_faults(asked.scope, places),
        *lane.validity_faults(until, now, flow),
    ]
    faults += age_faults(flow, asked.of_age_on, now, age_reached=asked.age_reached)
    if standing.subject.holder not in flow.senders:
        faults.append(fault("records.not-a-party", flow=flow.id, side="sender"))
    raise_all(UsageError, faults)
    asker = call.actor.participant
    event = ConsentEvent(ConsentState.REQUESTED, now, None, "", "holder", asked.scope, until)
    consent = Consent(
        id=secrets.token_hex(16),
        programme=asked.programme,
        flow=asked.flow,
        subject=asked.subject,
        holder=standing.subject.holder,
        state=ConsentState.REQUESTED,
        scope=asked.scope,
        valid_until=until,
        events=(event,),
        age_reached=asked.age_reached,
        of_age_on=None if asked.age_reached else asked.of_age_on,
        requested_by=asker,
        request=request,
    )
    return _kept(house, standing.subject, consent)


def _kept(house: House, subject: Subject, consent: Consent) -> Consent:
    store = house.store.records
    known = store.consent_by_request(consent.requested_by, consent.request)
    if known is None:
        try:
            known = store.add_consent(consent, consent_entry(house, subject, consent))
        except Conflict:
            # Two calls asked the same at once; the other one's commit stands for both.
            known = store.consent_by_request(consent.requested_by, consent.request)
            if known is None:
                raise
    same = (known.subject, known.flow, known.events[0].scope, known.events[0].valid_until)
    if same != (consent.subject, consent.flow, consent.scope, consent.valid_until):
        raise Conflict(fault("records.request-other"))
    sequence(house)
    return known


# -- acts of the subject ----------------------------------------------------------------------


Agreed = tuple[Scope, Expression, datetime]
"""What was agreed to, how it was said, until when."""


def give(house: House, standing: Standing, consent_id: str, agreed: Agreed) -> Consent:
    """The subject agrees: to what was asked, or to less.

    Only the holder's staff can vouch for a form or a recording; whoever acts by key or secret
    signs the consent itself with the subject's registered key (`consent_text`).

    Raises: Refused with every fault; NotFound; Conflict when nothing is asked any more.
    """
    scope, said, _until = agreed
    demand_act(standing, given_act(consent_id, agreed))

    def judge(dossier: Dossier) -> DossierChange:
        consent, subject = dossier.consent, dossier.subject
        if consent.state is ConsentState.GIVEN and consent.events[-1].scope == scope:
            return DossierChange(spent=standing.spent)
        _programme, flow = flow_of(house, consent.programme, consent.flow)

        def signed(text: bytes) -> bool:
            public = subject.public_key
            return public is not None and keys.is_signed(public, hexadecimal(said.evidence), text)

        given = lane.given(consent, flow, agreed, _acted(house, standing), signed)
        return _logged(house, dossier, given, standing)

    return _changed(house, standing, consent_id, judge)


def given_act(consent_id: str, agreed: Agreed) -> Act:
    """The act of giving, as a subject signs it."""
    scope, _said, until = agreed
    return Act("give", consent_id, {**lane.plain_scope(scope), "until": _written(until)})


def _written(until: datetime | None) -> str | None:
    return None if until is None else f"{lane.utc(until, 'valid_until'):%Y-%m-%dT%H:%M:%SZ}"


def narrow(
    house: House, standing: Standing, consent_id: str, scope: Scope, until: datetime | None = None
) -> Consent:
    """Make a consent smaller, at once for everything not yet fetched.

    What waits beyond the new scope is stopped; who received beyond it gets a notice.

    Raises: Refused with every way in which it would be wider; Conflict when it is paused or over.
    """
    demand_act(standing, narrowed_act(consent_id, scope, until))

    def judge(dossier: Dossier) -> DossierChange:
        acted = _acted(house, standing)
        smaller = lane.narrowed(dossier.consent, scope, until, acted)
        return _logged(house, dossier, smaller, standing)

    return _changed(house, standing, consent_id, judge)


def narrowed_act(consent_id: str, scope: Scope, until: datetime | None = None) -> Act:
    """The act of narrowing, as a subject signs it."""
    return Act("narrow", consent_id, {**lane.plain_scope(scope), "until": _written(until)})


def pause(house: House, standing: Standing, consent_id: str) -> Consent:
    """Let nothing pass until the consent is resumed; what waits cannot be fetched meanwhile."""
    return _stepped(house, standing, consent_id, ConsentState.PAUSED)


def resume(
    house: House, standing: Standing, consent_id: str, scope: Scope | None = None
) -> Consent:
    """Open a paused consent again, as it was or with a narrower scope."""
    about = lane.plain_scope(scope) if scope is not None else {}
    demand_act(standing, Act("resume", consent_id, about))

    def judge(dossier: Dossier) -> DossierChange:
        acted = _acted(house, standing, "resumed")
        again = lane.resumed(dossier.consent, scope, acted)
        smaller = again.state is ConsentState.NARROWED and scope is not None
        kind = None if smaller else EntryKind.CONSENT_RESUMED
        return _logged(house, dossier, again, standing, kind)

    return _changed(house, standing, consent_id, judge)


def withdraw(house: House, standing: Standing, consent_id: str) -> Consent:
    """End a consent, at once for everything not yet fetched; twice is once.

    What waits is stopped and removed; every past recipient gets a notice. No reason is asked for:
    the entry would show it to everybody.
    """
    return _stepped(house, standing, consent_id, ConsentState.WITHDRAWN)


_ACTS = {ConsentState.PAUSED: "pause", ConsentState.WITHDRAWN: "withdraw"}


def _stepped(house: House, standing: Standing, consent_id: str, to: ConsentState) -> Consent:
    demand_act(standing, Act(_ACTS[to], consent_id))

    def judge(dossier: Dossier) -> DossierChange:
        if dossier.consent.state is to:
            return DossierChange(spent=standing.spent)
        after = lane.moved(dossier.consent, to, _acted(house, standing))
        return _logged(house, dossier, after, standing)

    return _changed(house, standing, consent_id, judge)


def _acted(house: House, standing: Standing, reason: str = "") -> Acted:
    return Acted(house.clock.now(), standing.by, reason)


def _logged(
    house: House,
    dossier: Dossier,
    after: Consent,
    standing: Standing | None,
    kind: EntryKind | None = None,
) -> DossierChange:
    """The change with its one entry, which stands for every transfer that it ends, too."""
    event = after.events[-1]
    entry = consent_entry(house, dossier.subject, after, kind)
    shut = ways.closed(dossier.transfers, after, event.at, f"consent-{event.kind.value}")
    recall = ways.RECALL_OF.get(event.kind)
    sent = ways.recalled(dossier.transfers, after, event.at, recall) if recall else ()
    return DossierChange(
        entries=(entry,),
        consent=after,
        transfers=tuple((each, 0) for each in shut),
        recalls=tuple((each, 0) for each in sent),
        spent=standing.spent if standing else None,
    )


def expire(house: House, consent_id: str) -> Consent:
    """Write down that a consent is past its end; nothing changes when it is not, or is over."""

    def judge(dossier: Dossier) -> DossierChange:
        consent, now = dossier.consent, house.clock.now()
        if consent.at_rest or lane.state_at(consent, now) is not ConsentState.EXPIRED:
            return DossierChange()
        over = lane.moved(consent, ConsentState.EXPIRED, Acted(now, "time"))
        return _logged(house, dossier, over, None)

    return _settled(house, house.store.records.change(consent_id, judge))


def _changed(
    house: House,
    standing: Standing,
    consent_id: str,
    judge: Callable[[Dossier], DossierChange],
) -> Consent:
    owned(house, standing, consent_id)

    def still(dossier: Dossier) -> DossierChange:
        # A secret that was replaced or destroyed meanwhile acts for nobody.
        if dossier.subject.secret is None or dossier.subject.secret != standing.subject.secret:
            raise NotFound(fault("records.no-subject"))
        return judge(dossier)

    return _settled(house, house.store.records.change(consent_id, still))


def _settled(house: House, dossier: Dossier) -> Consent:
    """After a change: its entries in the log, and no sealed file that nobody may fetch."""
    sequence(house)
    clear(house, dossier)
    return dossier.consent


def owned(house: House, standing: Standing, consent_id: str) -> Consent:
    """A subject's own consent.

    Raises: NotFound, the same for another subject's and for one that does not exist.
    """
    consent = house.store.records.consent(consent_id)
    if consent is None or consent.subject != standing.subject.id:
        raise NotFound(fault("records.no-consent"))
    return consent
