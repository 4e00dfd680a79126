"""What every answer carries and what no request may do, in one place.

Pages have no style of their own and nothing from elsewhere, so the policy allows exactly the
node's own style sheet, fonts and pictures; those of releases may run the node's own script files,
never text as code. Nothing here reads `request.url`.
"""

from collections.abc import Callable, Iterable

from fastapi import Request
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sekisho.errors import UsageError, fault
from sekisho.web.languages import asked_language

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FORM_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'")
"""For pages on which somebody fills in a form: it may be sent here, and nowhere else."""
SEARCH_POLICY = f"{FORM_POLICY}; script-src 'none'"
"""For pages with a form that only asks: what is typed stands in the address, so no referrer."""
LIVE_POLICY = f"{FORM_POLICY}; script-src 'self'; connect-src 'self'"
"""For pages that a script of the node's own makes quicker; nothing written in a page may run."""
PICTURE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'"
)
"""For a chart opened alone: it names the font that it carries, and may load nothing either."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Gives every answer the headers above, and answers HEAD as GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what comes back goes out guarded."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        bare = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure(MutableHeaders(scope=message))
            elif bare and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked = {**scope, "method": "GET", "sekisho.bare": True} if bare else scope
        await self.app(asked, receive, guarded)


def secure(headers: MutableHeaders) -> None:
    """Set the headers; what an answer says about caching stays."""
    for name, value in HEADERS.items():
        headers[name] = value
    is_picture = headers.get("content-type", "").startswith("image/svg+xml")
    asked = headers.get("content-security-policy")
    page = asked if asked in {FORM_POLICY, SEARCH_POLICY, LIVE_POLICY} else POLICY
    headers["Content-Security-Policy"] = PICTURE_POLICY if is_picture else page
    if page == FORM_POLICY:
        # Without it a browser that says nothing else would not say either where a form came from.
        headers["Referrer-Policy"] = "same-origin"
    if "cache-control" not in headers:
        headers["Cache-Control"] = "no-cache"


def only(*known: str) -> Callable[[Request], None]:
    """A dependency that refuses every query parameter but these, twice given or unreadable."""

    def check(request: Request) -> None:
        refuse_unknown((name for name, _ in request.query_params.multi_items()), known)
        asked_language(request)

    return check


def refuse_unknown(names: Iterable[str], known: tuple[str, ...]) -> None:
    """Refuse a parameter that is not known: an ignored one would promise what is not done.

    Raises: UsageError, which does not repeat the unknown name.
    """
    given = list(names)
    if len(given) != len(set(given)):
        raise UsageError(fault("web.parameter-twice"))
    if set(given) - set(known):
        listed = ", ".join(f"`{name}`" for name in known) or "–"
        raise UsageError(fault("web.unknown-parameter", known=listed))


class _Number(Convertor[int]):
    regex = "[0-9]{1,15}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


# `{index:number}` in an address: so many digits that reading them would fail are no address.
register_url_convertor("number", _Number())
