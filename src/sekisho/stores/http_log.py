"""Reading a log, and asking a witness, over HTTP."""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sekisho.errors import StorageError, UsageError, fault
from sekisho.stores.timed_http import timed
from sekisho.tlog.paths import CHECKPOINT, parse_path
from sekisho.tlog.witness import Answer

if TYPE_CHECKING:
    from email.message import Message
    from urllib.request import OpenerDirector, Request

TIMEOUT_S = 20.0
MAX_BYTES = 256 * (65_535 + 2)
"""The largest entry bundle; no resource of a log is larger."""
MAX_ANSWER_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class HttpLog:
    """A log that somebody serves; it can be read, not listed and not written."""

    url: str
    timeout_s: float = TIMEOUT_S

    def read(self, path: str) -> bytes | None:
        """The resource's bytes; None when the server has no such resource.

        Raises: StorageError when the server does not answer rightly.
        """
        if path != CHECKPOINT and parse_path(path) is None:
            raise UsageError(fault("log.path"))
        status, data, _ = _fetch(f"{self.url.rstrip('/')}/{path}", None, self.timeout_s)
        if status in {404, 410}:
            return None
        if status != 200 or data is None or len(data) > MAX_BYTES:
            raise StorageError(fault("log.cannot-read", path=path))
        return data


def http_log(url: str) -> HttpLog:
    """The log served under a URL.

    Raises: UsageError when the URL is not one of http or https.
    """
    if not url.startswith(("https://", "http://")):
        raise UsageError(fault("log.url"))
    return HttpLog(url)


def ask_witness(prefix: str, body: bytes, timeout_s: float = TIMEOUT_S) -> Answer:
    """A witness's answer to an `add-checkpoint` request.

    Raises: UsageError when the prefix is not a URL of http or https; StorageError when nobody
    answers in time.
    """
    url = f"{http_log(prefix).url.rstrip('/')}/add-checkpoint"
    status, data, media_type = _fetch(url, body, timeout_s)
    if data is None or len(data) > MAX_ANSWER_BYTES:
        raise StorageError(fault("log.witness-down"))
    return Answer(status, data.decode("utf-8", "replace"), media_type)


def _fetch(url: str, body: bytes | None, timeout_s: float) -> tuple[int, bytes | None, str]:
    """Status, bytes (None when they cannot be read) and media type.

    The time is for all of it: a byte now and then buys no more of it than silence.
    """
    from http.client import HTTPException
    from urllib.request import Request

    headers = {"Accept-Encoding": "identity, gzip", "User-Agent": "sekisho"}
    asked = Request(url, data=body, headers=headers)  # noqa: S310 - http_log checked the scheme
    try:
        with timed(timeout_s) as opener:
            return _exchanged(opener, asked, timeout_s)
    except (OSError, HTTPException, ValueError) as error:
        raise StorageError(fault("log.no-answer")) from error


def _exchanged(
    opener: "OpenerDirector", asked: "Request", timeout_s: float
) -> tuple[int, bytes | None, str]:
    from urllib.error import HTTPError

    try:
        with opener.open(asked, timeout=timeout_s) as answer:
            data = answer.read(MAX_BYTES + 1)
            if answer.length and len(data) <= MAX_BYTES:
                raise OSError(answer.length, "cut short")
            return answer.status, _plain(data, answer.headers), _type(answer.headers)
    except HTTPError as error:
        with error:
            return error.code, error.read(MAX_ANSWER_BYTES + 1), _type(error.headers)


def _type(headers: "Message[str, str]") -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip()


def _plain(data: bytes, headers: "Message[str, str]") -> bytes | None:
    if headers.get("Content-Encoding", "identity") != "gzip":
        return data
    try:
        return zlib.decompressobj(wbits=31).decompress(data, MAX_BYTES + 1)
    except zlib.error:
        return None
