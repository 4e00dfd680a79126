"""Values of the model as JSON text, and back: what comes back equals what went in, exactly.

A decimal is a string (`"1.50"` stays `1.50`), a hidden cell `{"suppressed": true}`, a day or an
instant ISO 8601. A field that the model gained later takes its default; an unknown one is refused.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from sekisho.errors import TamperedError, UsageError, fault
from sekisho.model.decision import Decision, Duty
from sekisho.model.facts import Facts
from sekisho.model.table import SUPPRESSED, Suppressed

Json = Any
_SHARED = frozenset({Decision, Duty, Facts})
"""Kinds of which many rows hold the very same value: the last ones are not written out again."""
_REMEMBERED = 8


def to_json(value: object, kind: object) -> str:
    """The value as JSON text.

    Raises: UsageError when it is not a value of that kind.
    """
    try:
        said = _pair(kind)[0](value)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UsageError(fault("store.value-form")) from error
    return json.dumps(said, allow_nan=False, separators=(",", ":"))


def from_json(text: str, kind: Any) -> Any:
    """The value that the text stands for.

    Raises: TamperedError when the text is not what `to_json` writes for that kind.
    """
    try:
        return _pair(kind)[1](json.loads(text))
    except (TypeError, ValueError, KeyError, InvalidOperation, RecursionError) as error:
        raise TamperedError(fault("store.row-unreadable")) from error


def write_instant(instant: datetime) -> str:
    """An instant as text of fixed width, UTC.

    Raises: UsageError when it has no time zone.
    """
    if instant.tzinfo is None:
        raise UsageError(fault("store.value-form"))
    utc = instant.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def read_instant(text: str) -> datetime:
    """The instant that the text stands for.

    Raises: TamperedError when it is none.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise TamperedError(fault("store.row-unreadable")) from error
    if instant.tzinfo is None:
        raise TamperedError(fault("store.row-unreadable"))
    return instant.astimezone(UTC)


def read_decimal(text: str) -> Decimal:
    """The exact decimal that the text stands for.

    Raises: TamperedError when it is none.
    """
    try:
        return _read_decimal(text)
    except (TypeError, ValueError, InvalidOperation) as error:
        raise TamperedError(fault("store.row-unreadable")) from error


def read_bytes(value: object) -> bytes:
    """The bytes of a row.

    Raises: TamperedError when SQLite holds something else there.
    """
    if not isinstance(value, bytes | memoryview):
        raise TamperedError(fault("store.row-unreadable"))
    return bytes(value)


def _exactly(kind: type) -> Callable[[Any], Any]:
    def passed(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(kind.__name__)
        return value

    return passed


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("decimal")
    return str(value)


def _read_decimal(said: Json) -> Decimal:
    if not isinstance(said, str):
        raise TypeError("decimal")
    value = Decimal(said)
    if not value.is_finite():
        raise ValueError("decimal")
    return value


def _write_day(value: date) -> str:
    if type(value) is not date:
        raise TypeError("date")
    return value.isoformat()


def _write_suppressed(_value: Suppressed) -> Json:
    return {"suppressed": True}


def _read_suppressed(said: Json) -> Suppressed:
    if said != {"suppressed": True}:
        raise ValueError("suppressed")
    return SUPPRESSED


def _write_any(value: Any) -> Json:
    """A field of a fault: what a sentence shows. What is no plain value becomes its text."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is Decimal:
        return {"decimal": _write_decimal(value)}
    if type(value) is datetime:
        return {"instant": write_instant(value)}
    if type(value) is date:
        return {"day": value.isoformat()}
    if type(value) is tuple:
        return {"tuple": [_write_any(item) for item in value]}
    return str(value)


def _read_any(said: Json) -> object:
    if said is None or type(said) in (bool, int, str):
        return said
    ((tag, inner),) = said.items()
    readers: dict[str, Callable[[Json], object]] = {
        "decimal": _read_decimal,
        "instant": read_instant,
        "day": date.fromisoformat,
        "tuple": lambda items: tuple(_read_any(item) for item in items),
    }
    return readers[tag](inner)


Pair = tuple[Callable[[Any], Json], Callable[[Json], Any]]
"""How a kind of value is written, and read."""

_PLAIN: dict[object, Pair] = {
    str: (_exactly(str), _exactly(str)),
    int: (_exactly(int), _exactly(int)),
    bool: (_exactly(bool), _exactly(bool)),
    NoneType: (_exactly(NoneType), _exactly(NoneType)),
    Decimal: (_write_decimal, _read_decimal),
    datetime: (write_instant, read_instant),
    date: (_write_day, date.fromisoformat),
    Suppressed: (_write_suppressed, _read_suppressed),
    object: (_write_any, _read_any),
}


@cache
def _pair(kind: Any) -> Pair:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return lambda value: kind(value).value, kind
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_pair(kind)
    made = _COMPOSED.get(get_origin(kind))
    if made is None:
        raise TypeError(f"no JSON for {kind}")
    return made(get_args(kind))


def _tuple_pair(inner: Sequence[Any]) -> Pair:
    if inner[1:] == (...,):
        write, read = _pair(inner[0])
        return (
            lambda value: [write(each) for each in value],
            lambda said: tuple(read(each) for each in _list(said)),
        )
    pairs = [_pair(each) for each in inner]
    return (
        lambda value: [w(each) for (w, _), each in zip(pairs, value, strict=True)],
        lambda said: tuple(r(each) for (_, r), each in zip(pairs, _list(said), strict=True)),
    )


def _set_pair(inner: Sequence[Any]) -> Pair:
    write, read = _pair(inner[0])
    return (
        lambda value: sorted(write(each) for each in value),
        lambda said: frozenset(read(each) for each in _list(said)),
    )


def _mapping_pair(inner: Sequence[Any]) -> Pair:
    write_name, read_name = _pair(inner[0])
    write, read = _pair(inner[1])
    return (
        lambda value: {write_name(name): write(each) for name, each in value.items()},
        lambda said: {read_name(name): read(each) for name, each in _object(said).items()},
    )


def _union_pair(inner: Sequence[Any]) -> Pair:
    """Told apart by their JSON: text is a Decimal, a number an int, an object a hidden cell."""
    writers = {get_origin(kind) or kind: _pair(kind)[0] for kind in inner}
    readers = {_json_type(kind): _pair(kind)[1] for kind in inner}
    if len(readers) != len(inner):
        raise TypeError(f"kinds of {inner} look the same in JSON")
    return (
        lambda value: writers[type(value)](value),
        lambda said: readers[type(said)](said),
    )


def _json_type(kind: Any) -> type:
    if kind in (int, bool, NoneType):
        return cast("type", kind)
    if kind in (str, Decimal, date, datetime) or (
        isinstance(kind, type) and issubclass(kind, StrEnum)
    ):
        return str
    return list if get_origin(kind) in (tuple, frozenset) else dict


def _literal_pair(inner: Sequence[Any]) -> Pair:
    def passed(value: Any) -> Any:
        if type(value) is not str or value not in inner:
            raise ValueError("literal")
        return value

    return passed, passed


_COMPOSED: dict[object, Callable[[Sequence[Any]], Pair]] = {
    Literal: _literal_pair,
    tuple: _tuple_pair,
    frozenset: _set_pair,
    Mapping: _mapping_pair,
    UnionType: _union_pair,
    Union: _union_pair,
}


def _list(said: Json) -> list[Json]:
    if not isinstance(said, list):
        raise TypeError("list")
    return said


def _object(said: Json) -> dict[str, Json]:
    if not isinstance(said, dict):
        raise TypeError("object")
    return said


def _dataclass_pair(kind: type) -> Pair:
    hints = get_type_hints(kind)
    parts = {field.name: _pair(hints[field.name]) for field in fields(kind)}
    needed = {
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }

    def write(value: Any) -> Json:
        if type(value) is not kind:
            raise TypeError(kind.__name__)
        return {name: encode(getattr(value, name)) for name, (encode, _) in parts.items()}

    latest: tuple[tuple[object, Json], ...] = ()

    def write_again(value: Any) -> Json:
        nonlocal latest
        for known, said in latest:
            if known is value:
                return said
        said = write(value)
        latest = ((value, said), *latest[: _REMEMBERED - 1])
        return said

    def read(said: Json) -> Any:
        given = _object(said)
        if needed - given.keys():
            raise KeyError(kind.__name__)
        return kind(**{name: parts[name][1](each) for name, each in given.items()})

    return (write_again if kind in _SHARED else write), read
