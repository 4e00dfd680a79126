"""Judges one flow: weighs every gateway, asks every law concerned, and keeps what decided.

Cedar decides, from the facts alone. Why it decided so - which gateways are open, which fact closed
one - is worked out from the same conditions, and must lead to the same answer and the same rules;
else the flow is refused. Whatever cannot be judged is refused: unknown facts, faulty rules, an
error of the engine, a jurisdiction without a pack where a person is in the data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sekisho.errors import Fault, fault
from sekisho.model.access_rule import AccessRule
from sekisho.model.decision import CitedRule, Decision, Gateway
from sekisho.model.facts import WITHOUT_PERSON, Facts
from sekisho.rules.cedar import Answer, ask
from sekisho.rules.compiled import Compiled, Ends, Unusable, compiled
from sekisho.rules.duties import duties_of
from sekisho.rules.fallbacks import FACTS_INCOMPLETE, NO_PACK, NO_RULE_ALLOWS, RULES_FAULTY
from sekisho.rules.known import are_unknown, facts_hash, faults_of, found_as, values
from sekisho.rules.openings import Weighed, closed_by, openings, passes, standing_against, weigh
from sekisho.rules.packs import Packs
from sekisho.rules.vocabulary import ACTIONS, laid_out
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


def ends_of(facts: Facts, packs: Packs) -> Ends:
    """The two places of a flow as rules name them; empty where unknown."""
    sender, recipient = facts.sender.jurisdiction, facts.recipient.jurisdiction
    return (
        packs.code_of(sender) if sender else "",
        packs.code_of(recipient) if recipient else "",
    )


def _ask(flow: _Flow) -> Answer:
    """Cedar's answer to the flow; errors and contradictions make it none."""
    parties = (flow.facts.recipient.id or "?", flow.facts.data.id or "?")
    context = laid_out(flow.weighed.values, flow.rules.layout)
    answer = ask(flow.rules.policies, ACTIONS[flow.facts.lane], context, parties)
    against = standing_against(flow.weighed)
    expected = passes(flow.rules, flow.weighed.truths)
    if answer.allowed != expected or (against and answer.reasons != against):
        return replace(answer, errors=(*answer.errors, "the explanation contradicts the answer"))
    return answer


def _gateways(flow: _Flow, *, reasons: bool) -> tuple[Gateway, ...]:
    """The gateways of every requirement that concerns the flow; `reasons` says why one closed."""
    found = []
    stands = flow.found_as if reasons else {}
    rules, truths = flow.rules, flow.weighed.truths
    for requirement in rules.requirements:
        if not truths[requirement]:
            continue
        for name in rules.conditions[requirement].gateways:
            if name not in rules.cited:
                continue
            why = closed_by(flow.weighed, name, stands) if reasons and not truths[name] else ()
            found.append(Gateway(rules.cited[name], requirement, truths[name], why))
    return tuple(found)


def _allowed(flow: _Flow, gateways: tuple[Gateway, ...], judged: Answer) -> Decision:
    met = [gate.requirement for gate in gateways]
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
    unknown = are_unknown(flow.rules.must_be_known, flow.weighed.values)
    if unknown:
        said = ", ".join(f"`{path}`" for path in unknown)
        return _refused(
            flow.at, FACTS_INCOMPLETE, [fault("rules.incomplete", facts=said)], flow.hashes
        )
    judged = _ask(flow)
    if judged.errors or judged.word not in ("Allow", "Deny"):
        return _refused(flow.at, FACTS_INCOMPLETE, [fault("rules.engine")], flow.hashes)
    gateways = _gateways(flow, reasons=not judged.allowed)
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
        rules = compiled(packs, ends_of(facts, packs), at, own, person=person)
    except Unusable as error:
        return _refused(at, RULES_FAULTY, error.faults, hashes)
    weighed = weigh(rules, packs.vocabulary, values(facts, packs, at, rules.paths))
    return _judge(_Flow(facts, packs, at, rules, weighed, hashes, with_openings))
