"""Reads rule packs: one folder a jurisdiction, law in TOML beside its condition in Cedar.

A pack is taken whole or not at all. `pack.toml` names the jurisdiction and what it covers,
`rules.toml` holds citations, texts, dates and duties, `rules.cedar` the conditions,
`examples.toml` worked examples; `facts.toml` declares facts on file that its rules ask for.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from sekisho.errors import Place, ProgrammeError, fault, raise_all
from sekisho.model.access_rule import split_rules
from sekisho.model.decision import CitedRule, RuleStatus, Weight
from sekisho.model.text import Text
from sekisho.rules.cedar import NotCedar, Policy, parse_policy
from sekisho.rules.conditions import Condition, NotPlain, read_condition, wrong_way
from sekisho.rules.pack_folder import PackFolder, Table
from sekisho.rules.vocabulary import FACT_NAME, WEIGH, FactKind, Vocabulary

SEEN = ("primary", "translation", "secondary", "not-seen")
TOPICS = ("basis", "sensitive", "abroad", "anonymised", "scope", "other")
PERSONAL, TRADE = "personal", "trade"


@dataclass(frozen=True, slots=True)
class PackRule:
    """One requirement (a forbid) or one gateway (a permit) of a law."""

    cited: CitedRule
    condition: Condition
    policy: Policy
    cedar: str
    scope: str
    """`personal`: asked only where a person is in the data; `trade`: always."""
    starts: date | None
    ends: date | None
    place: Place
    version_of: str
    """Id of the rule of which this is one version in time; its own id when there is one only."""
    topic: str = "other"
    """What a requirement is about: one of TOPICS."""
    note: Text | None = None

    @property
    def is_requirement(self) -> bool:
        """Whether it closes the way unless one of its gateways is open."""
        return self.condition.effect == "forbid"

    def counts_on(self, at: date) -> bool:
        """Whether the rule decides on this day."""
        status = self.cited.status
        if status is RuleStatus.PENDING or (self.starts and at < self.starts):
            return False
        if self.ends and at >= self.ends:
            return False
        if status is RuleStatus.UNSETTLED:
            return self.is_requirement
        return status is RuleStatus.IN_FORCE or bool(self.starts and status is RuleStatus.ENACTED)


@dataclass(frozen=True, slots=True)
class DutyRule:
    """What follows once a flow passed by one of the rules named."""

    id: str
    follows: tuple[str, ...]
    cited: CitedRule
    due_days: int | None
    every_months: int | None
    keeps: bool = False
    """Whether it makes somebody keep something that erasure would take away."""


@dataclass(frozen=True, slots=True)
class Pack:
    """The law of one jurisdiction as rules."""

    jurisdiction: str
    title: Text
    about: Text
    covers: frozenset[str]
    rules: tuple[PackRule, ...]
    duties: tuple[DutyRule, ...]
    examples: tuple[Table, ...]
    digest: str


@dataclass(frozen=True, eq=False)
class Packs:
    """Every pack that is installed, with the words that their rules share."""

    packs: Mapping[str, Pack]
    vocabulary: Vocabulary
    digest: str
    words: str
    """Digest of the facts that all packs share."""
    by_place: Mapping[str, str] = field(default_factory=dict)
    """Jurisdiction of a party to the pack that covers it (`FR` to `EU`)."""

    def pack_of(self, jurisdiction: str) -> Pack | None:
        """The pack that covers a jurisdiction, if one is installed."""
        return self.packs.get(self.by_place.get(jurisdiction, ""))

    def code_of(self, jurisdiction: str) -> str:
        """The jurisdiction as rules name it: the pack's, or itself where no pack covers it."""
        return self.by_place.get(jurisdiction, jurisdiction)

    def digest_of(self, codes: Iterable[str], programme: Iterable[str]) -> str:
        """SHA-256 over the packs named, the words they share and a programme's rules."""
        return _digest_of(self, tuple(codes), tuple(programme))


@lru_cache(maxsize=1024)
def _digest_of(packs: Packs, codes: tuple[str, ...], programme: tuple[str, ...]) -> str:
    hasher = hashlib.sha256(packs.words.encode())
    for part in (*(f"{code}:{packs.packs[code].digest}" for code in codes), *programme):
        hasher.update(f"{len(part)}:{part}".encode())
    return hasher.hexdigest()


def _tables(source: Table, key: str) -> list[Table]:
    value = source.get(key, [])
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _facts(reading: PackFolder, source: Table) -> list[FactKind]:
    found = []
    for table in _tables(source, "fact"):
        name = str(reading.get(table, "name", str, "fact", "facts.toml"))
        if not FACT_NAME.fullmatch(name):
            reading.fault("rules.fact-name", "facts.toml", name, word=name)
        cost = table.get("cost")
        found.append(
            FactKind(
                name=name,
                title=reading.both(table, "title", name, "facts.toml"),
                ask=reading.both(table, "ask", name, "facts.toml"),
                opens=bool(reading.get(table, "opens", bool, name, "facts.toml")),
                changeable=bool(reading.get(table, "changeable", bool, name, "facts.toml")),
                cost=cost if isinstance(cost, int) else 9,
                answers=reading.both(table, "answers", name, "facts.toml"),
            )
        )
    return found


def _cited(reading: PackFolder, table: Table, rule_id: str) -> CitedRule:
    file = "rules.toml"
    status = str(table.get("status", ""))
    if status not in list(RuleStatus):
        reading.fault("rules.status", file, rule_id, owner=rule_id, known=", ".join(RuleStatus))
        status = RuleStatus.PENDING.value
    weight = str(table.get("weight", Weight.STATUTE))
    if weight not in (Weight.STATUTE, Weight.SOFT_NORM, Weight.CHECKPOINT):
        reading.fault("rules.field", file, rule_id, owner=rule_id, field="weight")
        weight = Weight.STATUTE.value
    seen = str(table.get("seen", ""))
    if seen not in SEEN:
        reading.fault("rules.field", file, rule_id, owner=rule_id, field="seen")
    numbering = reading.get(table, "numbering_date", date, rule_id, file)
    bound = table.get("bound", [])
    return CitedRule(
        id=rule_id,
        citation=reading.both(table, "citation", rule_id, file),
        jurisdiction=reading.name,
        text=reading.both(table, "text", rule_id, file),
        status=RuleStatus(status),
        weight=Weight(weight),
        numbering_date=numbering if isinstance(numbering, date) else None,
        source=str(reading.get(table, "source", str, rule_id, file)),
        seen=seen,
        reviewer=str(table.get("reviewer", "")),
        bound=tuple(str(each) for each in bound) if isinstance(bound, list) else (),
    )


def _day(table: Table, key: str) -> date | None:
    value = table.get(key)
    return value if isinstance(value, date) else None


def _policies(reading: PackFolder) -> dict[str, tuple[str, Policy, int]]:
    found: dict[str, tuple[str, Policy, int]] = {}
    for rule in split_rules(f"{reading.name}/rules.cedar", reading.texts["rules.cedar"]):
        place = Place(rule.file, rule.line)
        if not rule.id:
            reading.faults.append(fault("rules.no-id", place))
            continue
        if rule.id in found:
            reading.faults.append(fault("rules.duplicate-id", place, id=rule.id))
            continue
        try:
            found[rule.id] = (rule.text, parse_policy(rule.text), rule.line)
        except NotCedar as error:
            reading.faults.append(fault("rules.not-cedar", place, why=str(error)))
    return found


def _rules(reading: PackFolder, source: Table, vocabulary: Vocabulary) -> list[PackRule]:
    policies = _policies(reading)
    found: dict[str, PackRule] = {}
    for table in _tables(source, "rule"):
        rule_id = str(reading.get(table, "id", str, "rule", "rules.toml"))
        if rule_id in found:
            reading.fault("rules.duplicate-id", "rules.toml", f'"{rule_id}"', id=rule_id)
            continue
        cited = _cited(reading, table, rule_id)
        if rule_id not in policies:
            reading.fault("rules.no-condition", "rules.toml", f'"{rule_id}"', id=rule_id)
            continue
        text, policy, line = policies.pop(rule_id)
        place = Place(f"{reading.name}/rules.cedar", line)
        try:
            condition = read_condition(policy, vocabulary, of_pack=True)
        except NotPlain as error:
            reading.faults.append(replace(error.fault, place=place))
            continue
        for each in wrong_way(condition, vocabulary):
            reading.faults.append(fault("rules.wrong-way", place, fact=each))
        if not condition.ways:
            reading.faults.append(fault("rules.never-applies", place, id=rule_id))
        scope = str(table.get("scope", PERSONAL))
        if scope not in (PERSONAL, TRADE):
            reading.fault("rules.field", "rules.toml", rule_id, owner=rule_id, field="scope")
        note = reading.both(table, "note", rule_id, "rules.toml") if "note" in table else None
        starts, ends = _day(table, "from"), _day(table, "to")
        version_of = str(table.get("version_of", rule_id))
        topic = str(table.get("topic", "other"))
        if topic not in TOPICS:
            reading.fault("rules.field", "rules.toml", rule_id, owner=rule_id, field="topic")
        found[rule_id] = PackRule(
            cited, condition, policy, text, scope, starts, ends, place, version_of, topic, note
        )
    for rule_id, (_, _, line) in policies.items():
        place = Place(f"{reading.name}/rules.cedar", line)
        reading.faults.append(fault("rules.no-citation", place, id=rule_id))
    _check_gateways(reading, found)
    return list(found.values())


def _weighs(policy: Policy) -> bool:
    """Whether a gateway is open to everyone who meets its condition, under the action `weigh`."""
    entity = {"type": "Action", "id": WEIGH}
    return policy["action"] == {"op": "==", "entity": entity} and policy["principal"] == policy[
        "resource"
    ] == {"op": "All"}


def _check_gateways(reading: PackFolder, rules: Mapping[str, PackRule]) -> None:
    named = {gate for rule in rules.values() for gate in rule.condition.gateways}
    for rule in rules.values():
        if not rule.is_requirement and (rule.condition.gateways or not _weighs(rule.policy)):
            reading.faults.append(fault("rules.gateway-head", rule.place, id=rule.cited.id))
        for gate in rule.condition.gateways:
            target = rules.get(gate)
            if target is None or target.is_requirement:
                reading.faults.append(
                    fault("rules.no-gateway", rule.place, id=rule.cited.id, gateway=gate)
                )
        if not rule.is_requirement and rule.cited.id not in named:
            reading.faults.append(fault("rules.idle-gateway", rule.place, id=rule.cited.id))


def _duties(reading: PackFolder, source: Table, rules: Iterable[PackRule]) -> list[DutyRule]:
    known = {rule.cited.id for rule in rules}
    found = []
    for table in _tables(source, "duty"):
        duty_id = str(reading.get(table, "id", str, "duty", "rules.toml"))
        follows = table.get("follows", [])
        after = tuple(str(each) for each in follows) if isinstance(follows, list) else ()
        for each in after:
            if each not in known:
                reading.fault("rules.duty-of", "rules.toml", f'"{duty_id}"', id=duty_id, rule=each)
        days, months = table.get("due_days"), table.get("every_months")
        found.append(
            DutyRule(
                duty_id,
                after,
                _cited(reading, table, duty_id),
                days if isinstance(days, int) else None,
                months if isinstance(months, int) else None,
                table.get("keeps") is True,
            )
        )
    return found


def _pack(reading: PackFolder, vocabulary: Vocabulary) -> Pack:
    about, source = reading.toml("pack.toml"), reading.toml("rules.toml")
    code = str(reading.get(about, "jurisdiction", str, "pack", "pack.toml"))
    if code != reading.name:
        reading.fault("rules.pack-name", "pack.toml", "jurisdiction", word=code)
    covers = about.get("covers", [code])
    rules = _rules(reading, source, vocabulary)
    return Pack(
        jurisdiction=code,
        title=reading.both(about, "title", "pack", "pack.toml"),
        about=reading.both(about, "about", "pack", "pack.toml"),
        covers=frozenset(str(c) for c in covers) if isinstance(covers, list) else frozenset({code}),
        rules=tuple(rules),
        duties=tuple(_duties(reading, source, rules)),
        examples=tuple(_tables(reading.toml("examples.toml"), "example")),
        digest=reading.digest(),
    )


def read_packs(folder: Traversable, *more: Traversable) -> Packs:
    """Every pack of a folder, whole, and of more folders that add jurisdictions.

    Raises: ProgrammeError with every fault of every pack; then nothing is installed.
    """
    shared = PackFolder(folder, "packs", ("facts.toml",))
    readings = [
        PackFolder(each, each.name)
        for place in (folder, *more)
        for each in sorted(place.iterdir(), key=lambda e: e.name)
        if each.is_dir() and not each.name.startswith(("_", "."))
    ]
    kinds: dict[str, FactKind] = {}
    for reading in (shared, *readings):
        for kind in _facts(reading, reading.toml("facts.toml")):
            if kinds.setdefault(kind.name, kind) != kind:
                reading.fault("rules.fact-twice", "facts.toml", kind.name, word=kind.name)
    vocabulary = Vocabulary(MappingProxyType(kinds))
    packs: dict[str, Pack] = {}
    for reading in readings:
        if reading.name in packs:
            reading.fault("rules.covered-twice", "pack.toml", word=reading.name)
        packs[reading.name] = _pack(reading, vocabulary)
    by_place: dict[str, str] = {}
    for reading in readings:
        for place in sorted(packs[reading.name].covers):
            if by_place.setdefault(place, reading.name) != reading.name:
                reading.fault("rules.covered-twice", "pack.toml", "covers", word=place)
    raise_all(ProgrammeError, (f for each in (shared, *readings) for f in each.faults))
    digests = {"": shared.digest(), **{name: pack.digest for name, pack in packs.items()}}
    joined = "".join(f"{name}:{digest}\n" for name, digest in sorted(digests.items()))
    return Packs(
        MappingProxyType(packs),
        vocabulary,
        hashlib.sha256(joined.encode()).hexdigest(),
        shared.digest(),
        MappingProxyType(by_place),
    )


def shipped_folder() -> Traversable:
    """Where the packs lie that come with this version."""
    return resources.files("sekisho.rules") / "packs"


@cache
def installed(*more: Path) -> Packs:
    """The packs that come with this version, and those of further folders."""
    return read_packs(shipped_folder(), *more)
