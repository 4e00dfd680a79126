"""The pages on which submissions are read, corrected and opened, and the officer's own list."""

from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, Response

from sekisho.errors import Conflict, NotPermitted, SekishoError
from sekisho.lanes.open.written import submission_bytes
from sekisho.model.form import Form
from sekisho.model.programme import Programme
from sekisho.model.submission import Submission, SubmissionState
from sekisho.present.answers import day_text
from sekisho.terms import Language
from sekisho.web.pages import form_views as views
from sekisho.web.pages.render import moment
from sekisho.web.pages.signed import (
    OFFICER_HEADERS,
    Desk,
    FormNode,
    Officer,
    checked,
    guarded,
    officer,
    reader,
    sent,
    sent_on,
    shown,
)
from sekisho.web.posted import Posted
from sekisho.web.security import only

_DEEDS = ("correct", "withdraw", "open")


def own_pages(desk: Desk) -> APIRouter:
    """What an officer has to do, what others submitted, who has answered."""
    router = APIRouter(
        prefix=f"/{desk.language.value}",
        dependencies=[Depends(only("lang"))],
        include_in_schema=False,
    )

    @router.get("/forms")
    def home(request: Request) -> Response:
        return guarded(lambda: _home(desk, request, officer(desk, request)))

    @router.get("/forms/{programme}/{form_id}/submissions")
    def every(request: Request, programme: str, form_id: str) -> Response:
        return guarded(lambda: _every(desk, request, officer(desk, request), (programme, form_id)))

    @router.get("/forms/{programme}/{form_id}/status")
    def status(request: Request, programme: str, form_id: str) -> Response:
        return guarded(lambda: _status(desk, request, officer(desk, request), (programme, form_id)))

    return router


def _home(desk: Desk, request: Request, found: Officer) -> Response:
    node, language = found.node, desk.language
    values = {
        "form_token": found.session.form_token,
        "participant": _name(node, node.forms.participant, desk),
        "shelves": [
            (
                each.title.said(language),
                [_row(desk, node, each, form) for form in each.forms],
                _timeline(each, language),
            )
            for each in node.programmes()
            if each.forms
        ],
        "requests": [
            {
                "id": each.id,
                "title": node.forms.form_of_request(each).title.said(language),
                "due": day_text(each.due, language),
                "state": each.state.value,
                "own": each.participant == node.forms.participant,
                "participant": _name(node, each.participant, desk),
            }
            for each in node.forms.requests()
        ],
    }
    return shown(desk, request, "forms.html", values)


def _timeline(programme: Programme, language: Language) -> dict[str, str] | None:
    """Where the first timeline of a programme is shown, and its title."""
    titles = [each.title for each in programme.lookups if each.timeline is not None]
    if not titles:
        return None
    address = f"/{language.value}/timelines/{programme.id}"
    return {"address": address, "title": titles[0].said(language)}


def _row(desk: Desk, node: FormNode, programme: Programme, form: Form) -> dict[str, object]:
    """One form in the officer's list: where it stands and what can be done."""
    language = desk.language
    standing = node.forms.standing(programme.id, form.id)
    row: dict[str, object] = {
        "title": form.title.said(language),
        "address": f"{desk.home}/{programme.id}/{form.id}",
        "deadline": views.deadline_text(form, standing, language),
        "is_request": form.ask is not None,
        "state": "closed-to-you",
        "reference": "",
        "steward": _may_see_status(node, programme.id, form.id),
    }
    try:
        draft = node.forms.draft(programme.id, form.id)
    except Conflict as answered:
        row |= {"state": "answered", "reference": answered.faults[0].fields["reference"]}
    except NotPermitted:
        return row
    else:
        row["state"] = "begun" if draft.revision else "not-begun"
    return row


def _may_see_status(node: FormNode, programme: str, form: str) -> bool:
    try:
        node.forms.status(programme, form)
    except SekishoError:
        return False
    return True


def _name(node: FormNode, participant: str, desk: Desk) -> str:
    names = {each.id: each.name.said(desk.language) for each in node.participants()}
    return names.get(participant, participant)


def _every(desk: Desk, request: Request, found: Officer, where: tuple[str, str]) -> Response:
    node, language = found.node, desk.language
    form = node.forms.form(*where)
    values = {
        "form_token": found.session.form_token,
        "title": form.title.said(language),
        "address": f"{desk.home}/{where[0]}/{where[1]}",
        "submissions": [_line(desk, node, each) for each in node.forms.submissions(*where)],
    }
    return shown(desk, request, "form_submissions.html", values)


def _line(desk: Desk, node: FormNode, each: Submission) -> dict[str, object]:
    return {
        "reference": each.reference,
        "participant": _name(node, each.participant, desk),
        "at": moment(each.submitted_at, desk.language),
        "late": each.late,
        "state": each.state.value,
        "revision": each.revision,
    }


def _status(desk: Desk, request: Request, found: Officer, where: tuple[str, str]) -> Response:
    node, language = found.node, desk.language
    status = node.forms.status(*where)
    form = node.forms.form(*where)
    due = [each for each in node.forms.reminders(where[0]) if each.form == form.id]
    values = {
        "form_token": found.session.form_token,
        "title": form.title.said(language),
        "address": f"{desk.home}/{where[0]}/{where[1]}",
        "answered": [_line(desk, node, each) for each in status.answered],
        "drafting": [_name(node, each, desk) for each in status.drafting],
        "waiting": [_name(node, each, desk) for each in status.waiting],
        "reminders": [(_name(node, each.participant, desk), each.days_left) for each in due],
    }
    return shown(desk, request, "form_status.html", values)


# -- one submission -------------------------------------------------------------------------------


def submission_pages(desk: Desk) -> APIRouter:
    """One submission by its reference number: for whoever may read it."""
    router = APIRouter(
        prefix=f"/{desk.language.value}/submissions/{{reference}}", include_in_schema=False
    )
    plain = [Depends(only("lang"))]

    @router.get("", dependencies=[Depends(only("lang", "done"))])
    def look(request: Request, reference: str) -> Response:
        return _look(desk, request, reference)

    @router.get("/submission.json", dependencies=plain)
    def paper(request: Request, reference: str) -> Response:
        node, _ = reader(desk, request)
        found = node.forms.submission(reference)
        return _handed(submission_bytes(found), "application/json", f"{found.id}.json")

    @router.get("/receipt.tlog-proof", dependencies=plain)
    def receipt(request: Request, reference: str) -> Response:
        def answer() -> Response:
            found = officer(desk, request).node.forms.receipt(reference)
            name = f"{found.submission.id}.tlog-proof"
            return _handed(found.proof.encode(), "text/plain; charset=utf-8", name)

        return guarded(answer)

    @router.get("/files/{question}", dependencies=plain)
    def file(request: Request, reference: str, question: str) -> Response:
        node, _ = reader(desk, request)
        found, place = node.forms.file(node.forms.submission(reference), question)
        headers = {**OFFICER_HEADERS, **_as_download(found.name)}
        return FileResponse(place, media_type=found.media_type, headers=headers)

    for deed in _DEEDS:
        _add_deed(desk, router, deed)
    return router


def _handed(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={**OFFICER_HEADERS, **_as_download(name)})


def _as_download(name: str) -> dict[str, str]:
    """A file is saved, never shown: whatever it holds, this site does not speak for it."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


def _add_deed(desk: Desk, router: APIRouter, deed: str) -> None:
    @router.post(f"/{deed}", dependencies=[Depends(only("lang"))])
    async def done(request: Request, reference: str) -> Response:
        def take(posted: Posted) -> Response:
            found = checked(desk, request, posted)
            if deed == "correct":
                draft = found.node.forms.correct(reference)
                return sent_on(f"{desk.home}/{draft.programme}/{draft.form}")
            if deed == "withdraw":
                found.node.forms.withdraw(reference)
            else:
                found.node.forms.open_to_public(reference)
            return sent_on(f"/{desk.language.value}/submissions/{reference}")

        return await sent(request, take)


def _look(desk: Desk, request: Request, reference: str) -> Response:
    node, session = reader(desk, request)
    history = node.forms.history(reference)
    found, language = history[-1], desk.language
    form = node.forms.form_of(found)
    own = found.participant == node.forms.participant
    stands = found.state in (SubmissionState.RECEIVED, SubmissionState.OPENED)
    values = {
        "form_token": session.form_token if session else "",
        "nav_forms": True,
        "submission": found,
        "title": form.title.said(language),
        "participant": _name(node, found.participant, desk) if session else found.participant,
        "at": moment(found.submitted_at, language),
        "sections": views.answered_sections(form, found.answers, language),
        "history": [_line(desk, node, each) for each in history] if session else [],
        "address": f"/{language.value}/submissions/{found.reference}",
        "own": own,
        "stands": stands,
        "may_open": own and form.may_be_public and found.state is SubmissionState.RECEIVED,
        "done": own and request.query_params.get("done") == "yes",
    }
    return shown(desk, request, "form_submission.html", values)
