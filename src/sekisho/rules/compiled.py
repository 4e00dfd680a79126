"""Turns the rules concerned into what Cedar is asked: one policy set and what it needs to know.

Only the packs of the two sides and the programme's rules are in the set, so the number of
installed packs costs nothing. Where a requirement names its gateways, their conditions are put in:
Cedar decides from facts alone, nothing that was worked out outside can open a way, and a rule of a
programme cannot name a gateway.
"""

from collections.abc import Mapping
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
    Atom,
    Condition,
    must_be_known,
    named_gateways,
    read_condition,
)
from sekisho.rules.packs import PERSONAL, DutyRule, PackRule, Packs
from sekisho.rules.vocabulary import SCOPE, Layout, layout, schema_text

Ends = tuple[str, str]
"""The sender's and the recipient's jurisdiction as rules name them; empty where unknown."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The rules concerned by a flow, ready to be asked."""

    policies: PolicySet
    paths: frozenset[str]
    """Facts that the rules use; every question holds exactly these."""
    layout: Layout
    by_path: Mapping[str, tuple[str, ...]]
    """Rules that compare a fact; what a change of it can change."""
    must_be_known: frozenset[str]
    conditions: Mapping[str, Condition]
    of_files: tuple[tuple[Atom, bool], ...]
    """Every comparison of a fact on file, with the value for which it holds."""
    of_flows: tuple[Atom, ...]
    """Every comparison of a fact of the flow itself."""
    cited: Mapping[str, CitedRule]
    requirements: tuple[str, ...]
    forbids: tuple[tuple[str, tuple[str, ...]], ...]
    """Rules that forbid, each with the gateways that lift it."""
    permits: tuple[str, ...]
    """Rules of the programme that permit."""
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


def _body(policy: Policy) -> object:
    """All that a gateway asks for, as one expression."""
    body: object = {"Value": True}
    conditions = policy["conditions"]
    for each in conditions if isinstance(conditions, list) else ():
        one = each["body"] if each["kind"] == "when" else {"!": {"arg": each["body"]}}
        body = one if body == {"Value": True} else {"&&": {"left": body, "right": one}}
    return body


def _with_gateways(rule: PackRule, gateways: Mapping[str, Policy]) -> Policy:
    """A requirement with the conditions of its gateways in the place of their names."""
    conditions = rule.policy["conditions"]
    kept = [
        each
        for each in (conditions if isinstance(conditions, list) else ())
        if each["kind"] == "when" or named_gateways(each["body"]) is None
    ]
    for name in rule.condition.gateways:
        if name in gateways:
            kept.append({"kind": "unless", "body": _body(gateways[name])})
    return {**rule.policy, "conditions": kept}


def _by_path(conditions: Mapping[str, Condition]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, condition in conditions.items():
        for path in sorted({atom.path for atom in condition.atoms()}):
            found.setdefault(path, []).append(name)
    return {path: tuple(names) for path, names in found.items()}


def _atoms(
    conditions: Mapping[str, Condition], packs: Packs
) -> tuple[tuple[tuple[Atom, bool], ...], tuple[Atom, ...]]:
    """Every comparison: of a fact on file, with the value for which it holds; of the flow."""
    atoms = {atom for each in conditions.values() for atom in each.atoms()}
    filed = [atom for atom in atoms if atom.path in packs.vocabulary.facts]
    of_files = tuple((atom, (True in atom.values) == atom.wanted) for atom in filed)
    return of_files, tuple(atoms.difference(filed))


def _forbids(conditions: Mapping[str, Condition]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (name, each.gateways) for name, each in conditions.items() if each.effect == "forbid"
    )


def _duties(packs: Packs, ends: Ends) -> tuple[DutyRule, ...]:
    codes = sorted(set(ends) & set(packs.packs))
    return tuple(duty for code in codes for duty in packs.packs[code].duties)


def _can_concern(rule: PackRule, ends: Ends) -> bool:
    """Whether a requirement can concern a flow between these two places."""
    places = {"sender.jurisdiction": ends[0], "recipient.jurisdiction": ends[1]}
    return any(
        all(atom.holds(places) for atom in way if places.get(atom.path))
        for way in rule.condition.ways
    )


def rules_concerned(packs: Packs, ends: Ends, at: date, *, person: bool) -> tuple[PackRule, ...]:
    """The rules of both sides' packs that decide on this day: requirements and their gateways."""
    codes = sorted({code for code in ends if code in packs.packs})
    counted = [
        rule
        for code in codes
        for rule in packs.packs[code].rules
        if (person or rule.scope != PERSONAL) and rule.counts_on(at)
    ]
    asking = [rule for rule in counted if rule.is_requirement and _can_concern(rule, ends)]
    named = {name for rule in asking for name in rule.condition.gateways}
    kept = {rule.cited.id for rule in asking} | named
    return tuple(rule for rule in counted if rule.cited.id in kept)


@dataclass(frozen=True)
class _Written:
    """Rules of a programme, the same when their texts are the same."""

    rules: tuple[AccessRule, ...]

    def __hash__(self) -> int:
        return hash(tuple(rule.text for rule in self.rules))


@lru_cache(maxsize=256)
def _kept(packs: Packs, ends: Ends, at: date, written: _Written, *, person: bool) -> Compiled:
    return _compile(packs, ends, at, written.rules, person=person)


def compiled(
    packs: Packs,
    ends: Ends,
    at: date,
    programme: tuple[AccessRule, ...],
    *,
    person: bool,
) -> Compiled:
    """The rules concerned, ready to be asked; kept for the next flow of the same pair and day.

    Raises: Unusable when a rule of the programme has a fault.
    """
    return _kept(packs, ends, at, _Written(programme), person=person)


def _compile(
    packs: Packs,
    ends: Ends,
    at: date,
    programme: tuple[AccessRule, ...],
    *,
    person: bool,
) -> Compiled:
    faults = tuple(check_rules(programme, packs))
    if faults:
        raise Unusable(faults)
    of_packs = rules_concerned(packs, ends, at, person=person)
    gateways = {r.cited.id: r.policy for r in of_packs if not r.is_requirement}
    judging = {r.cited.id: _with_gateways(r, gateways) for r in of_packs if r.is_requirement}
    conditions = {rule.cited.id: rule.condition for rule in of_packs}
    for own in programme:
        judging[own.id] = parse_policy(own.text)
        conditions[own.id] = read_condition(judging[own.id], packs.vocabulary)
    by_path = _by_path(conditions)
    paths = frozenset(path for each in conditions.values() for path in each.paths)
    needed = (must_be_known(each, packs.vocabulary) for each in conditions.values())
    try:
        policies = build(judging, schema_text(paths - SCOPE))
    except NotCedar as error:
        raise Unusable((Fault("rules.not-cedar", {"why": str(error)}),)) from error
    cited = {rule.cited.id: rule.cited for rule in of_packs}
    of_files, of_flows = _atoms(conditions, packs)
    return Compiled(
        policies=policies,
        paths=paths - SCOPE,
        layout=layout(paths - SCOPE),
        by_path=by_path,
        must_be_known=frozenset().union(*needed),
        conditions=conditions,
        of_files=of_files,
        of_flows=of_flows,
        cited=cited | {rule.id: cited_rule(rule) for rule in programme},
        requirements=tuple(rule.cited.id for rule in of_packs if rule.is_requirement),
        forbids=_forbids(conditions),
        permits=tuple(rule.id for rule in programme if conditions[rule.id].effect == "permit"),
        own=frozenset(rule.id for rule in programme),
        duties=_duties(packs, ends),
    )
