"""The web application of one node; several live side by side in one process."""

import logging
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from sekisho.errors import Fault, NotFound, SekishoError, fault
from sekisho.terms import Language
from sekisho.web.api.answers import PREFIX, fault_answer
from sekisho.web.api.log import log_api
from sekisho.web.api.queries import Asking, queries
from sekisho.web.api.records import Exchanging, records_api
from sekisho.web.api.routes import api
from sekisho.web.catalogue import catalogue_files
from sekisho.web.files import downloads, log_files
from sekisho.web.languages import reader_language
from sekisho.web.pages.calendar import calendar_routers
from sekisho.web.pages.front import front_pages
from sekisho.web.pages.indicators import indicator_charts
from sekisho.web.pages.log import log_pages
from sekisho.web.pages.officers import officer_pages
from sekisho.web.pages.public import public_files, public_pages
from sekisho.web.pages.releases import release_pages
from sekisho.web.pages.render import full_sentence, page
from sekisho.web.pages.routes import doors
from sekisho.web.pages.shown import has_forms
from sekisho.web.pages.signed import Signing
from sekisho.web.receipts import receipts
from sekisho.web.scripts import scripts
from sekisho.web.security import LOCAL_HOSTS, Guard, secure
from sekisho.web.served import Served
from sekisho.web.witness import witness

_LOG = logging.getLogger("sekisho.web")
_OUR_FAULT = 500


def create_app(node: Served, hosts: tuple[str, ...] = LOCAL_HOSTS) -> FastAPI:
    """The pages and the API of a node, for requests that name one of these hosts."""
    app = FastAPI(
        title="Sekisho",
        version=version("sekisho"),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.node = node
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_middleware(Guard)
    app.include_router(api(node))
    app.include_router(log_api(node))
    for router in calendar_routers(node):
        app.include_router(router)
    if isinstance(node, Asking):
        app.include_router(queries(node))
    if isinstance(node, Exchanging):
        app.include_router(records_api(node))
    for language in Language:
        app.include_router(front_pages(node, language))
        app.include_router(release_pages(node, language))
        app.include_router(log_pages(node, language))
        app.include_router(public_pages(node, language))
        app.include_router(indicator_charts(node, language))
    if isinstance(node, Signing):
        for router in officer_pages(node):
            app.include_router(router)
    app.include_router(doors(node))
    app.include_router(public_files(node))
    app.include_router(receipts(node))
    app.include_router(scripts())
    app.include_router(downloads(node))
    app.include_router(catalogue_files(node))
    app.include_router(log_files(node))
    app.include_router(witness(node))
    app.mount("/static", StaticFiles(directory=_folder("sekisho.web") / "static"))
    app.mount("/fonts", StaticFiles(directory=_folder("sekisho.present") / "fonts"))
    _answer_faults(app, node)
    return app


def _folder(package: str) -> Path:
    return Path(str(resources.files(package)))


def _answer_faults(app: FastAPI, node: Served) -> None:
    """One way out for every fault: a page for people, one JSON shape for programs."""

    def told(request: Request, faults: tuple[Fault, ...], status: int) -> Response:
        language = reader_language(request)
        if request.scope["path"].startswith(PREFIX):
            return fault_answer(faults, status, language)
        html = page(
            "error.html",
            language,
            "/",
            {
                "origin": node.origin,
                "status": status,
                "current": "",
                "nav_forms": status < _OUR_FAULT and has_forms(node),
                "sentences": [full_sentence(each.sentence(language), language) for each in faults],
            },
        )
        return HTMLResponse(html, status, {"Content-Language": language.value})

    @app.exception_handler(SekishoError)
    def deliberate(request: Request, error: SekishoError) -> Response:
        return told(request, error.faults, error.http_status)

    @app.exception_handler(HTTPException)
    def by_the_framework(request: Request, error: HTTPException) -> Response:
        code = "web.only-get" if error.status_code == 405 else "web.no-such-page"
        status = error.status_code if error.status_code in {404, 405} else 400
        answer = told(request, (fault(code),), status)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, _error: RequestValidationError) -> Response:
        return told(request, (fault("web.no-such-page"),), NotFound.http_status)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> Response:
        _LOG.error("a page failed with %s", type(error).__name__)
        answer = told(request, (fault("web.unexpected"),), 500)
        secure(MutableHeaders(raw=answer.raw_headers))
        return answer
