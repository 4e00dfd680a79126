"""Every shipped programme is sound, and decides its own cases as it says."""

import json
from datetime import date
from pathlib import Path

import pytest

from sekisho.model.facts import Category, DataFacts, Facts, Identifiability, Party, PartyKind
from sekisho.programmes.check import checked_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.rules.check import check_rules
from sekisho.rules.decide import decide
from sekisho.rules.packs import installed
from sekisho.terms import Lane

SHIPPED = shipped_programmes()
CASES = [path for folder in SHIPPED.values() for path in sorted((folder / "cases").glob("*.json"))]


def party(said):
    kind = said["kind"]
    return Party(PartyKind(kind) if kind else None, said["jurisdiction"], said["id"])


def facts_of(flow):
    data = flow["data"]
    return Facts(
        lane=Lane(flow["lane"]),
        sender=party(flow["sender"]),
        recipient=party(flow["recipient"]),
        data=DataFacts(
            Identifiability(data["identifiability"]),
            frozenset(Category(each) for each in data["categories"]),
            data["persons"],
        ),
        purpose=flow["purpose"],
    )


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_programme_has_no_fault(name):
    programme = checked_programme(SHIPPED[name], check_rules)
    assert programme.id == name


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_programme_has_cases_that_pass_and_cases_that_are_refused(name):
    outcomes = {
        json.loads(p.read_text("utf-8"))["expected"]["outcome"]
        for p in CASES
        if SHIPPED[name] in p.parents
    }
    assert outcomes == {"allowed", "refused"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_a_case_is_decided_as_it_says(path: Path):
    case = json.loads(path.read_text("utf-8"))
    assert case["title"]["en"]
    assert case["title"]["ja"]
    programme = checked_programme(path.parent.parent, check_rules)
    decision = decide(
        facts_of(case["flow"]), programme.access_rules, installed(), date.fromisoformat(case["on"])
    )
    assert (decision.outcome, list(decision.rule_ids)) == (
        case["expected"]["outcome"],
        case["expected"]["rules"],
    )


def test_every_rule_of_a_programme_decides_one_of_its_cases():
    cited = {
        rule for path in CASES for rule in json.loads(path.read_text("utf-8"))["expected"]["rules"]
    }
    written = {
        rule.id
        for folder in SHIPPED.values()
        for rule in checked_programme(folder, check_rules).access_rules
    }
    assert written <= cited


def test_a_programme_speaks_of_itself_in_both_languages():
    for folder in SHIPPED.values():
        assert "README.ja.md" in (folder / "README.md").read_text("utf-8")
        assert any("ぁ" <= c <= "ん" for c in (folder / "README.ja.md").read_text("utf-8"))
