"""The calendar of releases in words, for programs, and as iCalendar (RFC 5545)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sekisho.model.calendar import NoticeKind
from sekisho.terms import Language
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.gate.calendar import Line

LONGEST_LINE = 75
"""Octets of a line of iCalendar; a longer one is folded."""


def line_about(line: "Line") -> dict[str, object]:
    """A planned moment for programs."""
    calendar = line.plan.calendar
    return {
        "programme": line.programme.id,
        "plan": line.plan.id,
        "title": {"en": line.plan.title.en, "ja": line.plan.title.ja},
        "planned": line.moment.isoformat(),
        "opens_at": line.opens_at.isoformat(),
        "zone": calendar.zone if calendar else "UTC",
        "state": state_of(line),
        "release": line.release.id if line.release else None,
        "published_at": line.release.out_at.isoformat() if line.release else None,
        "early_access": list(calendar.early) if calendar else [],
        "notices": [
            {
                "kind": each.kind.value,
                "at": each.at.isoformat(),
                "until": each.until.isoformat() if each.until else None,
                "reason": {"en": each.reason.en, "ja": each.reason.ja},
                "entry": each.entry_index,
            }
            for each in line.notices
        ],
    }


def state_of(line: "Line") -> str:
    """`planned`, `delayed`, `stopped`, `overdue`, `published` or `published-late`."""
    if line.release is not None:
        return "published-late" if line.is_late else "published"
    if any(each.kind is NoticeKind.STOPPED for each in line.notices):
        return "stopped"
    if line.is_late:
        return "overdue"
    return "delayed" if line.notices else "planned"


def state_words(line: "Line", language: Language) -> str:
    """How a planned moment stands, in a sentence, the last reason included."""
    fields = {
        "moment": local(line, line.opens_at, language),
        "planned": local(line, line.moment, language),
        "out": local(line, line.release.out_at, language) if line.release else "",
        "release": line.release.id if line.release else "",
    }
    said = sentence(f"calendar.line-{state_of(line)}", fields, language)
    if not line.notices:
        return said
    reason = {"reason": line.notices[-1].reason.said(language)}
    joint = "" if language is Language.JA else " "
    return joint.join((said, sentence("calendar.line-reason", reason, language)))


def local(line: "Line", at: datetime, language: Language) -> str:
    """A moment on the clocks of the plan's zone."""
    name = line.plan.calendar.zone if line.plan.calendar else "UTC"
    there = at.astimezone(ZoneInfo(name))
    if language is Language.JA:
        return f"{there.year}年{there.month}月{there.day}日{there.hour}時{there:%M}分（{name}）"
    return f"{there.day} {there:%B %Y}, {there:%H:%M} ({name})"


def to_ics(lines: "Sequence[Line]", origin: str, language: Language, now: datetime) -> str:
    """The moments as one iCalendar object; a moment that is put off is the same event, moved."""
    said = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Sekisho//calendar of releases//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(sentence('calendar.title', {}, language))}",
    ]
    for line in lines:
        said += _event(line, origin, language, now)
    said.append("END:VCALENDAR")
    return "".join(_folded(each) for each in said)


def _event(line: "Line", origin: str, language: Language, now: datetime) -> list[str]:
    name = f"{line.programme.id}.{line.plan.id}.{_instant(line.moment)}"
    summary = f"{line.programme.title.said(language)}: {line.plan.title.said(language)}"
    return [
        "BEGIN:VEVENT",
        f"UID:{_escaped(f'{name}@{origin}')}",
        f"DTSTAMP:{_instant(now)}",
        f"DTSTART:{_instant(line.opens_at)}",
        f"SEQUENCE:{len(line.notices)}",
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(state_words(line, language))}",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _folded(line: str) -> str:
    """A line with its end, folded between characters so that none is cut in two."""
    parts: list[bytes] = []
    part = b""
    for character in line:
        octets = character.encode()
        if len(part) + len(octets) > LONGEST_LINE - (1 if parts else 0):
            parts.append(part)
            part = b""
        part += octets
    return b"\r\n ".join([*parts, part]).decode() + "\r\n"
