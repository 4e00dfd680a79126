"""The addresses without a language: the same page lies behind `/en/…` and `/ja/…`."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from sekisho.node.exports import name_of
from sekisho.web.languages import asked_language, wished_language
from sekisho.web.pages import views
from sekisho.web.security import only
from sekisho.web.sending import wished_form
from sekisho.web.served import Served, revision


def doors(node: Served) -> APIRouter:
    """The addresses without a language, which lead to the reader's."""
    router = APIRouter(dependencies=[Depends(only("lang"))], include_in_schema=False)

    def lead(request: Request, path: str) -> Response:
        wished = wished_language(request.headers.get("accept-language", ""))
        language = asked_language(request) or wished
        headers = {"Vary": "Accept-Language", "Cache-Control": "no-cache"}
        return RedirectResponse(f"/{language.value}{path}", 307, headers)

    @router.get("/")
    def front(request: Request) -> Response:
        return lead(request, "/")

    @router.get("/releases/{programme}/{plan}/r{number:number}")
    def exact(request: Request, programme: str, plan: str, number: int) -> Response:
        _, released = revision(node, programme, plan, number)
        place, form = views.exact_place_of(released), wished_form(request.headers.get("accept", ""))
        led = lead(request, place)
        if form is not None:
            led.headers["Location"] = f"{place}/{name_of(released.release, form)}"
        led.headers["Vary"] = "Accept, Accept-Language"
        return led

    return router
