"""The page on which officers see what is to be done, and say that it is done."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sekisho.errors import Conflict, NotFound
from sekisho.model.duty import DutyState, StandingDuty
from sekisho.node.duties import Duties
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages.render import day, full_sentence
from sekisho.web.pages.signed import Desk, checked, guarded, officer, sent, sent_on, shown
from sekisho.web.posted import Posted
from sekisho.web.security import only


def duty_pages(desk: Desk) -> APIRouter:
    """The list of duties, and the button that finishes one."""
    language = desk.language
    place = f"/{language.value}/duties"
    router = APIRouter(dependencies=[Depends(only("lang"))], include_in_schema=False)

    @router.get(place)
    def look(request: Request) -> Response:
        return guarded(lambda: _look(desk, request))

    @router.post(f"{place}/done")
    async def done(request: Request) -> Response:
        def take(posted: Posted) -> Response:
            found = checked(desk, request, posted)
            try:
                found.node.duties.done(posted.one("duty"), posted.one("note"))
            except (Conflict, NotFound) as error:
                told = [full_sentence(each, language) for each in error.sentences(language)]
                return _look(desk, request, told, error.http_status)
            return sent_on(place)

        return await sent(request, take)

    return router


def _look(desk: Desk, request: Request, told: Sequence[str] = (), status: int = 200) -> Response:
    found = officer(desk, request)
    values = {
        "form_token": found.session.form_token,
        "told": told,
        "current": "/duties",
        "d": lambda name, **fields: sentence(f"duties.{name}", fields, desk.language),
        "duties": [view(each, desk.language) for each in _listed(found.node.duties)],
    }
    return shown(desk, request, "duties.html", values, status)


def _listed(duties: Duties) -> list[StandingDuty]:
    return duties.listed()


def view(standing: StandingDuty, language: Language) -> dict[str, object]:
    """A duty as the page shows it."""
    kept = standing.kept
    due = day(kept.duty.due, language) if kept.duty.due else ""
    return {
        "id": kept.id,
        "when": sentence(f"duties.state-{standing.state.value}", {"day": due}, language),
        "overdue": standing.state is DutyState.OVERDUE,
        "text": kept.duty.text.said(language),
        "citation": kept.duty.rule.citation.said(language),
        "flow": kept.flow,
        "holder": kept.holder,
    }
