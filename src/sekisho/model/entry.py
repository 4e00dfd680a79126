"""One line of the transparency log: what happened, under which rules, and nothing about whom.

An entry holds no personal data and no facts. What must stay checkable later is committed to with
a salt: who holds salt and value can show what was meant, everybody else sees 64 random letters.
An entry that stands in memory is sound: a wrong one is refused when it is made.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import cast

from sekisho.errors import Fault, TamperedError, UsageError, fault, raise_all
from sekisho.model.canonical import canonical
from sekisho.model.entry_kinds import (
    COMMITMENTS,
    PUBLIC_FIELDS,
    RECORD_PUBLIC,
    RULES,
    EntryKind,
    FieldType,
    KindRule,
)
from sekisho.terms import Lane, Outcome

__all__ = ["MAX_ENTRY_BYTES", "Entry", "EntryKind", "commit", "entry_bytes", "parse_entry"]

MAX_ENTRY_BYTES = 65_535
"""A bundle gives an entry's length in two bytes (C2SP tlog-tiles)."""

SALT_BYTES = 32
SCHEMA = 1

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NONCE = re.compile(r"[0-9a-f]{32}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/()+-]{0,127}")
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,18})?(e-[1-9][0-9]{0,2})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def new_nonce() -> str:
    """Sixteen random bytes, hexadecimal: they make every entry's salts its own."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    A time of the record lane is cut to its day, any other to its second, both in UTC.

    Raises: UsageError with every fault, when a field does not belong to the kind or lane, is
    missing, or has not the form that `entry_kinds` declares.
    """

    kind: EntryKind
    time: datetime | date
    programme: str | None = None
    lane: Lane | None = None
    outcome: Outcome | None = None
    rules: tuple[str, ...] = ()
    """Ids of the rules cited."""
    pack: str | None = None
    """SHA-256 of the rules that decided, hexadecimal."""
    public: Mapping[str, str | int] = field(default_factory=dict)
    """What may be read by all, by the names of `entry_kinds.PUBLIC_FIELDS`."""
    commitments: Mapping[str, str] = field(default_factory=dict)
    """Results of `commit`, by the names of `entry_kinds.COMMITMENTS`."""
    subjects: tuple[str, ...] = ()
    """Marks by which those concerned recognise the entry (`tlog.history`)."""
    nonce: str = field(default_factory=new_nonce)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", _cut(self.time, self.lane))
        raise_all(UsageError, _faults(self))


def _cut(time: datetime | date, lane: Lane | None) -> datetime | date:
    if not isinstance(time, datetime):
        return time
    if time.tzinfo is None:
        raise UsageError(fault("log.time-without-zone"))
    utc = time.astimezone(UTC).replace(microsecond=0)
    return utc.date() if lane == Lane.RECORD else utc


_FORMS: dict[FieldType, Callable[[str | int], bool]] = {
    FieldType.IDENTIFIER: lambda v: isinstance(v, str) and bool(_IDENTIFIER.fullmatch(v)),
    FieldType.DIGEST: lambda v: isinstance(v, str) and bool(_DIGEST.fullmatch(v)),
    FieldType.DECIMAL: lambda v: isinstance(v, str) and bool(_DECIMAL.fullmatch(v)),
    FieldType.DAY: lambda v: isinstance(v, str) and _day(v) is not None,
    FieldType.INDEX: lambda v: type(v) is int and 0 <= v < 2**53,
}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _faults(entry: Entry) -> Iterator[Fault]:
    rule = RULES[entry.kind]
    kind = entry.kind.value
    if entry.lane not in rule.lanes:
        yield fault("log.wrong-lane", kind=kind)
    if isinstance(entry.time, datetime) == (entry.lane == Lane.RECORD):
        yield fault("log.wrong-time", kind=kind)
    if entry.subjects and not rule.has_subjects:
        yield fault("log.no-subjects", kind=kind)
    yield from _public_faults(entry, rule)
    yield from _commitment_faults(entry, rule)
    yield from _form_faults(entry)
    decided = {
        EntryKind.DECISION_ALLOWED: Outcome.ALLOWED,
        EntryKind.DECISION_REFUSED: Outcome.REFUSED,
    }.get(entry.kind)
    if decided is not None and entry.outcome is not decided:
        yield fault("log.wrong-outcome", kind=kind, outcome=decided.value)


def _public_faults(entry: Entry, rule: KindRule) -> Iterator[Fault]:
    kind = entry.kind.value
    allowed = rule.needs | rule.may
    if entry.lane == Lane.RECORD:
        allowed &= RECORD_PUBLIC
    for name in sorted(rule.needs - entry.public.keys()):
        yield fault("log.field-missing", kind=kind, field=name)
    for name, value in sorted(entry.public.items()):
        if name not in PUBLIC_FIELDS:
            yield fault("log.field-unknown", kind=kind)
        elif name not in allowed:
            yield fault("log.field-not-allowed", kind=kind, field=name)
        elif not _FORMS[PUBLIC_FIELDS[name]](value):
            yield fault("log.field-form", field=name, form=PUBLIC_FIELDS[name].value)


def _commitment_faults(entry: Entry, rule: KindRule) -> Iterator[Fault]:
    kind = entry.kind.value
    for name, value in sorted(entry.commitments.items()):
        if name not in COMMITMENTS:
            yield fault("log.field-unknown", kind=kind)
        elif name not in rule.commits:
            yield fault("log.field-not-allowed", kind=kind, field=name)
        elif not _DIGEST.fullmatch(value):
            yield fault("log.field-form", field=name, form=FieldType.DIGEST.value)
    if not all(_DIGEST.fullmatch(mark) for mark in entry.subjects):
        yield fault("log.field-form", field="subjects", form=FieldType.DIGEST.value)
    if len(set(entry.subjects)) != len(entry.subjects):
        yield fault("log.subject-twice")


def _form_faults(entry: Entry) -> Iterator[Fault]:
    if entry.programme is not None and not _IDENTIFIER.fullmatch(entry.programme):
        yield fault("log.field-form", field="programme", form=FieldType.IDENTIFIER.value)
    if entry.pack is not None and not _DIGEST.fullmatch(entry.pack):
        yield fault("log.field-form", field="pack", form=FieldType.DIGEST.value)
    if not all(_RULE.fullmatch(rule) for rule in entry.rules):
        yield fault("log.field-form", field="rules", form=FieldType.IDENTIFIER.value)
    if not _NONCE.fullmatch(entry.nonce):
        yield fault("log.nonce")


def entry_bytes(entry: Entry) -> bytes:
    """The entry as the log keeps it: RFC 8785 JSON.

    Raises: UsageError when it is longer than 65,535 bytes.
    """
    time = entry.time
    said: dict[str, object] = {
        "schema": SCHEMA,
        "kind": entry.kind.value,
        "time": f"{time:%Y-%m-%dT%H:%M:%SZ}" if isinstance(time, datetime) else time.isoformat(),
        "nonce": entry.nonce,
        "programme": entry.programme,
        "lane": entry.lane.value if entry.lane else None,
        "outcome": entry.outcome.value if entry.outcome else None,
        "rules": list(entry.rules),
        "pack": entry.pack,
        "public": dict(entry.public),
        "commitments": dict(entry.commitments),
        "subjects": list(entry.subjects),
    }
    data = canonical({name: value for name, value in said.items() if value not in (None, [], {})})
    if len(data) > MAX_ENTRY_BYTES:
        raise UsageError(fault("log.entry-too-long", most=MAX_ENTRY_BYTES))
    return data


def parse_entry(data: bytes) -> Entry:
    """The entry that the bytes stand for; `entry_bytes` of it gives the same bytes again.

    Raises: TamperedError when the bytes are not exactly what `entry_bytes` writes: invalid UTF-8,
    a name given twice, other spacing or order, an unknown name, kind or form.
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise TamperedError(fault("log.entry-unreadable"))
    try:
        entry = _read(cast("dict[str, object]", json.loads(data.decode("utf-8"))))
        same = entry_bytes(entry) == data
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError) as error:
        raise TamperedError(fault("log.entry-unreadable")) from error
    if not same:
        raise TamperedError(fault("log.entry-unreadable"))
    return entry


def _read(said: dict[str, object]) -> Entry:
    if said["schema"] != SCHEMA:
        raise ValueError("schema")
    lane, outcome = said.get("lane"), said.get("outcome")
    return Entry(
        kind=EntryKind(str(said["kind"])),
        time=_read_time(str(said["time"])),
        programme=cast("str | None", said.get("programme")),
        lane=Lane(str(lane)) if lane is not None else None,
        outcome=Outcome(str(outcome)) if outcome is not None else None,
        rules=tuple(cast("list[str]", said.get("rules", []))),
        pack=cast("str | None", said.get("pack")),
        public=cast("dict[str, str | int]", said.get("public", {})),
        commitments=cast("dict[str, str]", said.get("commitments", {})),
        subjects=tuple(cast("list[str]", said.get("subjects", []))),
        nonce=cast("str", said["nonce"]),
    )


def _read_time(text: str) -> datetime | date:
    if _SECOND.fullmatch(text):
        return datetime.fromisoformat(text)
    day = _day(text)
    if day is None:
        raise ValueError("time")
    return day


def commit(salt: bytes, value: bytes) -> str:
    """A commitment to a value, hexadecimal: SHA-256 of a heading, the salt and the value.

    Without the salt it tells nothing, not even whether a guessed value is right.

    Units: salt has 32 bytes.
    Raises: UsageError when it has not.
    """
    if len(salt) != SALT_BYTES:
        raise UsageError(fault("log.salt"))
    return sha256(b"sekisho/commitment/v1\n" + salt + value).hexdigest()


def manifest_digest(files: Mapping[str, str]) -> str:
    """One public SHA-256 over the names and SHA-256 of the files that left together."""
    return sha256(canonical(dict(files))).hexdigest()
