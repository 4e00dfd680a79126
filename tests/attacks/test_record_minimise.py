"""Nothing leaves a record that was not chosen, however the record is made up."""

import json
from datetime import date

import pytest

from sekisho.errors import DeliveryError, Refused
from sekisho.formats.fhir import FHIR_R4
from sekisho.lanes.record.selection import Cut, Selection
from sekisho.lanes.record.tree import unknown_paths
from tests.lib.fhir_records import (
    HEIGHT,
    LOINC,
    bundle,
    everything,
    faults,
    made,
    patient,
    read,
    record,
    references,
    smaller,
    written,
)

ME = {"resourceType": "Patient", "id": "me", "gender": "female"}
OTHER = {"resourceType": "Patient", "id": "other", "gender": "male", "birthDate": "1950-05-05"}
CODE = {"coding": [{"system": LOINC, "code": "8302-2"}]}


def observation(name="o", subject="Patient/me", **more):
    tree = {"resourceType": "Observation", "id": name, "status": "final", "code": CODE}
    return tree | {"subject": {"reference": subject}} | more


def left(*trees, fields=("Observation", "Patient"), types=("Observation", "Patient"), **more):
    selection = Selection((Cut("c", types, more.pop("codes", ()), fields),), "Patient/me", **more)
    kept, said = smaller([made(tree) for tree in trees], selection)
    return {each.id: each.tree for each in kept}, said


def test_another_patients_resources_stay_and_are_not_named():
    mine, yours = record("patient-1.json"), record("patient-2.json")
    kept, said = smaller([*yours, *mine], everything(patient(mine).address, free_text=True))
    text = written(kept)
    assert patient(yours).id.encode() not in text
    assert {each.id for each in kept} <= {each.id for each in mine}
    assert ("Patient", "other-subject") in said
    assert ("Observation", "other-subject") in said


def test_a_subject_that_is_not_there_or_twice_is_refused():
    for trees in ([OTHER], [ME, ME], [ME, OTHER | {"id": "me"}]):
        with pytest.raises(Refused):
            left(*trees)


def test_an_address_of_the_subject_that_another_patient_claims_too_is_refused():
    mine = made(ME, "urn:uuid:00000000-0000-0000-0000-000000000001")
    yours = made(OTHER, "urn:uuid:00000000-0000-0000-0000-000000000001")
    with pytest.raises(Refused):
        smaller([mine, yours], Selection((), "Patient/me"))


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/other"},
        {"reference": "Patient/me/other"},
        {"reference": "patient/me"},
        {"reference": "Patient/ME"},
        {"reference": "Patient/ｍｅ"},
        {"reference": "Patient/me\u200b"},
        {"reference": " Patient/me"},
        {"reference": "http://elsewhere.example/Patient/me"},
        {"reference": "Group/me"},
        {"reference": "#me"},
        {"reference": "Patient?identifier=me"},
        {"reference": ["Patient/me"]},
        {"identifier": {"value": "me"}},
        {"display": "me"},
        [{"reference": "Patient/me"}, {"reference": "Patient/other"}],
        [],
        "Patient/me",
        None,
    ],
    ids=str,
)
def test_a_reference_that_is_not_the_subjects_own_swaps_nobody_in(subject):
    kept, _ = left(ME, OTHER, observation() | {"subject": subject})
    assert set(kept) == {"me"}


@pytest.mark.parametrize("name", ["Subject", "subject\u200b", "ｓｕｂｊｅｃｔ", "subject "])
def test_a_look_alike_of_the_subject_is_no_subject(name):
    tree = observation()
    tree[name] = tree.pop("subject")
    kept, said = left(ME, tree)
    assert set(kept) == {"me"}
    assert ("Observation", "no-subject") in said


@pytest.mark.parametrize(
    "name", ["ｎote", "note\u200b", "Note", "__proto__", "valueÅ", "_note", ""]
)
def test_a_look_alike_of_a_field_never_leaves(name):
    kept, said = left(ME, observation(**{name: [{"text": "HIDDEN"}]}), free_text=True)
    assert name not in kept["o"]
    assert "HIDDEN" not in json.dumps([kept, sorted(said)])


def test_a_value_where_a_plain_one_belongs_never_carries_more():
    tree = observation(status={"hidden": "HIDDEN"}, issued=[{"hidden": "HIDDEN"}])
    kept, _ = left(ME, tree)
    assert "HIDDEN" not in json.dumps(kept)


def test_only_the_chosen_codes_leave_also_in_components():
    hiv = {"coding": [{"system": LOINC, "code": "75622-1"}]}
    both = {"coding": [*CODE["coding"], *hiv["coding"]]}
    parts = [{"code": hiv, "valueInteger": 1}, {"code": CODE, "valueInteger": 2}]
    kept, said = left(
        ME,
        observation("fine", code=both, component=parts),
        observation("other", code=hiv),
        observation("text", code={"text": "8302-2"}),
        codes=(HEIGHT,),
    )
    assert set(kept) == {"me", "fine"}
    assert kept["fine"]["code"] == CODE
    assert kept["fine"]["component"] == parts[1:]
    assert ("Observation", "code") in said


@pytest.mark.parametrize(
    "when",
    [
        {"effectiveDateTime": "2019-12-31"},
        {"effectiveDateTime": "2020"},
        {"effectiveDateTime": "2021-01"},
        {"effectiveDateTime": "soon"},
        {"effectivePeriod": {"start": "2019-06-01", "end": "2020-06-01"}},
        {"effectivePeriod": {"start": "2020-06-01", "end": "2021-06-01"}},
        {"effectivePeriod": {}},
        {"effectiveTiming": {"code": {"text": "daily"}}},
        {"effectiveDateTime": "2020-06-01", "effectivePeriod": {"start": "1999"}},
        {"effectiveDateTime": ["2020-06-01", "1999-01-01"]},
        {"issued": "2019-06-01T00:00:00Z"},
        {"effectiveDateTime": "1999", "issued": "2020-06-01T00:00:00Z"},
        {},
    ],
    ids=str,
)
def test_what_is_not_wholly_inside_the_period_stays(when):
    limits = {"data_from": date(2020, 1, 2), "data_until": date(2021, 1, 1)}
    kept, said = left(ME, observation(**when), **limits)
    assert set(kept) == {"me"}
    assert ("Observation", "period") in said


def test_what_is_inside_the_period_leaves_and_shows_that_it_is():
    inside = observation(effectiveDateTime="2020-12-31T23:59:00+14:00")
    kept, _ = left(
        ME,
        inside,
        fields=("Observation.value[x]",),
        data_from=date(2020, 1, 1),
        data_until=date(2020, 12, 31),
    )
    assert kept["o"]["effectiveDateTime"] == inside["effectiveDateTime"]


def test_a_resource_that_only_says_when_it_was_written_down_is_judged_by_that():
    limits = {"data_from": date(2020, 1, 1), "fields": ("Observation.value[x]",)}
    written_down = {"issued": "2020-06-01T00:00:00Z"}
    kept, _ = left(ME, observation(**written_down), **limits)
    assert kept["o"]["issued"] == written_down["issued"]
    happened = {"effectiveDateTime": "2020-05-31", "issued": "1999-06-01T00:00:00Z"}
    kept, _ = left(ME, observation(**happened), **limits)
    assert "issued" not in kept["o"]
    assert kept["o"]["effectiveDateTime"] == "2020-05-31"


def test_only_chosen_encounters_leave():
    def visit(name):
        return {
            "resourceType": "Encounter",
            "id": name,
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/me"},
        }

    inside = observation("in", encounter={"reference": "Encounter/one"})
    outside = observation("out", encounter={"reference": "Encounter/two"})
    types = ("Observation", "Encounter")
    kept, said = left(
        ME,
        visit("one"),
        visit("two"),
        inside,
        outside,
        observation("none"),
        types=types,
        fields=types,
        encounters=("Encounter/one",),
    )
    assert set(kept) == {"me", "one", "in"}
    assert ("Observation", "encounter") in said


def test_free_text_extensions_narratives_and_files_stay_unless_consented():
    tree = observation(
        text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>N</div>"},
        extension=[{"url": "http://example.org/e", "valueString": "HIDDEN"}],
        note=[{"text": "HIDDEN"}],
        valueString="HIDDEN",
        code=CODE | {"text": "HIDDEN"},
        _status={"extension": [{"url": "http://example.org/e", "valueString": "HIDDEN"}]},
        performer=[{"display": "HIDDEN", "identifier": {"value": "HIDDEN"}}],
    )
    tree["subject"]["display"] = "HIDDEN"
    tree["subject"]["identifier"] = {"value": "HIDDEN"}
    kept, said = left(ME, tree)
    assert kept["o"] == observation()
    assert {reason for _, reason in said} >= {"text", "narrative", "extension", "reference"}
    open_text, _ = left(ME, tree, free_text=True)
    assert open_text["o"]["note"] == tree["note"]
    assert open_text["o"]["text"] == tree["text"]
    assert "extension" not in open_text["o"]
    assert "identifier" not in open_text["o"]["subject"]


def test_a_narrative_does_not_tell_what_was_not_chosen():
    text = {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>ALL</div>"}
    kept, _ = left(ME, observation(text=text), fields=("Observation.value[x]",), free_text=True)
    assert "text" not in kept["o"]


def test_a_named_extension_leaves_and_its_text_only_with_consent():
    tree = observation(extension=[{"url": "http://example.org/e", "valueInteger": 3}])
    kept, _ = left(ME, tree, fields=("Observation.extension",))
    assert kept["o"]["extension"] == tree["extension"]
    said = [{"url": "http://example.org/e", "valueString": "HIDDEN"}]
    kept, _ = left(ME, observation(extension=said), fields=("Observation.extension",))
    assert "extension" not in kept["o"]


def test_what_changes_the_meaning_stays_with_it_or_all_of_it_stays():
    changed = observation(modifierExtension=[{"url": "http://example.org/not", "valueInteger": 1}])
    kept, said = left(ME, changed, fields=("Observation.value[x]",))
    assert set(kept) == {"me"}
    assert ("Observation", "modifier") in said
    kept, _ = left(
        ME,
        {
            "resourceType": "MedicationRequest",
            "id": "m",
            "status": "active",
            "intent": "order",
            "doNotPerform": True,
            "medicationCodeableConcept": CODE,
            "subject": {"reference": "Patient/me"},
        },
        types=("MedicationRequest",),
        fields=("MedicationRequest.authoredOn",),
    )
    assert kept["m"]["doNotPerform"] is True


def test_a_required_reference_to_what_stays_keeps_its_resource_back():
    request = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "medicationReference": {"reference": "Medication/d"},
        "subject": {"reference": "Patient/me"},
    }
    drug = {"resourceType": "Medication", "id": "d", "code": CODE}
    types = ("MedicationRequest",)
    kept, said = left(ME, request, drug, types=types, fields=types)
    assert set(kept) == {"me"}
    assert ("MedicationRequest", "reference") in said
    types = ("MedicationRequest", "Medication")
    kept, _ = left(ME, request, drug, types=types, fields=types)
    assert set(kept) == {"me", "m", "d"}


def test_falling_back_goes_on_until_nothing_dangles():
    def panel(name, member):
        return observation(name, derivedFrom=[{"reference": f"Observation/{member}"}])

    missing = observation("c", status="final")
    del missing["status"]
    kept, _ = left(ME, panel("a", "b"), panel("b", "c"), missing)
    assert set(kept) == {"me", "a", "b"}
    assert "derivedFrom" in kept["a"]
    assert "derivedFrom" not in kept["b"]


def test_a_contained_patient_never_leaves():
    inner = OTHER | {"id": "p"}
    tree = observation(contained=[inner], performer=[{"reference": "#p"}])
    fields = ("Observation", "Observation.contained", "Patient")
    kept, said = left(ME, tree, fields=fields)
    assert "contained" not in kept["o"]
    assert "performer" not in kept["o"]
    assert ("Observation.contained", "required") in said
    as_subject = observation(contained=[ME | {"id": "p"}], subject="#p")
    kept, _ = left(ME, as_subject, fields=fields)
    assert set(kept) == {"me"}


def test_a_contained_resource_leaves_only_when_named_chosen_and_pointed_at():
    drug = {"resourceType": "Medication", "id": "d", "code": CODE, "status": "active"}
    spare = drug | {"id": "spare"}
    request = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "contained": [drug, spare],
        "medicationReference": {"reference": "#d"},
        "subject": {"reference": "Patient/me"},
    }
    types = ("MedicationRequest", "Medication")
    kept, _ = left(ME, request, types=types, fields=types)
    assert "m" not in kept
    named = (*types, "MedicationRequest.contained")
    kept, _ = left(ME, request, types=types, fields=named)
    assert kept["m"]["contained"] == [drug]
    kept, _ = left(ME, request, types=("MedicationRequest",), fields=named)
    assert "m" not in kept


def test_the_fields_of_one_category_never_meet_the_codes_of_another():
    weight = {"coding": [{"system": LOINC, "code": "29463-7"}]}
    cuts = (
        Cut("a", ("Observation",), (HEIGHT,), ("Observation.value[x]",)),
        Cut("b", ("Observation",), ((LOINC, "29463-7"),), ("Observation.effective[x]",)),
    )
    more = {"valueInteger": 1, "effectiveDateTime": "2020-01-01"}
    trees = [ME, observation("a", **more), observation("b", code=weight, **more)]
    kept, _ = smaller([made(t) for t in trees], Selection(cuts, "Patient/me"))
    found = {each.id: set(each.tree) for each in kept}
    assert "effectiveDateTime" not in found["a"]
    assert "valueInteger" not in found["b"]


def test_people_and_places_leave_only_when_the_record_leads_to_them():
    staff = [{"resourceType": "Practitioner", "id": n, "gender": "male"} for n in ("in", "out")]
    seen = observation(performer=[{"reference": "Practitioner/in"}])
    types = ("Observation", "Practitioner")
    kept, said = left(ME, seen, *staff, types=types, fields=types)
    assert set(kept) == {"me", "o", "in"}
    assert ("Practitioner", "unreferenced") in said


@pytest.mark.parametrize(
    "kind", ["Binary", "Group", "Person", "Provenance", "AuditEvent", "Bundle"]
)
def test_types_that_no_element_ties_to_the_subject_never_leave(kind):
    tree = {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/me"}}
    kept, _ = left(ME, tree, types=(kind,), fields=(kind,))
    assert set(kept) == {"me"}


def test_a_type_that_says_to_be_another_does_not_pass():
    resource = made(observation())
    swapped = made(observation() | {"resourceType": "Condition"})
    lying = type(resource)("Observation", "o", swapped.tree, "")
    selection = Selection((Cut("c", ("Observation",), (), ("Observation",)),), "Patient/me")
    kept, _ = smaller([made(ME), lying], selection)
    assert {each.id for each in kept} == {"me"}


def test_what_stays_is_stated_without_a_value_or_an_exact_number():
    trees = [observation(f"SECRET-{n}", "Patient/other", SECRET=1) for n in range(12)]
    kept, said = left(ME, OTHER, *trees, observation(SECRET="SECRET"))
    assert set(kept) == {"me", "o"}
    assert "SECRET" not in json.dumps(sorted(said))
    selection = Selection((Cut("c", ("Observation",), (), ()),), "Patient/me")
    from sekisho.lanes.record.minimise import minimise

    stated = minimise([made(t) for t in (ME, *trees)], selection, FHIR_R4.semantics).left_out
    assert {each.count_class for each in stated} <= {"1-9", "10-99"}


def test_a_field_that_the_format_does_not_know_is_found_before_it_keeps_nothing():
    paths = ["Observation.code", "Observation.valu[x]", "Observaton.code", "Patient.name.family"]
    wrong = ["Observation.valu[x]", "Observaton.code"]
    assert unknown_paths(paths, FHIR_R4.semantics) == wrong
    paths = ["Observation.component.value[x]", "Observation.valueQuantity", "Claim"]
    assert unknown_paths(paths, FHIR_R4.semantics) == []


def test_names_that_stand_twice_are_refused_where_they_stand(tmp_path):
    text = bundle([made(ME), made(observation())]).replace(
        b'"subject":{"reference":"Patient/me"}',
        b'"subject":{"reference":"Patient/me","reference":"Patient/other"}',
    )
    with pytest.raises(DeliveryError) as refused:
        read(tmp_path, text)
    assert [f.code for f in refused.value.faults] == ["fhir.name-twice-in"]


def test_two_entries_cannot_share_an_address(tmp_path):
    for pair in (
        [made(ME), made(ME)],
        [
            made(ME, "urn:uuid:0c3e5d3c-0000-0000-0000-000000000001"),
            made(OTHER, "urn:uuid:0c3e5d3c-0000-0000-0000-000000000001"),
        ],
    ):
        with pytest.raises(DeliveryError) as refused:
            read(tmp_path, bundle(pair))
        assert "fhir.address-twice" in [f.code for f in refused.value.faults]
    with pytest.raises(DeliveryError) as refused:
        read(tmp_path, bundle([made(ME, "https://h.example/Patient/other")]))
    assert "fhir.address-differs" in [f.code for f in refused.value.faults]


def test_a_relative_reference_means_the_server_of_its_own_resource():
    mine = made(ME, "https://a.example/Patient/me")
    yours = made(OTHER | {"id": "me"}, "https://b.example/Patient/me")
    here = made(observation("a"), "https://a.example/Observation/a")
    there = made(observation("b"), "https://b.example/Observation/b")
    cut = Cut("c", ("Observation", "Patient"), (), ("Observation",))
    kept, _ = smaller([mine, yours, here, there], Selection((cut,), mine.address))
    assert [each.address for each in kept] == [mine.address, here.address]


def test_what_leaves_is_whole_and_valid_for_every_patient():
    for name in ("patient-1.json", "patient-2.json"):
        resources = record(name)
        subject = patient(resources).address
        for free_text in (False, True):
            kept, _ = smaller(resources, everything(subject, free_text=free_text))
            assert faults(kept) == []
            there = {each.address for each in kept}
            assert all(target in there for each in kept for target in references(each.tree))
