"""Signing in and out, and what every page for officers shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sekisho.errors import NotPermitted, SekishoError
from sekisho.model.actor import Participant
from sekisho.model.programme import Programme
from sekisho.node.documents import Documents
from sekisho.node.duties import Duties
from sekisho.node.forms import Forms
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.languages import asked_language
from sekisho.web.pages.render import full_sentence, page
from sekisho.web.posted import Posted, read_posted
from sekisho.web.security import FORM_POLICY, only
from sekisho.web.session import (
    Session,
    Sessions,
    give_cookie,
    refuse_forged,
    refuse_from_elsewhere,
    safe_place,
    take_cookie,
)

OFFICER_HEADERS = {"Content-Security-Policy": FORM_POLICY, "Cache-Control": "no-store"}


class FormNode(Protocol):
    """A node on behalf of one actor, as far as forms need it."""

    @property
    def forms(self) -> Forms: ...
    @property
    def duties(self) -> Duties: ...
    @property
    def documents(self) -> Documents: ...
    def programmes(self) -> list[Programme]: ...
    def programme(self, programme: str) -> Programme: ...
    def participants(self) -> list[Participant]: ...


@runtime_checkable
class Signing(Protocol):
    """A node that knows actors by their tokens, and readers whom nobody knows."""

    @property
    def origin(self) -> str: ...
    @property
    def verifier_key(self) -> str: ...
    def as_token(self, token: str) -> FormNode: ...
    def as_anybody(self) -> FormNode: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages of one language work with."""

    node: Signing
    sessions: Sessions
    language: Language

    @property
    def home(self) -> str:
        """Where an officer begins."""
        return f"/{self.language.value}/forms"


@dataclass(frozen=True, slots=True)
class Officer:
    """Whoever asks for a page: signed in, with a node of their own."""

    node: FormNode
    session: Session


class SignInFirst(Exception):  # noqa: N818 - leads to a page
    """Nobody is signed in; the address is where to go."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def officer(desk: Desk, request: Request) -> Officer:
    """Whoever is signed in.

    Raises: SignInFirst when nobody is, or the token was replaced since.
    """
    session = desk.sessions.of(request)
    if session is not None:
        try:
            return Officer(desk.node.as_token(session.token), session)
        except NotPermitted:
            desk.sessions.end(request)
    place = safe_place(request.scope["path"], desk.home)
    raise SignInFirst(f"/{desk.language.value}/sign-in?next={place}")


def checked(desk: Desk, request: Request, posted: Posted) -> Officer:
    """Whoever sent a form that they had been shown.

    Raises: SignInFirst; NotPermitted when it came from elsewhere.
    """
    found = officer(desk, request)
    refuse_forged(request, found.session, posted.fields)
    return found


def reader(desk: Desk, request: Request) -> tuple[FormNode, Session | None]:
    """Whoever is signed in, else a reader whom nobody knows."""
    session = desk.sessions.of(request)
    if session is not None:
        try:
            return desk.node.as_token(session.token), session
        except NotPermitted:
            desk.sessions.end(request)
    return desk.node.as_anybody(), None


def shown(
    desk: Desk,
    request: Request,
    template: str,
    values: Mapping[str, object],
    status: int = 200,
) -> Response:
    """A page for officers, or the way to the same page in the language of `?lang=`."""
    path = request.scope["path"].removeprefix(f"/{desk.language.value}")
    other = asked_language(request)
    if other is not None and other is not desk.language and request.method == "GET":
        return RedirectResponse(f"/{other.value}{path}", 307)

    def say(name: str, **fields: object) -> str:
        return sentence(f"form_pages.{name}", fields, desk.language)

    def say_of_documents(name: str, **fields: object) -> str:
        return sentence(f"documents.{name}", fields, desk.language)

    known = {
        "origin": desk.node.origin,
        "key": desk.node.verifier_key,
        "f": say,
        "d": say_of_documents,
        "form_token": "",
        "errors": (),
        "nav_forms": True,
        "current": "/forms",
    }
    html = page(template, desk.language, path, {**known, **values})
    return HTMLResponse(html, status, {**OFFICER_HEADERS, "Content-Language": desk.language.value})


def sent_on(address: str) -> Response:
    """Lead on after a form was taken, so that going back sends nothing twice."""
    return RedirectResponse(address, 303, OFFICER_HEADERS)


def guarded(answer: Callable[[], Response]) -> Response:
    """An answer for officers; who is not signed in is led to do so."""
    try:
        return answer()
    except SignInFirst as first:
        return sent_on(first.address)


async def sent(request: Request, take: Callable[[Posted], Response]) -> Response:
    """What becomes of a form: read within its bounds, then taken where it may wait."""
    posted = await read_posted(request)
    return await run_in_threadpool(guarded, lambda: take(posted))


def sign_pages(desk: Desk) -> APIRouter:
    """Sign in, sign out."""
    router = APIRouter(prefix=f"/{desk.language.value}", include_in_schema=False, tags=["officers"])
    place = f"/{desk.language.value}/sign-in"

    @router.get("/sign-in", dependencies=[Depends(only("lang", "next"))])
    def look(request: Request) -> Response:
        wanted = safe_place(request.query_params.get("next", ""), desk.home)
        return shown(desk, request, "sign_in.html", {"next": wanted, "wrong": "", "action": place})

    @router.post("/sign-in", dependencies=[Depends(only("lang"))])
    async def enter(request: Request) -> Response:
        return await sent(request, lambda posted: _enter(desk, request, posted))

    @router.post("/sign-out", dependencies=[Depends(only("lang"))])
    async def leave(request: Request) -> Response:
        def take(posted: Posted) -> Response:
            checked(desk, request, posted)
            desk.sessions.end(request)
            answer = sent_on(place)
            take_cookie(request, answer)
            return answer

        return await sent(request, take)

    return router


def _enter(desk: Desk, request: Request, posted: Posted) -> Response:
    refuse_from_elsewhere(request)
    token = posted.one("token").strip()
    wanted = safe_place(posted.one("next"), desk.home)
    try:
        desk.node.as_token(token)
    except SekishoError as error:
        told = full_sentence(error.sentences(desk.language)[0], desk.language)
        values = {"next": wanted, "wrong": told, "action": f"/{desk.language.value}/sign-in"}
        return shown(desk, request, "sign_in.html", values, error.http_status)
    answer = sent_on(wanted)
    give_cookie(request, answer, desk.sessions.begin(token))
    return answer
