"""One patient's record from a FHIR server, fetched page by page into a file that is then read.

Only `https`, or `127.0.0.1` for what runs beside the node. No page that lies elsewhere is ever
asked for, no redirection followed, no proxy used; time, pages and bytes have an end.
"""

import http.client
import io
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

from sekisho.errors import (
    CancelledError,
    DeliveryError,
    Place,
    Refused,
    StorageError,
    UsageError,
    fault,
)
from sekisho.formats.cells import whole_file
from sekisho.formats.fhir import to_json
from sekisho.formats.fhir_stream import BrokenError, Text, members
from sekisho.ports import Watch

LOOPBACK = "127.0.0.1"
NAME = re.compile(r"[A-Za-z0-9\-.]{1,64}")
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A FHIR server and how far it is trusted to go on."""

    address: str
    """The base of its addresses, e.g. `https://fhir.hospital.example/r4`."""
    token: str = field(default="", repr=False)
    """Sent as a bearer token; appears in no message."""
    most_pages: int = 1_000
    most_bytes: int = 1 << 30
    answer_s: float = 20.0
    """How long the server may be silent."""
    whole_s: float = 1_800.0
    """How long all of it may take."""


def fetch(endpoint: Endpoint, patient: str, target: Path, watch: Watch) -> int:
    """Write everything that a server has about a patient as one Bundle; how many resources.

    The file appears only when the last page was read.

    Raises: UsageError when the address or the id cannot be asked for; Refused when the server
    points elsewhere or gives too much; StorageError when it does not answer; DeliveryError when
    what it answers is no Bundle.
    """
    base = _base(endpoint.address)
    if NAME.fullmatch(patient) is None:
        raise UsageError(fault("fhir.endpoint-patient"))
    with whole_file(target) as file:
        target.with_name(f".{target.name}.part").chmod(0o600)
        return _pages(_Asking(endpoint, base, watch), patient, file)


@dataclass(slots=True)
class _Asking:
    """One fetch: what was read so far."""

    endpoint: Endpoint
    base: SplitResult
    watch: Watch
    began: float = field(default_factory=time.monotonic)
    read: int = 0
    resources: int = 0

    def page(self, address: str) -> bytes:
        """The bytes of one page."""
        parts = self._inside(address)
        opened = _connection(self.base, self.endpoint.answer_s)
        headers = {"Accept": "application/fhir+json", "Accept-Encoding": "identity"}
        if self.endpoint.token:
            headers["Authorization"] = f"Bearer {self.endpoint.token}"
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            opened.request("GET", path, headers=headers)
            answer = opened.getresponse()
            if answer.status != http.client.OK:
                raise StorageError(fault("fhir.endpoint-answer", status=answer.status))
            return self._body(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = type(error).__name__
            raise StorageError(fault("fhir.endpoint-unreachable", reason=reason)) from error
        finally:
            opened.close()

    def _inside(self, address: str) -> SplitResult:
        """The address, when it lies on the server and under its base."""
        parts = urlsplit(address)
        own = (parts.scheme, parts.netloc) == (self.base.scheme, self.base.netloc)
        steps = parts.path.lower().replace("%2e", ".").split("/")
        if not own or not parts.path.startswith(f"{self.base.path}/") or ".." in steps:
            raise Refused(fault("fhir.endpoint-elsewhere"))
        return parts

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        whole = io.BytesIO()
        while block := answer.read1(BLOCK):
            self.read += len(block)
            if self.read > self.endpoint.most_bytes:
                raise Refused(fault("fhir.endpoint-size", most=self.endpoint.most_bytes))
            if time.monotonic() - self.began > self.endpoint.whole_s:
                raise TimeoutError
            if self.watch.cancelled():
                raise CancelledError(fault("fhir.cancelled"))
            whole.write(block)
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        self.watch.progress("fhir.phase-fetch", self.read, 0)
        return whole.getvalue()


def _pages(asking: _Asking, patient: str, file: BinaryIO) -> int:
    file.write(b'{"resourceType":"Bundle","type":"collection"')
    following: str | None = f"{asking.endpoint.address.rstrip('/')}/Patient/{patient}/$everything"
    seen: set[str] = set()
    while following is not None:
        if len(seen) >= asking.endpoint.most_pages or following in seen:
            raise Refused(fault("fhir.endpoint-pages", most=asking.endpoint.most_pages))
        seen.add(following)
        following = _page(asking, following, file)
    file.write(b"]}\n" if asking.resources else b"}\n")
    return asking.resources


def _page(asking: _Asking, address: str, file: BinaryIO) -> str | None:
    """Write the entries of one page; the address of the next one."""
    links: object = None
    kind: object = None
    text = Text(io.BytesIO(asking.page(address)), _unseen)
    try:
        for name, value in members(text, "entry"):
            if name == "entry":
                _entry(asking, value, file)
            elif name == "link":
                links = value
            elif name == "resourceType":
                kind = value
    except BrokenError as error:
        raise DeliveryError(fault(error.code, Place("FHIR"))) from error
    if kind != "Bundle":
        raise DeliveryError(fault("fhir.not-a-bundle", Place("FHIR")))
    return _next(address, links)


def _entry(asking: _Asking, value: object, file: BinaryIO) -> None:
    if not isinstance(value, Mapping) or not isinstance(value.get("resource"), Mapping):
        raise BrokenError("fhir.bad-entry")
    kept = {name: value[name] for name in ("fullUrl", "resource") if name in value}
    file.write(b"," if asking.resources else b',"entry":[')
    file.write(to_json(kept))
    asking.resources += 1


def _next(address: str, links: object) -> str | None:
    for each in links if isinstance(links, list) else []:
        if isinstance(each, Mapping) and each.get("relation") == "next":
            said = each.get("url")
            if not isinstance(said, str):
                raise DeliveryError(fault("fhir.bad-link", Place("FHIR")))
            return urljoin(address, said)
    return None


def _base(address: str) -> SplitResult:
    parts = urlsplit(address.rstrip("/"))
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == LOOPBACK)
    if not safe or not parts.hostname or parts.username is not None or parts.query:
        raise UsageError(fault("fhir.endpoint-insecure"))
    return parts


def _connection(base: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host, port = base.hostname or "", base.port
    if base.scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout_s)
    return http.client.HTTPConnection(host, port, timeout=timeout_s)


def _unseen(_block: bytes) -> None:
    return None
