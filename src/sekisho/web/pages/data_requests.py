"""The pages on which a holder sees a request for data, decides, delivers or says why not."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sekisho.errors import DeliveryError, NotFound, UsageError, fault
from sekisho.model.data_request import REQUEST_TRANSITIONS, DataRequest, RequestState
from sekisho.present.answers import day_text
from sekisho.web.pages import form_views as views
from sekisho.web.pages.render import full_sentence
from sekisho.web.pages.signed import (
    Desk,
    Officer,
    checked,
    guarded,
    officer,
    sent,
    sent_on,
    shown,
)
from sekisho.web.posted import Posted
from sekisho.web.security import only


def request_pages(desk: Desk) -> APIRouter:
    """One request, and what its holder makes of it."""
    router = APIRouter(
        prefix=f"/{desk.language.value}/requests/{{request_id}}",
        dependencies=[Depends(only("lang"))],
        include_in_schema=False,
    )

    @router.get("")
    def look(request: Request, request_id: str) -> Response:
        return guarded(lambda: _look(desk, request, officer(desk, request), request_id))

    @router.post("/decide")
    async def decide(request: Request, request_id: str) -> Response:
        def take(posted: Posted) -> Response:
            found = checked(desk, request, posted)
            return _decide(desk, request, found, (request_id, posted))

        return await sent(request, take)

    return router


def _found(node: Officer, request_id: str) -> DataRequest:
    for each in node.node.forms.requests():
        if each.id == request_id:
            return each
    raise NotFound(fault("forms.no-request"))


def _look(
    desk: Desk,
    request: Request,
    found: Officer,
    request_id: str,
    errors: tuple[views.ErrorLine, ...] = (),
) -> Response:
    asked, language = _found(found, request_id), desk.language
    form = found.node.forms.form_of_request(asked)
    own = asked.participant == found.node.forms.participant
    open_ = own and bool(REQUEST_TRANSITIONS[asked.state])
    values = {
        "form_token": found.session.form_token,
        "request": asked,
        "title": form.title.said(language),
        "description": form.description.said(language),
        "basis": form.ask.legal_basis.said(language) if form.ask else "",
        "period": form.ask.period.said(language) if form.ask else "",
        "purpose": form.ask.purpose if form.ask else "",
        "every": form.ask.every_months if form.ask else None,
        "due": day_text(asked.due, language),
        "zone": form.deadline.zone if form.deadline else "UTC",
        "may_decide": open_,
        "may_deliver": open_ and asked.state is not RequestState.REFUSED,
        "address": f"/{language.value}/requests/{asked.id}",
        "errors": errors,
    }
    return shown(desk, request, "form_request.html", values, 422 if errors else 200)


def _decide(desk: Desk, request: Request, found: Officer, sent_: tuple[str, Posted]) -> Response:
    request_id, posted = sent_
    forms, do = found.node.forms, posted.one("do")
    try:
        if do == "accept":
            forms.accept(request_id)
        elif do == "decline":
            forms.decline(request_id, posted.one("reason"))
        else:
            _deliver(found, request_id, posted)
    except (DeliveryError, UsageError) as error:
        field = "reason" if do == "decline" else "file"
        lines = tuple(
            views.ErrorLine(full_sentence(each, desk.language), f"#{field}")
            for each in error.sentences(desk.language)
        )
        return _look(desk, request, found, request_id, lines)
    return sent_on(f"/{desk.language.value}/requests/{request_id}")


def _deliver(found: Officer, request_id: str, posted: Posted) -> None:
    """Bring the file that was sent."""
    if "file" not in posted.files:
        raise DeliveryError(fault("forms.file-empty"))
    name, data = posted.files["file"]
    found.node.forms.deliver_bytes(request_id, (name, data))
