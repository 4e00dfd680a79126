"""Look-ups whose rows happened on a day: what `[timeline]` may hold, and its faults."""

from collections.abc import Iterator
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.model.dataset import Lookup, Timeline
from sekisho.model.programme import Programme
from sekisho.programmes.guess import guessed
from sekisho.programmes.keys import Key, Kind, required
from sekisho.programmes.places import place_in
from sekisho.terms import ColumnType

TIMELINE_KEYS = (
    required("date", Kind.NAME, "column with the day; of type `date`"),
    required("who", Kind.NAME, "column that says who did it"),
    required("topic", Kind.NAME, "column by which a chart sums up"),
    required("texts", Kind.NAMES, "columns that people read and search", least=1, most=20),
    required("names", Kind.ID, "look-up whose key is what `who` holds"),
    required("en", Kind.NAME, "its column with the English name"),
    required("ja", Kind.NAME, "its column with the Japanese name"),
    Key("address", Kind.NAME, "column with the address of the source"),
)


def timeline_of(value: dict[str, Any]) -> Timeline | None:
    """The timeline that a look-up declares, if it declares one."""
    declared = value.get("timeline")
    if declared is None:
        return None
    return Timeline(
        date=declared["date"],
        who=declared["who"],
        topic=declared["topic"],
        texts=tuple(declared["texts"]),
        names=declared["names"],
        en=declared["en"],
        ja=declared["ja"],
        address=declared.get("address"),
    )


def timeline_faults(programme: Programme, lookup: Lookup) -> Iterator[Fault]:
    """Columns and the look-up of names that a timeline names and that are not there."""
    line, file = lookup.timeline, f"lookups/{lookup.id}.toml"
    if line is None:
        return
    own = {column.name: column for column in lookup.columns}
    wanted: list[tuple[tuple[str | int, ...], str]] = [
        (("date",), line.date),
        (("who",), line.who),
        (("topic",), line.topic),
        *((("texts", number), name) for number, name in enumerate(line.texts)),
    ]
    if line.address is not None:
        wanted.append((("address",), line.address))
    for path, name in wanted:
        if name not in own:
            place = place_in(programme, file, "timeline", *path)
            yield guessed("programme.unknown-column", place, name, own)
    if line.date in own and own[line.date].type is not ColumnType.DATE:
        yield fault("documents.timeline-date", place_in(programme, file, "timeline", "date"))
    yield from _name_faults(programme, file, line)


def _name_faults(programme: Programme, file: str, line: Timeline) -> Iterator[Fault]:
    names = {each.id: each for each in programme.lookups}
    if line.names not in names:
        place = place_in(programme, file, "timeline", "names")
        yield guessed("programme.unknown-lookup", place, line.names, names)
        return
    columns = [column.name for column in names[line.names].columns]
    for key, name in (("en", line.en), ("ja", line.ja)):
        if name not in columns:
            place = place_in(programme, file, "timeline", key)
            yield guessed("programme.unknown-column", place, name, columns)
