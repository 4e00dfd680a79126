"""A consent as a FHIR R4 `Consent`, for systems of hospitals that read nothing else.

A projection: the consent as Sekisho keeps it holds more. The subject and the parties are named by
identifier; what was shown before is named by its hash, as the policy under which it was given.
"""

from collections.abc import Mapping
from typing import Any

from sekisho.model.actor import Participant
from sekisho.model.consent import Consent
from sekisho.model.record_flow import RecordCategory, RecordFlow
from sekisho.terms import ConsentState

MEDIA_TYPE = "application/fhir+json"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_STATUS = {
    ConsentState.REQUESTED: "proposed",
    ConsentState.GIVEN: "active",
    ConsentState.NARROWED: "active",
    ConsentState.PAUSED: "inactive",
    ConsentState.WITHDRAWN: "inactive",
    ConsentState.EXPIRED: "inactive",
}
_TREATMENT = frozenset({"dpv:RequestedServiceProvision", "dpv:Healthcare"})
"""Purposes that mean treatment where a flow carries health records."""


def consent_resource(
    consent: Consent, flow: RecordFlow, parties: Mapping[str, Participant]
) -> dict[str, Any]:
    """The consent as a resource of FHIR R4, ready for JSON.

    Shape: parties holds the consent's holder and every recipient that it names.
    """
    asked = consent.events[0].at if consent.events else consent.valid_from
    return {
        "resourceType": "Consent",
        "id": consent.id,
        "status": _STATUS[consent.state],
        "scope": _concept(_TERMINOLOGY + "consentscope", "patient-privacy"),
        "category": [_concept(_TERMINOLOGY + "v3-ActCode", "IDSCL")],
        "patient": _reference("Patient", "urn:sekisho:subject", consent.subject),
        **({"dateTime": asked.isoformat()} if asked else {}),
        "organization": [_organisation(parties[consent.holder])],
        **_policy(consent),
        "policyRule": _concept(_TERMINOLOGY + "v3-ActCode", "OPTIN"),
        **_verification(consent),
        "provision": {"provision": [_provision(consent, flow, parties)]},
    }


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _reference(kind: str, system: str, value: str) -> dict[str, Any]:
    return {"type": kind, "identifier": {"system": system, "value": value}}


def _organisation(party: Participant) -> dict[str, Any]:
    return {
        **_reference("Organization", "urn:sekisho:participant", party.id),
        "display": party.name.en,
    }


def _policy(consent: Consent) -> dict[str, Any]:
    """The notice that was shown, by its hash."""
    shown = consent.expression
    if shown is None:
        return {}
    name = f"{consent.programme}:{shown.notice}:{shown.language.value}"
    return {"policy": [{"uri": f"urn:sekisho:notice:{name}:sha256:{shown.notice_digest}"}]}


def _verification(consent: Consent) -> dict[str, Any]:
    given = next((e for e in reversed(consent.events) if e.kind is ConsentState.GIVEN), None)
    if given is None:
        return {}
    return {"verification": [{"verified": True, "verificationDate": given.at.isoformat()}]}


def _provision(
    consent: Consent, flow: RecordFlow, parties: Mapping[str, Participant]
) -> dict[str, Any]:
    scope = consent.scope
    taken = [each for each in flow.categories if each.needed or each.id in scope.categories]
    types = dict.fromkeys(name for each in taken for name in each.types)
    return {
        "type": "permit",
        **_span("period", consent.valid_from, consent.valid_until),
        "actor": [
            {
                "role": _concept(_TERMINOLOGY + "v3-ParticipationType", "IRCP"),
                "reference": _organisation(parties[name]),
            }
            for name in scope.recipients
        ],
        "action": [_concept(_TERMINOLOGY + "consentaction", "disclose")],
        "purpose": _purposes(scope.purpose),
        "class": [{"system": "http://hl7.org/fhir/resource-types", "code": name} for name in types],
        **_codes(taken),
        **_span("dataPeriod", scope.data_from, scope.data_until),
    }


def _span(name: str, start: Any, end: Any) -> dict[str, Any]:
    ends = {"start": start, "end": end}
    said = {word: day.isoformat() for word, day in ends.items() if day is not None}
    return {name: said} if said else {}


def _purposes(purpose: str) -> list[dict[str, str]]:
    own = {"system": "https://w3id.org/dpv", "code": purpose.removeprefix("dpv:")}
    treatment = {"system": _TERMINOLOGY + "v3-ActReason", "code": "TREAT"}
    return [treatment, own] if purpose in _TREATMENT else [own]


def _codes(taken: list[RecordCategory]) -> dict[str, Any]:
    """Code lists, only where every category has one: else the list would say too little."""
    if not all(each.codes for each in taken):
        return {}
    return {"code": [_concept(system, code) for each in taken for system, code in each.codes]}
