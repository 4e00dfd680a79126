"""Judges again what was allowed before: after a pack changed, or to prove an old decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sekisho.model.access_rule import AccessRule
from sekisho.model.decision import Decision
from sekisho.model.facts import Facts
from sekisho.rules.decide import decide
from sekisho.rules.packs import Packs


@dataclass(frozen=True, slots=True)
class Permission:
    """A flow that was allowed and may still happen."""

    id: str
    facts: Facts
    rules: tuple[AccessRule, ...]
    pack_hash: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A permission that would be refused today, with the refusal."""

    permission: Permission
    decision: Decision
    rules_changed: bool
    """True: the packs differ from those that allowed it; false: a fact ran out, or a date came."""


def now_refused(permissions: Iterable[Permission], packs: Packs, at: date) -> tuple[Lapsed, ...]:
    """The open permissions that would be refused on a day, each with what would open it again."""
    found = []
    for permission in permissions:
        decision = decide(permission.facts, permission.rules, packs, at)
        if not decision.allowed:
            changed = decision.pack_hash != permission.pack_hash
            found.append(Lapsed(permission, decision, changed))
    return tuple(found)


def is_the_same(
    decision: Decision, facts: Facts, rules: Sequence[AccessRule], packs: Packs
) -> bool:
    """Whether the same facts, rules and day give this decision again, word for word."""
    return decide(facts, rules, packs, decision.at) == decision
