"""The words that rules may use: facts of the flow, and facts on file that the packs declare.

Every rule sees the same words under one Cedar schema. A fact on file either opens (true helps the
flow) or closes (true hinders it); what is unknown takes the value that helps least.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sekisho.model.facts import Category, Identifiability, PartyKind
from sekisho.model.text import Text
from sekisho.terms import Lane

ACTIONS = {Lane.RECORD: "transfer", Lane.STATISTICS: "release", Lane.OPEN: "publish"}
"""The action that a flow of each lane asks for."""

WEIGH = "weigh"
"""The action under which packs write their gateways; a programme's rule cannot name it."""

FACT_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
JURISDICTION = re.compile(r"[A-Z]{2}")
PURPOSE = re.compile(r"dpv:[A-Z][A-Za-z]+")

NOBODY_KNOWS = "?"
"""Stands in a question where a word is unknown; no rule can name it."""
MOST_PERSONS = 2**62
"""Stands in a question where the number of persons is unknown."""

CLOSED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "lane": frozenset(Lane),
        "sender.kind": frozenset(PartyKind),
        "recipient.kind": frozenset(PartyKind),
        "data.identifiability": frozenset(Identifiability),
        "data.categories": frozenset(Category),
    }
)
"""Facts of the flow whose values are a closed list."""

WORDS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "sender.jurisdiction": JURISDICTION,
        "recipient.jurisdiction": JURISDICTION,
        "purpose": PURPOSE,
    }
)
"""Facts of the flow whose values follow a form."""

SETS = frozenset({"data.categories"})
NUMBERS = frozenset({"data.persons"})
SCOPE = frozenset({"recipient.id", "data.id"})
"""Named in the head of a rule only, as `principal` and `resource`."""
GROUND = frozenset(CLOSED) | frozenset(WORDS) | NUMBERS


@dataclass(frozen=True, slots=True)
class FactKind:
    """A fact on file that rules may ask for."""

    name: str
    title: Text
    ask: Text
    """What to do so that it becomes true (or false, when it closes)."""
    opens: bool
    changeable: bool
    cost: int
    """1: write down what is so; 3: ask a person or sign; 5: build; 7: certify; 9: years."""
    answers: Text
    """Who has to answer for it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Facts on file by name; facts of the flow are the same for everyone."""

    facts: Mapping[str, FactKind]

    def knows(self, path: str) -> bool:
        """Whether a rule may use this path."""
        return path in GROUND or path in self.facts

    def paths(self) -> list[str]:
        """Every path that a rule may use, sorted."""
        return sorted(GROUND | set(self.facts))


def _cedar_type(path: str) -> str:
    if path in SETS:
        return "Set<String>"
    if path in NUMBERS:
        return "Long"
    return "String" if path in GROUND else "Bool"


def _record(paths: Iterable[str]) -> str:
    groups: dict[str, list[str]] = {}
    plain = []
    for path in sorted(paths):
        group, dot, name = path.partition(".")
        if dot:
            groups.setdefault(group, []).append(f"{name}: {_cedar_type(path)}")
        else:
            plain.append(f"{path}: {_cedar_type(path)}")
    plain += [f"{group}: {{ {', '.join(names)} }}" for group, names in groups.items()]
    return "{ " + ", ".join(plain) + " }"


def schema_text(paths: Iterable[str]) -> str:
    """The Cedar schema over some paths; every one of them is required in each request."""
    actions = ", ".join(f'"{name}"' for name in ACTIONS.values())
    applies = f"appliesTo {{ principal: Party, resource: Data, context: {_record(paths)} }}"
    return f"entity Party;\nentity Data;\naction {actions} {applies};\n"


Layout = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Groups of a context with (name, path) each; the group without a name stands at the top."""


def layout(paths: Iterable[str]) -> Layout:
    """How values by dotted path lie in the records that Cedar reads."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(paths):
        group, dot, name = path.partition(".")
        groups.setdefault(group if dot else "", []).append((name if dot else path, path))
    return tuple((group, tuple(names)) for group, names in groups.items())


def laid_out(values: Mapping[str, object], where: Layout) -> dict[str, object]:
    """Values by dotted path as the records that Cedar reads."""
    context: dict[str, object] = {}
    for group, names in where:
        record = {name: values[path] for name, path in names}
        if group:
            context[group] = record
        else:
            context.update(record)
    return context


def nested(values: Mapping[str, object]) -> dict[str, object]:
    """Values by dotted path as the records that Cedar reads, all of them."""
    return laid_out(values, layout(values))
