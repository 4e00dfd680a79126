"""Vega as one script, packed for the way: made from the installed package at the first request."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sekisho.errors import NotFound, fault
from sekisho.present.chart import charts_are_installed
from sekisho.present.vega_bundle import bundle_name, vega_bundle
from sekisho.web.security import only

PREFIX = "/scripts"
_FOREVER = "public, max-age=31536000, immutable"
"""The name of the script changes with the versions inside."""


def vega_address() -> str:
    """Where Vega lies; empty when this installation draws no charts."""
    return f"{PREFIX}/{bundle_name()}" if charts_are_installed() else ""


def scripts() -> APIRouter:
    """The scripts that are not files of ours."""
    router = APIRouter(prefix=PREFIX, dependencies=[Depends(only())], include_in_schema=False)

    @router.get("/{name}")
    def script(request: Request, name: str) -> Response:
        if not charts_are_installed() or name != bundle_name():
            raise NotFound(fault("web.no-such-file"))
        bundle = vega_bundle()
        packs = "gzip" in request.headers.get("accept-encoding", "").lower()
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        headers["ETag"] = f'"{bundle.digest}{"-gzip" if packs else ""}"'
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if packs:
            headers["Content-Encoding"] = "gzip"
        data = bundle.packed if packs else bundle.script
        return Response(data, media_type="text/javascript; charset=utf-8", headers=headers)

    return router
