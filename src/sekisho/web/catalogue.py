"""The catalogue of all public releases: `/catalogue.ttl` and `/catalogue.jsonld`."""

import hashlib

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from sekisho.node.catalogue import MEDIA_TYPES, catalogue_text
from sekisho.web.security import only
from sekisho.web.sending import has_it
from sekisho.web.served import Served

_JSON_LD = "application/ld+json"


def catalogue_files(node: Served) -> APIRouter:
    """The catalogue in both forms, and an address that leads to the one that is asked for."""
    router = APIRouter(dependencies=[Depends(only())], include_in_schema=False)

    @router.get("/catalogue")
    def either(request: Request) -> Response:
        form = "jsonld" if _JSON_LD in request.headers.get("accept", "")[:1000] else "ttl"
        headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
        return RedirectResponse(f"/catalogue.{form}", 307, headers)

    @router.get("/catalogue.ttl")
    def turtle(request: Request) -> Response:
        return _catalogue(node, request, "ttl")

    @router.get("/catalogue.jsonld")
    def json_ld(request: Request) -> Response:
        return _catalogue(node, request, "jsonld")

    return router


def _catalogue(node: Served, request: Request, form: str) -> Response:
    """The catalogue under the address that was asked: hosts are checked before this is called."""
    base = f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    text = "".join(catalogue_text(node, base, form)).encode()
    tag = f'"{hashlib.sha256(text).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if has_it(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type=MEDIA_TYPES[form], headers=headers)
