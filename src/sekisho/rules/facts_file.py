"""Facts as people write them down (TOML or JSON) and as values; every fault of a file at once."""

from collections.abc import Mapping
from datetime import datetime

from sekisho.errors import Fault, Place, UsageError, fault, raise_all
from sekisho.model.facts import (
    PUBLIC,
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
from sekisho.rules.known import faults_of
from sekisho.rules.packs import Packs
from sekisho.terms import Lane

Table = Mapping[str, object]
KEYS = {
    "": ("schema", "lane", "purpose", "sender", "recipient", "data", "on_file"),
    "sender": ("kind", "jurisdiction", "id"),
    "recipient": ("kind", "jurisdiction", "id"),
    "data": ("identifiability", "categories", "persons", "id"),
}
TRUTHS = {True: Truth.TRUE, False: Truth.FALSE, "unknown": Truth.UNKNOWN}


class _Reading:
    """One table of facts being read; keeps every fault."""

    def __init__(self, source: Table) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self._known("", source)

    def _known(self, name: str, table: Table) -> None:
        for key in table:
            if key not in KEYS[name]:
                path = f"{name}.{key}".strip(".")
                self.faults.append(unknown_word("rules.unknown-fact", path, KEYS[name]))

    def table(self, name: str) -> Table:
        found = self.source.get(name, {})
        if not isinstance(found, Mapping):
            self.faults.append(fault("rules.fact-type", fact=name))
            return {}
        self._known(name, found)
        return found

    def word(self, value: object, path: str, words: type) -> object:
        """A member of a closed list; None when absent."""
        if value is None:
            return None
        known = [str(each) for each in words]  # type: ignore[attr-defined]
        if value not in known:
            self.faults.append(unknown_word("rules.unknown-value", str(value), known, path))
            return None
        return words(value)

    def party(self, name: str) -> Party:
        table = self.table(name)
        kind = self.word(table.get("kind"), f"{name}.kind", PartyKind)
        if kind is PartyKind.PUBLIC and set(table) == {"kind"}:
            return PUBLIC
        place, party_id = table.get("jurisdiction"), table.get("id", "")
        return Party(kind, place, party_id)  # type: ignore[arg-type]

    def data(self) -> DataFacts:
        table = self.table("data")
        identifiable = self.word(
            table.get("identifiability"), "data.identifiability", Identifiability
        )
        listed = table.get("categories")
        if listed is not None and not isinstance(listed, list):
            self.faults.append(fault("rules.fact-type", fact="data.categories"))
            listed = None
        kinds = None
        if listed is not None:
            kinds = frozenset(self.word(each, "data.categories", Category) for each in listed)
        return DataFacts(identifiable, kinds, table.get("persons"), table.get("id", ""))  # type: ignore[arg-type]

    def on_file(self) -> dict[str, Fact]:
        table = self.source.get("on_file", {})
        if not isinstance(table, Mapping):
            self.faults.append(fault("rules.fact-type", fact="on_file"))
            return {}
        found = {}
        for name, value in table.items():
            fact = _fact(value)
            if fact is None:
                self.faults.append(fault("rules.fact-type", fact=name))
            else:
                found[name] = fact
        return found


def _fact(value: object) -> Fact | None:
    if isinstance(value, (bool, str)):
        truth = TRUTHS.get(value)
        return Fact(truth) if truth else None
    if not isinstance(value, Mapping) or not set(value) <= {"is", "source", "answers", "until"}:
        return None
    said, until = value.get("is"), value.get("until")
    truth = TRUTHS.get(said) if isinstance(said, (bool, str)) else None
    if isinstance(until, str):
        until = _moment(until) or until
    if truth is None or not (until is None or isinstance(until, datetime)):
        return None
    return Fact(truth, str(value.get("source", "")), str(value.get("answers", "")), until)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def read_facts(source: Table, packs: Packs, file: str = "facts") -> Facts:
    """Facts from a table as TOML or JSON gives it.

    `lane`, `purpose`, the tables `sender`, `recipient`, `data`, and `on_file` with one line a fact:
    true, false, "unknown", or a table with `is`, `source`, `answers`, `until`.

    Raises: UsageError with every fault.
    """
    reading = _Reading(source)
    facts = Facts(
        lane=reading.word(source.get("lane", "record"), "lane", Lane),  # type: ignore[arg-type]
        sender=reading.party("sender"),
        recipient=reading.party("recipient"),
        data=reading.data(),
        purpose=source.get("purpose"),  # type: ignore[arg-type]
        on_file=reading.on_file(),
    )
    found = reading.faults or faults_of(facts, packs.vocabulary)
    raise_all(UsageError, (Fault(each.code, each.fields, Place(file)) for each in found))
    return facts


def written(facts: Facts) -> dict[str, object]:
    """Facts as a table that can be written down and read again."""

    def party(side: Party) -> dict[str, object]:
        pairs = (("kind", side.kind), ("jurisdiction", side.jurisdiction), ("id", side.id))
        return {key: str(value) for key, value in pairs if value}

    data = {
        "identifiability": facts.data.identifiability and facts.data.identifiability.value,
        "categories": sorted(facts.data.categories) if facts.data.categories else None,
        "persons": facts.data.persons,
        "id": facts.data.id or None,
    }
    table: dict[str, object] = {
        "lane": facts.lane.value,
        "purpose": facts.purpose,
        "sender": party(facts.sender),
        "recipient": party(facts.recipient),
        "data": {key: value for key, value in data.items() if value is not None},
        "on_file": {name: _written(fact) for name, fact in sorted(facts.on_file.items())},
    }
    return {key: value for key, value in table.items() if value is not None}


def _written(fact: Fact) -> object:
    said = {Truth.TRUE: True, Truth.FALSE: False, Truth.UNKNOWN: "unknown"}[fact.truth]
    more = {
        "source": fact.source,
        "answers": fact.answers,
        "until": fact.until.isoformat() if fact.until else "",
    }
    kept = {key: value for key, value in more.items() if value}
    return {"is": said, **kept} if kept else said
