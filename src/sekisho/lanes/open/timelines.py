"""What happened when: the rows of a look-up that is a timeline, with who did it by name."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sekisho.model.dataset import Lookup, Timeline
from sekisho.model.text import Text
from sekisho.model.words import Wanted, found_in


@dataclass(frozen=True, slots=True)
class Event:
    """One row of a timeline."""

    id: str
    on: date
    who: str
    name: Text
    topic: str
    texts: tuple[str, ...]
    address: str

    @property
    def searched(self) -> str:
        """All that is searched."""
        return "\n".join((self.name.en, self.name.ja, self.topic, *self.texts))


@dataclass(frozen=True, slots=True)
class History:
    """A timeline with all its events, oldest first, and the terms on which they are shown."""

    lookup: Lookup
    events: tuple[Event, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic, the most frequent first."""
        counted = Counter(each.topic for each in self.events)
        return tuple(topic for topic, _ in sorted(counted.items(), key=lambda p: (-p[1], p[0])))

    @property
    def who(self) -> tuple[tuple[str, Text], ...]:
        """Everyone who occurs, by name."""
        found = {each.who: each.name for each in self.events}
        return tuple(sorted(found.items(), key=lambda pair: pair[1].en))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events are wanted; what is None is not asked."""

    who: str | None = None
    topic: str | None = None
    words: Wanted | None = None


def history_of(
    lookup: Lookup, line: Timeline, rows: Iterable[Mapping[str, str]], names: Mapping[str, Text]
) -> History:
    """The rows of a look-up as events; one that is not in the look-up of names keeps its code."""
    events = [
        Event(
            id=row[lookup.key],
            on=date.fromisoformat(row[line.date]),
            who=row[line.who],
            name=names.get(row[line.who], Text(row[line.who], row[line.who])),
            topic=row[line.topic],
            texts=tuple(row[each] for each in line.texts if row[each]),
            address=_address(row.get(line.address or "", "")),
        )
        for row in rows
    ]
    return History(lookup, tuple(sorted(events, key=lambda each: (each.on, each.id))))


def _address(said: str) -> str:
    """An address that a reader may follow; anything else is no address."""
    return said if said.startswith(("https://", "http://")) and " " not in said else ""


def events_of(history: History, asked: Asked) -> tuple[Event, ...]:
    """The events that are asked for, oldest first."""
    return tuple(
        each
        for each in history.events
        if asked.who in {None, each.who}
        and asked.topic in {None, each.topic}
        and (asked.words is None or found_in(asked.words, each.searched))
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many events each topic has in each month."""

    months: tuple[str, ...]
    topics: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]
    """A line a topic, a column a month."""


def counts_of(events: Sequence[Event], topics: Sequence[str]) -> Counts:
    """Events by topic and month; months without any stand between the first and the last."""
    if not events:
        return Counts((), tuple(topics), tuple(() for _ in topics))
    first, last = events[0].on, max(each.on for each in events)
    months = [
        f"{number // 12}-{number % 12 + 1:02}"
        for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
    counted = Counter((each.topic, f"{each.on:%Y-%m}") for each in events)
    cells = tuple(tuple(counted[topic, month] for month in months) for topic in topics)
    return Counts(tuple(months), tuple(topics), cells)
