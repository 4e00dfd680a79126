"""The pages on which officers answer a form: one page a section, check, submit."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sekisho.errors import Conflict, DeliveryError, SekishoError
from sekisho.gate.forms.drafts import section_of
from sekisho.lanes.open.drafts import answers_of, differing
from sekisho.lanes.open.validate import validate
from sekisho.lanes.open.written import answer_json
from sekisho.model.form import Form, Section
from sekisho.model.submission import Draft
from sekisho.present.answers import leftover_text
from sekisho.present.answers import shown as shown_answer
from sekisho.web.pages import form_views as views
from sekisho.web.pages.form_input import fields_of, given_answers
from sekisho.web.pages.render import full_sentence, moment
from sekisho.web.pages.signed import (
    Desk,
    Officer,
    checked,
    guarded,
    officer,
    sent,
    sent_on,
    shown,
)
from sekisho.web.posted import Posted
from sekisho.web.security import only


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form before one officer."""

    desk: Desk
    request: Request
    officer: Officer
    programme: str
    form: Form

    @property
    def address(self) -> str:
        """The form's own page."""
        return f"{self.desk.home}/{self.programme}/{self.form.id}"

    @property
    def known(self) -> dict[str, object]:
        """What every page of the form shows."""
        language = self.desk.language
        standing = self.officer.node.forms.standing(self.programme, self.form.id)
        return {
            "form": self.form,
            "title": self.form.title.said(language),
            "address": self.address,
            "form_token": self.officer.session.form_token,
            "deadline": views.deadline_text(self.form, standing, language),
            "standing": standing.value,
        }

    def draft(self) -> Draft:
        """The draft as it stands."""
        return self.officer.node.forms.draft(self.programme, self.form.id)


def form_pages(desk: Desk) -> APIRouter:
    """Every page on which a form is answered."""
    router = APIRouter(
        prefix=f"/{desk.language.value}/forms/{{programme}}/{{form_id}}",
        dependencies=[Depends(only("lang"))],
        include_in_schema=False,
    )

    def looked(request: Request, programme: str, form_id: str) -> Sheet:
        found = officer(desk, request)
        form = found.node.forms.form(programme, form_id)
        return Sheet(desk, request, found, programme, form)

    @router.get("")
    def start(request: Request, programme: str, form_id: str) -> Response:
        return guarded(lambda: _start(looked(request, programme, form_id)))

    @router.get("/s/{section_id}")
    def look(request: Request, programme: str, form_id: str, section_id: str) -> Response:
        return guarded(lambda: _section(looked(request, programme, form_id), section_id))

    @router.get("/check")
    def check(request: Request, programme: str, form_id: str) -> Response:
        return guarded(lambda: _check(looked(request, programme, form_id)))

    _posts(desk, router)
    return router


def _posts(desk: Desk, router: APIRouter) -> None:
    """What officers send: nothing else changes anything."""

    def brought(request: Request, posted: Posted, programme: str, form_id: str) -> Sheet:
        found = checked(desk, request, posted)
        form = found.node.forms.form(programme, form_id)
        return Sheet(desk, request, found, programme, form)

    @router.post("/s/{section_id}")
    async def save(request: Request, programme: str, form_id: str, section_id: str) -> Response:
        return await sent(
            request,
            lambda posted: _save(brought(request, posted, programme, form_id), section_id, posted),
        )

    @router.post("/submit")
    async def submit(request: Request, programme: str, form_id: str) -> Response:
        return await sent(
            request, lambda posted: _submit(brought(request, posted, programme, form_id), posted)
        )

    @router.post("/drop")
    async def drop(request: Request, programme: str, form_id: str) -> Response:
        def take(posted: Posted) -> Response:
            brought(request, posted, programme, form_id).officer.node.forms.drop(programme, form_id)
            return sent_on(desk.home)

        return await sent(request, take)


def _start(sheet: Sheet) -> Response:
    language = sheet.desk.language
    try:
        draft = sheet.draft()
    except Conflict as answered:
        reference = str(answered.faults[0].fields["reference"])
        return sent_on(f"/{language.value}/submissions/{reference}")
    values = {
        **sheet.known,
        "description": sheet.form.description.said(language),
        "tasks": [
            (each.section.title.said(language), each) for each in views.tasks(sheet.form, draft)
        ],
        "draft": draft,
        "changed": moment(draft.changed_at, language) if draft.revision else "",
        "leftovers": _leftovers(sheet, draft),
    }
    return shown(sheet.desk, sheet.request, "form_start.html", values)


def _leftovers(sheet: Sheet, draft: Draft) -> list[tuple[str, str]]:
    """What the changed form has no place for: the question, and the answer in words."""
    language = sheet.desk.language
    return [(each.title.said(language), leftover_text(each, language)) for each in draft.leftovers]


def _section(sheet: Sheet, section_id: str) -> Response:
    section, draft = section_of(sheet.form, section_id), sheet.draft()
    if any(clash.section == section.id for clash in draft.clashes):
        return _versions(sheet, section, draft)
    filled = views.Filled(fields_of(section, draft.answers), {}, draft.answers)
    return _show_section(sheet, section, filled, draft.revision)


def _show_section(
    sheet: Sheet,
    section: Section,
    filled: views.Filled,
    base: int,
    errors: tuple[views.ErrorLine, ...] = (),
) -> Response:
    language = sheet.desk.language
    number = [each.id for each in sheet.form.sections].index(section.id) + 1
    values = {
        **sheet.known,
        "section": section,
        "section_title": section.title.said(language),
        "help": section.help.said(language) if section.help else "",
        "number": number,
        "count": len(sheet.form.sections),
        "fields": views.section_view(sheet.form, section, filled, language),
        "base": base,
        "errors": errors,
    }
    status = 422 if errors else 200
    return shown(sheet.desk, sheet.request, "form_section.html", values, status)


def _save(sheet: Sheet, section_id: str, posted: Posted) -> Response:
    """Save a section; whatever cannot be saved is shown again as it was typed."""
    section, draft = section_of(sheet.form, section_id), sheet.draft()
    base = _number(posted.one("base"), 0)
    if posted.one("do") == "rows":
        return _show_section(sheet, section, views.Filled(posted.fields, {}, draft.answers), base)
    forms, where = sheet.officer.node.forms, (sheet.programme, sheet.form.id)
    try:
        given = given_answers(section, posted, draft.answers)
        for name, file in posted.files.items():
            given[name] = answer_json(forms.attach_bytes(*where, name, file))
        call = forms.settle if posted.one("do") == "settle" else forms.save
        draft = call(*where, section.id, given, base)
    except DeliveryError as error:
        language = sheet.desk.language
        errors = views.errors_of(error.faults, language)
        filled = views.Filled(posted.fields, errors, draft.answers, more_rows=False)
        lines = views.error_lines(sheet.form, error.faults, language)
        return _show_section(sheet, section, filled, base, tuple(lines))
    if any(clash.section == section.id for clash in draft.clashes):
        return sent_on(f"{sheet.address}/s/{section.id}")
    return sent_on(_next_page(sheet, section, posted.one("do")))


def _number(written: str, otherwise: int) -> int:
    """The revision that a hidden field names; it comes from outside like any other."""
    sound = written.isascii() and written.isdigit() and len(written) < 10
    return int(written) if sound else otherwise


def _next_page(sheet: Sheet, section: Section, do: str) -> str:
    """Where to go after a section: the next one, or the list when somebody comes back later."""
    ids = [each.id for each in sheet.form.sections]
    after = ids[ids.index(section.id) + 1 :]
    if do == "later":
        return sheet.address
    if do == "settle" or not after:
        return f"{sheet.address}/check"
    return f"{sheet.address}/s/{after[0]}"


def _versions(sheet: Sheet, section: Section, draft: Draft) -> Response:
    """Two officers' versions of a section side by side, and the fields to settle them."""
    language = sheet.desk.language
    clashes = [each for each in draft.clashes if each.section == section.id]
    questions = {q.id: q for each in clashes for q in differing(section, draft, each)}
    stands = answers_of(section, draft.answers)
    rows = [
        (
            question.title.said(language),
            shown_answer(question, stands.get(name), language),
            [shown_answer(question, each.answers.get(name), language) for each in clashes],
        )
        for name, question in questions.items()
    ]
    filled = views.Filled(fields_of(section, draft.answers), {}, draft.answers)
    values = {
        **sheet.known,
        "section": section,
        "section_title": section.title.said(language),
        "rows": rows,
        "by": draft.changed_by,
        "others": [(each.by, moment(each.at, language)) for each in clashes],
        "fields": views.section_view(sheet.form, section, filled, language),
        "base": draft.revision,
    }
    return shown(sheet.desk, sheet.request, "form_versions.html", values)


def _check(sheet: Sheet, told: SekishoError | None = None) -> Response:
    language, draft = sheet.desk.language, sheet.draft()
    faults = validate(sheet.form, draft.answers)
    errors = views.error_lines(sheet.form, faults, language, sheet.address)
    if told is not None and not errors:
        errors = [
            views.ErrorLine(full_sentence(each, language), "#content")
            for each in told.sentences(language)
        ]
    values = {
        **sheet.known,
        "sections": views.answered_sections(sheet.form, draft.answers, language),
        "draft": draft,
        "whole": not faults,
        "leftovers": _leftovers(sheet, draft),
        "errors": errors if told is not None or draft.revision else (),
    }
    status = told.http_status if told is not None else 200
    return shown(sheet.desk, sheet.request, "form_check.html", values, status)


def _submit(sheet: Sheet, posted: Posted) -> Response:
    revision = posted.one("revision")
    try:
        receipt = sheet.officer.node.forms.submit(
            sheet.programme,
            sheet.form.id,
            revision=_number(revision, -1),
            leftovers_seen=posted.one("leftovers") == "seen",
        )
    except SekishoError as error:
        return _check(sheet, error)
    reference = receipt.submission.reference
    return sent_on(f"/{sheet.desk.language.value}/submissions/{reference}?done=yes")
