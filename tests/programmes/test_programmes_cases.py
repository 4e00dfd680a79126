"""Every shipped programme is sound, and decides its own cases as it says."""

import pytest

from sekisho.programmes.check import checked_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.rules.check import check_rules
from sekisho.rules.decide import decide
from sekisho.rules.packs import installed

SHIPPED = shipped_programmes()


def decided(facts, rules, day):
    return decide(facts, rules, installed(), day)


@pytest.fixture(params=sorted(SHIPPED))
def programme(request):
    return checked_programme(SHIPPED[request.param], check_rules)


def test_a_shipped_programme_has_no_fault_and_decides_its_cases_as_it_says(programme):
    assert checked_programme(SHIPPED[programme.id], check_rules, decided) == programme


def test_a_shipped_programme_has_cases_that_pass_and_cases_that_are_refused(programme):
    assert {case.outcome for case in programme.cases} == {"allowed", "refused"}


def test_every_rule_of_a_shipped_programme_decides_one_of_its_cases(programme):
    cited = {rule for case in programme.cases for rule in case.rules}
    assert {rule.id for rule in programme.access_rules} <= cited


def test_a_shipped_programme_speaks_of_itself_in_both_languages(programme):
    folder = SHIPPED[programme.id]
    assert "README.ja.md" in (folder / "README.md").read_text("utf-8")
    assert any("ぁ" <= c <= "ん" for c in (folder / "README.ja.md").read_text("utf-8"))
