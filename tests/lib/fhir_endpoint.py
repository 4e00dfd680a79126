"""A small FHIR server on 127.0.0.1: `Patient/[id]/$everything`, in pages, from a shipped bundle."""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from sekisho.formats.fhir import to_json
from tests.lib.fhir_records import patient, record

MEDIA_TYPE = "application/fhir+json"


@dataclass
class Hospital:
    """What the server holds, and how it misbehaves."""

    resources: list = field(default_factory=record)
    page: int = 25
    token: str = "hospital-token"
    next_link: str | None = None
    """Given as the address of the next page instead of the right one."""
    body: bytes | None = None
    """Answered instead of a page."""
    redirect: str | None = None
    asked: list = field(default_factory=list)
    base: str = ""

    @property
    def subject(self):
        return patient(self.resources)

    def answer(self, request: Request, name: str, offset: int):
        self.asked.append(str(request.url))
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(b"{}", 401, media_type=MEDIA_TYPE)
        if self.redirect:
            return RedirectResponse(self.redirect)
        if name != self.subject.id:
            return Response(b'{"resourceType":"OperationOutcome"}', 404, media_type=MEDIA_TYPE)
        if self.body is not None:
            return Response(self.body, media_type=MEDIA_TYPE)
        return Response(to_json(self._page(name, offset)), media_type=MEDIA_TYPE)

    def _page(self, name, offset):
        shown = self.resources[offset : offset + self.page]
        links = [{"relation": "self", "url": f"{self.base}/Patient/{name}/$everything"}]
        after = f"{self.base}/Patient/{name}/$everything?_offset={offset + self.page}"
        if self.next_link is not None or offset + self.page < len(self.resources):
            links.append({"relation": "next", "url": self.next_link or after})
        entries = [
            {"fullUrl": each.address, "resource": each.tree, "search": {"mode": "match"}}
            for each in shown
        ]
        return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}


def application(hospital: Hospital) -> FastAPI:
    app = FastAPI()

    @app.get("/r4/Patient/{name}/$everything")
    def everything(request: Request, name: str, _offset: int = 0):
        return hospital.answer(request, name, int(request.query_params.get("_offset", 0)))

    return app


@contextmanager
def serving(hospital: Hospital):
    """The base address of a server that runs until the block ends."""
    config = uvicorn.Config(application(hospital), "127.0.0.1", 0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        hospital.base = f"http://127.0.0.1:{port}/r4"
        yield hospital.base
    finally:
        server.should_exit = True
        thread.join(10)
