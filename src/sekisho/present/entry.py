"""An entry of the log as one line for people, and as an object for programs."""

import json

from sekisho import text
from sekisho.model.entry import Entry, entry_bytes
from sekisho.terms import Language


def entry_about(entry: Entry) -> dict[str, object]:
    """The entry as the log holds it, by names."""
    said: dict[str, object] = json.loads(entry_bytes(entry))
    return said


def entry_line(index: int, entry: Entry, language: Language) -> str:
    """Index, time, what happened, where, and what is public of it."""
    said = entry_about(entry)
    kind = text.sentence(f"log.kind-{entry.kind.value}", {}, language)
    named = {"programme": entry.programme, "lane": said.get("lane"), **entry.public}
    parts = [f"{name}={value}" for name, value in named.items() if value is not None]
    if entry.rules:
        parts.append(f"rules={','.join(entry.rules)}")
    return f"{index:>8}  {said['time']:<20}  {kind}  {' '.join(parts)}".rstrip()
