"""Decisions in plain sentences, English and Japanese; every page and program shows the same."""

from collections.abc import Iterable
from functools import lru_cache

from sekisho.errors import Fault, fault
from sekisho.model.decision import (
    Change,
    CitedRule,
    Decision,
    Duty,
    Gateway,
    Missing,
    Opening,
    Weight,
)
from sekisho.terms import Language
from sekisho.text import sentence


@lru_cache(maxsize=4096)
def _say(name: str, language: Language, **fields: object) -> str:
    return sentence(f"rules.{name}", fields, language)


@lru_cache(maxsize=4096)
def citation(rule: CitedRule, language: Language) -> str:
    """The provision, with its jurisdiction and its standing where it is not plain statute."""
    said = rule.citation.said(language)
    if rule.weight is Weight.SOFT_NORM:
        said = _say("said-soft", language, citation=said)
    return f"{said} [{rule.id}]"


@lru_cache(maxsize=4096)
def _reason(rule: CitedRule, language: Language) -> str:
    return _say(
        "said-rule", language, citation=citation(rule, language), text=rule.text.said(language)
    )


def _missing(missing: Missing, language: Language) -> str:
    title = missing.title.said(language)
    if missing.found in ("false", "true", "unknown", "expired") and missing.wanted in (
        "true",
        "false",
    ):
        return _say(f"missing-{missing.wanted}-{missing.found}", language, title=title)
    found = _say("not-known", language) if missing.found == "unknown" else missing.found
    return _say("missing-value", language, title=title, wanted=missing.wanted, found=found)


def _gateway(gate: Gateway, language: Language) -> str:
    cited, text = citation(gate.rule, language), gate.rule.text.said(language)
    if gate.open:
        return _say("gateway-open", language, citation=cited, text=text)
    why = _say("and", language).join(_missing(each, language) for each in gate.closed_by)
    return _say("gateway-closed", language, citation=cited, text=text, why=why)


def _change(change: Change, language: Language) -> str:
    return change.ask.said(language)


def _opening(opening: Opening, language: Language) -> str:
    steps = _say("and", language).join(_change(each, language) for each in opening.changes)
    return _say("opening" if opening.changeable else "opening-fixed", language, steps=steps)


@lru_cache(maxsize=4096)
def _duty(duty: Duty, language: Language) -> str:
    cited, text = citation(duty.rule, language), duty.text.said(language)
    if duty.due is None:
        return _say("duty", language, citation=cited, text=text)
    name = "duty-every" if duty.every_months else "duty-by"
    due, months = duty.due.isoformat(), duty.every_months or 0
    return _say(name, language, citation=cited, text=text, due=due, months=months)


def _listed(lines: Iterable[str]) -> list[str]:
    return [f"  - {line}" for line in lines]


def explain(decision: Decision, language: Language = Language.EN) -> list[str]:
    """A decision as lines to read: the answer, the articles, the gateways, what would open it."""
    outcome, day = decision.outcome.value, decision.at.isoformat()
    lines = [_say(f"outcome-{outcome}", language, day=day)]
    lines += _listed(_reason(rule, language) for rule in decision.determining)
    lines += _listed(each.sentence(language) for each in decision.faults)
    closing = set(decision.rule_ids)
    tried = [g for g in decision.gateways if decision.allowed or g.requirement in closing]
    if decision.allowed:
        tried = [g for g in tried if g.open and g.rule.id not in closing]
    if tried:
        lines.append(_say("gateways", language))
        lines += _listed(_gateway(gate, language) for gate in tried)
    if decision.openings:
        lines.append(_say("openings", language))
        lines += _listed(_opening(each, language) for each in decision.openings)
    if decision.duties:
        lines.append(_say("duties", language))
        lines += _listed(_duty(each, language) for each in decision.duties)
    return [*lines, _standing(decision, language)]


def _standing(decision: Decision, language: Language) -> str:
    laws = [r for r in decision.determining if r.jurisdiction]
    laws += [g.rule for g in decision.gateways]
    if any(not rule.reviewer for rule in laws):
        return _say("not-advice-unreviewed", language)
    return _say("not-advice", language)


def faults(decision: Decision) -> tuple[Fault, ...]:
    """A refusal as faults of an error: one for each rule that closed the way, then the reasons."""
    closed = tuple(
        fault("rules.refused-by", id=rule.id, citation=rule.citation.en)
        for rule in decision.determining
    )
    return (*closed, *decision.faults)


def _rule(rule: CitedRule, language: Language) -> dict[str, object]:
    return {
        "id": rule.id,
        "citation": rule.citation.said(language),
        "jurisdiction": rule.jurisdiction,
        "text": rule.text.said(language),
        "status": rule.status.value,
        "weight": rule.weight.value,
        "source": rule.source,
        "seen": rule.seen,
        "reviewed_by": rule.reviewer or None,
    }


def _gateway_document(gate: Gateway, language: Language) -> dict[str, object]:
    closed = [
        {
            "fact": each.fact,
            "title": each.title.said(language),
            "wanted": each.wanted,
            "found": each.found,
            "changeable": each.changeable,
        }
        for each in gate.closed_by
    ]
    about = {"requirement": gate.requirement, "open": gate.open, "closed_by": closed}
    return {**_rule(gate.rule, language), **about}


def _opening_document(opening: Opening, language: Language) -> dict[str, object]:
    changes = [
        {
            "fact": each.fact,
            "to": each.to,
            "ask": each.ask.said(language),
            "cost": each.cost,
            "answers": each.answers.said(language),
        }
        for each in opening.changes
    ]
    return {
        "cost": opening.cost,
        "changeable": opening.changeable,
        "gateways": list(opening.gateways),
        "changes": changes,
    }


def _duty_document(duty: Duty, language: Language) -> dict[str, object]:
    return {
        "id": duty.id,
        "text": duty.text.said(language),
        "citation": duty.rule.citation.said(language),
        "due": duty.due.isoformat() if duty.due else None,
        "every_months": duty.every_months,
    }


def as_document(decision: Decision, language: Language = Language.EN) -> dict[str, object]:
    """A decision for programs, with the same sentences."""
    return {
        "outcome": decision.outcome.value,
        "at": decision.at.isoformat(),
        "pack_hash": decision.pack_hash,
        "facts_hash": decision.facts_hash,
        "determining": [_rule(rule, language) for rule in decision.determining],
        "reasons": [each.sentence(language) for each in decision.faults],
        "gateways": [_gateway_document(gate, language) for gate in decision.gateways],
        "openings": [_opening_document(each, language) for each in decision.openings],
        "duties": [_duty_document(each, language) for each in decision.duties],
        "sentences": explain(decision, language),
    }
