"""A patient's history goes along: what may move, what is shown before, and what stays closed."""

import importlib
import json
import re

import pytest

from sekisho.model.facts import Category
from sekisho.programmes.read import read_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.rules.decide import decide
from sekisho.rules.packs import installed
from sekisho.terms import Language, Outcome

FOLDER = shipped_programmes()["health-referral"]
PROGRAMME = read_programme(FOLDER)
FLOW = PROGRAMME.record_flow("referral")
CASES = {case.id: case for case in PROGRAMME.cases}


def decision(case):
    return decide(CASES[case].facts, PROGRAMME.access_rules, installed(), CASES[case].on)


def changes(case):
    return [tuple(each.fact for each in way.changes) for way in decision(case).openings]


def defined(name):
    """The elements of a FHIR R4 resource, choices written as `value[x]`."""
    found = getattr(importlib.import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    elements = set()
    for field, about in found.model_fields.items():
        more = about.json_schema_extra or {}
        choice = more.get("one_of_many")
        elements.add(f"{choice}[x]" if choice else about.alias or field)
    return elements, {
        about.alias or field
        for field, about in found.model_fields.items()
        if about.is_required() or (about.json_schema_extra or {}).get("element_required")
    }


def test_every_type_and_path_of_the_flow_is_one_of_fhir():
    for category in FLOW.categories:
        for path in category.fields:
            name, _, element = path.partition(".")
            assert element in defined(name)[0], path


def test_what_fhir_requires_of_a_resource_is_kept_so_that_it_stays_valid():
    for category in FLOW.categories:
        for name in category.types:
            kept = {
                path.partition(".")[2] for path in category.fields if path.startswith(f"{name}.")
            }
            assert defined(name)[1] <= kept, name


def test_nothing_by_which_a_patient_is_found_elsewhere_leaves():
    paths = {path for category in FLOW.categories for path in category.fields}
    assert not [path for path in paths if re.search(r"identifier|telecom|address|photo", path)]
    assert {category.special for category in FLOW.categories} == {
        Category.ORDINARY,
        Category.HEALTH,
    }


def test_only_who_the_patient_is_must_go_along():
    assert [category.id for category in FLOW.categories if category.needed] == ["person"]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("by", ["self", "guardian"])
def test_a_notice_says_who_what_how_long_and_how_to_stop(language, by):
    text = (FOLDER / FLOW.notice(language, by).file).read_text("utf-8")
    said = {
        Language.EN: ("Osaka", "Berlin", "Boston", "one year", "five years", "three days"),
        Language.JA: ("大阪", "ベルリン", "ボストン", "一年", "五年", "三日"),
    }[language]
    assert all(word in text for word in said)
    for stop in (
        ("at any time, as easily",) if language is Language.EN else ("いつでも、同意したとき",)
    ):
        assert stop in text
    assert (FLOW.longest_days, FLOW.keep_days, FLOW.pick_up_hours) == (365, 1826, 72)


@pytest.mark.parametrize("language", list(Language))
def test_a_guardian_is_told_of_the_age_from_which_the_child_decides(language):
    text = (FOLDER / FLOW.notice(language, "guardian").file).read_text("utf-8")
    assert str(FLOW.age_of_consent) in text
    assert FLOW.notice(language, "guardian").id != FLOW.notice(language).id


@pytest.mark.parametrize(
    "word", ["R4", "Cedar", "DPV", "HPKE", "PII", "個票", "第三者提供", "要配慮"]
)
def test_a_notice_speaks_without_jargon(word):
    for notice in FLOW.notices:
        assert word not in (FOLDER / notice.file).read_text("utf-8")


def test_the_way_to_the_european_union_opens_by_both_laws_at_once():
    cited = set(decision("to-berlin-with-consent").rule_ids)
    assert {"JP-APPI-27", "JP-APPI-28", "EU-GDPR-6", "EU-GDPR-9"} <= cited


def test_the_way_to_the_united_states_is_closed_and_says_what_would_open_it():
    closed = decision("to-boston-with-consent")
    assert (closed.outcome, closed.rule_ids) == (Outcome.REFUSED, ("JP-APPI-28",))
    assert ("consent.informed_country",) in changes("to-boston-with-consent")
    assert ("contract.equivalent_measures",) in changes("to-boston-with-consent")


@pytest.mark.parametrize("case", ["to-boston-informed", "to-boston-by-contract"])
def test_what_was_said_to_open_the_way_opens_it(case):
    assert decision(case).outcome is Outcome.ALLOWED


def test_a_way_that_needs_another_purpose_or_recipient_has_no_opening_by_paper():
    assert changes("for-marketing") == []
    assert changes("ministry-asks") == []


def test_an_expired_withdrawn_unknown_or_childs_consent_is_no_consent():
    for case in (
        "to-berlin-without-consent",
        "to-berlin-consent-unknown",
        "to-berlin-consent-withdrawn",
        "to-berlin-consent-expired",
        "child-without-guardian",
    ):
        assert "health-referral-R3" in decision(case).rule_ids, case


def test_every_passing_flow_leaves_duties_behind():
    for case in PROGRAMME.cases:
        if case.outcome is Outcome.ALLOWED:
            assert decision(case.id).duties


def test_the_readmes_say_the_figures_of_the_flow():
    for name in ("README.md", "README.ja.md"):
        page = (FOLDER / name).read_text("utf-8")
        assert all(figure in page for figure in ("72", "1,826", "16"))
        for category in FLOW.categories:
            assert all(f"`{each}`" in page for each in category.types)


def test_the_sample_is_made_up_and_the_readmes_say_so():
    counts = {}
    for name in ("patient-1", "patient-2"):
        bundle = json.loads((FOLDER / "sample" / f"{name}.json").read_text("utf-8"))
        counts[name] = len(bundle["entry"])
        assert "Synthea" in json.dumps(bundle)
    for name in ("README.md", "README.ja.md"):
        page = (FOLDER / name).read_text("utf-8")
        assert "Synthea" in page
        assert all(str(count) in page for count in counts.values())
    assert FLOW.sample in PROGRAMME.files
