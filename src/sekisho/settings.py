"""`node.toml` and the environment become settings; every fault is reported at once."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sekisho.errors import Fault, Place, StorageError, UsageError, fault, raise_all
from sekisho.model.private import PrivateSettings, SensitivityParameters
from sekisho.terms import Language
from sekisho.tlog.note import Verifier, parse_verifier

ROUNDS = 2
WITNESS_MINUTES = 10
IN_THE_FOLDER = "sqlite"
"""What `store` says, or what holds when it is left out: a file in the node's folder."""
FROM_ENVIRONMENT = "environment"
"""What `store` says when the address is only in the environment."""
STORE_VARIABLE = "SEKISHO_STORE"
NODE_KEYS = {
    "origin",
    "participant",
    "language",
    "store",
    "threads",
    "memory-mb",
    "rounds",
    "witnesses",
    "witness-minutes",
    "packs",
}
RULE_KEYS = {"p-percent", "dominance-n", "dominance-k", "prior-p", "posterior-q"}


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness of the node's log: where it answers, and the key that it cosigns with."""

    url: str
    key: Verifier


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one node."""

    origin: str
    """Origin line of the node's log: a schema-less address that nobody else uses."""
    participant: str
    """The participant whose node this is."""
    language: Language
    store: str = field(repr=False)
    """`sqlite` (a file in the folder) or a PostgreSQL address, which may hold a password."""
    threads: int
    memory_mb: int
    rounds: int
    """How often a better pattern is sought; never a clock, so that patterns repeat."""
    private: PrivateSettings
    witnesses: tuple[WitnessAddress, ...] = ()
    """Who is asked to cosign the node's log while it is served."""
    witness_minutes: int = WITNESS_MINUTES
    packs: tuple[Path, ...] = ()
    """Folders of law packs beside those that come with Sekisho."""

    @property
    def store_kind(self) -> str:
        """`sqlite` or `postgresql`: all that may be shown of the store's address."""
        return "postgresql" if self.store.startswith("postgresql") else "sqlite"


def read_settings(file: Path) -> Settings:
    """The settings of a node.

    Raises: StorageError when the file is missing or others may read it; UsageError with every
    fault of its content.
    """
    place = Place(file.name)
    try:
        content = file.read_bytes()
        mode = file.stat().st_mode
    except FileNotFoundError:
        raise StorageError(fault("settings.missing", folder=str(file.parent))) from None
    if mode & 0o077:
        raise StorageError(fault("settings.readable-by-others", place))
    try:
        values = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise UsageError(fault("settings.not-toml", place)) from None
    faults: list[Fault] = []
    settings = _settings(values, place, faults)
    node = values.get("node")
    listed = node.get("packs", []) if isinstance(node, dict) else []
    settings = replace(settings, packs=_packs(listed, file.parent, place, faults))
    raise_all(UsageError, faults)
    return settings


def _settings(values: Mapping[str, object], place: Place, faults: list[Fault]) -> Settings:
    for key in sorted(set(values) - {"schema", "node", "sensitivity"}):
        faults.append(fault("settings.unknown-key", place, key=key))
    if values.get("schema") != 1:
        faults.append(fault("settings.schema", place))
    node = _table(values.get("node"), NODE_KEYS, "node", place, faults)
    environment = os.environ
    language = environment.get("SEKISHO_LANGUAGE", str(node.get("language", "en")))
    if language not in set(Language):
        faults.append(fault("settings.language", place))
        language = "en"
    return Settings(
        origin=_string(node, "origin", place, faults),
        participant=_string(node, "participant", place, faults),
        language=Language(language),
        store=_store(node.get("store", IN_THE_FOLDER), place, faults),
        threads=_whole(node.get("threads", os.cpu_count() or 1), "threads", place, faults),
        memory_mb=_whole(node.get("memory-mb", 1024), "memory-mb", place, faults),
        rounds=_whole(node.get("rounds", ROUNDS), "rounds", place, faults),
        private=_private(values.get("sensitivity", {}), place, faults),
        witnesses=_witnesses(node.get("witnesses", []), place, faults),
        witness_minutes=_whole(
            node.get("witness-minutes", WITNESS_MINUTES), "witness-minutes", place, faults
        ),
    )


def _store(value: object, place: Place, faults: list[Fault]) -> str:
    """The environment's address goes before that of the file."""
    given = os.environ.get(STORE_VARIABLE)
    if given is None and value == FROM_ENVIRONMENT:
        faults.append(fault("settings.store-missing", place))
    return str(value) if given is None else given


def store_address(store: str, file: Path) -> str:
    """The address of a store: that of the file in the folder, or the one given."""
    if store == FROM_ENVIRONMENT:
        store = os.environ.get(STORE_VARIABLE, "")
    return f"sqlite:///{file}" if store == IN_THE_FOLDER else store


def founded_on(store: str | None) -> str:
    """What a new node's settings say of its store: what is asked for, the environment, the folder.

    Raises: UsageError when it is asked for while the environment names another.
    """
    there = os.environ.get(STORE_VARIABLE)
    if there is None:
        return IN_THE_FOLDER if store is None else store
    if store not in {None, there}:
        raise UsageError(fault("settings.store-twice"))
    return FROM_ENVIRONMENT


def parse_witness(text: str) -> WitnessAddress:
    """A witness as people write it: its address, an equals sign, its public key.

    Raises: UsageError when it is not written so.
    """
    url, _, key = text.partition("=")
    if not key:
        raise UsageError(fault("log.witness-form"))
    if not url.startswith(("https://", "http://")):
        raise UsageError(fault("log.url"))
    return WitnessAddress(url, parse_verifier(key))


def _witnesses(value: object, place: Place, faults: list[Fault]) -> tuple[WitnessAddress, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        faults.append(fault("settings.list-of-texts", place, key="witnesses"))
        return ()
    found: list[WitnessAddress] = []
    for each in value:
        try:
            found.append(parse_witness(each))
        except UsageError as error:
            faults += [replace(one, place=place) for one in error.faults]
    if len({each.key for each in found}) != len(found):
        faults.append(fault("settings.witness-twice", place))
    return tuple(found)


def _packs(value: object, folder: Path, place: Place, faults: list[Fault]) -> tuple[Path, ...]:
    """The folders of packs, from the node's own; one that holds no pack is a fault."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        faults.append(fault("settings.list-of-texts", place, key="packs"))
        return ()
    found = []
    for each in value:
        target = (folder / each).resolve()
        if not any(target.glob("*/pack.toml")):
            faults.append(fault("settings.no-packs", place, folder=each))
        found.append(target)
    if len(set(found)) != len(found):
        faults.append(fault("settings.packs-twice", place))
    return tuple(found)


def _table(
    value: object, allowed: set[str], name: str, place: Place, faults: list[Fault]
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        faults.append(fault("settings.missing-table", place, table=name))
        return {}
    for key in sorted(set(value) - allowed):
        faults.append(fault("settings.unknown-key", place, key=f"{name}.{key}"))
    return value


def _string(table: Mapping[str, object], key: str, place: Place, faults: list[Fault]) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        faults.append(fault("settings.missing-text", place, key=f"node.{key}"))
        return ""
    return value


def _whole(value: object, key: str, place: Place, faults: list[Fault]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        faults.append(fault("settings.whole-number", place, key=key))
        return 1
    return value


def _private(value: object, place: Place, faults: list[Fault]) -> PrivateSettings:
    if not isinstance(value, dict):
        faults.append(fault("settings.missing-table", place, table="sensitivity"))
        return PrivateSettings()
    rules = {
        name: _parameters(table, f"sensitivity.{name}", place, faults)
        for name, table in sorted(value.items())
    }
    default = rules.pop("default", SensitivityParameters())
    return PrivateSettings(default, rules)


def _parameters(
    value: object, name: str, place: Place, faults: list[Fault]
) -> SensitivityParameters:
    table = _table(value, RULE_KEYS, name, place, faults)

    def number(key: str, low: int, high: int) -> Decimal | None:
        """The number, strictly above low and at most high; the message never repeats it."""
        if key not in table:
            return None
        given = table[key]
        try:
            read = Decimal(str(given))
        except InvalidOperation:
            read = Decimal("NaN")
        if isinstance(given, bool) or not read.is_finite() or not low < read <= high:
            faults.append(
                fault("settings.parameter-range", place, key=f"{name}.{key}", low=low, high=high)
            )
            return None
        return read

    n = number("dominance-n", 0, 10)
    return SensitivityParameters(
        p_percent=number("p-percent", 0, 100),
        dominance_n=None if n is None else int(n),
        dominance_k=number("dominance-k", 0, 100),
        prior_p=number("prior-p", 0, 1000),
        posterior_q=number("posterior-q", 0, 1000),
    )


def write_settings(file: Path, text: str) -> None:
    """Write `node.toml` so that only its owner can read it; never over an older one."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
