"""The calendar of releases: a page, a calendar file, JSON, and a feed of what was published."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from sekisho.node.calendar import Calendar
from sekisho.present.history import status_lines
from sekisho.present.moments import line_about, local, state_of, state_words, to_ics
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages.shown import shown
from sekisho.web.pages.views import exact_place_of
from sekisho.web.security import only
from sekisho.web.served import Served, ServedRelease, shelves

ATOM = "http://www.w3.org/2005/Atom"
MOST_AHEAD = 12
MOST_NEWS = 100
_A_MINUTE = {"Cache-Control": "public, max-age=60"}


@runtime_checkable
class Planned(Served, Protocol):
    """A node that plans its releases."""

    @property
    def calendar(self) -> Calendar: ...


def calendar_routers(node: Served) -> list[APIRouter]:
    """Everything that a node with a calendar serves of it; nothing for another."""
    if not isinstance(node, Planned):
        return []
    return [calendar_api(node), *(calendar_pages(node, each) for each in Language)]


def calendar_pages(node: Planned, language: Language) -> APIRouter:
    """The calendar, its file and the feed in one language."""
    router = APIRouter(
        prefix=f"/{language.value}",
        dependencies=[Depends(only("lang"))],
        include_in_schema=False,
        default_response_class=HTMLResponse,
    )

    @router.get("/calendar")
    def page(request: Request) -> Response:
        values = {
            "c": lambda name, **fields: sentence(f"calendar.{name}", fields, language),
            "lines": _lines(node, language),
        }
        return shown(node, (request, language), "calendar.html", "/calendar", values)

    @router.get("/calendar.ics")
    def file() -> Response:
        lines = _anybodys(node).lines(ahead=MOST_AHEAD)
        text = to_ics(lines, node.origin, language, datetime.now(UTC))
        return Response(text, media_type="text/calendar; charset=utf-8", headers=_A_MINUTE)

    @router.get("/releases.atom")
    def feed(request: Request) -> Response:
        data = _feed(node, str(request.base_url).rstrip("/"), language)
        return Response(data, media_type="application/atom+xml", headers=_A_MINUTE)

    return router


def calendar_api(node: Planned) -> APIRouter:
    """The calendar for programs."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(only("lang"))], tags=["releases"])

    @router.get("/calendar", summary="Planned moments of releases, and why one is late")
    def calendar() -> dict[str, object]:
        lines = _anybodys(node).lines(ahead=MOST_AHEAD)
        return {"calendar": [line_about(each) for each in lines]}

    return router


def _anybodys(node: Planned) -> Calendar:
    """The calendar as everybody sees it, whoever serves it; what is due is published first."""
    node.calendar.publish_due()
    return node.calendar.of_anybody()


def _lines(node: Planned, language: Language) -> list[dict[str, object]]:
    names = {each.id: each.name.said(language) for each in node.participants()}
    return [
        {
            "when": local(line, line.opens_at, language),
            "iso": line.opens_at.isoformat(),
            "title": line.plan.title.said(language),
            "programme": line.programme.title.said(language),
            "place": f"/releases/{line.programme.id}/{line.plan.id}" if line.release else "",
            "state": state_of(line),
            "ahead": line.release is None,
            "words": state_words(line, language),
            "early": [names.get(each, each) for each in line.plan.calendar.early]
            if line.plan.calendar
            else [],
        }
        for line in _anybodys(node).lines()
    ]


def _feed(node: Planned, base: str, language: Language) -> bytes:
    """What was published, corrected, withdrawn, the latest first, as Atom (RFC 4287)."""
    news = _news(node)
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": language.value})
    updated = max((at for at, _each in news), default=datetime(2020, 1, 1, tzinfo=UTC))
    for name, text in (
        ("id", f"urn:sekisho:{node.origin}:releases"),
        ("title", sentence("calendar.feed-title", {}, language)),
        ("updated", updated.isoformat()),
    ):
        SubElement(feed, name).text = text
    SubElement(feed, "link", {"rel": "self", "href": f"{base}/{language.value}/releases.atom"})
    SubElement(SubElement(feed, "author"), "name").text = node.origin
    for at, each in news[:MOST_NEWS]:
        _entry(feed, (at, each), base, language)
    data: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return data


def _entry(feed: Element, news: tuple[datetime, ServedRelease], base: str, said: Language) -> None:
    at, each = news
    entry = SubElement(feed, "entry")
    told = status_lines(each.release, each.became, said)
    plain = sentence("calendar.history-plain", {}, said)
    for name, text in (
        ("id", f"urn:sekisho:{each.release.id}"),
        ("title", each.release.table.title.said(said)),
        ("updated", at.isoformat()),
        ("published", each.release.out_at.isoformat()),
        ("summary", " ".join(told) or plain),
    ):
        SubElement(entry, name).text = text
    place = f"{base}/{said.value}{exact_place_of(each)}"
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": place})


def _news(node: Planned) -> Sequence[tuple[datetime, ServedRelease]]:
    every = [each for shelf in shelves(node) for each in node.releases(shelf.programme.id)]
    return sorted(((_moved(each), each) for each in every), key=lambda pair: pair[0], reverse=True)


def _moved(each: ServedRelease) -> datetime:
    """When something last became of a release."""
    moments = [each.release.out_at]
    if each.became.corrected_by is not None:
        moments.append(each.became.corrected_by.out_at)
    if each.became.withdrawal is not None:
        moments.append(each.became.withdrawal.at)
    return max(moments)
