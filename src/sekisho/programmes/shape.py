"""Whether a declaration keeps to the vocabulary: every fault of one file, with its place."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sekisho.errors import Fault, Place, fault
from sekisho.programmes.declaration import Declaration, KeyPath
from sekisho.programmes.guess import guess, guessed, shown
from sekisho.programmes.keys import Key, Kind
from sekisho.programmes.patterns import is_plain_pattern
from sekisho.programmes.vocabulary import SECRET_PARAMETERS

ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*_?")
LONGEST_ID = 64
LONGEST_TEXT = 20_000


def shape_faults(read: Declaration, keys: tuple[Key, ...]) -> list[Fault]:
    """Every place where a file leaves the vocabulary."""
    faults = list(read.faults)
    if faults and not read.values:
        return faults
    _table(read, (), read.values, keys, faults)
    return faults


def _table(
    read: Declaration, path: KeyPath, table: dict[str, Any], keys: tuple[Key, ...], out: list[Fault]
) -> None:
    known = {key.name: key for key in keys}
    meant = set()
    for name, value in table.items():
        place = read.place((*path, name))
        if name in known:
            _value(read, (*path, name), value, known[name], out)
        elif name.lower() in SECRET_PARAMETERS:
            out.append(fault("programme.secret-parameter", place, name=shown(name)))
        else:
            out.append(guessed("programme.unknown-key", place, name, known))
            meant.add(out[-1].fields.get("guess"))
    for key in keys:
        here = key.name in table or key.name in meant or key.name in read.left_out
        if key.required and not here:
            out.append(_missing(read, path, key))


def _missing(read: Declaration, path: KeyPath, key: Key) -> Fault:
    return fault(
        "programme.missing-key",
        read.place(path),
        name=key.name,
        example=f"{key.name} = {example(key)}",
    )


def example(key: Key) -> str:
    """A value of a key's kind, as it is written in TOML."""
    if key.kind is Kind.CHOICE:
        return f'"{key.choices[0]}"'
    if key.kind is Kind.INTEGER:
        return key.default or str(key.least)
    if key.kind in (Kind.LIMIT, Kind.LENGTH):
        return f'"{key.choices[0]}"'
    return {
        Kind.BOTH: '{ en = "…", ja = "…" }',
        Kind.BOOLEAN: "true",
        Kind.DECIMAL: '"1.0"',
        Kind.STRINGS: '["…"]',
        Kind.IDS: '["…"]',
        Kind.NAMES: '["…"]',
        Kind.SCALARS: '["…"]',
        Kind.ROWS: '[["…"]]',
        Kind.TABLE: "{ … }",
        Kind.TABLES: "[{ … }]",
        Kind.VALUES: '{ column = "…" }',
        Kind.LABELS: '{ column = { value = { en = "…", ja = "…" } } }',
    }.get(key.kind, '"…"')


def _value(read: Declaration, path: KeyPath, value: object, key: Key, out: list[Fault]) -> None:
    place = read.place(path)
    if key.kind is Kind.TABLE:
        if isinstance(value, dict):
            _table(read, path, value, key.keys, out)
        else:
            out.append(_wrong(place, key))
    elif key.kind is Kind.TABLES:
        _tables(read, path, value, key, out)
    elif key.kind is Kind.LABELS:
        _labels(read, path, value, key, out)
    elif key.kind is Kind.VALUES:
        good = isinstance(value, dict) and all(isinstance(v, str) and v for v in value.values())
        out += [] if good else [_wrong(place, key)]
    elif key.kind is Kind.BOTH:
        _both(read, path, value, out)
    elif key.kind in _ITEMS:
        _list(read, path, value, key, out)
    else:
        found = _SIMPLE[key.kind](place, value, key)
        if found:
            out.append(found)


def _tables(read: Declaration, path: KeyPath, value: object, key: Key, out: list[Fault]) -> None:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        out.append(_wrong(read.place(path), key))
        return
    out += _length(read, path, value, key)
    for index, each in enumerate(value):
        _table(read, (*path, index), each, key.keys, out)


def _labels(read: Declaration, path: KeyPath, value: object, key: Key, out: list[Fault]) -> None:
    if not isinstance(value, dict):
        out.append(_wrong(read.place(path), key))
        return
    for column, labels in value.items():
        if not isinstance(labels, dict):
            out.append(_wrong(read.place((*path, column)), key))
            continue
        for of, text in labels.items():
            _both(read, (*path, column, of), text, out)


def _both(read: Declaration, path: KeyPath, value: object, out: list[Fault]) -> None:
    name = shown(str(path[-1]))
    if not isinstance(value, dict):
        out.append(fault("programme.needs-languages", read.place(path), name=name))
        return
    for language in value:
        if language not in {"en", "ja"}:
            out.append(
                guessed(
                    "programme.unknown-key", read.place((*path, language)), language, ("en", "ja")
                )
            )
    for language in ("en", "ja"):
        words = value.get(language)
        if words is None:
            if language not in read.left_out:
                out.append(
                    fault("programme.no-language", read.place(path), name=name, language=language)
                )
        elif not isinstance(words, str) or not words.strip() or len(words) > LONGEST_TEXT:
            out.append(
                fault(
                    "programme.no-language",
                    read.place((*path, language)),
                    name=name,
                    language=language,
                )
            )


def _list(read: Declaration, path: KeyPath, value: object, key: Key, out: list[Fault]) -> None:
    if not isinstance(value, list):
        out.append(_wrong(read.place(path), key))
        return
    wrong_length = _length(read, path, value, key)
    if wrong_length:
        out += wrong_length
        return
    item = Key(key.name, _ITEMS[key.kind], "")
    for index, each in enumerate(value):
        if key.kind is Kind.ROWS:
            good = isinstance(each, list) and all(isinstance(part, str) for part in each)
            found = None if good else _wrong(read.place((*path, index)), key)
        else:
            found = _SIMPLE[item.kind](read.place((*path, index)), each, item)
        if found:
            out.append(found)
        elif each in value[:index]:
            out.append(fault("programme.listed-twice", read.place((*path, index)), name=key.name))


def _length(read: Declaration, path: KeyPath, value: list[object], key: Key) -> list[Fault]:
    most = key.most if key.most is not None else 1000
    if key.least <= len(value) <= most:
        return []
    return [
        fault("programme.wrong-length", read.place(path), name=key.name, least=key.least, most=most)
    ]


def _wrong(place: Place, key: Key) -> Fault:
    return fault(
        "programme.wrong-kind", place, name=key.name, example=f"{key.name} = {example(key)}"
    )


def _string(place: Place, value: object, key: Key) -> Fault | None:
    good = isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT
    return None if good else _wrong(place, key)


def _id(place: Place, value: object, key: Key) -> Fault | None:
    if not isinstance(value, str):
        return _wrong(place, key)
    if ID.fullmatch(value) and len(value) <= LONGEST_ID:
        return None
    return fault("programme.bad-id", place, name=key.name, id=shown(value), guess=_as(value, "-"))


def _name(place: Place, value: object, key: Key) -> Fault | None:
    if not isinstance(value, str):
        return _wrong(place, key)
    if NAME.fullmatch(value) and len(value) <= LONGEST_ID:
        return None
    return fault("programme.bad-name", place, name=key.name, id=shown(value), guess=_as(value, "_"))


def _as(word: str, joint: str) -> str:
    """What an id would be if it kept to the form."""
    kept = re.sub(r"[^a-z0-9]+", joint, word[:LONGEST_ID].lower()).strip(joint)
    return kept if kept[:1].isalpha() else f"x{joint}{kept}".rstrip(joint)


def _integer(place: Place, value: object, key: Key) -> Fault | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return _wrong(place, key)
    most = key.most if key.most is not None else 2**31
    if key.name == "schema" and value != key.least:
        return fault("programme.other-schema", place, schema=key.least)
    if not key.least <= value <= most:
        return fault("programme.out-of-range", place, name=key.name, least=key.least, most=most)
    return None


def _decimal(place: Place, value: object, key: Key) -> Fault | None:
    try:
        good = isinstance(value, str) and Decimal(value).is_finite() and Decimal(value) > 0
    except InvalidOperation:
        good = False
    return None if good else _wrong(place, key)


def _limit(place: Place, value: object, key: Key) -> Fault | None:
    return None if value in key.choices else _integer(place, value, key)


def _extent(place: Place, value: object, key: Key) -> Fault | None:
    return None if value in key.choices else _decimal(place, value, key)


def _boolean(place: Place, value: object, key: Key) -> Fault | None:
    return None if isinstance(value, bool) else _wrong(place, key)


def _scalar(place: Place, value: object, key: Key) -> Fault | None:
    return None if isinstance(value, str | int | float | date | datetime) else _wrong(place, key)


def _pattern(place: Place, value: object, key: Key) -> Fault | None:
    if not isinstance(value, str):
        return _wrong(place, key)
    return None if is_plain_pattern(value) else fault("programme.pattern-not-plain", place)


def _choice(place: Place, value: object, key: Key) -> Fault | None:
    if not isinstance(value, str):
        return _wrong(place, key)
    if value in key.choices:
        return None
    near = guess(value, key.choices)
    listed = ", ".join(f"`{choice}`" for choice in key.choices)
    if near:
        return fault("programme.not-a-choice", place, name=key.name, guess=near, known=listed)
    return fault("programme.not-a-choice-known", place, name=key.name, known=listed)


_SIMPLE: dict[Kind, Callable[[Place, object, Key], Fault | None]] = {
    Kind.STRING: _string,
    Kind.ID: _id,
    Kind.NAME: _name,
    Kind.INTEGER: _integer,
    Kind.LIMIT: _limit,
    Kind.DECIMAL: _decimal,
    Kind.LENGTH: _extent,
    Kind.BOOLEAN: _boolean,
    Kind.SCALAR: _scalar,
    Kind.PATTERN: _pattern,
    Kind.CHOICE: _choice,
}
_ITEMS = {
    Kind.STRINGS: Kind.STRING,
    Kind.IDS: Kind.ID,
    Kind.NAMES: Kind.NAME,
    Kind.SCALARS: Kind.SCALAR,
    Kind.ROWS: Kind.STRINGS,
}
