"""The worked examples of every pack: decided as they say, and as the oracle says."""

import pytest

from sekisho.model.facts import Truth
from sekisho.rules.decide import decide
from sekisho.rules.facts_file import read_facts, written
from sekisho.rules.lint import LAW_ALONE
from sekisho.rules.packs import installed
from tests.lib.law_oracle import against

PACKS = installed()
EXAMPLES = [each for pack in PACKS.packs.values() for each in pack.examples]


def _flow(facts, day):
    """The facts as the oracle takes them."""
    flow = {
        "date": day,
        "sender.jurisdiction": facts.sender.jurisdiction,
        "recipient.jurisdiction": facts.recipient.jurisdiction,
        "sender.kind": facts.sender.kind.value,
        "recipient.kind": facts.recipient.kind.value,
        "data.identifiability": facts.data.identifiability.value,
        "data.categories": tuple(each.value for each in facts.data.categories),
        "data.persons": facts.data.persons,
        "purpose": facts.purpose,
    }
    known = {n: f.truth is Truth.TRUE for n, f in facts.on_file.items()}
    return flow | known


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each["id"])
def test_the_example_is_decided_as_it_says(example):
    facts = read_facts(example["flow"], PACKS)
    decision = decide(facts, LAW_ALONE, PACKS, example["on"])
    assert decision.outcome.value == example["expect"]
    named = {*decision.rule_ids, *(g.rule.id for g in decision.gateways if g.open)}
    assert set(example["cites"]) <= named | {g.requirement for g in decision.gateways}
    assert (against(_flow(facts, example["on"])) == set()) == decision.allowed
    assert read_facts(written(facts), PACKS) == facts


def test_every_pack_has_positive_negative_and_borderline_examples():
    for pack in PACKS.packs.values():
        assert {each["kind"] for each in pack.examples} == {"positive", "negative", "borderline"}
