"""Reading FHIR R4 at the speed of C, for files without a fault.

A file is cut into the raw text of its resources, and each is judged by what `fhir_types` accepts.
Whatever is out of the ordinary ends in UnsureError: then the full check reads the file and says
what is wrong with it, if anything is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, BinaryIO

import msgspec
from msgspec import UNSET

from sekisho.formats import fhir_types

BLOCK = 1 << 20
MOST_AHEAD = 16 << 20
"""Bytes in which an end of an entry must be found."""
LARGEST = 1 << 20
"""Bytes of a resource that is judged here: no text in it is too long."""
TRIES = 8
SPACE = b" \t\n\r"
HEAD = re.compile(rb'"entry"[ \t\n\r]*:[ \t\n\r]*\[')
POINTS = re.compile(rb'"reference":"((?:urn:|#)[^"]*)"')
STARTS = (b'"fullUrl"', b'"resource"')
QUOTE = b'"'
ESCAPED_QUOTE = b"\\u0022"


class UnsureError(Exception):
    """This cannot be judged here."""


class Entry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One entry of a Bundle; what is of no concern is read and dropped."""

    resource: msgspec.Raw
    fullUrl: str = ""  # noqa: N815
    link: object = None
    search: object = None
    request: object = None
    response: object = None


def _has_quote(entry: Entry) -> bool:
    """Whether what stands beside a resource may be written again with more quotes."""
    beside = (entry.link, entry.search, entry.request, entry.response)
    return '"' in entry.fullUrl or any('"' in str(each) for each in beside if each is not None)


class _Known(msgspec.Struct, gc=False):
    """What a resource says it is."""

    resourceType: str  # noqa: N815
    id: str = ""


@cache
def _entries() -> "msgspec.json.Decoder[list[Entry]]":
    return msgspec.json.Decoder(list[Entry])


@cache
def _known() -> "msgspec.json.Decoder[_Known]":
    return msgspec.json.Decoder(_Known)


@cache
def _trees() -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(float_hook=Decimal)


@cache
def encoder() -> msgspec.json.Encoder:
    """Writes trees and typed values; decimals keep their digits."""
    return msgspec.json.Encoder(decimal_format="number")


def kind_and_id(raw: msgspec.Raw | bytes) -> tuple[str, str]:
    """The type and the id of a resource; ValueError when it does not say them."""
    try:
        said = _known().decode(raw)
    except msgspec.MsgspecError as error:
        raise ValueError from error
    return said.resourceType, said.id


def tree_of(raw: msgspec.Raw | bytes) -> dict[str, object]:
    """A resource that was accepted as a tree."""
    found: dict[str, object] = _trees().decode(raw)
    return found


class RawTree(Mapping[str, object]):
    """A resource that was accepted, as text; it is parsed each time somebody looks into it."""

    __slots__ = ("kind", "raw")

    def __init__(self, raw: msgspec.Raw | bytes, kind: str) -> None:
        self.raw = raw
        self.kind = kind

    def __getitem__(self, name: str) -> object:
        return self.kind if name == "resourceType" else tree_of(self.raw)[name]

    def get(self, name: str, default: Any = None) -> Any:
        """One element, or something else in its place."""
        return self.kind if name == "resourceType" else tree_of(self.raw).get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(tree_of(self.raw))

    def __len__(self) -> int:
        return len(tree_of(self.raw))

    def keys(self) -> Any:
        """The names of its elements."""
        return tree_of(self.raw).keys()

    def values(self) -> Any:
        """Its elements."""
        return tree_of(self.raw).values()

    def items(self) -> Any:
        """Its elements with their names."""
        return tree_of(self.raw).items()


# -- one resource -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """A resource without a fault."""

    type: str
    id: str
    pointed: tuple[str, ...]
    """Targets that only the same file can hold."""


def accepted(raw: msgspec.Raw | bytes) -> Accepted | None:
    """What is known of a resource that has no fault; None when that cannot be said here."""
    said = bytes(raw)
    if len(said) > LARGEST or (b"\\" in said and ESCAPED_QUOTE in said):
        return None
    try:
        kind, name, written, names = _judged(said)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    # A name that stands twice in an object is read once: then there are fewer quotes.
    if said.count(QUOTE) != sum(each.count(QUOTE) for each in written) + 2 * (len(written) > 1):
        return None
    pointed = [target.decode() for each in written for target in POINTS.findall(each)]
    if any("\\" in each for each in pointed):
        return None
    outside = tuple(each for each in pointed if each[0] != "#")
    inside = len(outside) != len(pointed)
    if inside and any(each[0] == "#" and each not in names for each in pointed):
        return None
    return Accepted(kind, name, outside)


def _judged(said: bytes) -> tuple[str, str, list[bytes], set[str]]:
    """Type, id, the resource and what it contains as written again, and what that is called."""
    kind, name = kind_and_id(said)
    value, held = _typed(said, kind)
    written, names = [_again(value)], {"#"}
    for each in held:
        inner_kind, inner_name = kind_and_id(each)
        inner, deeper = _typed(each, inner_kind)
        if deeper:
            raise ValueError
        written.append(_again(inner))
        names.add(f"#{inner_name}")
    return kind, name, written, names


def _typed(raw: msgspec.Raw | bytes, kind: str) -> tuple[Any, list[msgspec.Raw]]:
    decoder = fhir_types.decoder(kind)
    if decoder is None:
        raise ValueError
    value: Any = decoder.decode(raw)
    held: list[msgspec.Raw] = []
    if value.contained is not UNSET:
        held, value.contained = value.contained, UNSET
    return value, held


def _again(value: object) -> bytes:
    """A typed value as text in one form; ValueError when a group in it is empty."""
    said = encoder().encode(value)
    if b"{}" in said:
        raise ValueError
    return said


# -- one file -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Cut:
    """The raw text of a Bundle's resources, one after the other, and then what stands beside."""

    file: BinaryIO
    seen: Callable[[bytes], None]
    ahead: bytes = b""
    ended: bool = False
    rest: Mapping[str, object] | None = None
    """The Bundle without its entries, once they are read."""

    def resources(self) -> Iterator[tuple[msgspec.Raw, str]]:
        """(text, full address) of each entry; UnsureError when the text is not plainly a Bundle."""
        head, begun = self._head(), False
        while True:
            chunk, is_last = self._chunk()
            if begun and chunk.strip(SPACE):
                chunk = self._behind_comma(chunk)
            entries = self._decoded(chunk)
            begun = begun or bool(entries)
            for each in entries:
                yield each.resource, each.fullUrl
            if is_last:
                break
        tail = _object(b'{"entry":[' + self.ahead, {"entry"})
        if head.keys() & tail.keys():
            raise UnsureError
        self.rest = {**head, **tail}

    def lines(self) -> Iterator[tuple[bytes, str]]:
        """(text, no address) of each line that is not empty."""
        goes_on = True
        while goes_on:
            goes_on = self._more()
            end = self.ahead.rfind(b"\n") + 1 if goes_on else len(self.ahead)
            for line in self._taken(end).split(b"\n"):
                if line.strip(SPACE):
                    yield line, ""

    def _more(self) -> bool:
        """Read another block; False at the end."""
        block = self.file.read(BLOCK)
        self.seen(block)
        self.ended = not block
        self.ahead += block
        return not self.ended

    def _head(self) -> dict[str, object]:
        while (found := HEAD.search(self.ahead)) is None:
            if self.ended or len(self.ahead) > LARGEST:
                raise UnsureError
            self._more()
        head, self.ahead = self.ahead[: found.end()], self.ahead[found.end() :]
        return _object(head + b"]}", {"entry"})

    def _chunk(self) -> tuple[bytes, bool]:
        """Text of whole entries, as much as is at hand, and whether they are the last."""
        while not self.ended:
            if len(self.ahead) >= BLOCK and (end := _boundary(self.ahead)):
                return self._taken(end), False
            if len(self.ahead) > MOST_AHEAD:
                raise UnsureError
            self._more()
        end = self.ahead.rfind(b"]")
        if end < 0:
            raise UnsureError
        return self._taken(end), True

    def _taken(self, end: int) -> bytes:
        chunk, self.ahead = self.ahead[:end], self.ahead[end:]
        return chunk

    def _behind_comma(self, chunk: bytes) -> bytes:
        stripped = chunk.lstrip(SPACE)
        if not stripped.startswith(b","):
            raise UnsureError
        rest = stripped[1:]
        if not rest.strip(SPACE):
            raise UnsureError
        return rest

    def _decoded(self, chunk: bytes) -> list[Entry]:
        # A text that reads as whole entries is what any reader finds there: what follows cannot
        # change how it reads. So a wrong guess where an entry ends can only fail.
        try:
            found = _entries().decode(b"[" + chunk + b"]")
            # Resources are written again as they stand; a name twice beside one is missing then.
            same = encoder().encode(found).count(QUOTE) == chunk.count(QUOTE)
            if not same or any(map(_has_quote, found)):
                raise UnsureError
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise UnsureError from None
        return found


def _boundary(text: bytes) -> int:
    """Behind the last entry that another one seems to follow; 0 when none is seen."""
    end = len(text)
    for _try in range(TRIES):
        start = max(text.rfind(each, 0, end) for each in STARTS)
        if start < 0:
            return 0
        before = text[max(0, start - 256) : start].rstrip(SPACE)
        if before.endswith(b"{"):
            comma = before[:-1].rstrip(SPACE)
            if comma.endswith(b",") and (last := comma[:-1].rstrip(SPACE)).endswith(b"}"):
                return max(0, start - 256) + len(last)
        end = start
    return 0


def _object(text: bytes, empty: set[str]) -> dict[str, object]:
    """A small object without the members that must be empty lists in it."""
    try:
        found: dict[str, object] = _trees().decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        raise UnsureError from None
    if ESCAPED_QUOTE in text:
        raise UnsureError
    if encoder().encode(found).count(QUOTE) != text.count(QUOTE):
        raise UnsureError
    if any(found.pop(name, None) != [] for name in empty):
        raise UnsureError
    return found
