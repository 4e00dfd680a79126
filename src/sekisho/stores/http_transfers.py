"""Another node's record lane over HTTP: what a recipient asks of it, and how bytes come back.

No redirect is followed, so a token reaches nobody but the address that was given; without TLS only
a node on the same machine is spoken to.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import Any
from urllib.parse import quote, urlsplit

from sekisho.errors import (
    Conflict,
    NotFound,
    NotPermitted,
    Refused,
    SekishoError,
    StorageError,
    UsageError,
    fault,
)

TIMEOUT_S = 60.0
"""How long the other side may be silent."""
ANSWER_S = 120.0
"""How long an answer may take as a whole that is not a sealed record."""
SEALED_S = 3_600.0
"""How long one try to fetch a sealed record may take; the next goes on where it stopped."""
MOST_BYTES = 1_000_000
"""Of an answer that is not a sealed record."""
PIECE = 1 << 20
PLAIN_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/[0-9]{1,15}")
_KINDS: dict[int, type[SekishoError]] = {
    400: UsageError,
    403: Refused,
    404: NotFound,
    409: Conflict,
    422: UsageError,
}


@dataclass(frozen=True, slots=True)
class HttpTransfers:
    """The transfers of one node, as the holder of a token sees them."""

    host: str
    port: int | None
    secure: bool
    path: str
    token: str = field(repr=False)
    answer_s: float = ANSWER_S
    sealed_s: float = SEALED_S

    def challenge(self, transfer: str) -> str:
        """A fresh challenge for fetching one transfer."""
        answer = self._call("POST", f"/transfers/{quote(transfer, safe='')}/challenge", {})
        return _text(answer, "challenge")

    def transfer(self, transfer: str) -> dict[str, Any]:
        """What the node says of one transfer."""
        return self._call("GET", f"/transfers/{quote(transfer, safe='')}")

    def transfers(self) -> dict[str, Any]:
        """Every transfer that is ours."""
        return self._call("GET", "/transfers")

    def request(self, asked: Mapping[str, object]) -> dict[str, Any]:
        """Ask for a record under a consent."""
        return self._call("POST", "/transfers", asked)

    def acknowledge(self, transfer: str, digest: str) -> dict[str, Any]:
        """Say that what was fetched opened whole."""
        place = f"/transfers/{quote(transfer, safe='')}/acknowledgement"
        return self._call("POST", place, {"digest": digest})

    def recalls(self) -> dict[str, Any]:
        """Notices that consents ended, shrank, or that something is to be erased."""
        return self._call("GET", "/recalls")

    def answer(self, recall: str, answer: str) -> dict[str, Any]:
        """Say what was done about a notice."""
        return self._call("POST", f"/recalls/{quote(recall, safe='')}/answer", {"answer": answer})

    @contextmanager
    def sealed(
        self, transfer: str, proof: Mapping[str, str], offset: int
    ) -> Iterator[Iterator[bytes]]:
        """The pieces of a sealed record from a place on.

        Raises: what the node answers; StorageError when it does not keep to the place asked for.
        """
        headers = {f"Sekisho-{name}": value for name, value in proof.items()}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        place = f"/transfers/{quote(transfer, safe='')}/sealed"
        with self._opened("GET", place, None, headers, self.sealed_s) as answer:
            said = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            begins = int(said[1]) if said else 0
            if answer.status not in {200, 206}:
                raise _told(answer)
            if begins != offset or (answer.status == 206) != (offset > 0):
                raise StorageError(fault("remote.other-place"))
            yield iter(lambda: answer.read(PIECE), b"")

    def _call(
        self, method: str, place: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        with self._opened(method, place, body, {}, self.answer_s) as answer:
            if answer.status not in {200, 201, 202}:
                raise _told(answer)
            return _object(answer.read(MOST_BYTES + 1))

    @contextmanager
    def _opened(
        self,
        method: str,
        place: str,
        body: Mapping[str, object] | None,
        headers: Mapping[str, str],
        whole_s: float,
    ) -> Iterator[HTTPResponse]:
        kind = HTTPSConnection if self.secure else HTTPConnection
        connection = kind(self.host, self.port, timeout=min(TIMEOUT_S, whole_s))
        sent = {
            "Authorization": f"Bearer {self.token}",
            "User-Agent": "sekisho",
            "Accept-Encoding": "identity",
            **({"Content-Type": "application/json"} if body is not None else {}),
            **headers,
        }
        data = json.dumps(body).encode() if body is not None else None
        undo = ExitStack()
        try:
            connection.connect()
            undo.callback(_ended_after(whole_s, connection.sock).cancel)
            connection.request(method, f"{self.path}/api/v1{place}", data, sent)
            yield connection.getresponse()
        except (OSError, HTTPException) as error:
            raise StorageError(fault("remote.no-answer")) from error
        finally:
            undo.close()
            connection.close()


def _ended_after(whole_s: float, sock: socket) -> Timer:
    """What ends a connection after a time: a word now and then would keep it open for ever."""

    def shut() -> None:
        with suppress(OSError):
            sock.shutdown(SHUT_RDWR)

    timer = Timer(whole_s, shut)
    timer.daemon = True
    timer.start()
    return timer


def http_transfers(url: str, token: str) -> HttpTransfers:
    """The record lane of the node at an address.

    Raises: UsageError when the address is none of http or https, or would send the token in the
    clear to another machine.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError(fault("remote.url")) from None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query:
        raise UsageError(fault("remote.url"))
    if parts.scheme == "http" and host not in PLAIN_HOSTS:
        raise UsageError(fault("remote.plain"))
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise UsageError(fault("remote.token"))
    return HttpTransfers(host, port, parts.scheme == "https", parts.path.rstrip("/"), token)


def _object(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise StorageError(fault("remote.answer-form"))
    return said


def _text(answer: Mapping[str, object], name: str) -> str:
    said = answer.get(name)
    if not isinstance(said, str):
        raise StorageError(fault("remote.answer-form"))
    return said


def _told(answer: HTTPResponse) -> SekishoError:
    """The other node's no, in its own words: they are shown as what it said, never as ours."""
    said = _object(answer.read(MOST_BYTES + 1)).get("error")
    words = str(said.get("message", "")) if isinstance(said, dict) else ""
    shown = "".join(each for each in words if each.isprintable())[:600]
    if answer.status in {401, 403} and not shown:
        return NotPermitted(fault("remote.said", status=answer.status, words="-"))
    kind = _KINDS.get(answer.status, StorageError)
    return kind(fault("remote.said", status=answer.status, words=shown or "-"))
