"""The page of a rule that decided, and the way to it from a decision's sentences."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from sekisho.errors import NotFound, fault
from sekisho.model.decision import CitedRule, Decision
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages import views
from sekisho.web.pages.views import Passage
from sekisho.web.served import Served, ServedRelease, Shelf, shelves


@dataclass(frozen=True, slots=True)
class LinkedPassage:
    """A sentence of the decision with the points under it; each rule leads to its page."""

    line: Markup
    points: tuple[Markup, ...]


def rules_of(decision: Decision) -> dict[str, CitedRule]:
    """Every rule that a decision mentions, by its id."""
    cited = [*decision.determining, *(gate.rule for gate in decision.gateways)]
    return {each.id: each for each in [*cited, *(duty.rule for duty in decision.duties)]}


def with_rules(
    passages: Sequence[Passage], decision: Decision, language: Language
) -> list[LinkedPassage]:
    """The sentences, the id of each rule being a link."""
    known = rules_of(decision)

    def linked(text: str) -> Markup:
        def link(found: re.Match[str]) -> str:
            rule = found[1]
            place = f"/{language.value}/rules/{rule}"
            return f'[<a href="{place}">{rule}</a>]' if rule in known else found[0]

        return Markup(re.sub(r"\[([A-Za-z0-9_.-]+)\]", link, str(escape(text))))  # noqa: S704 - escaped just now

    return [LinkedPassage(linked(p.line), tuple(map(linked, p.points))) for p in passages]


def rule_page(node: Served, rule_id: str, language: Language) -> dict[str, object]:
    """A rule as it stood in the newest decision that cites it, and what it decided.

    Raises: NotFound when no release that is for everyone cites it.
    """
    citing = list(_citing(node, rule_id))
    if not citing:
        raise NotFound(fault("release_page.no-such-rule"))
    shelf, newest = citing[-1]
    rule = rules_of(newest.release.decision)[rule_id]
    own = next((each for each in shelf.programme.access_rules if each.id == rule_id), None)
    return {
        "r": lambda name, **fields: sentence(f"release_page.{name}", fields, language),
        "current": "",
        "rule": rule,
        "citation": rule.citation.said(language),
        "text": rule.text.said(language),
        "cedar": own.text.strip() if own else "",
        "releases": [
            (each.release.table.title.said(language), views.exact_place_of(each), each.release.id)
            for _, each in reversed(citing)
        ],
    }


def _citing(node: Served, rule_id: str) -> Iterator[tuple[Shelf, ServedRelease]]:
    """Releases for everyone that cite a rule, oldest first within each programme."""
    for shelf in shelves(node):
        for each in node.releases(shelf.programme.id):
            if rule_id in rules_of(each.release.decision):
                yield shelf, each
