"""The packs against an oracle that was written from the citations, decision for decision."""

import random
from datetime import date
from itertools import product

import pytest

from sekisho.rules.decide import decide
from sekisho.rules.packs import installed
from tests.lib.flows import DAY, LAW_ALONE, PLACES, facts_of, random_flow
from tests.lib.law_oracle import against
from tests.lib.packs import flow_for


def _compare(flow):
    decision = decide(facts_of(flow), LAW_ALONE, installed(), flow["date"])
    expected = against(flow)
    found = set(decision.rule_ids) if not decision.allowed else set()
    assert found == expected, (flow, decision.faults)
    return decision


@pytest.mark.parametrize("places", list(product(PLACES, PLACES)), ids="-".join)
def test_every_law_decides_as_its_citations_say(places):
    chance = random.Random(repr(places))
    for _ in range(50):
        _compare(random_flow(chance, places))


def test_the_european_health_data_space_opens_only_once_it_applies():
    chance = random.Random(7)
    for day in (date(2029, 3, 25), date(2029, 3, 26)):
        for _ in range(60):
            flow = random_flow(chance, ("EU", "EU"), day)
            flow |= {
                "data.identifiability": "pseudonymised",
                "data.categories": ("health",),
                "permit.ehds": True,
                "measures.secure_environment": True,
            }
            _compare(flow)


@pytest.mark.slow
@pytest.mark.parametrize("places", list(product(PLACES, PLACES)), ids="-".join)
def test_every_law_decides_as_its_citations_say_at_length(places):
    chance = random.Random(f"long {places}")
    for _ in range(2_000):
        _compare(random_flow(chance, places, chance.choice([DAY, date(2030, 1, 1)])))


REQUIREMENTS = [
    (pack.jurisdiction, rule.cited.id)
    for pack in installed().packs.values()
    for rule in pack.rules
    if rule.is_requirement
]


@pytest.mark.slow
@pytest.mark.parametrize(("code", "name"), REQUIREMENTS, ids=str)
def test_every_combination_of_the_facts_that_a_requirement_asks_for(code, name):
    packs = installed()
    by_id = {rule.cited.id: rule for rule in packs.packs[code].rules}
    rules = [by_id[name], *(by_id[gate] for gate in by_id[name].condition.gateways)]
    asked = {atom.path for rule in rules for atom in rule.condition.atoms()}
    facts = sorted(asked & set(packs.vocabulary.facts))
    bases = [flow for flow in (flow_for(way) for way in rules[0].condition.ways[:2]) if flow]
    assert bases
    for base in bases:
        for truths in product((True, False), repeat=len(facts)):
            flow = base | dict(zip(facts, truths, strict=True))
            decision = decide(facts_of(flow), LAW_ALONE, packs, flow["date"], with_openings=False)
            found = set() if decision.allowed else set(decision.rule_ids)
            assert found == against(flow), flow
