"""Whatever a programme's rules say, they narrow, and they are judged to the end."""

import random

from sekisho.model.access_rule import split_rules
from sekisho.rules.check import check_rules
from sekisho.rules.decide import decide
from sekisho.rules.packs import installed
from tests.lib.flows import DAY, LAW_ALONE, PLACES, facts_of, random_flow
from tests.lib.law_oracle import against

PACKS = installed()
FACTS = sorted(PACKS.vocabulary.facts)


def _condition(chance, depth=0):
    """Some condition in the plain form, sensible or not."""
    drawn = chance.random()
    if depth > 2 or drawn < 0.4:
        return f"{chance.choice(['', '!'])}context.{chance.choice(FACTS)}"
    if drawn < 0.55:
        return f'context.sender.kind == "{chance.choice(["hospital", "public-body"])}"'
    if drawn < 0.65:
        return f"context.data.persons > {chance.choice([10, 1000])}"
    if drawn < 0.7:
        return 'context.data.categories.contains("health")'
    join = chance.choice(["&&", "||"])
    return f"({_condition(chance, depth + 1)} {join} {_condition(chance, depth + 1)})"


def test_no_rule_of_a_programme_widens_what_a_law_forbids():
    chance = random.Random(99)
    sound = allowed = 0
    for number in range(400):
        effect, word = (
            chance.choice(["permit", "permit", "forbid"]),
            chance.choice(["when", "unless"]),
        )
        rules = split_rules(
            "p.cedar",
            f'@id("p{number}") @cite("c") @text_en("t") @text_ja("t") '
            f"{effect} (principal, action, resource) {word} {{ {_condition(chance)} }};",
        )
        if check_rules(rules, PACKS):
            continue
        sound += 1
        own = (*LAW_ALONE, *rules) if effect == "forbid" else rules
        for _ in range(2):
            flow = random_flow(chance, (chance.choice(PLACES), chance.choice(PLACES)))
            decision = decide(facts_of(flow), own, PACKS, DAY, with_openings=False)
            allowed += decision.allowed
            assert not (decision.allowed and against(flow)), (rules[0].text, flow)
            assert not any(each.code == "rules.engine" for each in decision.faults), rules[0].text
    assert sound > 150
    assert allowed > 50


def test_a_fact_that_a_rule_names_for_nothing_does_not_stop_the_judgement():
    rules = split_rules(
        "p.cedar",
        '@id("p") @cite("c") @text_en("t") @text_ja("t") permit (principal, action, resource) '
        "when { context.consent.given || (context.consent.given && context.contract.scc) };",
    )
    assert [each.code for each in check_rules(rules, PACKS)] == []
    flow = random_flow(random.Random(4), ("JP", "JP")) | {"data.identifiability": "personal"}
    decision = decide(facts_of(flow), rules, PACKS, DAY)
    assert not any(each.code == "rules.engine" for each in decision.faults)
