"""Analysts' own questions over HTTP: with a token, as jobs, answered at fixed steps of time.

A question is begun with POST and looked at with GET until it is done. Whether it is done shows at
multiples of a fixed step after it was asked, whatever the rows are.
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Annotated, Protocol, runtime_checkable

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from sekisho.errors import NotPermitted, SekishoError, UsageError, fault
from sekisho.gate.answer_papers import ANSWER, entry_file, proof_file
from sekisho.gate.answers import Asked
from sekisho.jobs import faults_of
from sekisho.model.release import Job
from sekisho.node.questions import Questions
from sekisho.terms import JobState
from sekisho.web.languages import reader_language
from sekisho.web.security import only

PREFIX = "/api/v1/queries"
MOST_BYTES = 100_000
AT_ONCE = 2
"""Questions that this process works on at the same time; the others wait."""

JobId = Annotated[str, InPath(description="as the answer to POST says", max_length=64)]
Body = Mapping[str, object]


class Asker(Protocol):
    """A node on behalf of one actor."""

    @property
    def questions(self) -> Questions: ...


@runtime_checkable
class Asking(Protocol):
    """A node that tells actors by their tokens."""

    def as_token(self, token: str) -> Asker: ...


def queries(node: Asking) -> APIRouter:
    """Begin a question, look at it, stop it."""
    router = APIRouter(prefix=PREFIX, dependencies=[Depends(only("lang"))], tags=["queries"])
    desk = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="question")

    @router.post("", status_code=202, summary="Ask, or with `dry_run` learn the cost")
    async def ask(request: Request) -> JSONResponse:
        body = await _body(request)
        return await run_in_threadpool(_begin, _questions(node, request), body, request, desk)

    @router.get("/{job_id}", summary="How far a question is; its answer once it is done")
    def look(request: Request, job_id: JobId) -> JSONResponse:
        asking = _questions(node, request)
        job = asking.job(job_id)
        _take_up(asking, job, desk)
        return _shown(asking, job, request)

    @router.delete("/{job_id}", summary="Stop a question; what was charged stays charged")
    def stop(request: Request, job_id: JobId) -> JSONResponse:
        asking = _questions(node, request)
        job = asking.cancel(job_id)
        _take_up(asking, job, desk)
        return _shown(asking, job, request)

    return router


def _questions(node: Asking, request: Request) -> Questions:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotPermitted(fault("budget.token-needed"))
    return node.as_token(token.strip()).questions


async def _body(request: Request) -> Body:
    """The JSON object of a request; nothing is read beyond the most that one may hold."""
    held = b""
    async for part in request.stream():
        held += part
        if len(held) > MOST_BYTES:
            raise _no_question()
    with suppress(ValueError, RecursionError):
        body = json.loads(held)
        if isinstance(body, dict):
            return body
    raise _no_question()


def _no_question() -> UsageError:
    return UsageError(fault("budget.query-form", most=MOST_BYTES))


_TEXTS = frozenset({"programme", "sql", "purpose", "epsilon"})
_MORE = frozenset({"contribution", "dry_run"})


def _asked(asking: Questions, body: Body) -> Asked:
    texts = {name: body.get(name) for name in _TEXTS}
    contribution, dry_run = body.get("contribution", {}), body.get("dry_run", False)
    right = set(body) <= _TEXTS | _MORE and all(isinstance(t, str) for t in texts.values())
    if not right or not isinstance(contribution, dict) or not isinstance(dry_run, bool):
        raise _no_question()
    said = {name: str(text) for name, text in texts.items()}
    return asking.asked(
        said["programme"],
        said["sql"],
        purpose=said["purpose"],
        epsilon=said["epsilon"],
        contribution=contribution,
    )


def _begin(
    asking: Questions, body: Body, request: Request, desk: ThreadPoolExecutor
) -> JSONResponse:
    asked = _asked(asking, body)
    if body.get("dry_run"):
        return JSONResponse(asking.quote(asked).to_json(reader_language(request)))
    job = asking.begin(asked, request.headers.get("idempotency-key"))
    _take_up(asking, job, desk)
    answer = _shown(asking, job, request)
    answer.status_code = 202
    answer.headers["Location"] = f"{PREFIX}/{job.id}"
    return answer


def _take_up(asking: Questions, job: Job, desk: ThreadPoolExecutor) -> None:
    """Work on a question that nobody works on, also one whose process died."""
    over = job.state not in (JobState.QUEUED, JobState.RUNNING)
    if not over and job.actor == asking.call.actor.id and asking.waits(job):
        desk.submit(_work, asking, job.id)


def _work(asking: Questions, job_id: str) -> None:
    # How it ended is written to the job, where whoever asked reads it.
    with suppress(SekishoError):
        asking.carry_on(job_id)


def _shown(asking: Questions, job: Job, request: Request) -> JSONResponse:
    language = reader_language(request)
    said: dict[str, object] = {
        "query": job.id,
        "state": job.state.value,
        "address": f"{PREFIX}/{job.id}",
    }
    if job.state is JobState.FAILED:
        said["faults"] = [
            {"code": each.code, "message": each.sentence(language)} for each in faults_of(job)
        ]
    if job.state is JobState.DONE:
        said |= _papers(asking, job)
    headers = {"Content-Language": language.value, "Cache-Control": "no-store"}
    return JSONResponse(said, headers=headers)


def _papers(asking: Questions, job: Job) -> dict[str, object]:
    """The answer with the proof of each charge."""
    folder = asking.papers(job)
    answer = json.loads((folder / ANSWER).read_bytes())
    return {
        "answer": answer,
        "proofs": [
            {
                "entry": json.loads((folder / entry_file(charge["entry"])).read_bytes()),
                "proof": (folder / proof_file(charge["entry"])).read_text("utf-8"),
            }
            for charge in answer["charges"]
        ],
    }
