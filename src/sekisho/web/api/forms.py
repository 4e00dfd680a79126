"""Forms over HTTP, for programs: the same calls as in Python, with an access token."""

from functools import partial

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from sekisho.errors import NotPermitted, UsageError, fault
from sekisho.lanes.open.read_answers import MOST_OF_JSON, parse_answers
from sekisho.lanes.open.written import answers_json, submission_json
from sekisho.model.form import Form
from sekisho.model.submission import Draft, Submission
from sekisho.node.forms import MOST_UPLOAD, Forms, Receipt
from sekisho.web.api.answers import both
from sekisho.web.pages.signed import OFFICER_HEADERS, FormNode, Signing
from sekisho.web.security import only

PREFIX = "/api/v1"


def forms_api(node: Signing) -> APIRouter:
    """Forms, drafts and submissions."""
    router = APIRouter(prefix=PREFIX, dependencies=[Depends(only("lang"))], tags=["forms"])
    _asking(node, router)
    _answering(node, router)
    _reading(node, router)
    return router


def speaker(node: Signing, request: Request) -> FormNode:
    """The node on behalf of whoever brings a token.

    No cookie is looked at, so no other site's page can make a browser speak here.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotPermitted(fault("web.token-needed"))
    return node.as_token(token.strip())


def anyone(node: Signing, request: Request) -> FormNode:
    """As `speaker`; a reader whom nobody knows when no token is brought."""
    if "authorization" in request.headers:
        return speaker(node, request)
    return node.as_anybody()


def json_answer(body: object, status: int = 200) -> JSONResponse:
    """An answer that nobody keeps on the way."""
    return JSONResponse(body, status, {"Cache-Control": OFFICER_HEADERS["Cache-Control"]})


def _seen(request: Request) -> int | None:
    """The revision of the draft that `If-Match: "7"` names; None without that header."""
    given = request.headers.get("if-match")
    if given is None:
        return None
    number = given.strip().strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise UsageError(fault("forms.revision-form"))
    return int(number)


async def read_body(request: Request, most: int) -> bytes:
    """What was sent, of which nothing is read beyond the most."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise UsageError(fault("web.posted-too-large", most=most // 1024**2))
        parts.append(part)
    return b"".join(parts)


def _asking(node: Signing, router: APIRouter) -> None:
    @router.get("/programmes/{programme}/forms", summary="The forms of a programme")
    def every(request: Request, programme: str) -> JSONResponse:
        asking = speaker(node, request)
        found = asking.programme(programme)
        return json_answer({"forms": [_form(asking.forms, found.id, each) for each in found.forms]})

    @router.get("/programmes/{programme}/forms/{form_id}", summary="One form, with its schema")
    def one(request: Request, programme: str, form_id: str) -> JSONResponse:
        forms = speaker(node, request).forms
        about = _form(forms, programme, forms.form(programme, form_id))
        return json_answer({**about, "schema": forms.schema(programme, form_id)})

    @router.get(
        "/programmes/{programme}/forms/{form_id}/status", summary="Who has answered, who has not"
    )
    def status(request: Request, programme: str, form_id: str) -> JSONResponse:
        found = speaker(node, request).forms.status(programme, form_id)
        answered = [
            {"participant": e.participant, "reference": e.reference, "late": e.late}
            for e in found.answered
        ]
        rest = {"drafting": list(found.drafting), "waiting": list(found.waiting)}
        return json_answer({"answered": answered, **rest})


def _form(forms: Forms, programme: str, form: Form) -> dict[str, object]:
    deadline = form.deadline
    return {
        "id": form.id,
        "programme": programme,
        "version": form.version,
        "title": both(form.title),
        "description": both(form.description),
        "standing": forms.standing(programme, form.id).value,
        "deadline": {"day": deadline.day.isoformat(), "zone": deadline.zone} if deadline else None,
    }


def _draft(draft: Draft) -> dict[str, object]:
    return {
        "form": draft.form,
        "version": draft.version,
        "revision": draft.revision,
        "corrects": draft.corrects,
        "answers": answers_json(draft.answers),
        "waiting": [
            {"section": each.section, "by": each.by, "answers": answers_json(each.answers)}
            for each in draft.clashes
        ],
        "left_over": answers_json({each.question: each.answer for each in draft.leftovers}),
    }


def _answering(node: Signing, router: APIRouter) -> None:
    here = "/programmes/{programme}/forms/{form_id}"

    @router.get(f"{here}/draft", summary="The draft of the caller's organisation")
    def draft(request: Request, programme: str, form_id: str) -> JSONResponse:
        return json_answer(_draft(speaker(node, request).forms.draft(programme, form_id)))

    @router.put(f"{here}/draft", summary="Save answers to the whole form")
    async def fill(request: Request, programme: str, form_id: str) -> JSONResponse:
        answers = parse_answers(await read_body(request, MOST_OF_JSON))
        forms, seen = speaker(node, request).forms, _seen(request)
        filled = partial(forms.fill, programme, form_id, answers, revision=seen)
        return json_answer(_draft(await run_in_threadpool(filled)))

    @router.put(f"{here}/files/{{question}}/{{name}}", summary="Bring the file for a question")
    async def attach(
        request: Request, programme: str, form_id: str, question: str, name: str
    ) -> JSONResponse:
        forms = speaker(node, request).forms
        data = await read_body(request, MOST_UPLOAD)
        named = (name, data)
        file = await run_in_threadpool(forms.attach_bytes, programme, form_id, question, named)
        return json_answer(answers_json({"file": file})["file"], 201)

    @router.post(f"{here}/submissions", summary="Submit the draft", status_code=201)
    def submit(request: Request, programme: str, form_id: str) -> JSONResponse:
        receipt = speaker(node, request).forms.submit(programme, form_id)
        return json_answer(_receipt(receipt), 201)


def _receipt(receipt: Receipt) -> dict[str, object]:
    return {**_submission(receipt.submission), "receipt": receipt.proof}


def _submission(made: Submission) -> dict[str, object]:
    about = {"state": made.state.value, "sha256": made.digest, "entry": made.entry_index}
    return {**submission_json(made), **about}


def _reading(node: Signing, router: APIRouter) -> None:
    @router.get("/programmes/{programme}/submissions", summary="What may be read")
    def every(request: Request, programme: str) -> JSONResponse:
        found = anyone(node, request).forms.submissions(programme)
        return json_answer({"submissions": [_submission(each) for each in found]})

    @router.get("/submissions/{reference}", summary="One submission")
    def one(request: Request, reference: str) -> JSONResponse:
        return json_answer(_submission(anyone(node, request).forms.submission(reference)))

    @router.get("/submissions/{reference}/receipt", summary="Its receipt, for whoever made it")
    def receipt(request: Request, reference: str) -> Response:
        return json_answer(_receipt(speaker(node, request).forms.receipt(reference)))

    @router.post("/submissions/{reference}/correct", summary="Begin a correction: a draft")
    def correct(request: Request, reference: str) -> JSONResponse:
        return json_answer(_draft(speaker(node, request).forms.correct(reference)))

    @router.post("/submissions/{reference}/open", summary="Let everyone read it")
    def open_(request: Request, reference: str) -> JSONResponse:
        return json_answer(_submission(speaker(node, request).forms.open_to_public(reference)))

    @router.post("/submissions/{reference}/withdraw", summary="Take it back")
    def withdraw(request: Request, reference: str) -> JSONResponse:
        return json_answer(_submission(speaker(node, request).forms.withdraw(reference)))
