"""The calendar of a release plan: its vocabulary, its value, and what is wrong with it."""

import zoneinfo
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.model.calendar import Calendar, Cycle
from sekisho.programmes.declaration import Declaration
from sekisho.programmes.guess import guessed
from sekisho.programmes.keys import Key, Kind, required

CALENDAR_KEYS = (
    required("zone", Kind.STRING, "whose clocks say so: a zone of the IANA database"),
    required(
        "first", Kind.STRING, "first planned moment on these clocks, such as `2027-01-29T08:50`"
    ),
    Key(
        "every",
        Kind.CHOICE,
        "how often it comes round",
        choices=tuple(Cycle),
        default="once",
    ),
    Key(
        "early",
        Kind.IDS,
        "participants who may see a release before its moment; everybody can read who they are",
        most=20,
    ),
)


def calendar_of(value: dict[str, Any]) -> Calendar | None:
    """The calendar of a plan, where it has one."""
    if "calendar" not in value:
        return None
    said = value["calendar"]
    return Calendar(
        zone=said["zone"],
        first=datetime.fromisoformat(said["first"]),
        every=Cycle(said.get("every", Cycle.ONCE)),
        early=tuple(said.get("early", ())),
    )


def calendar_faults(read: Declaration) -> Iterator[Fault]:
    """A zone that there is not, and a moment that is none, in a file of sound shape."""
    said = read.values.get("calendar")
    if said is None:
        return
    zones = zoneinfo.available_timezones()
    if said["zone"] not in zones:
        known = [zone for zone in zones if "/" in zone or zone == "UTC"]
        place = read.place(("calendar", "zone"))
        near = guessed("forms.unknown-zone", place, said["zone"], known)
        yield near if near.code == "forms.unknown-zone" else fault("forms.no-zone", place)
    if _moment(said["first"]) is None:
        yield fault("calendar.bad-moment", read.place(("calendar", "first")))


def _moment(text: str) -> datetime | None:
    """A moment of clocks, to the minute; with a zone of its own it is none."""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - the zone stands beside
    except ValueError:
        return None
    return found if found.strftime("%Y-%m-%dT%H:%M") == text else None
