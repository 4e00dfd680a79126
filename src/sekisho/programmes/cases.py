"""Cases of a programme: requests with the decision that its author expects."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sekisho.errors import Fault, Place, fault
from sekisho.model.access_rule import AccessRule
from sekisho.model.decision import Decision
from sekisho.model.facts import (
    Category,
    DataFacts,
    Fact,
    Facts,
    Identifiability,
    Party,
    PartyKind,
    Truth,
)
from sekisho.model.programme import Case, Programme
from sekisho.programmes.build import text_of
from sekisho.programmes.declaration import Declaration
from sekisho.programmes.guess import guessed
from sekisho.programmes.hidden import hidden_faults
from sekisho.terms import Lane, Outcome

Decide = Callable[[Facts, Sequence[AccessRule], date], Decision]
"""Judge facts by a programme's rules on a day."""


def read_json(file: str, text: str) -> Declaration:
    """The values of a JSON file without its nulls; a fault when it is no JSON object."""
    twice: list[str] = []

    def without_nulls(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend(name for name in names if names.count(name) > 1)
        return {name: value for name, value in pairs if value is not None}

    try:
        values = json.loads(text, object_pairs_hook=without_nulls)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        return Declaration(file, {}, {}, (fault("programme.not-json", place),))
    except (ValueError, RecursionError):
        return Declaration(file, {}, {}, (fault("programme.not-json", Place(file, 1)),))
    if not isinstance(values, dict) or twice:
        return Declaration(file, {}, {}, (fault("programme.not-json", Place(file, 1)),))
    read = Declaration(file, values, {}, ())
    return replace(read, faults=tuple(hidden_faults(read)))


def case_faults(read: Declaration) -> Iterator[Fault]:
    """What a case that keeps to the vocabulary may still have wrong."""
    try:
        date.fromisoformat(read.values["on"])
    except ValueError:
        yield fault("programme.not-a-day", read.place(("on",)))
    for each in read.values["flow"].get("ended", ()):
        try:
            date.fromisoformat(each["until"])
        except ValueError:
            yield fault("programme.not-a-day", read.place(("flow", "ended")))
    for name in read.values["flow"]["data"].get("categories", ()):
        if name not in tuple(Category):
            yield guessed("programme.unknown-category", read.place(), name, tuple(Category))


def case_of(read: Declaration) -> Case:
    """One case."""
    value = read.values
    return Case(
        id=read.file.rpartition("/")[2].removesuffix(".json"),
        title=text_of(value["title"]),
        file=read.file,
        on=date.fromisoformat(value["on"]),
        facts=_facts(value["flow"]),
        outcome=Outcome(value["expected"]["outcome"]),
        rules=tuple(value["expected"]["rules"]),
    )


def _facts(flow: dict[str, Any]) -> Facts:
    data = flow["data"]
    how_much = data.get("identifiability")
    return Facts(
        lane=Lane(flow["lane"]),
        sender=_party(flow["sender"]),
        recipient=_party(flow["recipient"]),
        data=DataFacts(
            identifiability=Identifiability(how_much) if how_much else None,
            categories=(
                frozenset(Category(each) for each in data["categories"])
                if "categories" in data
                else None
            ),
            persons=data.get("persons"),
        ),
        purpose=flow.get("purpose"),
        on_file=_on_file(flow),
    )


def _on_file(flow: dict[str, Any]) -> dict[str, Fact]:
    """Facts that are true, false, or were true until the end of a day."""
    ended = {
        each["fact"]: Fact(
            Truth.TRUE,
            until=datetime.combine(
                date.fromisoformat(each["until"]) + timedelta(days=1), time(), UTC
            ),
        )
        for each in flow.get("ended", ())
    }
    return (
        {name: Fact(Truth.TRUE) for name in flow.get("on_file", ())}
        | {name: Fact(Truth.FALSE) for name in flow.get("known_false", ())}
        | ended
    )


def _party(said: dict[str, Any]) -> Party:
    kind = said.get("kind")
    return Party(PartyKind(kind) if kind else None, said.get("jurisdiction"), said["id"])


def differing_cases(programme: Programme, decide: Decide) -> Iterator[Fault]:
    """A fault for every case that is decided otherwise than its author expects."""
    for case in programme.cases:
        decision = decide(case.facts, programme.access_rules, case.on)
        if (decision.outcome, set(decision.rule_ids)) != (case.outcome, set(case.rules)):
            yield fault(
                "programme.case-differs",
                Place(case.file),
                expected=case.outcome.value,
                expected_rules=_listed(case.rules),
                found=decision.outcome.value,
                found_rules=_listed(decision.rule_ids),
            )


def _listed(rules: Sequence[str]) -> str:
    return ", ".join(f"`{rule}`" for rule in sorted(rules)) or "–"
