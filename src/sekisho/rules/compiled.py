"""Turns the rules concerned into what Cedar is asked: two policy sets and what they need to know.

Only the packs of the two sides and the programme's rules are in a set, so the number of installed
packs costs nothing. Gateways are weighed in a set that holds no rule of the programme: a
programme cannot open what a law closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sekisho.errors import Fault
from sekisho.model.access_rule import AccessRule
from sekisho.model.decision import CitedRule, Weight
from sekisho.model.text import Text
from sekisho.rules.cedar import NotCedar, Policy, PolicySet, build, parse_policy
from sekisho.rules.check import check_rules
from sekisho.rules.conditions import (
    Condition,
    must_be_known,
    named_gateways,
    read_condition,
)
from sekisho.rules.packs import PERSONAL, DutyRule, PackRule, Packs
from sekisho.rules.vocabulary import SCOPE, WEIGH, schema_text

APPLIES = "applies:"
"""Before the id of a requirement: the question whether it concerns the flow at all."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The rules concerned by a flow, ready to be asked."""

    weigh: PolicySet | None
    judge: PolicySet
    weigh_paths: frozenset[str]
    judge_paths: frozenset[str]
    """Facts that the rules of each set use; every question holds exactly these."""
    by_path: Mapping[str, tuple[str, ...]]
    """Rules that compare a fact; what a change of it can change."""
    must_be_known: frozenset[str]
    conditions: Mapping[str, Condition]
    cited: Mapping[str, CitedRule]
    requirements: tuple[str, ...]
    own: frozenset[str]
    """Ids of the programme's rules."""
    duties: tuple[DutyRule, ...]


class Unusable(ValueError):  # noqa: N818 - becomes a refusal
    """Rules with faults: nothing may be judged by them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(len(faults))
        self.faults = faults


def cited_rule(rule: AccessRule) -> CitedRule:
    """A programme's rule as decisions cite it."""
    notes = rule.annotations
    cite, text = notes.get("cite", ""), notes.get("text_en", "")
    return CitedRule(
        id=rule.id,
        citation=Text(cite, notes.get("cite_ja", cite)),
        jurisdiction="",
        text=Text(text, notes.get("text_ja", text)),
        weight=Weight.PROGRAMME,
        source=rule.file,
    )


def _asks_whether_it_applies(policy: Policy) -> Policy:
    """The requirement as a question: its condition without the gateways that lift it."""
    conditions = policy["conditions"]
    kept = [
        each
        for each in (conditions if isinstance(conditions, list) else ())
        if each["kind"] == "when" or named_gateways(each["body"]) is None
    ]
    weigh = {"op": "==", "entity": {"type": "Action", "id": WEIGH}}
    return {**policy, "effect": "permit", "action": weigh, "conditions": kept}


def _paths(conditions: Mapping[str, Condition], names: Iterable[str]) -> frozenset[str]:
    return frozenset(a.path for name in names for a in conditions[name].atoms()) - SCOPE


def _by_path(conditions: Mapping[str, Condition]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, condition in conditions.items():
        for path in sorted({atom.path for atom in condition.atoms()}):
            found.setdefault(path, []).append(name)
    return {path: tuple(names) for path, names in found.items()}


def rules_concerned(
    packs: Packs, codes: tuple[str, ...], at: date, *, person: bool
) -> tuple[PackRule, ...]:
    """The rules of the packs named that decide on this day."""
    return tuple(
        rule
        for code in codes
        for rule in packs.packs[code].rules
        if (person or rule.scope != PERSONAL) and rule.counts_on(at)
    )


@dataclass(frozen=True)
class _Written:
    """Rules of a programme, the same when their texts are the same."""

    rules: tuple[AccessRule, ...]

    def __hash__(self) -> int:
        return hash(tuple(rule.text for rule in self.rules))


@lru_cache(maxsize=256)
def _kept(
    packs: Packs, codes: tuple[str, ...], at: date, written: _Written, *, person: bool
) -> Compiled:
    return _compile(packs, codes, at, written.rules, person=person)


def compiled(
    packs: Packs,
    codes: tuple[str, ...],
    at: date,
    programme: tuple[AccessRule, ...],
    *,
    person: bool,
) -> Compiled:
    """The rules concerned, ready to be asked; kept for the next flow of the same pair and day.

    Raises: Unusable when a rule of the programme has a fault.
    """
    return _kept(packs, codes, at, _Written(programme), person=person)


def _compile(
    packs: Packs,
    codes: tuple[str, ...],
    at: date,
    programme: tuple[AccessRule, ...],
    *,
    person: bool,
) -> Compiled:
    faults = tuple(check_rules(programme, packs))
    if faults:
        raise Unusable(faults)
    of_packs = rules_concerned(packs, codes, at, person=person)
    weighing: dict[str, Policy] = {}
    judging: dict[str, Policy] = {}
    for rule in of_packs:
        if rule.is_requirement:
            judging[rule.cited.id] = rule.policy
            weighing[APPLIES + rule.cited.id] = _asks_whether_it_applies(rule.policy)
        else:
            weighing[rule.cited.id] = rule.policy
    conditions = {rule.cited.id: rule.condition for rule in of_packs}
    for own in programme:
        judging[own.id] = parse_policy(own.text)
        conditions[own.id] = read_condition(judging[own.id], packs.vocabulary)
    by_path = _by_path(conditions)
    asked = _paths(conditions, (name.removeprefix(APPLIES) for name in weighing))
    judged = _paths(conditions, judging)
    needed = (must_be_known(each, packs.vocabulary) for each in conditions.values())
    try:
        weigh = build(weighing, schema_text(asked, weighing=True, judging=False))
        judge = build(judging, schema_text(judged, weighing=False, judging=True))
    except NotCedar as error:
        raise Unusable((Fault("rules.not-cedar", {"why": str(error)}),)) from error
    cited = {rule.cited.id: rule.cited for rule in of_packs}
    return Compiled(
        weigh=weigh if weighing else None,
        judge=judge,
        weigh_paths=asked,
        judge_paths=judged,
        by_path=by_path,
        must_be_known=frozenset().union(*needed),
        conditions=conditions,
        cited=cited | {rule.id: cited_rule(rule) for rule in programme},
        requirements=tuple(rule.cited.id for rule in of_packs if rule.is_requirement),
        own=frozenset(rule.id for rule in programme),
        duties=tuple(duty for code in codes for duty in packs.packs[code].duties),
    )
