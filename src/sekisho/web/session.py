"""Officers signed in to the pages: an opaque cookie, and a token in every form that they send.

A session lives in this process alone and ends after half an hour without a request, after eight
hours, or with the process. It holds the access token that opened it, so a token that is replaced
ends its sessions with it.
"""

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response

from sekisho.errors import NotPermitted, fault

COOKIE = "sekisho"
SECURE_COOKIE = "__Host-sekisho"
"""Over HTTPS: a browser takes it from this host alone, and gives it to nobody else."""
IDLE_S = 30 * 60
LONGEST_S = 8 * 60 * 60
MOST = 1_000
"""Sessions at once; the one that was idle longest ends first."""

_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_PLACE = re.compile(r"/(?:en|ja)/(?:forms|submissions|requests)(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class Session:
    """One officer who is signed in."""

    token: str
    """The access token; it never leaves this process."""
    form_token: str
    """Stands in every form that the officer is shown; what is sent without it is refused."""
    began: float
    seen: float


class Sessions:
    """Every session of one process."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._turn = Lock()
        self._open: OrderedDict[str, Session] = OrderedDict()

    def begin(self, token: str) -> str:
        """A session for whoever brought this token; its id."""
        session_id, at = secrets.token_urlsafe(32), self._now()
        with self._turn:
            self._open[session_id] = Session(token, secrets.token_urlsafe(32), at, at)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
        return session_id

    def of(self, request: Request) -> Session | None:
        """The session of a request; None when there is none or it is over."""
        session_id, at = _cookie(request), self._now()
        with self._turn:
            found = self._open.get(session_id)
            if found is None:
                return None
            if at - found.seen > IDLE_S or at - found.began > LONGEST_S:
                del self._open[session_id]
                return None
            self._open[session_id] = replace(found, seen=at)
            self._open.move_to_end(session_id)
        return found

    def end(self, request: Request) -> None:
        """Sign out."""
        with self._turn:
            self._open.pop(_cookie(request), None)


def _is_https(request: Request) -> bool:
    return request.scope.get("scheme") == "https"


def _cookie(request: Request) -> str:
    name = SECURE_COOKIE if _is_https(request) else COOKIE
    found = request.cookies.get(name, "")
    return found if _ID.fullmatch(found) else ""


def give_cookie(request: Request, answer: Response, session_id: str) -> None:
    """Hand the session out: no script reads the cookie, no other site sends it."""
    secure = _is_https(request)
    answer.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        session_id,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def take_cookie(request: Request, answer: Response) -> None:
    """Take the cookie back."""
    secure = _is_https(request)
    name = SECURE_COOKIE if secure else COOKIE
    answer.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def refuse_from_elsewhere(request: Request) -> None:
    """Refuse what another site's page sent, by what the browser itself says of it.

    Raises: NotPermitted. A client that is no browser says neither, and is told by its token.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        here = site in {"same-origin", "none"}
    else:
        here = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if not here:
        raise NotPermitted(fault("web.from-elsewhere"))


def refuse_forged(request: Request, session: Session, fields: Mapping[str, list[str]]) -> None:
    """Refuse a form that this officer was not shown.

    Raises: NotPermitted.
    """
    refuse_from_elsewhere(request)
    given = fields.get("form-token", [""])[0]
    if not hmac.compare_digest(given.encode("utf-8", "replace"), session.form_token.encode()):
        raise NotPermitted(fault("web.form-stale"))


def safe_place(wanted: str, otherwise: str) -> str:
    """Where to go after signing in: a page of ours about forms, or the usual one."""
    return wanted if _PLACE.fullmatch(wanted) else otherwise
