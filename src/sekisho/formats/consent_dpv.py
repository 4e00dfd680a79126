"""A consent as a record or receipt after ISO/IEC TS 27560 in terms of the Data Privacy Vocabulary.

JSON-LD with its context inside, so nothing is fetched to read it. The four sections of the standard
(header, processing, parties, events) are the parts of one document. Terms are those of DPV 2.1; a
purpose that DPV does not know is written as a purpose of the programme's own.

Source: DPVCG, Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV, 2024-08-01.
"""

import re
from collections.abc import Mapping
from typing import Any

from sekisho.model.actor import Participant
from sekisho.model.consent import Consent, ConsentEvent, ExpressionMethod
from sekisho.model.facts import Category
from sekisho.model.record_flow import RecordCategory, RecordFlow
from sekisho.model.text import Text
from sekisho.terms import ConsentState

MEDIA_TYPE = "application/ld+json"
PROFILE = "https://w3id.org/dpv/schema/dpv-27560#"
CONTEXT: dict[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "sekisho": "urn:sekisho:term:",
    "dct:created": {"@type": "xsd:dateTime"},
    "dct:modified": {"@type": "xsd:dateTime"},
    "dct:date": {"@type": "xsd:dateTime"},
    "dct:conformsTo": {"@type": "@id"},
    **{
        f"dpv:{name}": {"@type": "@id"}
        for name in (
            "hasLegalBasis",
            "hasNecessity",
            "hasJurisdiction",
            "hasLocation",
            "hasCountry",
            "hasProcessing",
            "hasDataController",
            "hasRecipient",
            "isIndicatedBy",
        )
    },
}
PURPOSES = frozenset(
    f"dpv:{name}"
    for name in (
        "AcademicResearch",
        "ImproveHealthcare",
        "LegalCompliance",
        "Marketing",
        "Personalisation",
        "ProvideOfficialStatistics",
        "PublicBenefit",
        "RequestedServiceProvision",
        "ResearchAndDevelopment",
        "ScientificResearch",
        "SellProducts",
        "ServiceProvision",
        "VendorManagement",
    )
)
"""Purposes of DPV 2.1 that programmes name."""
_ORDINARY = frozenset({Category.ORDINARY, Category.IDENTIFIER})
_SENSITIVE = frozenset({Category.LOCATION, Category.FINANCIAL, Category.SOCIAL_STATUS})
_STATUS = {
    ConsentState.REQUESTED: "dpv:ConsentRequested",
    ConsentState.GIVEN: "dpv:ConsentGiven",
    ConsentState.NARROWED: "dpv:ConsentGiven",
    ConsentState.PAUSED: "dpv:ConsentStatusInvalidForProcessing",
    ConsentState.WITHDRAWN: "dpv:ConsentWithdrawn",
    ConsentState.EXPIRED: "dpv:ConsentExpired",
}
_EXPLICIT = frozenset({ExpressionMethod.SIGNED_FORM, ExpressionMethod.DIGITAL_SIGNATURE})
_COUNTRY = re.compile(r"[A-Z]{2}")


def consent_record(
    consent: Consent,
    flow: RecordFlow,
    parties: Mapping[str, Participant],
    *,
    receipt: bool = False,
) -> dict[str, Any]:
    """The consent as a document for the holder, or with `receipt` as the subject's copy of it.

    Shape: parties holds the consent's holder and every recipient that it names.
    """
    made = consent.events[0].at if consent.events else consent.valid_from
    last = consent.events[-1].at if consent.events else consent.valid_from
    return {
        "@context": CONTEXT,
        "@id": f"urn:sekisho:consent:{consent.id}",
        "@type": "dpv:ConsentReceipt" if receipt else "dpv:ConsentRecord",
        "dct:conformsTo": PROFILE + ("receipt-record" if receipt else "record"),
        "dct:identifier": consent.id,
        **({"dct:created": made.isoformat()} if made else {}),
        **({"dct:modified": last.isoformat()} if last else {}),
        "dpv:hasDataSubject": {
            "@id": _subject(consent),
            "@type": "dpv:DataSubject",
            "dct:identifier": consent.subject,
        },
        "dpv:hasLegalBasis": _basis(consent),
        "dpv:hasProcess": _process(consent, flow),
        "dpv:hasEntity": [_party(consent, parties[name]) for name in _names(consent)],
        "dpv:hasConsentStatus": [_event(consent, each) for each in consent.events],
        **_notice(consent),
        **_speaker(consent),
    }


def _names(consent: Consent) -> list[str]:
    return list(dict.fromkeys((consent.holder, *consent.scope.recipients)))


def _subject(consent: Consent) -> str:
    return f"urn:sekisho:subject:{consent.subject}"


def _address(name: str) -> str:
    return f"urn:sekisho:participant:{name}"


def _words(text: Text) -> list[dict[str, str]]:
    return [{"@value": text.en, "@language": "en"}, {"@value": text.ja, "@language": "ja"}]


def _basis(consent: Consent) -> str:
    """How far the consent was expressed; before it is given, the consent that is sought."""
    if consent.expression is None:
        return "dpv:Consent"
    explicit = consent.expression.method in _EXPLICIT
    return "dpv:ExplicitlyExpressedConsent" if explicit else "dpv:ExpressedConsent"


def _process(consent: Consent, flow: RecordFlow) -> dict[str, Any]:
    scope = consent.scope
    known = scope.purpose in PURPOSES
    return {
        "@type": "dpv:Process",
        "dct:title": _words(flow.title),
        "dct:identifier": f"{consent.programme}/{consent.flow}",
        "dpv:hasPurpose": {
            "@type": ["dpv:Purpose", scope.purpose] if known else "dpv:Purpose",
            "dct:identifier": scope.purpose,
            "dct:description": _words(flow.description),
        },
        "dpv:hasPersonalData": [
            _data(each) for each in flow.categories if each.needed or each.id in scope.categories
        ],
        "dpv:hasProcessing": ["dpv:DiscloseByTransmission", "dpv:Store", "dpv:Use"],
        "dpv:hasDataController": [_address(consent.holder)],
        "dpv:hasRecipient": [_address(name) for name in scope.recipients],
        "dpv:hasJurisdiction": [f"loc:{code}" for code in scope.countries if _is_country(code)],
        "dpv:hasStorageCondition": _storage(consent, flow),
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent"},
        "sekisho:onwardTransfer": scope.onward,
        "sekisho:freeText": scope.free_text,
        **({"sekisho:dataFrom": scope.data_from.isoformat()} if scope.data_from else {}),
        **({"sekisho:dataUntil": scope.data_until.isoformat()} if scope.data_until else {}),
    }


def _is_country(code: str) -> bool:
    return _COUNTRY.fullmatch(code) is not None and code != "XX"


def _data(category: RecordCategory) -> dict[str, Any]:
    kinds = ["dpv:PersonalData"]
    if category.special in _SENSITIVE:
        kinds.append("dpv:SensitivePersonalData")
    elif category.special not in _ORDINARY:
        kinds.append("dpv:SpecialCategoryPersonalData")
    return {
        "@type": kinds,
        "dct:identifier": category.id,
        "dct:title": _words(category.title),
        "dpv:hasNecessity": "dpv:Required" if category.needed else "dpv:Optional",
    }


def _storage(consent: Consent, flow: RecordFlow) -> list[dict[str, Any]]:
    places = [f"loc:{code}" for code in consent.scope.countries if _is_country(code)]
    days = {"@value": f"P{flow.keep_days}D", "@type": "xsd:duration"}
    length = days if flow.keep_days else {"@type": "dpv:IndeterminateDuration"}
    return [
        {"@type": "dpv:StorageDuration", "dpv:hasDuration": length},
        {"@type": "dpv:StorageLocation", "dpv:hasLocation": places},
    ]


def _party(consent: Consent, party: Participant) -> dict[str, Any]:
    holds = party.id == consent.holder
    kinds = ["dpv:DataController", "dpv:DataExporter"] if holds else []
    if party.id in consent.scope.recipients:
        kinds += ["dpv:Recipient", "dpv:ThirdParty", "dpv:DataImporter"]
    return {
        "@id": _address(party.id),
        "@type": ["dpv:LegalEntity", *kinds],
        "dct:identifier": party.id,
        "dpv:hasName": _words(party.name),
        "dpv:hasContact": _address(party.id),
        **(
            {"dpv:hasCountry": f"loc:{party.jurisdiction}"}
            if _is_country(party.jurisdiction)
            else {}
        ),
    }


def _event(consent: Consent, event: ConsentEvent) -> dict[str, Any]:
    said: dict[str, Any] = {
        "@type": _STATUS[event.kind],
        "sekisho:state": event.kind.value,
        "dct:date": event.at.isoformat(),
        "dpv:isIndicatedBy": _who(consent, event),
    }
    if event.index is not None:
        said["sekisho:logEntry"] = event.index
    if event.kind in (ConsentState.GIVEN, ConsentState.NARROWED):
        said["dct:valid"] = _validity(consent)
        if consent.expression is not None:
            said["dpv:hasIndicationMethod"] = consent.expression.method.value
    return {name: value for name, value in said.items() if value is not None}


def _who(consent: Consent, event: ConsentEvent) -> str:
    if event.kind is ConsentState.REQUESTED:
        return _address(consent.requested_by or consent.holder)
    if event.acted in ("holder", "time"):
        return _address(consent.holder)
    return _subject(consent)


def _validity(consent: Consent) -> str | None:
    """As an ISO 8601 interval; open where an end is not known."""
    if consent.valid_from is None and consent.valid_until is None:
        return None
    ends = (consent.valid_from, consent.valid_until)
    return "/".join(end.isoformat() if end else ".." for end in ends)


def _notice(consent: Consent) -> dict[str, Any]:
    shown = consent.expression
    if shown is None:
        return {}
    return {
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": shown.notice,
            "dct:language": shown.language.value,
            "spdx:checksum": {
                "@type": "spdx:Checksum",
                "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                "spdx:checksumValue": shown.notice_digest,
            },
        }
    }


def _speaker(consent: Consent) -> dict[str, Any]:
    """Who spoke for the subject; by role only, never by name."""
    if consent.expression is None or consent.expression.by == "self":
        return {}
    guardian = consent.expression.by == "guardian"
    kind = "dpv:GuardianOfDataSubject" if guardian else "dpv:Representative"
    return {"dpv:hasRepresentative": {"@type": kind}}
