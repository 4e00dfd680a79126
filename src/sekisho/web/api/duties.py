"""Duties over HTTP, for programs with an access token."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from sekisho.errors import NotPermitted, fault
from sekisho.present.duties import duty_about, lapsed_about
from sekisho.web.languages import reader_language
from sekisho.web.pages.signed import OFFICER_HEADERS, FormNode, Signing
from sekisho.web.security import only


def duties_api(node: Signing) -> APIRouter:
    """What is to be done after flows were let through, and what would be refused today."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(only("lang"))], tags=["duties"])

    @router.get("/duties", summary="Open duties, the most urgent first")
    def listed(request: Request) -> JSONResponse:
        language = reader_language(request)
        found = _speaker(node, request).duties.listed()
        return _json({"duties": [duty_about(each, language) for each in found]})

    @router.post("/duties/{duty}/done", summary="Write that a duty is done")
    def done(request: Request, duty: str) -> JSONResponse:
        finished = _speaker(node, request).duties.done(duty)
        at = finished.done_at.isoformat() if finished.done_at else None
        return _json({"duty": finished.id, "done_at": at, "done_by": finished.done_by})

    @router.get("/permissions/lapsed", summary="Open permissions that would be refused today")
    def lapsed(request: Request) -> JSONResponse:
        language = reader_language(request)
        found = _speaker(node, request).duties.redecide()
        return _json({"lapsed": [lapsed_about(each, language) for each in found]})

    return router


def _speaker(node: Signing, request: Request) -> FormNode:
    """The node on behalf of whoever brings a token; no cookie is looked at."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotPermitted(fault("web.token-needed"))
    return node.as_token(token.strip())


def _json(body: object) -> JSONResponse:
    return JSONResponse(body, 200, {"Cache-Control": OFFICER_HEADERS["Cache-Control"]})
