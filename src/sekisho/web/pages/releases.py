"""The page of a release: the table first, its chart, how it is protected, and its proof."""

from dataclasses import dataclass, field
from functools import lru_cache

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from sekisho.errors import NotFound, fault
from sekisho.model.release import Release
from sekisho.present.chart import (
    NARROW,
    WIDE,
    Frame,
    View,
    chart_description,
    chart_svg,
    chart_vega,
)
from sekisho.present.drawing import Axis, choices, drawing
from sekisho.present.holders import parts_said
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages import views
from sekisho.web.pages.history import history_view
from sekisho.web.pages.indicators import released_view
from sekisho.web.pages.log import witness_views
from sekisho.web.pages.release_parts import budget_lines, commands, hidden_levels, papers_of
from sekisho.web.pages.render import full_sentence, moment
from sekisho.web.pages.rule_pages import rule_page, with_rules
from sekisho.web.pages.shown import shown
from sekisho.web.pages.table_page import plain_state, table_page
from sekisho.web.pages.table_state import NAMES, TableState
from sekisho.web.scripts import vega_address
from sekisho.web.security import LIVE_POLICY, only
from sekisho.web.served import (
    Served,
    ServedRelease,
    Shelf,
    is_handed_out,
    revision,
    revisions,
)

_PICTURES = {"chart.svg": WIDE, "chart-narrow.svg": NARROW}
_SPECS = {"chart.json": WIDE, "chart-narrow.json": NARROW}
_AN_HOUR = {"Cache-Control": "public, max-age=3600"}


def release_pages(node: Served, language: Language) -> APIRouter:
    """The page of each release, its charts, and the rules that decided, in one language."""
    router = APIRouter(
        prefix=f"/{language.value}",
        dependencies=[Depends(only("lang", *NAMES))],
        include_in_schema=False,
        default_response_class=HTMLResponse,
    )

    @router.get("/releases/{programme}/{plan}")
    def newest(request: Request, programme: str, plan: str) -> Response:
        return one(request, programme, plan, None)

    @router.get("/releases/{programme}/{plan}/r{number:number}")
    def one(request: Request, programme: str, plan: str, number: int | None) -> Response:
        state = TableState.read(request.query_params)
        values = _release(node, (programme, plan, number), state, language)
        path = f"/releases/{programme}/{plan}" + ("" if number is None else f"/r{number}")
        values |= {"here": f"/{language.value}{path}"}
        turned = f"{path}{values['query']}"
        answer = shown(node, (request, language), "release.html", turned, values)
        answer.headers["Content-Security-Policy"] = LIVE_POLICY
        return answer

    @router.get("/releases/{programme}/{plan}/r{number:number}/{picture}")
    def chart(request: Request, programme: str, plan: str, number: int, picture: str) -> Response:
        _, released = revision(node, programme, plan, number)
        frame = _PICTURES.get(picture) or _SPECS.get(picture)
        if frame is None or not is_handed_out(released):
            raise NotFound(fault("web.no-such-file"))
        view = TableState.read(request.query_params).view(released.release.table)
        asked = _drawing(released.release, language, view, frame)
        if picture in _SPECS:
            return JSONResponse(_compiled(asked), headers=_AN_HOUR)
        return Response(_drawn(asked), media_type="image/svg+xml", headers=_AN_HOUR)

    @router.get("/rules/{rule}")
    def ruled(request: Request, rule: str) -> Response:
        values = rule_page(node, rule, language)
        return shown(node, (request, language), "rule.html", f"/rules/{rule}", values)

    return router


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A chart that was asked for; two of the same release, view and language are one."""

    same: tuple[str, ...]
    language: Language
    view: View
    frame: Frame
    release: Release = field(compare=False)


def _drawing(release: Release, language: Language, view: View, frame: Frame) -> _Drawing:
    """Raises: NotFound when the table has no such section or heading."""
    table = release.table
    sections = 1
    for place in (view.order or range(len(table.dimensions)))[2:]:
        before = sum(len(each.columns) for each in table.dimensions[:place])
        wide = len(table.dimensions[place].columns)
        sections *= len({row.groups[before : before + wide] for row in table})
    # No heading has a number as large as that; each drawing of it would be kept as another one.
    if view.section >= sections or (view.show or 0) >= len(table.rows):
        raise NotFound(fault("release_page.no-such-part"))
    same = (release.id, *sorted(release.files.values()))
    return _Drawing(same, language, view, frame, release)


@lru_cache(maxsize=128)
def _drawn(asked: _Drawing) -> str:
    return chart_svg(asked.release.table, asked.language, asked.frame, asked.view)


@lru_cache(maxsize=64)
def _compiled(asked: _Drawing) -> dict[str, object]:
    return chart_vega(asked.release.table, asked.language, asked.frame, asked.view)


def _release(
    node: Served, wanted: tuple[str, str, int | None], state: TableState, language: Language
) -> dict[str, object]:
    programme, plan, number = wanted
    shelf, released = revision(node, programme, plan, number)
    editions = revisions(node, programme, plan)[1]
    release, table = released.release, released.release.table
    handed_out, proof = is_handed_out(released), node.proof(release.id)
    state = state.settled(table)
    lines = released.explain(language)
    return {
        **_words(language),
        "release": release,
        "title": table.title.said(language),
        "programme_title": shelf.programme.title.said(language),
        "measure": views.measure(table, language),
        "made": moment(release.out_at, language),
        "history": history_view(editions, released, language),
        "notice": views.state_sentence(released, editions[-1].release.revision, language),
        "handed_out": handed_out,
        "state": state,
        "query": state.address(),
        "table": table_page(release, state, language) if handed_out else {},
        "chart": _chart(release, state, language) if handed_out else {},
        "cost": views.cost(release, language),
        "holders": parts_said(release.parts, language, _names(node, language)),
        "hidden_levels": hidden_levels(table, language),
        "budgets": budget_lines(node, release, language),
        "indicators": released_view(released, language) if handed_out else [],
        "passages": with_rules(views.passages(lines), release.decision, language),
        "proof": proof,
        "witnesses": witness_views(proof.witnesses, language),
        "proof_faults": [full_sentence(each.sentence(language), language) for each in proof.faults],
        "commands": commands(released, proof.index, node.verifier_key),
        "downloads": _downloads(released, language) if handed_out else [],
        "papers": views.papers(released, language),
        "digests": views.digest_lines(released),
        "about": papers_of(released),
        "place": views.place_of(released),
        "exact": views.exact_place_of(released),
        "linked": _linked(shelf, release, language),
        "citation": views.citation(shelf, released, node.origin, language),
    }


def _names(node: Served, language: Language) -> dict[str, str]:
    """What people read for a participant."""
    return {each.id: each.name.said(language) for each in node.participants()}


def _words(language: Language) -> dict[str, object]:
    """The texts of the page, and those of its indicators."""
    return {
        "r": lambda name, **fields: sentence(f"release_page.{name}", fields, language),
        "p": lambda name, **fields: sentence(f"public.{name}", fields, language),
    }


def _downloads(released: ServedRelease, language: Language) -> list[views.FileView]:
    return [*views.downloads(released, language), *views.made(released, language)]


def _chart(release: Release, state: TableState, language: Language) -> dict[str, object]:
    """The chart of what the table shows, in words, and what else it can be about."""
    table, view = release.table, state.view(release.table)
    about = choices(table, language, view)
    if (state.show or 0) >= max(1, len(about)):
        raise NotFound(fault("release_page.no-such-part"))
    drawn = drawing(table, language, view)
    return {
        "text": chart_description(table, language, view),
        "query": plain_state(state).address(),
        "choices": list(enumerate(about)),
        "chosen": state.show,
        "hidden": drawn.hidden,
        "is_line": drawn.axis is Axis.TIME,
        "has_small": bool(drawn.large and drawn.small),
        "intervals": sentence(
            f"present.chart-intervals{'-line' if drawn.axis is Axis.TIME else ''}", None, language
        )
        if table.has_intervals
        else "",
        "vega": vega_address(),
    }


def _linked(shelf: Shelf, release: Release, language: Language) -> list[dict[str, str]]:
    """The other tables that were protected together with this one."""
    return [
        {"title": each.release.table.title.said(language), "place": views.place_of(each)}
        for each in shelf.newest
        if each.release.plan != release.plan
        and {each.release.plan, each.release.id} & set(release.linked_set)
    ]
