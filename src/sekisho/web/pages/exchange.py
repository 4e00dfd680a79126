"""The pages on which members exchange reports: compare, search, download, fill in offline."""

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sekisho.errors import DeliveryError, Fault, NotFound, fault
from sekisho.lanes.open.compare import Compared, Comparison, Gap, said_gap
from sekisho.model.characters import shown as shown_text
from sekisho.model.text import Text
from sekisho.node.documents import Paper
from sekisho.present.chart import chart_description, chart_svg
from sekisho.present.timelines import counts_table
from sekisho.terms import Language
from sekisho.web.pages.render import full_sentence, moment
from sekisho.web.pages.signed import (
    OFFICER_HEADERS,
    Desk,
    Officer,
    checked,
    guarded,
    officer,
    reader,
    sent,
    shown,
)
from sekisho.web.pages.table_page import whole_sections
from sekisho.web.posted import Posted
from sekisho.web.security import only

MOST_BESIDE = 6
"""Participants that a page shows beside each other; a file holds all of them."""
MOST_EVENTS = 200
Where = tuple[str, str]


def exchange_pages(desk: Desk) -> APIRouter:
    """Every page of the exchange in one language."""
    router = APIRouter(prefix=f"/{desk.language.value}", include_in_schema=False)
    place = "/forms/{programme}/{form_id}"
    plain = [Depends(only("lang"))]

    @router.get(f"{place}/compare", dependencies=[Depends(_with_many)])
    def compare(request: Request, programme: str, form_id: str) -> Response:
        where = (programme, form_id)
        return guarded(lambda: _compare(desk, request, officer(desk, request), where))

    @router.get(f"{place}/offline", dependencies=plain)
    def offline(request: Request, programme: str, form_id: str) -> Response:
        where = (programme, form_id)
        return guarded(lambda: _offline(desk, request, officer(desk, request), where))

    @router.post(f"{place}/offline", dependencies=plain)
    async def bring(request: Request, programme: str, form_id: str) -> Response:
        where = (programme, form_id)
        return await sent(request, lambda posted: _bring(desk, request, posted, where))

    @router.get("/search", dependencies=[Depends(only("lang", "q", "before"))])
    def search(request: Request) -> Response:
        return _search(desk, request)

    @router.get("/timelines/{programme}", dependencies=[Depends(_ASKED)])
    def timeline(request: Request, programme: str) -> Response:
        return _timeline(desk, request, programme)

    @router.get("/timelines/{programme}/chart.svg", dependencies=[Depends(_ASKED)])
    def chart(request: Request, programme: str) -> Response:
        return _chart(desk, request, programme)

    _files(desk, router, place)
    return router


_ASKED = only("lang", "q", "who", "topic")


def _with_many(request: Request) -> None:
    """As `only`, with `with` as often as somebody chose."""
    allowed = {"lang", "with"}
    if any(name not in allowed for name, _ in request.query_params.multi_items()):
        only("lang", "with")(request)


def _files(desk: Desk, router: APIRouter, place: str) -> None:
    """The files behind the pages."""
    plain = [Depends(only("lang"))]
    language = desk.language

    def handed(request: Request, make: Callable[[Officer], Paper]) -> Response:
        return guarded(lambda: _handed(make(officer(desk, request))))

    @router.get(f"{place}/comparison.{{kind}}", dependencies=plain)
    def comparison(request: Request, programme: str, form_id: str, kind: str) -> Response:
        return handed(
            request, lambda o: o.node.documents.comparison(programme, form_id, kind, language)
        )

    @router.get(f"{place}/template.{{kind}}", dependencies=plain)
    def template(request: Request, programme: str, form_id: str, kind: str) -> Response:
        return handed(
            request, lambda o: o.node.documents.template(programme, form_id, kind, language)
        )

    @router.get(f"{place}/every-{{kind}}.zip", dependencies=plain)
    def every(request: Request, programme: str, form_id: str, kind: str) -> Response:
        return handed(request, lambda o: o.node.documents.every(programme, form_id, kind, language))

    @router.get("/submissions/{reference}/report.{kind}", dependencies=plain)
    def report(request: Request, reference: str, kind: str) -> Response:
        node, _ = reader(desk, request)
        return _handed(node.documents.submission(reference, kind, language))


def _handed(paper: Paper) -> Response:
    """A file is saved, never shown: whatever it holds, this site does not speak for it."""
    disposition = f"attachment; filename*=UTF-8''{quote(paper.name)}"
    headers = {**OFFICER_HEADERS, "Content-Disposition": disposition}
    return Response(paper.data, media_type=paper.media_type, headers=headers)


def _page(
    desk: Desk, request: Request, name: str, values: Mapping[str, object], status: int = 200
) -> Response:
    return shown(desk, request, f"exchange_{name}.html", values, status)


# -- comparing ---------------------------------------------------------------------------------


def _compare(desk: Desk, request: Request, found: Officer, where: Where) -> Response:
    language = desk.language
    made = found.node.documents.compare(*where, language)
    answered = [each.id for each in made.entrants if each.submission is not None]
    known = {each.id for each in made.entrants}
    chosen = [each for each in request.query_params.getlist("with") if each in known]
    beside = list(dict.fromkeys(chosen or answered))[:MOST_BESIDE]
    values = {
        "form_token": found.session.form_token,
        "title": made.form.title.said(language),
        "address": f"{desk.home}/{where[0]}/{where[1]}",
        "sections": [(each.id, each.title.said(language)) for each in made.form.sections],
        "overview": _overview(made, language),
        "entrants": [(e.id, e.name.said(language), e.id in beside) for e in made.entrants],
        "answered": len(answered),
        "most": MOST_BESIDE,
        "beside": [e.name.said(language) for e in made.entrants if e.id in beside],
        "tables": _tables(made, beside, language),
    }
    return _page(desk, request, "compare", values)


def _overview(made: Comparison, language: Language) -> list[dict[str, object]]:
    """A line a participant: how much it gave to each section, or why there is none."""
    lines: list[dict[str, object]] = []
    for each in made.entrants:
        counts = [made.count(section, each) for section in made.form.sections]
        cells = [
            (said_gap(count, language), True) if isinstance(count, Gap) else (str(count), False)
            for count in counts
        ]
        reference = each.submission.reference if each.submission else ""
        lines.append({"name": each.name.said(language), "cells": cells, "reference": reference})
    return lines


def _tables(made: Comparison, beside: list[str], language: Language) -> list[dict[str, object]]:
    return [
        {
            "id": section.id,
            "title": section.title.said(language),
            "rows": [
                (
                    question.title.said(language),
                    [_cell(made.cells[question.id, each], language) for each in beside],
                )
                for question in section.questions
            ],
            "gaps": [e.name.said(language) for e in made.gaps(section)],
        }
        for section in made.form.sections
    ]


def _cell(cell: Compared, language: Language) -> dict[str, object]:
    if isinstance(cell, Gap):
        return {"gap": said_gap(cell, language), "rows": []}
    rows = [
        [
            (part.title.said(language), [shown_text(line) for line in lines])
            for part, lines in r.parts
        ]
        for r in cell
    ]
    return {"gap": "", "rows": rows}


# -- filling in offline ------------------------------------------------------------------------


def _offline(
    desk: Desk,
    request: Request,
    found: Officer,
    where: Where,
    outcome: tuple[tuple[Fault, ...], tuple[Fault, ...] | None, int] = ((), None, 200),
) -> Response:
    """The page to fetch a template and bring it back; with what came of bringing it."""
    faults, notes, status = outcome
    form, language = found.node.forms.form(*where), desk.language
    errors = [
        {"place": "#file", "text": full_sentence(each.sentence(language), language)}
        for each in faults
    ]
    values = {
        "form_token": found.session.form_token,
        "title": form.title.said(language),
        "address": f"{desk.home}/{where[0]}/{where[1]}",
        "kinds": ["docx", "xlsx"] if form.layout else ["xlsx"],
        "errors": errors,
        "done": notes is not None,
        "notes": [full_sentence(e.sentence(language), language) for e in notes or ()],
    }
    return _page(desk, request, "offline", values, status)


def _bring(desk: Desk, request: Request, posted: Posted, where: Where) -> Response:
    found = checked(desk, request, posted)
    _, data = posted.files.get("file", ("", b""))
    if not data:
        missing = (fault("documents.no-file"),)
        return _offline(desk, request, found, where, (missing, None, DeliveryError.http_status))
    try:
        _, made = found.node.documents.fill(*where, data)
    except DeliveryError as error:
        outcome = (error.faults, None, error.http_status)
        return _offline(desk, request, found, where, outcome)
    return _offline(desk, request, found, where, ((), made.notes, 200))


# -- searching ---------------------------------------------------------------------------------


def _search(desk: Desk, request: Request) -> Response:
    node, session = reader(desk, request)
    query = request.query_params.get("q", "")[:200]
    before = request.query_params.get("before", "")
    found = node.documents.search(query, before=_number(before))
    names = {each.id: each.name for each in node.participants()} if session else {}
    hits = [
        {
            "reference": each.submission.reference,
            "by": names.get(each.submission.participant, _plain(each.submission.participant)).said(
                desk.language
            ),
            "at": moment(each.submission.submitted_at, desk.language),
            "passages": [(p.section, shown_text(p.text)) for p in each.passages],
        }
        for each in found
    ]
    last = found[-1].submission.entry_index if len(found) == 20 else None
    more = (
        f"/{desk.language.value}/search?{urlencode({'q': query, 'before': last})}" if last else ""
    )
    values = {
        "form_token": session.form_token if session else "",
        "query": shown_text(query),
        "hits": hits,
        "more": more,
    }
    return _page(desk, request, "search", values)


def _number(said: str) -> int | None:
    """Where a page of hits begins; anything else than a number is the beginning."""
    return int(said) if said.isdecimal() and len(said) <= 15 else None


def _plain(word: str) -> Text:
    return Text(word, word)


# -- timelines ---------------------------------------------------------------------------------


def _timeline(desk: Desk, request: Request, programme: str) -> Response:
    node, session = reader(desk, request)
    language, asked = desk.language, _filters(request)
    history = node.documents.timeline(programme)
    events = node.documents.events(
        programme, asked["q"], who=asked["who"] or None, topic=asked["topic"] or None
    )
    table = counts_table(history, events)
    given = urlencode({name: value for name, value in asked.items() if value})
    values = {
        "form_token": session.form_token if session else "",
        "title": history.lookup.title.said(language),
        "address": f"/{language.value}/timelines/{programme}",
        "chart": f"/{language.value}/timelines/{programme}/chart.svg"
        + (f"?{given}" if given else ""),
        "chart_text": chart_description(table, language) if events else "",
        "grids": whole_sections(table, language) if events else [],
        "asked": asked,
        "who": [(code, name.said(language)) for code, name in history.who],
        "topics": history.topics,
        "events": [
            {
                "on": each.on.isoformat(),
                "name": each.name.said(language),
                "topic": each.topic,
                "text": shown_text(" – ".join(each.texts)),
                "address": each.address,
            }
            for each in events[:MOST_EVENTS]
        ],
        "count": f"{len(events):,}",
        "all": f"{len(history.events):,}",
        "source": history.lookup.source,
        "licence": history.lookup.licence,
    }
    return _page(desk, request, "timeline", values)


def _filters(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "")[:200] for name in ("q", "who", "topic")}


def _chart(desk: Desk, request: Request, programme: str) -> Response:
    node, _ = reader(desk, request)
    asked = _filters(request)
    history = node.documents.timeline(programme)
    events = node.documents.events(
        programme, asked["q"], who=asked["who"] or None, topic=asked["topic"] or None
    )
    if not events:
        raise NotFound(fault("web.no-such-file"))
    drawn = chart_svg(counts_table(history, events), desk.language)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "no-cache"})
