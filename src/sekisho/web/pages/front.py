"""The list of what was released: searched by words, programme and standing."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from sekisho.errors import UsageError, fault
from sekisho.present.history import status_word
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages import views
from sekisho.web.pages.public import tables_of
from sekisho.web.pages.render import day
from sekisho.web.pages.shown import shown
from sekisho.web.security import SEARCH_POLICY, only
from sekisho.web.served import Served, ServedRelease, Shelf, is_handed_out, shelves

STATUSES = ("current", "corrected", "withdrawn")
SEARCH_FROM = 8
"""From so many tables on the list has a search; fewer are seen at once."""
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader looks for; empty fields ask for nothing."""

    find: str = ""
    programme: str = ""
    status: str = ""

    def fits(self, shelf: Shelf, each: ServedRelease) -> bool:
        """Whether a release is looked for: every word in its title, in either language."""
        title = each.release.table.title
        said = _plain(f"{title.en} {title.ja} {shelf.programme.title.en} {each.release.plan}")
        status = status_word(each.release, each.became)
        return (
            all(word in said for word in _plain(self.find).split())
            and self.programme in {"", shelf.programme.id}
            and self.status in {"", status}
        )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _read(asked: Mapping[str, str]) -> Asked:
    """Raises: UsageError when there is no such status."""
    status = asked.get("status", "")
    if status not in {"", *STATUSES}:
        raise UsageError(fault("release_page.unknown-status"))
    return Asked(asked.get("find", "")[:_LONGEST].strip(), asked.get("programme", ""), status)


def front_pages(node: Served, language: Language) -> APIRouter:
    """The first page."""
    router = APIRouter(
        prefix=f"/{language.value}",
        dependencies=[Depends(only("lang", "find", "programme", "status"))],
        include_in_schema=False,
        default_response_class=HTMLResponse,
    )

    @router.get("/")
    def front(request: Request) -> Response:
        asked = _read(request.query_params)
        values = _values(shelves(node), asked, language)
        values["shelves"] = [
            _shelf(node, shelf, asked, language)
            for shelf in shelves(node)
            if asked == Asked() or any(asked.fits(shelf, each) for each in shelf.newest)
        ]
        answer = shown(node, (request, language), "front.html", "/", values)
        answer.headers["Content-Security-Policy"] = SEARCH_POLICY
        return answer

    return router


def _values(every: list[Shelf], asked: Asked, language: Language) -> dict[str, object]:
    number = sum(len(shelf.newest) for shelf in every)
    found = sum(asked.fits(shelf, each) for shelf in every for each in shelf.newest)
    fields = {"found": found, "all": number}
    return {
        "r": lambda name, **given: sentence(f"release_page.{name}", given, language),
        "asked": asked,
        "is_asked": asked != Asked(),
        "can_search": number >= SEARCH_FROM or asked != Asked(),
        "statuses": STATUSES,
        "choices": [(each.programme.id, each.programme.title.said(language)) for each in every],
        "found": sentence("release_page.list-found", fields, language),
        "nothing": found == 0,
    }


def _shelf(node: Served, shelf: Shelf, asked: Asked, language: Language) -> dict[str, object]:
    programme, all_of_it = shelf.programme, asked == Asked()
    lookups = programme.lookups if all_of_it else ()
    titles = (each.title.said(language) for each in lookups if each.timeline is not None)
    return {
        "title": programme.title.said(language),
        "description": programme.description.said(language),
        "steward": shelf.steward.name.said(language) if shelf.steward else "",
        "basis": programme.legal_basis.said(language),
        "id": programme.id,
        "forms": bool(programme.forms) and all_of_it,
        "public": [
            (each.title.said(language), f"/public/{programme.id}/{each.id}")
            for each in (tables_of(node, programme.id) if all_of_it else ())
        ],
        "timeline": next(titles, ""),
        "releases": [_line(each, language) for each in shelf.newest if asked.fits(shelf, each)],
    }


def _line(each: ServedRelease, language: Language) -> dict[str, object]:
    table = each.release.table
    return {
        "title": table.title.said(language),
        "place": views.place_of(each),
        "made": day(each.release.out_at, language),
        "at": each.release.out_at.isoformat(),
        "shown": table.shown,
        "hidden": table.hidden,
        "estimated": table.is_estimated,
        "revision": each.release.revision,
        "withdrawn": not is_handed_out(each),
        "status": status_word(each.release, each.became),
    }
