"""One permit or forbid of a rule file, with its annotations and its place.

Rule files are Cedar. Here they are only cut into rules: `rules/` parses and judges them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)|(?P<string>"(?:\\.|[^"\\])*")|(?P<end>;)""", re.DOTALL
)
_ANNOTATION = re.compile(
    r"""//[^\n]*|@\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\(\s*"((?:\\.|[^"\\])*)"\s*\))?"""
)
_LEAD = re.compile(
    r"""(?:\s+|//[^\n]*|@\s*[A-Za-z_][A-Za-z0-9_]*\s*(?:\(\s*"(?:\\.|[^"\\])*"\s*\))?)*"""
)
_SPACE = re.compile(r"(?:\s+|//[^\n]*)*")
_ESCAPE = re.compile(r"""\\(["\\'])""")


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One permit or forbid, as written."""

    id: str
    """The annotation `@id`; empty when the rule has none (a fault that the rule check names)."""
    effect: str
    """`permit`, `forbid`, or empty when neither can be read."""
    text: str
    """The Cedar text of this rule alone, annotations included."""
    file: str
    line: int
    """Where the rule begins in its file, from 1."""
    annotations: Mapping[str, str]


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Offset and text of every statement; what follows the last semicolon comes last."""
    start = 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "end":
            yield start, text[start : token.end()]
            start = token.end()
    yield start, text[start:]


def split_rules(file: str, text: str) -> tuple[AccessRule, ...]:
    """The rules of one file, in order; what is not a rule becomes one with an empty effect."""
    found = []
    for start, statement in _statements(text):
        skipped = _SPACE.match(statement)
        begin = skipped.end() if skipped else 0
        body = statement[begin:]
        if not body.strip():
            continue
        lead = _LEAD.match(body)
        rest = body[lead.end() :] if lead else body
        annotations = {
            name: _ESCAPE.sub(r"\1", value or "")
            for name, value in _ANNOTATION.findall(body[: len(body) - len(rest)])
            if name
        }
        effect = next((word for word in ("permit", "forbid") if rest.startswith(word)), "")
        line = text.count("\n", 0, start + begin) + 1
        found.append(
            AccessRule(
                id=annotations.get("id", ""),
                effect=effect,
                text=body,
                file=file,
                line=line,
                annotations=MappingProxyType(annotations),
            )
        )
    return tuple(found)
