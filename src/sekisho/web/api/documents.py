"""Documents over HTTP, for programs: filled files in, files out, search, timelines."""

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from sekisho.formats.unpack import LIMITS
from sekisho.lanes.open.timelines import Event
from sekisho.lanes.open.written import answers_json
from sekisho.node.documents import Paper
from sekisho.terms import Language
from sekisho.web.api.forms import PREFIX, anyone, json_answer, read_body, speaker
from sekisho.web.languages import reader_language
from sekisho.web.pages.signed import OFFICER_HEADERS, Signing
from sekisho.web.security import only

_PLACE = "/programmes/{programme}/forms/{form_id}"


def documents_api(node: Signing) -> APIRouter:
    """Files, comparison, search, timelines."""
    router = APIRouter(prefix=PREFIX, tags=["documents"])
    _files(node, router)
    _finding(node, router)
    return router


def _handed(paper: Paper) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(paper.name)}"
    headers = {**OFFICER_HEADERS, "Content-Disposition": disposition}
    return Response(paper.data, media_type=paper.media_type, headers=headers)


def _language(request: Request) -> Language:
    return reader_language(request)


def _files(node: Signing, router: APIRouter) -> None:
    plain = [Depends(only("lang"))]

    @router.get(f"{_PLACE}/template.{{kind}}", dependencies=plain, summary="The form, for offline")
    def template(request: Request, programme: str, form_id: str, kind: str) -> Response:
        documents = speaker(node, request).documents
        return _handed(documents.template(programme, form_id, kind, _language(request)))

    @router.put(f"{_PLACE}/filled", dependencies=plain, summary="Save a filled file as the draft")
    async def filled(request: Request, programme: str, form_id: str) -> JSONResponse:
        data = await read_body(request, LIMITS.packed)
        documents, language = speaker(node, request).documents, _language(request)
        draft, found = await run_in_threadpool(documents.fill, programme, form_id, data)
        notes = [each.sentence(language) for each in found.notes]
        answers = answers_json(draft.answers)
        return json_answer({"revision": draft.revision, "answers": answers, "notes": notes})

    @router.get(f"{_PLACE}/comparison.{{kind}}", dependencies=plain, summary="All, side by side")
    def comparison(request: Request, programme: str, form_id: str, kind: str) -> Response:
        documents = speaker(node, request).documents
        return _handed(documents.comparison(programme, form_id, kind, _language(request)))

    @router.get(f"{_PLACE}/every-{{kind}}.zip", dependencies=plain, summary="All that may be read")
    def every(request: Request, programme: str, form_id: str, kind: str) -> Response:
        documents = speaker(node, request).documents
        return _handed(documents.every(programme, form_id, kind, _language(request)))

    @router.get(
        "/submissions/{reference}/report.{kind}", dependencies=plain, summary="One, as a file"
    )
    def report(request: Request, reference: str, kind: str) -> Response:
        documents = anyone(node, request).documents
        return _handed(documents.submission(reference, kind, _language(request)))


def _finding(node: Signing, router: APIRouter) -> None:
    @router.get("/search", dependencies=[Depends(only("lang", "q"))], summary="Search submissions")
    def search(request: Request) -> JSONResponse:
        found = anyone(node, request).documents.search(request.query_params.get("q", "")[:200])
        return json_answer(
            {
                "found": [
                    {
                        "reference": each.submission.reference,
                        "participant": each.submission.participant,
                        "passages": [
                            {"section": p.section, "question": p.question, "text": p.text}
                            for p in each.passages
                        ],
                    }
                    for each in found
                ]
            }
        )

    @router.get(
        "/programmes/{programme}/timeline",
        dependencies=[Depends(only("lang", "q", "who", "topic"))],
        summary="What happened when",
    )
    def timeline(request: Request, programme: str) -> JSONResponse:
        documents, asked = anyone(node, request).documents, request.query_params
        history = documents.timeline(programme)
        who, topic = asked.get("who"), asked.get("topic")
        events = documents.events(programme, asked.get("q", "")[:200], who=who, topic=topic)
        terms = {"licence": history.lookup.licence, "source": history.lookup.source}
        return json_answer({**terms, "events": [_event(each) for each in events]})


def _event(each: Event) -> dict[str, object]:
    about = {"on": each.on.isoformat(), "who": each.who, "topic": each.topic}
    return {**about, "texts": list(each.texts), "address": each.address}
