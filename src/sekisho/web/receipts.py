"""Receipts of entries, and the page that checks them, to be kept by whoever asks."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from sekisho.errors import NotFound, fault
from sekisho.tlog.proof import SUFFIX
from sekisho.tlog.receipt_page import FILE_NAME, receipt_page
from sekisho.web.languages import asked_language, wished_language
from sekisho.web.security import only
from sekisho.web.served import Served


def receipts(node: Served) -> APIRouter:
    """`/receipts/<index>.tlog-proof`, `/receipts/receipt_verifier.html`, `/log/entries/<index>`.

    A receipt stands under the checkpoint that most witnesses have cosigned, and opens nothing.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/receipts/{name}", dependencies=[Depends(only())])
    def receipt(name: str) -> Response:
        if name == FILE_NAME:
            return _kept(receipt_page(), "text/html; charset=utf-8", name)
        index = name.removesuffix(SUFFIX)
        if not (name.endswith(SUFFIX) and index.isascii() and index.isdigit() and len(index) < 17):
            raise NotFound(fault("web.no-such-file"))
        text = node.log_book.receipt(int(index))
        return _kept(text.encode(), "text/plain; charset=utf-8", f"{int(index)}{SUFFIX}")

    @router.get("/log/entries/{index:number}", dependencies=[Depends(only("lang"))])
    def entry(request: Request, index: int) -> Response:
        wished = wished_language(request.headers.get("accept-language", ""))
        language = asked_language(request) or wished
        headers = {"Vary": "Accept-Language", "Cache-Control": "no-cache"}
        return RedirectResponse(f"/{language.value}/log/entries/{index}", 307, headers)

    return router


def _kept(data: bytes, media_type: str, name: str) -> Response:
    """An answer that a browser saves: the page has a script, and scripts run at home only."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)
