"""The referral from its folder alone: synthetic patients go from one node to another and back."""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from sekisho.errors import Refused
from sekisho.gate.records.consents import ConsentRequest
from sekisho.gate.records.offers import Offering
from sekisho.programmes.shipped import shipped_programmes
from sekisho.terms import Language
from tests.lib.records import BERLIN, FLOW, PROGRAMME, pair

SAMPLE = Path(str(shipped_programmes()[PROGRAMME])) / "sample"
ADULT, CHILD = (SAMPLE / f"patient-{number}.json" for number in (1, 2))
EVERYTHING = (
    *("person", "illnesses", "allergies", "medicines", "findings", "treatments", "visits"),
    "carers",
)


@dataclass
class Patient:
    """A synthetic patient at the sender's, with the history that lies there."""

    two: object
    record: Path

    def __post_init__(self):
        bundle = json.loads(self.record.read_bytes())
        (self.person,) = [
            each for each in bundle["entry"] if each["resource"]["resourceType"] == "Patient"
        ]
        self.address = self.person["fullUrl"]
        self.subject = self.two.sender.records.register_subject(self.address)

    def asked(self, *, age_reached=True, **changed):
        scope = self.two.scope(**{"categories": EVERYTHING, **changed})
        until = self.two.clock.at + timedelta(days=30)
        wanted = ConsentRequest(
            PROGRAMME,
            FLOW,
            self.subject.id,
            scope,
            until,
            age_reached=age_reached,
            of_age_on=None if age_reached else date(2030, 1, 1),
        )
        return self.two.sender.records.request_consent(wanted)

    def says(self, consent, **how):
        desk = self.two.sender.records.for_subject(self.subject.id)
        said = self.two.expression(language=Language.JA, **how)
        return desk.give(consent.id, (consent.scope, said, consent.valid_until))

    def arrives(self, consent):
        """What the recipient reads of it."""
        offering = Offering(consent.id, BERLIN.id, self.record, self.address)
        transfer = self.two.sender.records.offer(offering)
        return self.two.opened(transfer, self.two.fetched(transfer))

    def gives_away(self, arrived):
        """Words of the person's that a referral does not need and that arrived all the same."""
        words = {each["value"] for each in self.person["resource"]["identifier"]}
        words |= {each["value"] for each in self.person["resource"]["telecom"]}
        for address in self.person["resource"]["address"]:
            words |= {*address["line"], address.get("postalCode", address["line"][0])}
        words |= {each["valueString"] for each in self.person["resource"]["extension"]
                  if "valueString" in each}  # fmt: skip
        said = json.dumps(arrived, ensure_ascii=False)
        return sorted(word for word in words if word in said and word not in self.address)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return pair(tmp_path_factory.mktemp("way"), BERLIN)


@pytest.fixture(params=[ADULT, CHILD], ids=["adult", "child"])
def patient(two, request):
    return Patient(two, request.param)


def given(patient, **changed):
    child = patient.record == CHILD
    consent = patient.asked(age_reached=not child, **changed)
    by = {"by": "guardian", "speaker": "mother-17"} if child else {}
    return patient.says(consent, **by)


def kinds(arrived):
    return {each["resource"]["resourceType"] for each in arrived["entry"]}


def test_a_history_arrives_as_sound_fhir_and_nothing_in_it_finds_the_patient_elsewhere(patient):
    arrived = patient.arrives(given(patient))
    Bundle.model_validate(arrived)
    assert {"Patient", "Condition", "Observation", "Encounter", "Immunization"} <= kinds(arrived)
    assert not kinds(arrived) & {"Claim", "ExplanationOfBenefit", "CarePlan", "CareTeam"}
    assert patient.gives_away(arrived) == []


def test_what_was_not_ticked_does_not_arrive(patient):
    arrived = patient.arrives(given(patient, categories=("person", "illnesses")))
    assert kinds(arrived) == {"Patient", "Condition"}


def test_nobodys_own_words_arrive_unless_they_were_let_go(patient):
    arrived = json.dumps(patient.arrives(given(patient)))
    assert '"div"' not in arrived
    assert '"note"' not in arrived


def test_what_is_older_than_the_patient_allows_stays(patient):
    arrived = patient.arrives(given(patient, data_from=date(2019, 1, 1)))
    days = [
        each["resource"].get("effectiveDateTime") or each["resource"].get("occurrenceDateTime")
        for each in arrived["entry"]
    ]
    assert [day for day in days if day]
    assert all(day >= "2019-01-01" for day in days if day)


def test_a_child_consents_through_a_guardian_alone_who_read_the_guardians_notice(two):
    child = Patient(two, CHILD)
    consent = child.asked(age_reached=False)
    with pytest.raises(Refused):
        child.says(consent)
    with pytest.raises(Refused):
        child.says(consent, by="guardian")
    notice = two.sender.programme(PROGRAMME).record_flow(FLOW).notice(Language.JA)
    with pytest.raises(Refused):
        child.says(
            consent, by="guardian", speaker="mother-17", notice=notice.id,
            notice_digest=notice.digest,
        )  # fmt: skip
    agreed = child.says(consent, by="guardian", speaker="mother-17")
    assert child.arrives(agreed)["entry"]
    seen = two.sender.records.by_secret(child.subject.secret.hex()).mine()
    assert seen.consents[0].consent.expression.by == "guardian"


def test_another_patients_file_is_not_sent_under_this_ones_consent(two):
    adult, child = Patient(two, ADULT), Patient(two, CHILD)
    consent = given(adult)
    for record, address in ((CHILD, child.address), (CHILD, adult.address)):
        wrong = replace(
            Offering(consent.id, BERLIN.id, ADULT, adult.address), record=record, address=address
        )
        with pytest.raises(Refused):
            two.sender.records.offer(wrong)
