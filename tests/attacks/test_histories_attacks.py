"""Records that are brought for statistics: what people wrote, who they are and their no stay."""

import json
import re
from dataclasses import replace

import pytest

from sekisho.errors import DeliveryError, ProgrammeError
from sekisho.formats.fhir import FhirR4
from sekisho.formats.fhir_columns import fits
from sekisho.formats.fhir_semantics import FHIR_SEMANTICS
from sekisho.gate.histories import HistoryFile, rows_of
from sekisho.gate.history_rows import Asked, Wrong, rows
from sekisho.model.history import LeftOut
from sekisho.ports import Watch
from sekisho.programmes.read import read_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.wiring import checked_programme

FOLDER = shipped_programmes()["health-statistics"]
CONDITIONS = read_programme(FOLDER).dataset("conditions")
SNOMED = "http://snomed.info/sct"
SECRET = "Yamada-Hanako-0312"


def patient(ident="a", **more):
    said = {"resourceType": "Patient", "id": ident, "gender": "female", "birthDate": "1950-06-15"}
    return {**said, **more}


def condition(whose="a", ident="c", **more):
    said = {
        "resourceType": "Condition",
        "id": ident,
        "subject": {"reference": f"Patient/{whose}"},
        "code": {"coding": [{"system": SNOMED, "code": "44054006"}]},
        "onsetDateTime": "2003-06-14",
    }
    return {**said, **more}


def visit(whose, name="v"):
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{whose}"},
    }


@pytest.fixture
def made(tmp_path):
    """What rows and faults a bundle of these resources has."""

    def make(*resources, opted_out=(), dataset=CONDITIONS, key=b"k"):
        file = tmp_path / "bundle.json"
        entries = [{"resource": each} for each in resources]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        file.write_text(json.dumps(bundle), "utf-8")
        asked = Asked(
            file.name, dataset, dataset.histories, FHIR_SEMANTICS, key, frozenset(opted_out)
        )
        wrong = Wrong(file.name)
        found = list(rows(asked, FhirR4().read(file, Watch()), wrong))
        return found, [each.code for each in wrong.all()]

    return make


def test_a_row_holds_codes_bands_and_pseudonyms_alone(made):
    (row,), faults = made(patient(), condition())
    assert not faults
    record, person, *rest = row
    assert re.fullmatch("[0-9a-f]{32}", record)
    assert re.fullmatch("[0-9a-f]{32}", person)
    assert rest == ["female", 50, 2003, "44054006"]


def test_nothing_that_anybody_wrote_becomes_a_row(made):
    named = patient(
        name=[{"family": SECRET, "text": SECRET}],
        identifier=[{"system": "urn:mrn", "value": SECRET}],
        address=[{"line": [SECRET], "postalCode": SECRET}],
        telecom=[{"system": "phone", "value": SECRET}],
        text={
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{SECRET}</div>',
        },
    )
    told = condition(
        note=[{"text": SECRET}],
        code={"coding": [{"system": SNOMED, "code": SECRET, "display": SECRET}], "text": SECRET},
    )
    (row,), _faults = made(named, told)
    assert SECRET not in repr(row)
    assert row[-1] == "other"


def test_a_rare_code_becomes_the_one_for_the_rest(made):
    rare = condition(code={"coding": [{"system": SNOMED, "code": "190905008"}]})
    foreign = condition(ident="d", code={"coding": [{"system": "urn:own", "code": "44054006"}]})
    found, _faults = made(patient(), rare, foreign)
    assert [row[-1] for row in found] == ["other", "other"]


def test_whoever_is_ninety_or_older_is_in_one_band(made):
    old = condition(onsetDateTime="2049-01-01")
    oldest = condition(ident="d", onsetDateTime="2060-01-01")
    found, _faults = made(patient(), old, oldest)
    assert [row[3] for row in found] == [90, 90]


@pytest.mark.parametrize("said", ["a", "Patient/a"])
def test_whoever_objects_is_left_out_however_the_list_names_them(made, said):
    found, faults = made(
        patient(), patient("b"), condition(), condition("b", "d"), opted_out=[said]
    )
    assert len(found) == 1
    assert not faults
    assert found[0][1] == made(patient("b"), condition("b"))[0][0][1]


def objection(**provision):
    return {
        "resourceType": "Consent",
        "id": "no",
        "status": "active",
        "scope": {"coding": [{"code": "research"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"coding": [{"code": "OPTOUT"}]},
        "patient": {"reference": "Patient/a"},
        "provision": provision,
    }


RESEARCH = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HRESCH"}]
CARE = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}]


@pytest.mark.parametrize(
    "said",
    [
        objection(type="deny"),
        objection(type="deny", purpose=RESEARCH),
        objection(type="permit", provision=[{"type": "deny", "purpose": RESEARCH}]),
    ],
)
def test_whoever_objects_by_a_consent_in_the_file_is_left_out_without_a_list(made, said):
    everybody = [patient(), patient("b"), condition(), condition("b", "d")]
    found, faults = made(*everybody, said)
    assert (len(found), faults) == (1, [])


@pytest.mark.parametrize(
    "said",
    [
        objection(type="deny", purpose=CARE),
        objection(type="permit", purpose=RESEARCH),
        {**objection(type="deny"), "status": "inactive"},
    ],
)
def test_a_consent_to_care_says_nothing_about_statistics(made, said):
    found, faults = made(patient(), condition(), said)
    assert (len(found), faults) == (1, [])


def test_a_record_of_an_encounter_of_somebody_else_is_refused(made):
    other = condition("a", encounter={"reference": "Encounter/v"})
    found, faults = made(patient(), patient("b"), visit("b"), other)
    assert (found, faults) == ([], ["histories.another-person"])
    found, faults = made(patient(), patient("b"), visit("a"), other)
    assert (len(found), faults) == (1, [])


def test_a_record_about_somebody_who_is_not_in_the_file_is_refused(made):
    away = {"reference": "https://other.example/fhir/Patient/a"}
    found, faults = made(patient(), condition(subject=away))
    assert (found, faults) == ([], ["histories.no-person"])
    assert made(patient("b"), condition("a")) == ([], ["histories.no-person"])


def test_every_fault_is_told_at_once_and_none_names_anybody(made, tmp_path):
    away = {"reference": f"https://other.example/fhir/Patient/{SECRET}"}
    early = condition(ident="early", onsetDateTime="1949-01-01")
    _found, faults = made(patient(), early, condition(subject=away))
    assert set(faults) == {"histories.no-person", "histories.before-birth"}


def test_refuted_records_become_no_row(made):
    refuted = condition(
        verificationStatus={
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                    "code": "refuted",
                }
            ]
        }
    )
    assert made(patient(), refuted) == ([], [])
    mapping = replace(CONDITIONS.histories, leave_out=(LeftOut("Condition.onset[x]", ("x",)),))
    assert len(made(patient(), refuted, dataset=replace(CONDITIONS, histories=mapping))[0]) == 1


def test_pseudonyms_of_two_nodes_cannot_be_joined(made):
    (here,), _ = made(patient(), condition(), key=b"one")
    (there,), _ = made(patient(), condition(), key=b"two")
    assert not {*here[:2]} & {*there[:2]}


UNFIT = [
    ("code", "Condition.note"),
    ("code", "Condition.code.text"),
    ("code", "Condition.text"),
    ("code", "Condition.id"),
    ("code", "Condition.subject"),
    ("code", "Condition.extension"),
    ("code", "Condition.contained"),
    ("code", "Patient.name"),
    ("code", "Patient.identifier"),
    ("code", "Patient.identifier.type"),
    ("code", "Patient.address.postalCode"),
    ("code", "Patient.contact.relationship"),
    ("year", "Patient.birthDate"),
    ("age", "Patient.birthDate"),
    ("age", "Condition.code"),
    ("code", "Condition.cod"),
]


@pytest.mark.parametrize(("take", "path"), UNFIT)
def test_what_people_wrote_and_who_they_are_fits_no_column(take, path):
    assert not fits(take, path)


@pytest.fixture
def folder(tmp_path):
    """A copy of the programme with its declaration of conditions changed."""
    import shutil

    def change(*changes):
        target = tmp_path / "health-statistics"
        shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("population.json"))
        (target / "sample" / "population.json").write_text("{}", "utf-8")
        file = target / "datasets" / "conditions.toml"
        text = file.read_text("utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        file.write_text(text, "utf-8")
        with pytest.raises(ProgrammeError) as raised:
            checked_programme(target)
        return [each.code for each in raised.value.faults]

    return change


def test_mappings_that_tell_who_somebody_is_are_refused(folder):
    found = folder(
        ('path = "Patient.gender"', 'path = "Patient.name"'),
        ('path = "Condition.onset[x]", step = 5', 'path = "Patient.birthDate"'),
        ('path = "Condition.code"', 'path = "Condition.note"'),
    )
    assert found.count("histories.unfit-path") == 3


def test_ages_in_single_years_are_refused(folder):
    assert "programme.out-of-range" in folder(("step = 5", "step = 1"))


def test_a_mapping_without_the_person_or_with_other_resources_is_refused(folder):
    found = folder(
        ('column = "patient", take = "person"', 'column = "patient", take = "record"'),
        ('path = "Condition.code"', 'path = "Observation.code"'),
    )
    assert {"histories.no-person-column", "histories.other-resource"} <= {*found}


def test_codes_need_a_list_and_one_that_stands_for_the_rest(folder):
    assert folder(('other = "other" },', 'other = "rest" },')) == ["histories.other"]


def test_a_list_that_holds_more_than_names_of_records_is_refused(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text(f"a\n{SECRET} born 1950\nb\n", "utf-8")
    brought = HistoryFile(tmp_path / "none.json", listed)
    with pytest.raises(DeliveryError) as raised:
        rows_of(None, CONDITIONS, brought, tmp_path, Watch())
    assert [str(each.place) for each in raised.value.faults] == ["list.txt:2"]
    assert SECRET not in str(raised.value)


def test_a_list_that_cannot_be_read_lets_nobody_in(tmp_path):
    brought = HistoryFile(tmp_path / "none.json", tmp_path / "missing.txt")
    with pytest.raises(DeliveryError, match="list"):
        rows_of(None, CONDITIONS, brought, tmp_path, Watch())
