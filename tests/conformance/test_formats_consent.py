"""A consent leaves as DPV JSON-LD and as a FHIR resource that foreign readers take."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fhir.resources.R4B.consent import Consent as FhirConsent
from pyshacl import validate
from rdflib import DCTERMS, RDF, XSD, Graph, Literal, Namespace, URIRef

from sekisho.formats.consent_dpv import PURPOSES, consent_record
from sekisho.formats.consent_fhir import consent_resource
from sekisho.terms import ConsentState
from tests.lib.consents import FLOW, HOSPITALS, SUBJECT, asked, given, then
from tests.lib.fhir_judge import judged
from tests.lib.records import BERLIN, pair

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{word}:DeprecationWarning")
    for word in ("ConjunctiveGraph", "Dataset.default_context", "Dataset.identifier")
]
"""rdflib's own reader of JSON-LD, and pyshacl, still use them."""

DPV = Namespace("https://w3id.org/dpv#")
SHAPES = Path(__file__).parents[1] / "lib" / "consent_shapes.ttl"
HISTORY = {
    "requested": asked(),
    "given": given(),
    "paused": then(given(), ConsentState.PAUSED),
    "narrowed": then(given(), ConsentState.NARROWED),
    "withdrawn": then(given(), ConsentState.WITHDRAWN),
    "expired": then(given(), ConsentState.EXPIRED),
    "guardian": given(by="guardian"),
    "proxy": given(by="proxy"),
    "everything": given(
        categories=[each.id for each in FLOW.categories], to=("osaka", "berlin", "boston")
    ),
}
# fmt: off
TERMS = frozenset({
    "Consent", "ConsentExpired", "ConsentGiven", "ConsentNotice", "ConsentReceipt",
    "ConsentRecord", "ConsentRequested", "ConsentStatusInvalidForProcessing", "ConsentWithdrawn",
    "DataController", "DataExporter", "DataImporter", "DataSubject", "DiscloseByTransmission",
    "ExplicitlyExpressedConsent", "ExpressedConsent", "GuardianOfDataSubject",
    "IndeterminateDuration", "LegalEntity", "Optional", "PersonalData", "Process", "Purpose",
    "Recipient", "Representative", "RequestedServiceProvision", "Required",
    "SensitivePersonalData", "SpecialCategoryPersonalData", "StorageDuration", "StorageLocation",
    "Store", "ThirdParty", "Use", "WithdrawConsent", "hasConsentControl", "hasConsentStatus",
    "hasContact", "hasCountry", "hasDataController", "hasDataSubject", "hasDuration", "hasEntity",
    "hasIndicationMethod", "hasJurisdiction", "hasLegalBasis", "hasLocation", "hasName",
    "hasNecessity", "hasNotice", "hasPersonalData", "hasProcess", "hasProcessing", "hasPurpose",
    "hasRecipient", "hasRepresentative", "hasStorageCondition", "isIndicatedBy",
})
# fmt: on
"""Terms that were looked up in DPV 2.1; a new one in the code must be looked up first."""


def record(name, **how):
    return consent_record(HISTORY[name], FLOW, HOSPITALS, **how)


def graph(document):
    return Graph().parse(data=json.dumps(document), format="json-ld")


def conforms(found):
    good, _, said = validate(found, shacl_graph=str(SHAPES), shacl_graph_format="turtle")
    return good, said


@pytest.mark.parametrize("name", list(HISTORY))
@pytest.mark.parametrize("receipt", [False, True])
def test_a_record_holds_every_mandatory_field_of_the_standard(name, receipt):
    good, said = conforms(graph(record(name, receipt=receipt)))
    assert good, said


SPOILT = [
    ("dpv:hasDataSubject",),
    ("dpv:hasProcess",),
    ("dpv:hasConsentStatus",),
    ("dpv:hasNotice",),
    ("dpv:hasEntity",),
    ("dct:identifier",),
    ("dct:conformsTo",),
    ("dpv:hasProcess", "dpv:hasPurpose"),
    ("dpv:hasProcess", "dpv:hasPersonalData"),
    ("dpv:hasProcess", "dpv:hasRecipient"),
    ("dpv:hasProcess", "dpv:hasDataController"),
    ("dpv:hasProcess", "dpv:hasJurisdiction"),
    ("dpv:hasProcess", "dpv:hasStorageCondition"),
    ("dpv:hasProcess", "dpv:hasConsentControl"),
    ("dpv:hasNotice", "dct:language"),
]


@pytest.mark.parametrize("path", SPOILT, ids="/".join)
def test_the_shapes_have_teeth_a_record_without_a_mandatory_field_is_refused(path):
    whole = json.loads(json.dumps(record("given")))
    inside = whole
    for step in path[:-1]:
        inside = inside[step]
    del inside[path[-1]]
    assert not conforms(graph(whole))[0]


@pytest.mark.parametrize("name", list(HISTORY))
def test_every_term_is_one_of_the_vocabulary(name):
    found = graph(record(name))
    used = {
        str(each).removeprefix(DPV)
        for triple in found
        for each in triple
        if isinstance(each, URIRef) and str(each).startswith(DPV)
    }
    assert used <= TERMS


def test_nothing_in_a_record_is_lost_because_its_context_does_not_know_it():
    written = json.dumps(record("everything"))
    keys = set(re.findall(r'"((?:dpv|dct|spdx|sekisho):[A-Za-z]+)":', written))
    context = record("everything")["@context"]
    prefixes = {key: context[key] for key in ("dpv", "dct", "spdx", "sekisho")}
    found = {str(predicate) for _, predicate, _ in graph(record("everything"))}
    missing = {
        key
        for key in keys - set(context)
        if prefixes[key.partition(":")[0]] + key.partition(":")[2] not in found
    }
    assert missing == set()


def test_the_record_says_what_was_shown_by_its_hash_and_in_which_language():
    found = graph(record("given"))
    notice = found.value(None, RDF.type, DPV.ConsentNotice)
    assert str(found.value(notice, DCTERMS.language)) == "ja"
    assert (
        HISTORY["given"].expression.notice_digest
        in record("given")["dpv:hasNotice"]["spdx:checksum"].values()
    )


def test_events_carry_moments_that_can_be_ordered():
    found = graph(record("withdrawn"))
    moments = [
        found.value(event, DCTERMS.date) for event in found.objects(None, DPV.hasConsentStatus)
    ]
    assert len(moments) == 3
    assert all(isinstance(each, Literal) and each.datatype == XSD.dateTime for each in moments)
    assert max(moments).toPython() == HISTORY["withdrawn"].events[-1].at


def test_only_what_was_consented_and_what_is_always_needed_is_named_as_data():
    named = [
        each["dct:identifier"] for each in record("given")["dpv:hasProcess"]["dpv:hasPersonalData"]
    ]
    assert named == ["person", "illnesses", "medicines"]


def test_health_is_a_special_category_and_a_name_is_not():
    data = record("given")["dpv:hasProcess"]["dpv:hasPersonalData"]
    special = {
        each["dct:identifier"]: "dpv:SpecialCategoryPersonalData" in each["@type"] for each in data
    }
    assert special == {"person": False, "illnesses": True, "medicines": True}


def test_a_guardian_is_named_by_role_and_never_by_name():
    for name in ("guardian", "proxy"):
        assert "guardian-17" not in json.dumps(record(name))
    assert record("guardian")["dpv:hasRepresentative"]["@type"] == "dpv:GuardianOfDataSubject"


def test_the_purpose_of_the_shipped_flow_is_one_of_the_vocabulary():
    assert FLOW.purpose in PURPOSES


def test_a_purpose_of_ones_own_is_not_passed_off_as_one_of_the_vocabulary():
    own = replace(given(), scope=replace(given().scope, purpose="dpv:Unheard"))
    purpose = consent_record(own, FLOW, HOSPITALS)["dpv:hasProcess"]["dpv:hasPurpose"]
    assert purpose["@type"] == "dpv:Purpose"
    assert purpose["dct:identifier"] == "dpv:Unheard"


@pytest.mark.parametrize("name", list(HISTORY))
def test_the_projection_is_a_consent_of_fhir_r4(name):
    resource = consent_resource(HISTORY[name], FLOW, HOSPITALS)
    read = FhirConsent.model_validate(resource)
    again = json.loads(read.model_dump_json(by_alias=True, exclude_none=True))
    assert again["patient"]["identifier"]["value"] == SUBJECT
    assert again["provision"]["provision"][0]["type"] == "permit"
    wanted = {"requested": "proposed", "given": "active", "narrowed": "active"}
    assert again["status"] == wanted.get(HISTORY[name].state.value, "inactive")


def test_the_projection_permits_the_recipients_types_and_period_of_the_consent_alone():
    permit = consent_resource(given(), FLOW, HOSPITALS)["provision"]["provision"][0]
    assert [each["reference"]["identifier"]["value"] for each in permit["actor"]] == [
        "demo-hospital-berlin"
    ]
    assert [each["code"] for each in permit["class"]] == [
        "Patient",
        "Condition",
        "MedicationRequest",
        "Medication",
    ]
    assert permit["dataPeriod"] == {"start": "2024-01-01"}
    assert {"TREAT", "RequestedServiceProvision"} == {each["code"] for each in permit["purpose"]}


def test_the_second_judge_finds_no_error_in_any_projection():
    named = [
        (name, consent_resource(consent, FLOW, HOSPITALS)) for name, consent in HISTORY.items()
    ]
    assert judged(named) == {name: [] for name in HISTORY}


def test_the_second_judge_refuses_a_consent_with_another_status_or_an_unknown_field():
    whole = consent_resource(given(), FLOW, HOSPITALS)
    bad = {"status": {**whole, "status": "maybe"}, "field": {**whole, "colour": "x"}}
    assert all(judged(list(bad.items())).values())


def test_a_consent_from_a_nodes_own_store_holds_what_the_standard_asks_for(tmp_path):
    two = pair(tmp_path, BERLIN)
    consent = two.given()
    for who, kind in ((two.staff, "dpv:ConsentRecord"), (two.patient, "dpv:ConsentReceipt")):
        paper = who.consent_paper(consent.id, "dpv")
        good, said = conforms(graph(paper))
        assert good, said
        assert paper["@type"] == kind
    FhirConsent.model_validate(two.staff.consent_paper(consent.id, "fhir"))
