"""Flows for the tests of the rules: as flat dictionaries for the oracle, as facts for the code."""

import random
from collections.abc import Mapping
from datetime import date

from sekisho.model.access_rule import split_rules
from sekisho.model.facts import (
    Category,
    DataFacts,
    Fact,
    Facts,
    Identifiability,
    Party,
    PartyKind,
    Truth,
)
from sekisho.rules.packs import installed
from sekisho.terms import Lane

DAY = date(2026, 11, 21)
PLACES = ("JP", "EU", "KR", "US")
KINDS = ("business-operator", "public-body", "hospital", "researcher", "data-subject")
PURPOSES = (
    "dpv:AcademicResearch",
    "dpv:ScientificResearch",
    "dpv:OfficialStatistics",
    "dpv:StatisticalAnalysis",
    "dpv:PublicHealth",
    "dpv:Marketing",
)

LAW_ALONE = split_rules(
    "law-alone.cedar",
    '@id("law-alone") @cite("The law alone, without a programme") '
    '@text_en("Every flow that the law allows.") @text_ja("法令が認めるもの") '
    "permit (principal, action, resource);",
)


def on_file_names() -> list[str]:
    return sorted(installed().vocabulary.facts)


def facts_of(flow: Mapping[str, object]) -> Facts:
    """The same flow as the code takes it."""
    names = [name for name in on_file_names() if name in flow]
    return Facts(
        lane=Lane.RECORD,
        sender=Party(PartyKind(flow["sender.kind"]), flow["sender.jurisdiction"]),
        recipient=Party(PartyKind(flow["recipient.kind"]), flow["recipient.jurisdiction"]),
        data=DataFacts(
            Identifiability(flow["data.identifiability"]),
            frozenset(Category(each) for each in flow["data.categories"]),
            flow.get("data.persons"),
        ),
        purpose=flow["purpose"],
        on_file={
            name: Fact(Truth.TRUE if flow[name] else Truth.FALSE, source="test") for name in names
        },
    )


def random_flow(
    chance: random.Random, places: tuple[str, str], day: date = DAY
) -> dict[str, object]:
    """One flow between two places; each fact on file true, false or absent."""
    categories = [str(each) for each in Category]
    weight = chance.random()
    flow: dict[str, object] = {
        "date": day,
        "sender.jurisdiction": places[0],
        "recipient.jurisdiction": places[1],
        "sender.kind": chance.choice(KINDS[:4] if chance.random() < 0.95 else KINDS),
        "recipient.kind": chance.choice(KINDS[:4] if chance.random() < 0.95 else KINDS),
        "data.identifiability": chance.choice(
            ["personal", "personal", "pseudonymised", "anonymised"]
        ),
        "data.categories": tuple(chance.sample(categories, chance.randint(1, 3))),
        "data.persons": chance.choice([None, 1, 100, 101, 1_000, 1_001, 10_000, 10_001, 100_001]),
        "purpose": chance.choice(PURPOSES),
    }
    for name in on_file_names():
        drawn = chance.random()
        if drawn < weight:
            flow[name] = chance.random() < 0.5
    return flow
