"""From facts to what Cedar is asked: what is unknown takes the value that helps the flow least."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from sekisho.errors import Fault, fault
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
from sekisho.rules.conditions import unknown_word
from sekisho.rules.packs import Packs
from sekisho.rules.vocabulary import (
    JURISDICTION,
    MOST_PERSONS,
    NOBODY_KNOWS,
    PURPOSE,
    Vocabulary,
)
from sekisho.terms import Lane

MAX_FAULTS = 20


def _is(value: object, kind: type, *, needed: bool = False) -> bool:
    """Whether a value is of a kind, or None where it need not be known; a bool is no number."""
    if value is None:
        return not needed
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _wrong(place: str) -> Fault:
    return fault("rules.fact-type", fact=place)


def _party_faults(party: Party, name: str) -> list[Fault]:
    if not _is(party, Party, needed=True):
        return [_wrong(name)]
    found = [] if _is(party.kind, PartyKind) else [_wrong(f"{name}.kind")]
    place = party.jurisdiction
    if not _is(place, str) or (place is not None and not JURISDICTION.fullmatch(place)):
        found.append(_wrong(f"{name}.jurisdiction"))
    return found if _is(party.id, str, needed=True) else [*found, _wrong(f"{name}.id")]


def _data_faults(data: DataFacts) -> list[Fault]:
    if not _is(data, DataFacts, needed=True):
        return [_wrong("data")]
    kinds, n = data.categories, data.persons
    known = (
        ("data.identifiability", _is(data.identifiability, Identifiability)),
        ("data.categories", _is(kinds, frozenset) and _categories(kinds or ())),
        ("data.persons", _is(n, int) and (n is None or n >= 0)),
        ("data.id", _is(data.id, str, needed=True)),
    )
    return [_wrong(name) for name, right in known if not right]


def _categories(kinds: Collection[object]) -> bool:
    return all(_is(each, Category, needed=True) for each in kinds)


def _file_faults(on_file: Mapping[str, Fact], vocabulary: Vocabulary) -> list[Fault]:
    if not _is(on_file, Mapping, needed=True):
        return [_wrong("on_file")]
    found: list[Fault] = []
    kinds = vocabulary.facts
    for name, value in on_file.items():
        if type(value) is Fact and type(value.truth) is Truth and name in kinds and not value.until:
            continue
        if len(found) > MAX_FAULTS:
            break
        if name not in kinds:
            found.append(unknown_word("rules.unknown-fact", str(name), sorted(kinds)))
        elif not (
            _is(value, Fact, needed=True) and _is(value.truth, Truth, needed=True)
        ) or not _is(value.until, datetime):
            found.append(_wrong(name))
        elif value.until is not None and value.until.utcoffset() is None:
            found.append(fault("rules.fact-until", fact=name))
    return found


def faults_of(facts: Facts, vocabulary: Vocabulary) -> list[Fault]:
    """What is wrong with the facts themselves: types, words that nobody declared, dates."""
    found = [] if _is(facts.lane, Lane, needed=True) else [_wrong("lane")]
    found += _party_faults(facts.sender, "sender") + _party_faults(facts.recipient, "recipient")
    found += _data_faults(facts.data)
    purpose = facts.purpose
    if not _is(purpose, str) or (purpose is not None and not PURPOSE.fullmatch(purpose)):
        found.append(_wrong("purpose"))
    return (found + _file_faults(facts.on_file, vocabulary))[:MAX_FAULTS]


def holds_through(fact: Fact, at: date) -> bool:
    """Whether the fact still stands at the end of that day, UTC."""
    if fact.until is None:
        return True
    return fact.until >= datetime.combine(at + timedelta(days=1), time(), UTC)


def found_as(fact: Fact, at: date) -> str:
    """How a fact on file stands on a day: `true`, `false`, `unknown`, or `expired`."""
    if fact.truth is not Truth.UNKNOWN and not holds_through(fact, at):
        return "expired"
    return fact.truth.value


def ground(facts: Facts, packs: Packs) -> dict[str, object]:
    """Facts of the flow by path; None where unknown."""

    def place(party: Party) -> str | None:
        return packs.code_of(party.jurisdiction) if party.jurisdiction else None

    kinds = facts.data.categories
    return {
        "lane": facts.lane.value,
        "sender.kind": facts.sender.kind and facts.sender.kind.value,
        "sender.jurisdiction": place(facts.sender),
        "recipient.kind": facts.recipient.kind and facts.recipient.kind.value,
        "recipient.jurisdiction": place(facts.recipient),
        "recipient.id": facts.recipient.id or None,
        "data.id": facts.data.id or None,
        "data.identifiability": facts.data.identifiability and facts.data.identifiability.value,
        "data.categories": sorted(k.value for k in kinds) if kinds else None,
        "data.persons": facts.data.persons,
        "purpose": facts.purpose,
    }


def values(facts: Facts, packs: Packs, at: date, paths: Collection[str]) -> dict[str, object]:
    """Facts by path as rules are asked with them; unknown takes the value that helps least."""
    known = ground(facts, packs)
    found: dict[str, object] = {
        path: NOBODY_KNOWS if value is None else value for path, value in known.items()
    }
    if known["data.categories"] is None:
        found["data.categories"] = []
    if known["data.persons"] is None:
        found["data.persons"] = MOST_PERSONS
    kinds, on_file = packs.vocabulary.facts, facts.on_file
    for name in paths:
        kind = kinds.get(name)
        if kind is None:
            continue
        fact = on_file.get(name)
        if fact is None:
            found[name] = not kind.opens
            continue
        helps = fact.truth is (Truth.TRUE if kind.opens else Truth.FALSE)
        if helps and fact.until is not None:
            helps = holds_through(fact, at)
        found[name] = helps == kind.opens
    return found


def are_unknown(paths: Collection[str], found: Mapping[str, object]) -> list[str]:
    """Those of the paths whose value stands in for one that nobody gave."""
    return sorted(path for path in paths if found[path] in (NOBODY_KNOWS, MOST_PERSONS, []))


def unknown_paths(facts: Facts, packs: Packs) -> frozenset[str]:
    """Facts of the flow that nobody gave."""
    return frozenset(path for path, value in ground(facts, packs).items() if value is None)


def facts_hash(facts: Facts) -> str:
    """SHA-256 over the facts, hexadecimal; the same facts give the same hash in any order."""
    data, sender, recipient = facts.data, facts.sender, facts.recipient
    parts: list[object] = [
        *(facts.lane, facts.purpose, sender.kind, sender.jurisdiction, sender.id),
        *(recipient.kind, recipient.jurisdiction, recipient.id),
        *(data.identifiability, ",".join(sorted(data.categories or ())), data.persons, data.id),
    ]
    said = ["" if part is None else str(part) for part in parts]
    text = "".join([f"{len(part)}:{part}" for part in said])
    on_file = "".join(
        [
            _fact_text(name, fact.truth, fact.source, fact.answers, fact.until)
            for name, fact in sorted(facts.on_file.items())
        ]
    )
    return hashlib.sha256(f"{text}{on_file}".encode()).hexdigest()


@lru_cache(maxsize=16384)
def _fact_text(name: str, truth: Truth, source: str, answers: str, until: datetime | None) -> str:
    """A fact on file, each part behind its length, so that no two facts read the same."""
    ends = until.astimezone(UTC).isoformat() if until else ""
    parts = (name, truth.value, source, answers, ends)
    return "".join([f"{len(part)}:{part}" for part in parts])
