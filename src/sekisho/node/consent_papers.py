"""A consent as others read it: ISO/IEC TS 27560 in DPV terms, or a FHIR resource."""

from typing import Any, Literal

from sekisho.errors import NotFound, fault
from sekisho.formats.consent_dpv import consent_record
from sekisho.formats.consent_fhir import consent_resource
from sekisho.gate.house import House
from sekisho.gate.records.flows import flow_of
from sekisho.gate.records.standing import Standing
from sekisho.model.actor import Participant
from sekisho.model.text import Text
from sekisho.terms import ParticipantKind

Form = Literal["dpv", "fhir"]


def consent_paper(house: House, standing: Standing, consent_id: str, form: Form) -> dict[str, Any]:
    """One consent of the subject as a value of JSON: the holder's record, or the subject's receipt.

    Raises: NotFound for a consent of somebody else.
    """
    consent = house.store.records.consent(consent_id)
    if consent is None or consent.subject != standing.subject.id:
        raise NotFound(fault("records.no-consent"))
    _programme, flow = flow_of(house, consent.programme, consent.flow)
    known = {each.id: each for each in house.store.participants()}
    named = (consent.holder, *consent.scope.recipients)
    parties = {name: known.get(name, _gone(name)) for name in named}
    if form == "fhir":
        return consent_resource(consent, flow, parties)
    return consent_record(consent, flow, parties, receipt=standing.by != "holder")


def _gone(name: str) -> Participant:
    """A participant that is no longer known; its id is its name."""
    return Participant(name, Text(name, name), ParticipantKind.BUSINESS_OPERATOR, "XX")
