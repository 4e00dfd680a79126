"""What a refusal says would open the way does open it, and nothing less does."""

import random
from datetime import UTC, datetime
from itertools import combinations, product

import pytest

from sekisho.model.facts import UNKNOWN, Fact, Truth
from sekisho.rules.decide import decide
from sekisho.rules.packs import installed
from tests.lib.flows import DAY, LAW_ALONE, PLACES, facts_of, random_flow

PACKS = installed()


def _after(flow, changes):
    """The flow with the changes brought about."""
    found = dict(flow)
    for change in changes:
        if change.fact == "data.persons":
            found[change.fact] = int(change.to)
        elif change.fact == "data.categories":
            found[change.fact] = tuple(change.to.split(", "))
        else:
            found[change.fact] = {"true": True, "false": False}.get(change.to, change.to)
    return found


def _allowed(flow):
    return decide(facts_of(flow), LAW_ALONE, PACKS, DAY, with_openings=False).allowed


@pytest.mark.parametrize("places", list(product(PLACES, PLACES)), ids="-".join)
def test_each_opening_opens_and_no_part_of_it_does(places):
    chance = random.Random(f"openings {places}")
    for _ in range(10):
        flow = random_flow(chance, places)
        decision = decide(facts_of(flow), LAW_ALONE, PACKS, DAY)
        costs = [(not each.changeable, each.cost) for each in decision.openings]
        assert costs == sorted(costs)
        for opening in decision.openings:
            changes = opening.changes
            opened = decide(facts_of(_after(flow, changes)), LAW_ALONE, PACKS, DAY)
            assert opened.allowed, (flow, opening)
            for fewer in combinations(changes, len(changes) - 1):
                assert not _allowed(_after(flow, fewer)), (flow, opening, fewer)


def test_a_refusal_for_one_fact_names_that_fact_as_the_cheapest_opening():
    flow = random_flow(random.Random(1), ("JP", "US")) | {
        "sender.kind": "business-operator",
        "recipient.kind": "business-operator",
        "data.identifiability": "personal",
        "data.categories": ("ordinary",),
    }
    for name in PACKS.vocabulary.facts:
        flow[name] = not PACKS.vocabulary.facts[name].opens
    flow |= {"consent.given": True, "consent.withdrawn": False, "consent.abroad": True}
    decision = decide(facts_of(flow), LAW_ALONE, PACKS, DAY)
    assert decision.rule_ids == ("JP-APPI-28",)
    first = decision.openings[0]
    assert [change.fact for change in first.changes] == ["consent.informed_country"]
    assert "JP-APPI-28-1-consent" in first.gateways
    closed = {g.rule.id: [m.fact for m in g.closed_by] for g in decision.gateways if not g.open}
    assert closed["JP-RULES-16-1"] == ["contract.equivalent_measures"]
    assert closed["JP-APPI-28-1-country"] == ["recipient.jurisdiction"]


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        (Fact(Truth.FALSE), "false"),
        (UNKNOWN, "unknown"),
        (Fact(Truth.TRUE, until=datetime(2026, 1, 1, tzinfo=UTC)), "expired"),
    ],
)
def test_a_closed_gateway_says_whether_the_fact_is_false_unknown_or_expired(fact, found):
    flow = random_flow(random.Random(2), ("JP", "US")) | {
        "sender.kind": "business-operator",
        "recipient.kind": "business-operator",
        "data.identifiability": "personal",
    }
    facts = facts_of(flow)
    on_file = {"contract.equivalent_measures": fact}
    decision = decide(
        type(facts)(facts.lane, facts.sender, facts.recipient, facts.data, None, on_file),
        LAW_ALONE,
        PACKS,
        DAY,
    )
    gate = next(g for g in decision.gateways if g.rule.id == "JP-RULES-16-1")
    assert [m.found for m in gate.closed_by] == [found]
