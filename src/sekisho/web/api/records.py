"""The record lane over HTTP, for recipients: ask, fetch, acknowledge, answer notices.

A token says who calls; to fetch, the caller also signs a fresh challenge with its registered key,
so a stolen link or token alone opens nothing. What is sent back is the sealed file as it lies here:
this node cannot read it either.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, BinaryIO, Protocol, runtime_checkable

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

from sekisho.errors import NotPermitted, UsageError, fault
from sekisho.gate.records.opening import slip_of
from sekisho.gate.records.pick_up import PickedUp
from sekisho.gate.records.requests import TransferRequest
from sekisho.lanes.record.proofs import PickUpProof
from sekisho.model.facts import Fact, Truth
from sekisho.model.transfer import Recall, Transfer
from sekisho.node.records import Records
from sekisho.web.security import only

PREFIX = "/api/v1"
MOST_BYTES = 100_000
PIECE = 1 << 20
SEALED_TYPE = "application/octet-stream"

TransferId = Annotated[str, InPath(description="as the answer to POST says", max_length=64)]
Kind = Annotated[str, InPath(description="`offered`, `fetched`, `acknowledged` …", max_length=20)]
RecallId = Annotated[str, InPath(description="as the list of notices says", max_length=64)]
Body = Mapping[str, object]
_RANGE = re.compile(r"bytes=([0-9]{1,15})-")


class Party(Protocol):
    """A node on behalf of one actor."""

    @property
    def records(self) -> Records: ...


@runtime_checkable
class Exchanging(Protocol):
    """A node that tells actors by their tokens."""

    @property
    def origin(self) -> str: ...

    def as_token(self, token: str) -> Party: ...


def records_api(node: Exchanging) -> APIRouter:
    """Transfers and notices of whoever holds the token."""
    router = APIRouter(prefix=PREFIX, dependencies=[Depends(only("lang"))], tags=["records"])
    _transfers(router, node)
    _pick_up(router, node)
    _notices(router, node)
    return router


def _transfers(router: APIRouter, node: Exchanging) -> None:
    @router.get("/transfers", summary="Transfers that the caller sends or receives")
    def listed(request: Request) -> JSONResponse:
        found = _records(node, request).transfers()
        return _said({"transfers": [_short(each) for each in found]})

    @router.post("/transfers", status_code=201, summary="Ask for a record under a consent")
    async def ask(request: Request) -> JSONResponse:
        asked = _asked(await _body(request))
        transfer = await run_in_threadpool(_records(node, request).request_transfer, asked)
        answer = _said(_short(transfer), 201)
        answer.headers["Location"] = f"{PREFIX}/transfers/{transfer.id}"
        return answer

    @router.get("/transfers/{transfer}", summary="One transfer, with the slip of what waits sealed")
    def one(request: Request, transfer: TransferId) -> JSONResponse:
        return _said(_whole(_records(node, request).transfer(transfer)))

    @router.get("/transfers/{transfer}/receipts/{kind}", summary="A receipt, for other tools too")
    def receipt(request: Request, transfer: TransferId, kind: Kind) -> PlainTextResponse:
        text = _records(node, request).receipt(transfer, kind)
        return PlainTextResponse(text, headers={"Cache-Control": "no-store"})


def _pick_up(router: APIRouter, node: Exchanging) -> None:
    @router.post("/transfers/{transfer}/challenge", summary="What to sign in order to fetch")
    def challenge(request: Request, transfer: TransferId) -> JSONResponse:
        made = _records(node, request).challenge(transfer)
        return _said({"challenge": made, "origin": node.origin})

    @router.get("/transfers/{transfer}/sealed", summary="The sealed record, once")
    def sealed(request: Request, transfer: TransferId) -> StreamingResponse:
        begin = _begin(request)
        picked = _records(node, request).fetch(transfer, _proof(request), begin)
        return _streamed(picked, begin)

    @router.post("/transfers/{transfer}/acknowledgement", summary="What was fetched opened whole")
    async def acknowledge(request: Request, transfer: TransferId) -> JSONResponse:
        digest = _word(await _body(request), "digest", alone=True)
        records = _records(node, request)
        return _said(_short(await run_in_threadpool(records.acknowledge, transfer, digest)))


def _notices(router: APIRouter, node: Exchanging) -> None:
    @router.get("/recalls", summary="Notices to the caller about what it received")
    def recalls(request: Request) -> JSONResponse:
        return _said({"recalls": [_recall(each) for each in _records(node, request).recalls()]})

    @router.post("/recalls/{recall}/answer", summary="What was done about a notice")
    async def answer(request: Request, recall: RecallId) -> JSONResponse:
        word = _word(await _body(request), "answer", alone=True)
        records = _records(node, request)
        return _said(_recall(await run_in_threadpool(records.acknowledge_recall, recall, word)))


# -- what came in -----------------------------------------------------------------------------


def _records(node: Exchanging, request: Request) -> Records:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotPermitted(fault("web.token-needed"))
    return node.as_token(token.strip()).records


def _proof(request: Request) -> PickUpProof:
    said = [request.headers.getlist(f"sekisho-{name}") for name in _PROOF]
    if any(len(each) != 1 for each in said):
        raise UsageError(fault("web.proof-needed"))
    return PickUpProof(*(each[0] for each in said))


_PROOF = ("challenge", "ticket", "signature")


def _begin(request: Request) -> int:
    """From which byte on; only what a broken fetch needs is understood."""
    said = request.headers.getlist("range")
    if not said:
        return 0
    wanted = _RANGE.fullmatch(said[0]) if len(said) == 1 else None
    if wanted is None:
        raise UsageError(fault("web.range"))
    return int(wanted[1])


async def _body(request: Request) -> Body:
    """The JSON object of a request; nothing is read beyond the most that one may hold."""
    held = b""
    async for part in request.stream():
        held += part
        if len(held) > MOST_BYTES:
            raise UsageError(fault("web.body", most=MOST_BYTES))
    with suppress(ValueError, RecursionError):
        body = json.loads(held or b"{}")
        if isinstance(body, dict):
            return body
    raise UsageError(fault("web.body", most=MOST_BYTES))


def _word(body: Body, name: str, *, alone: bool = False) -> str:
    said = body.get(name)
    if not isinstance(said, str) or (alone and set(body) != {name}):
        raise UsageError(fault("web.field", field=name))
    return said


_NAMES = frozenset({"programme", "flow", "consent", "categories", "stated", "request"})


def _asked(body: Body) -> TransferRequest:
    if set(body) - _NAMES:
        known = ", ".join(f"`{name}`" for name in sorted(_NAMES))
        raise UsageError(fault("web.unknown-parameter", known=known))
    categories, stated = body.get("categories"), body.get("stated", {})
    if not isinstance(categories, list) or not all(isinstance(each, str) for each in categories):
        raise UsageError(fault("web.field", field="categories"))
    if not isinstance(stated, dict):
        raise UsageError(fault("web.field", field="stated"))
    return TransferRequest(
        programme=_word(body, "programme"),
        flow=_word(body, "flow"),
        consent=_word(body, "consent"),
        categories=tuple(categories),
        stated={name: _fact(said) for name, said in stated.items()},
        request=_word(body, "request") if "request" in body else None,
    )


def _fact(said: object) -> Fact:
    """A fact that the recipient answers for: whether it holds, and the document that shows it."""
    if not isinstance(said, dict) or not isinstance(said.get("holds"), bool):
        raise UsageError(fault("web.field", field="stated"))
    source = said.get("source", "")
    if not isinstance(source, str) or set(said) - {"holds", "source"}:
        raise UsageError(fault("web.field", field="stated"))
    return Fact(Truth.TRUE if said["holds"] else Truth.FALSE, source=source)


# -- what goes out ----------------------------------------------------------------------------


def _said(body: Mapping[str, object], status: int = 200) -> JSONResponse:
    return JSONResponse(dict(body), status, headers={"Cache-Control": "no-store"})


def _short(transfer: Transfer) -> dict[str, object]:
    until = transfer.ready_until
    return {
        "transfer": transfer.id,
        "programme": transfer.programme,
        "flow": transfer.flow,
        "consent": transfer.consent,
        "sender": transfer.sender,
        "recipient": transfer.recipient,
        "state": transfer.state.value,
        "categories": list(transfer.categories),
        "ready_until": until.isoformat() if until else None,
        "address": f"{PREFIX}/transfers/{transfer.id}",
    }


def _whole(transfer: Transfer) -> dict[str, object]:
    waits = transfer.sealed is not None and transfer.has_payload
    return {
        **_short(transfer),
        "slip": asdict(slip_of(transfer)) if waits else None,
        "left_out": [{"what": each.what, "reason": each.reason} for each in transfer.left_out],
        "delete_by": transfer.delete_by.isoformat() if transfer.delete_by else None,
    }


def _recall(recall: Recall) -> dict[str, object]:
    done = recall.acknowledged_at
    return {
        "recall": recall.id,
        "transfer": recall.transfer,
        "kind": recall.kind.value,
        "sent_at": recall.sent_at.isoformat(),
        "acknowledged_at": done.isoformat() if done else None,
        "answer": recall.answer or None,
    }


def _streamed(picked: PickedUp, begin: int) -> StreamingResponse:
    """The sealed file from a byte on; it is closed however the answer ends."""
    sealed = picked.transfer.sealed
    size = sealed.bytes if sealed else 0
    if begin > size:
        picked.file.close()
        raise UsageError(fault("web.range"))
    picked.file.seek(begin)
    headers = {"Cache-Control": "no-store", "Content-Length": str(size - begin)}
    if begin:
        headers["Content-Range"] = f"bytes {begin}-{max(size - 1, begin)}/{size}"
    status = 206 if begin else 200
    return StreamingResponse(_pieces(picked.file), status, headers, media_type=SEALED_TYPE)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
