"""The door at which other logs ask this node to cosign: C2SP tlog-witness."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from sekisho.stores.witness import FolderWitness
from sekisho.tlog.witness import MAX_REQUEST_BYTES, TEXT_TYPE
from sekisho.web.security import only
from sekisho.web.served import Served


def witness(node: Served) -> APIRouter:
    """`POST /witness/add-checkpoint`, and `GET /witness/key` for the key that it signs with.

    A node that is no witness answers 404 to both. Nobody logs in here: the checkpoint's own
    signature is what is checked.
    """
    router = APIRouter(prefix="/witness", dependencies=[Depends(only())], include_in_schema=False)
    own = FolderWitness(node.log_folder.parent)

    @router.post("/add-checkpoint")
    async def asked(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_REQUEST_BYTES:
                return Response(status_code=400)
        answer = await run_in_threadpool(own.answer, body, datetime.now(UTC))
        headers = {"Content-Type": answer.media_type}
        return Response(answer.body, answer.status, headers)

    @router.get("/key")
    def key() -> Response:
        return Response(f"{own.signer.verifier.vkey}\n", media_type=TEXT_TYPE)

    return router
