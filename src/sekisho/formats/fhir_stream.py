"""JSON of any length, one resource at a time: Bundles, NDJSON and single resources.

A value is parsed once the text read so far holds all of it; what is in memory is one value and one
block. Names that occur twice in an object are marked, for nobody can say which one counts.
"""

import codecs
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

BLOCK = 1 << 20
LARGEST_VALUE = 64 << 20
"""Characters that one resource may have."""
TWICE = "\0twice"
"""Stands in an object whose names are not all different."""
SPACE = " \t\n\r"


class BrokenError(Exception):
    """The text is not what it should be; holds a code of `text/`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        found[TWICE] = True
    return found


def _refuse(_said: str) -> object:
    raise BrokenError("fhir.not-json")


def _number(said: str) -> Decimal:
    try:
        return Decimal(said)
    except InvalidOperation as error:
        raise BrokenError("fhir.not-json") from error


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_refuse)


@dataclass(slots=True)
class Text:
    """Characters of a UTF-8 file, read as far as they are needed."""

    file: BinaryIO
    seen: Callable[[bytes], None]
    """Is given every block that is read, for a hash or for progress."""
    ahead: str = ""
    at: int = 0
    ended: bool = False
    _decode: Any = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def more(self) -> bool:
        """Read another block; False at the end."""
        if self.ended:
            return False
        block = self.file.read(BLOCK)
        self.seen(block)
        self.ended = not block
        try:
            read = self._decode.decode(block, final=self.ended)
        except UnicodeDecodeError as error:
            raise BrokenError("fhir.not-utf8") from error
        self.ahead, self.at = self.ahead[self.at :] + read, 0
        return not self.ended

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            while self.at < len(self.ahead):
                if self.ahead[self.at] not in SPACE:
                    return self.ahead[self.at]
                self.at += 1
            if not self.more() and self.at >= len(self.ahead):
                return ""

    def take(self, wanted: str) -> None:
        """Step over one character that must come next."""
        if self.peek() != wanted:
            raise BrokenError("fhir.not-json")
        self.at += 1

    def value(self) -> object:
        """The next whole value.

        A number may go on behind the text that is there, by a point, an `e` and a sign.
        """
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self.ahead, self.at)
            except json.JSONDecodeError as error:
                if not _may_be_cut(error, len(self.ahead)):
                    raise BrokenError("fhir.not-json") from error
            except RecursionError as error:
                raise BrokenError("fhir.too-deep") from error
            except ValueError as error:
                raise BrokenError("fhir.not-json") from error
            else:
                if self.ended or end + 3 <= len(self.ahead) or self.ahead[end - 1] in '"}]':
                    self.at = end
                    return found
            if len(self.ahead) - self.at > LARGEST_VALUE:
                raise BrokenError("fhir.resource-too-large")
            if not self._twice_as_much():
                raise BrokenError("fhir.not-json")

    def _twice_as_much(self) -> bool:
        """Read until twice as much lies ahead: a long value is tried only a few times."""
        wanted, grew = 2 * (len(self.ahead) - self.at), False
        while not self.ended and (not grew or len(self.ahead) - self.at < wanted):
            self.more()
            grew = True
        return grew


def whole(text: str) -> object:
    """The one value of a text.

    Raises: BrokenError when it is not one.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise BrokenError("fhir.too-deep") from error
    except ValueError as error:
        raise BrokenError("fhir.not-json") from error


def _may_be_cut(error: json.JSONDecodeError, end: int) -> bool:
    """Whether an error may only mean that the text goes on."""
    return error.msg.startswith("Unterminated string") or error.pos > end - 12


def members(text: Text, streamed: str) -> Iterator[tuple[str, object]]:
    """The members of an object; those of the array called `streamed` come one by one.

    Raises: BrokenError when the text is no JSON object, or a name stands in it twice.
    """
    text.take("{")
    names: set[str] = set()
    while text.peek() != "}":
        if names:
            text.take(",")
        name = text.value() if text.peek() == '"' else None
        if not isinstance(name, str):
            raise BrokenError("fhir.not-json")
        if name in names:
            raise BrokenError("fhir.name-twice")
        names.add(name)
        text.take(":")
        if name == streamed and text.peek() == "[":
            yield from ((name, each) for each in _items(text))
        else:
            yield name, text.value()
    text.take("}")
    if text.peek():
        raise BrokenError("fhir.not-json")


def _items(text: Text) -> Iterator[object]:
    text.take("[")
    first = True
    while text.peek() != "]":
        if not first:
            text.take(",")
        first = False
        yield text.value()
    text.take("]")


def lines(text: Text) -> Iterator[object]:
    """The values of NDJSON: one a line, no empty text between them but white space."""
    while text.peek():
        yield text.value()
