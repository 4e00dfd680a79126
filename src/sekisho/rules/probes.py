"""Flows that try every gateway of every requirement: built from the conditions, nothing random."""

from collections.abc import Iterator, Mapping
from itertools import product

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
from sekisho.rules.conditions import Atom, Value
from sekisho.rules.packs import PackRule, Packs
from sekisho.terms import Lane

KINDS = ("hospital", "business-operator", "public-body", "researcher")
PERSON_KINDS = ("personal", "pseudonymised", "anonymised")
PURPOSES = (
    "dpv:Marketing",
    "dpv:AcademicResearch",
    "dpv:ScientificResearch",
    "dpv:OfficialStatistics",
    "dpv:StatisticalAnalysis",
    "dpv:PublicHealth",
)
MAX_WAYS = 6
"""Ways of one requirement that are tried; the others differ in a category or a number only."""


def _options(packs: Packs) -> dict[str, tuple[str, ...]]:
    places = tuple(sorted(packs.packs, reverse=True))
    return {
        "sender.jurisdiction": places,
        "recipient.jurisdiction": places,
        "sender.kind": KINDS,
        "recipient.kind": KINDS,
        "data.identifiability": PERSON_KINDS,
        "purpose": PURPOSES,
    }


def _fitting(atoms: frozenset[Atom], path: str, options: tuple[str, ...]) -> str | None:
    ours = [atom for atom in atoms if atom.path == path]
    named = [str(value) for atom in ours if atom.wanted for value in atom.values]
    for option in (*options, *named):
        if all((option in atom.values) == atom.wanted for atom in ours):
            return option
    return None


def _facts(atoms: frozenset[Atom], packs: Packs) -> Facts | None:
    """A flow for which these comparisons hold and that helps itself no further; None if none."""
    words = {path: _fitting(atoms, path, each) for path, each in _options(packs).items()}
    if None in words.values():
        return None
    kinds = packs.vocabulary.facts
    wanted = {atom.path: atom.wanted for atom in atoms if atom.path in kinds}
    truths = {name: wanted.get(name, not kind.opens) for name, kind in kinds.items()}
    categories: set[Value] = {a.values[0] for a in atoms if a.test == "any" and a.wanted}
    over = [int(a.values[0]) + 1 for a in atoms if a.test == "over" and a.wanted]
    found: Mapping[str, object] = {
        **words,
        **truths,
        "data.categories": sorted(map(str, categories or {Category.ORDINARY.value})),
        "data.persons": max(over, default=1),
        "lane": Lane.RECORD.value,
    }
    if not all(atom.path not in found or atom.holds(found) for atom in atoms):
        return None
    return _as_facts(found, truths)


def _as_facts(found: Mapping[str, object], truths: Mapping[str, bool]) -> Facts:
    def side(name: str) -> Party:
        return Party(PartyKind(str(found[f"{name}.kind"])), str(found[f"{name}.jurisdiction"]))

    listed, persons = found["data.categories"], found["data.persons"]
    categories = frozenset(Category(c) for c in (listed if isinstance(listed, list) else ()))
    return Facts(
        lane=Lane.RECORD,
        sender=side("sender"),
        recipient=side("recipient"),
        data=DataFacts(
            Identifiability(str(found["data.identifiability"])),
            categories,
            persons if isinstance(persons, int) else None,
        ),
        purpose=str(found["purpose"]),
        on_file={
            name: Fact(Truth.TRUE if value else Truth.FALSE) for name, value in truths.items()
        },
    )


def probes(packs: Packs) -> Iterator[tuple[PackRule, PackRule | None, Facts]]:
    """Requirement, gateway and a flow that the gateway alone opens; None: a flow without any."""
    for pack in packs.packs.values():
        by_id = {rule.cited.id: rule for rule in pack.rules}
        for rule in pack.rules:
            for way in rule.condition.ways[:MAX_WAYS]:
                bare = _facts(way, packs)
                if rule.is_requirement and bare is not None:
                    yield rule, None, bare
            for name in rule.condition.gateways:
                gate = by_id[name]
                ways = product(rule.condition.ways[:MAX_WAYS], gate.condition.ways)
                for applies, opens in ways:
                    facts = _facts(applies | opens, packs)
                    if facts is not None:
                        yield rule, gate, facts
