"""An entry of the log as one line or in plain words for people, and as an object for programs."""

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


def entry_words(entry: Entry, language: Language) -> str:
    """What happened, in one plain sentence."""
    return text.sentence(f"entry.{entry.kind.value}", entry.public, language)


def entry_details(entry: Entry, language: Language) -> list[tuple[str, str]]:
    """Everything else that the entry says openly, as (name, value), but for the rules."""

    def say(name: str, **fields: object) -> str:
        return text.sentence(f"entry.{name}", fields, language)

    found: list[tuple[str, str]] = []
    if entry.programme is not None:
        found.append((say("name-programme"), entry.programme))
    if entry.lane is not None:
        found.append((say("name-lane"), say(f"lane-{entry.lane.value}")))
    if entry.outcome is not None:
        found.append((say("name-outcome"), say(f"outcome-{entry.outcome.value}")))
    for name, value in sorted(entry.public.items()):
        found.append((text.sentence(f"log.public-{name}", {}, language), str(value)))
    for name in sorted(entry.commitments):
        said = text.sentence(f"log.commitment-{name}", {}, language)
        found.append((said, f"{say('committed')}: {entry.commitments[name]}"))
    if entry.subjects:
        found.append((say("name-subjects"), say("subjects", count=len(entry.subjects))))
    if entry.pack is not None:
        found.append((say("name-pack"), entry.pack))
    return found
