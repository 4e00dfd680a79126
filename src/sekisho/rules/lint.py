"""Looks at packs as a reviewer would: examples, dates, reach, what a new version lets by."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise

from sekisho.errors import Fault, Place, UsageError, fault
from sekisho.model.access_rule import split_rules
from sekisho.model.decision import Decision, RuleStatus
from sekisho.model.facts import Facts
from sekisho.rules.decide import decide
from sekisho.rules.explain import explain
from sekisho.rules.facts_file import read_facts
from sekisho.rules.packs import Pack, PackRule, Packs
from sekisho.rules.probes import probes

LAW_ALONE = split_rules(
    "law-alone",
    '@id("law-alone") @cite("The law alone, without a programme") '
    '@cite_ja("事業のルールを含まない法令だけの判定") '
    '@text_en("What the laws of both sides allow; a programme may allow less.") '
    '@text_ja("双方の法令が認めるものです。事業のルールはこれより狭いことがあります。") '
    "permit (principal, action, resource);",
)
"""Allows what the law allows, for questions that are asked without a programme."""


def _dates(pack: Pack) -> Iterator[Fault]:
    versions: dict[str, list[PackRule]] = {}
    for rule in pack.rules:
        if rule.starts and rule.ends and rule.ends <= rule.starts:
            yield fault("rules.dates-turned", rule.place, id=rule.cited.id)
        versions.setdefault(rule.version_of, []).append(rule)
    for several in versions.values():
        ordered = sorted(several, key=lambda rule: rule.starts or date.min)
        for earlier, later in pairwise(ordered):
            if earlier.ends is None or (later.starts or date.min) < earlier.ends:
                fields = {"id": earlier.cited.id, "other": later.cited.id}
                yield fault("rules.dates-overlap", later.place, **fields)


def _reach(packs: Packs) -> Iterator[Fault]:
    reached = {(rule.cited.id, gate.cited.id) for rule, gate, _ in probes(packs) if gate}
    for pack in packs.packs.values():
        by_id = {rule.cited.id: rule for rule in pack.rules}
        for rule in pack.rules:
            for name in rule.condition.gateways:
                if (rule.cited.id, name) not in reached:
                    place = by_id[name].place
                    yield fault("rules.unreachable", place, id=name, requirement=rule.cited.id)


def _decided(table: Mapping[str, object], packs: Packs, place: Place) -> Decision | list[Fault]:
    flow, at = table.get("flow"), table.get("on")
    if not isinstance(flow, dict) or not isinstance(at, date):
        return [fault("rules.field", place, owner=str(table.get("id")), field="flow, on")]
    try:
        facts = read_facts(flow, packs, str(place))
    except UsageError as error:
        return list(error.faults)
    return decide(facts, LAW_ALONE, packs, at, with_openings=False)


def _examples(pack: Pack, packs: Packs) -> Iterator[Fault]:
    refused: set[str] = set()
    allowed: set[str] = set()
    for table in pack.examples:
        name = str(table.get("id", "?"))
        place = Place(f"{pack.jurisdiction}/examples.toml")
        decision = _decided(table, packs, place)
        if isinstance(decision, list):
            yield from decision
            continue
        opened = {gate.rule.id for gate in decision.gateways if gate.open}
        met = {gate.requirement for gate in decision.gateways}
        cited = set(decision.rule_ids) if not decision.allowed else met | opened
        expected = table.get("cites", [])
        missed = set(expected if isinstance(expected, list) else ()) - cited
        if decision.outcome.value != table.get("expect") or missed:
            said = explain(decision)[0]
            yield fault("rules.example-wrong", place, id=name, said=said)
        (allowed if decision.allowed else refused).update(cited)
    yield from _without_example(pack, refused, allowed)


def _without_example(pack: Pack, refused: set[str], allowed: set[str]) -> Iterator[Fault]:
    for rule in pack.rules:
        if rule.cited.status in (RuleStatus.PENDING, RuleStatus.REPEALED):
            continue
        name = rule.cited.id
        if rule.is_requirement and name not in refused:
            yield fault("rules.no-example", rule.place, id=name, outcome="refused")
        if name not in allowed:
            yield fault("rules.no-example", rule.place, id=name, outcome="allowed")


def check_packs(packs: Packs) -> list[Fault]:
    """What a reviewer would hold against the packs: dates, reach, examples; none is good."""
    found = [each for pack in packs.packs.values() for each in _dates(pack)]
    found += _reach(packs)
    for pack in packs.packs.values():
        found += _examples(pack, packs)
    return found


def _tried(packs: Packs) -> Iterator[Facts]:
    for _, _, facts in probes(packs):
        yield facts


def check_not_laxer(packs: Packs, earlier: Packs, at: date) -> list[Fault]:
    """Flows that the earlier packs refused and these allow: each needs a reason in the change."""
    found: dict[str, Fault] = {}
    for facts in (*_tried(earlier), *_tried(packs)):
        before = decide(facts, LAW_ALONE, earlier, at, with_openings=False)
        if before.allowed:
            continue
        after = decide(facts, LAW_ALONE, packs, at, with_openings=False)
        if after.allowed:
            closed = ", ".join(f"`{name}`" for name in before.rule_ids)
            found.setdefault(closed, fault("rules.laxer", rules=closed))
    return list(found.values())
