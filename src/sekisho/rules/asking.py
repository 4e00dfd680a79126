"""Asks for the facts that could change a refusal, one at a time, cheapest way first."""

from dataclasses import dataclass, replace
from datetime import date

from sekisho.model.decision import Decision
from sekisho.model.facts import Category, Fact, Facts, Identifiability, PartyKind, Truth
from sekisho.model.text import Text
from sekisho.rules.decide import concerned, has_person
from sekisho.rules.known import found_as, unknown_paths
from sekisho.rules.packs import Packs
from sekisho.rules.vocabulary import CLOSED
from sekisho.rules.words import GROUND_WORDS

ORDER = (
    "sender.jurisdiction",
    "recipient.jurisdiction",
    "data.identifiability",
    "sender.kind",
    "recipient.kind",
    "data.categories",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A fact that could change the answer."""

    path: str
    title: Text
    choices: tuple[str, ...]
    """Words to choose from; empty for a jurisdiction, `true` and `false` for a fact on file."""


def next_question(
    facts: Facts, decision: Decision, packs: Packs, asked: frozenset[str] = frozenset()
) -> Question | None:
    """The next fact that is unknown and could change a refusal; None when none could.

    What is known only helps: an allowed flow needs no more facts, so nothing is asked then.
    """
    if decision.allowed:
        return None
    unknown = unknown_paths(facts, packs)
    _, missing = concerned(facts, packs)
    if missing and has_person(facts):
        return None
    for path in ORDER:
        if path in unknown and path not in asked and (has_person(facts) or path in _told(decision)):
            return Question(path, GROUND_WORDS[path].title, tuple(sorted(CLOSED.get(path, ()))))
    kinds = packs.vocabulary.facts
    for opening in decision.openings:
        for change in opening.changes:
            name = change.fact
            if name in kinds and name not in asked and _is_open_question(facts, name, decision.at):
                return Question(name, kinds[name].title, ("true", "false"))
    return None


def _told(decision: Decision) -> str:
    """Facts that the decision itself says are missing."""
    return " ".join(str(each.fields.get("facts", "")) for each in decision.faults)


def _is_open_question(facts: Facts, name: str, at: date) -> bool:
    return found_as(facts.fact(name), at) == "unknown"


def answered(facts: Facts, question: Question, answer: str) -> Facts:
    """The facts with one more known; an answer outside the choices leaves them as they are."""
    path = question.path
    if path.endswith(".jurisdiction"):
        side = path.partition(".")[0]
        return replace(facts, **{side: replace(getattr(facts, side), jurisdiction=answer)})
    if answer not in question.choices and path != "data.categories":
        return facts
    if path.endswith(".kind"):
        side = path.partition(".")[0]
        return replace(facts, **{side: replace(getattr(facts, side), kind=PartyKind(answer))})
    if path == "data.identifiability":
        return replace(facts, data=replace(facts.data, identifiability=Identifiability(answer)))
    if path == "data.categories":
        words = [each.strip() for each in answer.split(",")]
        kinds = frozenset(Category(each) for each in words if each in set(Category))
        return replace(facts, data=replace(facts.data, categories=kinds or None))
    fact = Fact(Truth(answer), source="asked")
    return replace(facts, on_file={**facts.on_file, path: fact})
