"""Judges one flow: weighs every gateway, asks every law concerned, and keeps what decided.

First every gateway of the packs is weighed, apart from any rule of a programme. Then requirements
and the programme's rules are judged together, knowing which gateways are open. Whatever cannot be
judged is refused: unknown facts, faulty rules, an error of the engine, a jurisdiction without a
pack where a person is in the data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sekisho.errors import Fault, fault
from sekisho.model.access_rule import AccessRule
from sekisho.model.decision import CitedRule, Decision, Gateway
from sekisho.model.facts import WITHOUT_PERSON, Facts
from sekisho.rules.cedar import Answer, ask
from sekisho.rules.compiled import APPLIES, Compiled, Unusable, compiled
from sekisho.rules.duties import duties_of
from sekisho.rules.fallbacks import FACTS_INCOMPLETE, NO_PACK, NO_RULE_ALLOWS, RULES_FAULTY
from sekisho.rules.known import facts_hash, faults_of, found_as, unknown_paths, values
from sekisho.rules.openings import Weighed, closed_by, openings
from sekisho.rules.packs import Packs
from sekisho.rules.vocabulary import ACTIONS, WEIGH, nested
from sekisho.terms import Outcome


@dataclass(frozen=True, slots=True)
class _Flow:
    """A flow with the rules that concern it."""

    facts: Facts
    packs: Packs
    at: date
    rules: Compiled
    weighed: Weighed
    hashes: tuple[str, str]
    with_openings: bool

    @property
    def found_as(self) -> dict[str, str]:
        """How each fact on file that the rules use stands on the day."""
        return {
            name: found_as(self.facts.fact(name), self.at)
            for name in self.rules.by_path
            if name in self.packs.vocabulary.facts
        }


def has_person(facts: Facts) -> bool:
    """Whether a person may be in the data; unknown counts as yes."""
    return facts.data.identifiability not in WITHOUT_PERSON


def _refused(
    at: date, rule: CitedRule, faults: Iterable[Fault], hashes: tuple[str, str] = ("", "")
) -> Decision:
    return Decision(
        outcome=Outcome.REFUSED,
        determining=(rule,),
        at=at,
        pack_hash=hashes[0],
        facts_hash=hashes[1],
        faults=tuple(faults),
    )


def _places(facts: Facts) -> list[str]:
    return [each for each in (facts.sender.jurisdiction, facts.recipient.jurisdiction) if each]


def concerned(facts: Facts, packs: Packs) -> tuple[tuple[str, ...], list[str]]:
    """Packs of the two sides, sorted, and jurisdictions for which none is installed."""
    places = _places(facts)
    codes = {packs.by_place[place] for place in places if place in packs.by_place}
    missing = sorted({place for place in places if place not in packs.by_place})
    return tuple(sorted(codes)), missing


def _question(flow: _Flow, paths: frozenset[str]) -> dict[str, object]:
    return nested({path: flow.weighed.values[path] for path in paths})


def _ask(flow: _Flow, opened: frozenset[str] | None) -> Answer:
    """Ask about the gateways (None), or about the flow with these gateways open."""
    parties = (flow.facts.recipient.id or "?", flow.facts.data.id or "?")
    if opened is None:
        if flow.rules.weigh is None:
            return Answer("Allow", frozenset(), ())
        return ask(flow.rules.weigh, WEIGH, _question(flow, flow.rules.weigh_paths), parties)
    context = _question(flow, flow.rules.judge_paths)
    context["open"] = sorted(opened)
    return ask(flow.rules.judge, ACTIONS[flow.facts.lane], context, parties)


def _gateways(flow: _Flow, weighed: Answer) -> tuple[Gateway, ...]:
    """The gateways of every requirement that concerns the flow, open and closed."""
    found = []
    stands = flow.found_as
    for requirement in flow.rules.requirements:
        if APPLIES + requirement not in weighed.reasons:
            continue
        for name in flow.rules.conditions[requirement].gateways:
            if name not in flow.rules.cited:
                continue
            is_open = name in weighed.reasons
            why = () if is_open else closed_by(flow.weighed, name, stands)
            found.append(Gateway(flow.rules.cited[name], requirement, is_open, why))
    return tuple(found)


def _allowed(flow: _Flow, gateways: tuple[Gateway, ...], judged: Answer) -> Decision:
    met = [name for name in flow.rules.requirements if any(g.requirement == name for g in gateways)]
    through = [gate.rule.id for gate in gateways if gate.open]
    deciding = dict.fromkeys([*sorted(judged.reasons), *met, *through])
    return Decision(
        outcome=Outcome.ALLOWED,
        determining=tuple(flow.rules.cited[name] for name in deciding),
        at=flow.at,
        pack_hash=flow.hashes[0],
        facts_hash=flow.hashes[1],
        gateways=gateways,
        duties=duties_of(flow.rules, deciding, flow.at),
    )


def _closed(flow: _Flow, gateways: tuple[Gateway, ...], judged: Answer) -> Decision:
    reasons = [flow.rules.cited[name] for name in sorted(judged.reasons)]
    return Decision(
        outcome=Outcome.REFUSED,
        determining=tuple(reasons or (NO_RULE_ALLOWS,)),
        at=flow.at,
        pack_hash=flow.hashes[0],
        facts_hash=flow.hashes[1],
        gateways=gateways,
        openings=openings(flow.weighed) if flow.with_openings else (),
        faults=() if reasons else (fault("rules.no-rule-allows", lane=flow.facts.lane.value),),
    )


def _judge(flow: _Flow) -> Decision:
    unknown = unknown_paths(flow.facts, flow.packs) & flow.rules.must_be_known
    if unknown:
        said = ", ".join(f"`{path}`" for path in sorted(unknown))
        return _refused(
            flow.at, FACTS_INCOMPLETE, [fault("rules.incomplete", facts=said)], flow.hashes
        )
    weighed = _ask(flow, None)
    opened = frozenset(name for name in weighed.reasons if not name.startswith(APPLIES))
    judged = _ask(flow, opened)
    if weighed.errors or judged.errors or judged.word not in ("Allow", "Deny"):
        return _refused(flow.at, FACTS_INCOMPLETE, [fault("rules.engine")], flow.hashes)
    gateways = _gateways(flow, weighed)
    if judged.allowed:
        return _allowed(flow, gateways, judged)
    return _closed(flow, gateways, judged)


def decide(
    facts: Facts,
    programme_rules: Sequence[AccessRule],
    packs: Packs,
    at: date,
    *,
    with_openings: bool = True,
) -> Decision:
    """Whether a flow may pass on a day, by which rules, and what would open the way.

    Both sides' law must pass where a person is in the data; without a person only the programme's
    rules and trade rules count. A programme's rules must permit the flow; they can narrow what the
    law allows and never widen it. The same facts, rules and day give the same decision. Without
    openings a refusal takes less time; for long lists of flows.
    """
    faults = faults_of(facts, packs.vocabulary)
    if faults:
        return _refused(at, FACTS_INCOMPLETE, faults)
    person = has_person(facts)
    codes, missing = concerned(facts, packs)
    own = tuple(programme_rules)
    hashes = (packs.digest_of(codes, [rule.text for rule in own]), facts_hash(facts))
    if person and missing:
        lacking = [fault("rules.no-pack", jurisdiction=place) for place in missing]
        return _refused(at, NO_PACK, lacking, hashes)
    if person and len(_places(facts)) < 2:
        lacking = [
            fault("rules.incomplete", facts="`sender.jurisdiction`, `recipient.jurisdiction`")
        ]
        return _refused(at, FACTS_INCOMPLETE, lacking, hashes)
    try:
        rules = compiled(packs, codes, at, own, person=person)
    except Unusable as error:
        return _refused(at, RULES_FAULTY, error.faults, hashes)
    weighed = Weighed(rules, packs.vocabulary, values(facts, packs, at, rules.by_path.keys()))
    return _judge(_Flow(facts, packs, at, rules, weighed, hashes, with_openings))
