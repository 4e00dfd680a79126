"""The same flow under several laws: what each asks, and the smallest set of safeguards for all.

Each law is asked for the flow from its place to every other place compared, so both sides' law
counts in each pair. The common set is the cheapest set of facts on file under which every pair
passes; it is found by trying whole combinations, cheapest first, and each is confirmed by asking.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources

from sekisho.errors import UsageError, fault
from sekisho.model.decision import Change, Decision, Opening
from sekisho.model.facts import DataFacts, Fact, Facts, Identifiability, Truth
from sekisho.model.text import Text
from sekisho.rules.compiled import compiled
from sekisho.rules.conditions import Atom, unknown_word
from sekisho.rules.decide import decide, ends_of
from sekisho.rules.facts_file import read_facts
from sekisho.rules.known import values
from sekisho.rules.lint import LAW_ALONE
from sekisho.rules.openings import Needs, Weighed, candidates, change_of, in_order, weigh
from sekisho.rules.packs import PackRule, Packs
from sekisho.terms import Lane

EVERY = 20_000
"""So many candidates that none is left out."""
MAX_STEPS = 2_000_000


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of flow without places: who, what, what for."""

    id: str
    title: Text
    about: Text
    facts: Facts


@dataclass(frozen=True, slots=True)
class Asked:
    """One requirement of a law that concerns the flow, with every way to meet it."""

    rule: PackRule
    gateways: tuple[PackRule, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The flow from one place to another, as things stand."""

    sender: str
    recipient: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Common:
    """Safeguards under which every pair passes; `asked_by` names the laws that each serves."""

    changes: tuple[Change, ...]
    asked_by: Mapping[str, tuple[str, ...]]
    opened: Mapping[tuple[str, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a comparison found."""

    template: Template
    places: tuple[str, ...]
    at: date
    asked: Mapping[str, tuple[Asked, ...]]
    pairs: tuple[Pair, ...]
    common: Common | None
    """None when no set of changes that people can bring about satisfies every pair."""
    statistics_pass: bool
    """Whether the finished, protected statistics pass between all places as they are."""


def template_names() -> list[str]:
    """The kinds of flow that are shipped."""
    folder = resources.files("sekisho.rules") / "flows"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir())


def read_template(name: str, packs: Packs) -> Template:
    """A kind of flow by its name.

    Raises: UsageError when there is none of that name.
    """
    if name not in template_names():
        raise UsageError(unknown_word("rules.unknown-flow", name, template_names()))
    file = resources.files("sekisho.rules") / "flows" / f"{name}.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    title, about = table.pop("title"), table.pop("about")
    return Template(
        name,
        Text(title["en"], title["ja"]),
        Text(about["en"], about["ja"]),
        read_facts(table, packs, name),
    )


def between(facts: Facts, sender: str, recipient: str) -> Facts:
    """The same flow from one place to another."""
    return replace(
        facts,
        sender=replace(facts.sender, jurisdiction=sender),
        recipient=replace(facts.recipient, jurisdiction=recipient),
    )


def _weighed(facts: Facts, packs: Packs, at: date) -> Weighed:
    rules = compiled(packs, ends_of(facts, packs), at, LAW_ALONE, person=True)
    return weigh(rules, packs.vocabulary, values(facts, packs, at, rules.paths))


def _asked(facts: Facts, packs: Packs, at: date, place: str, others: Sequence[str]) -> list[Asked]:
    """What one law asks of the flow, sent from its place or received there."""
    pack = packs.packs[place]
    by_id = {rule.cited.id: rule for rule in pack.rules}
    found: dict[str, Asked] = {}
    for other in others:
        for sender, recipient in ((place, other), (other, place)):
            decision = decide(between(facts, sender, recipient), LAW_ALONE, packs, at)
            for gate in decision.gateways:
                rule = by_id.get(gate.requirement)
                if rule is not None:
                    gates = [by_id[name] for name in rule.condition.gateways]
                    counted = tuple(each for each in gates if each.counts_on(at))
                    found.setdefault(gate.requirement, Asked(rule, counted))
    return [found[rule.cited.id] for rule in pack.rules if rule.cited.id in found]


def _choices(facts: Facts, packs: Packs, at: date) -> list[Needs]:
    """Sets of facts on file that open one pair; empty set when it is open already."""
    if decide(facts, LAW_ALONE, packs, at, with_openings=False).allowed:
        return [frozenset()]
    kinds = packs.vocabulary.facts
    return [
        needs
        for needs in candidates(_weighed(facts, packs, at), EVERY)
        if all(a.path in kinds and kinds[a.path].changeable for a in needs)
    ]


class _Search:
    """The cheapest union of one choice a pair, by branch and bound."""

    def __init__(self, choices: list[list[Needs]], costs: Mapping[Atom, int]) -> None:
        self.choices = sorted(choices, key=len)
        self.costs = costs
        self.best: Needs | None = None
        self.best_cost = 10**9
        self.steps = 0
        self.seen: set[tuple[int, Needs]] = set()

    def cost(self, needs: Needs) -> int:
        return sum(self.costs[atom] for atom in needs)

    def run(self, at: int, kept: Needs) -> None:
        """Extend a partial choice; gives up branches that cannot become cheaper."""
        self.steps += 1
        spent = self.cost(kept)
        if spent >= self.best_cost or (at, kept) in self.seen or self.steps > MAX_STEPS:
            return
        self.seen.add((at, kept))
        if at == len(self.choices):
            self.best, self.best_cost = kept, spent
            return
        for more in sorted(self.choices[at], key=lambda each: self.cost(each - kept)):
            self.run(at + 1, kept | more)


def _with(facts: Facts, needs: Needs) -> Facts:
    more = {a.path: Fact(Truth.TRUE if a.wanted else Truth.FALSE) for a in needs}
    return replace(facts, on_file={**facts.on_file, **more})


def _common(pairs: Sequence[Facts], packs: Packs, at: date) -> Common | None:
    choices = [_choices(facts, packs, at) for facts in pairs]
    if not all(choices):
        return None
    atoms = {atom for each in choices for needs in each for atom in needs}
    costs = {atom: packs.vocabulary.facts[atom.path].cost for atom in atoms}
    search = _Search(choices, costs)
    search.run(0, frozenset())
    if search.best is None:
        return None
    opened: dict[tuple[str, str], tuple[str, ...]] = {}
    asked: dict[str, set[str]] = {}
    for facts in pairs:
        decision = decide(_with(facts, search.best), LAW_ALONE, packs, at)
        if not decision.allowed:
            return None
        places = (facts.sender.jurisdiction or "", facts.recipient.jurisdiction or "")
        gates = [gate for gate in decision.gateways if gate.open]
        opened[places] = tuple(dict.fromkeys(gate.rule.id for gate in gates))
        for path, law in _serves(facts, search.best, packs, at):
            asked.setdefault(path, set()).add(law)
    bringing = {atom.path: atom.wanted for atom in search.best}
    changes = [
        change_of(path, bringing[path], packs.vocabulary)
        for path in in_order(bringing, packs.vocabulary)
    ]
    return Common(tuple(changes), {p: tuple(sorted(x)) for p, x in asked.items()}, opened)


def _serves(facts: Facts, needs: Needs, packs: Packs, at: date) -> list[tuple[str, str]]:
    """Which law each safeguard serves: without it, that law would stand against the pair."""
    found = []
    for atom in needs:
        fewer = decide(_with(facts, needs - {atom}), LAW_ALONE, packs, at, with_openings=False)
        if not fewer.allowed:
            found += [(atom.path, rule.jurisdiction) for rule in fewer.determining]
    return found


def _statistics(facts: Facts) -> Facts:
    """The same flow as finished statistics."""
    data = DataFacts(Identifiability.STATISTICAL)
    return replace(facts, lane=Lane.STATISTICS, data=data, on_file={})


def compare(places: Sequence[str], flow: str, packs: Packs, at: date) -> Comparison:
    """What the laws of several places ask of one kind of flow, and what satisfies them all.

    Raises: UsageError when fewer than two places are given, a place has no pack, or the kind of
    flow is unknown.
    """
    chosen = tuple(dict.fromkeys(places))
    unknown = [place for place in chosen if place not in packs.packs]
    if unknown or len(chosen) < 2:
        raise UsageError(
            *(fault("rules.no-pack", jurisdiction=place) for place in unknown),
            *((fault("rules.two-places"),) if len(chosen) < 2 else ()),
        )
    template = read_template(flow, packs)
    ways = [(a, b) for a in chosen for b in chosen if a != b]
    flows = [between(template.facts, a, b) for a, b in ways]
    pairs = tuple(
        Pair(a, b, decide(facts, LAW_ALONE, packs, at))
        for (a, b), facts in zip(ways, flows, strict=True)
    )
    asked = {
        place: tuple(_asked(template.facts, packs, at, place, [p for p in chosen if p != place]))
        for place in chosen
    }
    finished = [_statistics(facts) for facts in flows]
    passes = all(decide(each, LAW_ALONE, packs, at).allowed for each in finished)
    return Comparison(template, chosen, at, asked, pairs, _common(flows, packs, at), passes)


def cheapest(pair: Pair) -> Opening | None:
    """The cheapest opening that people can bring about, one that leaves the data alone first."""
    possible = [each for each in pair.decision.openings if each.changeable]
    same_data = [
        each for each in possible if not any(c.fact.startswith("data.") for c in each.changes)
    ]
    return next(iter([*same_data, *possible]), None)
