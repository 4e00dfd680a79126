"""The pages' addresses: `/en/…` and `/ja/…`, the same page behind both."""

from functools import lru_cache

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sekisho.errors import NotFound, fault
from sekisho.model.release import Release
from sekisho.model.table import Table
from sekisho.present.chart import NARROW, WIDE, Frame, chart_description, chart_svg
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.languages import asked_language, wished_language
from sekisho.web.pages import views
from sekisho.web.pages.history import history_view
from sekisho.web.pages.indicators import released_view
from sekisho.web.pages.log import witness_views
from sekisho.web.pages.public import tables_of
from sekisho.web.pages.render import full_sentence, moment
from sekisho.web.pages.shown import shown
from sekisho.web.security import only
from sekisho.web.served import Served, Shelf, is_handed_out, revision, revisions, shelves

_CHARTS = {"chart.svg": WIDE, "chart-narrow.svg": NARROW}


def doors(node: Served) -> APIRouter:
    """The addresses without a language, which lead to the reader's."""
    router = APIRouter(dependencies=[Depends(only("lang"))], include_in_schema=False)

    def lead(request: Request, path: str) -> Response:
        wished = wished_language(request.headers.get("accept-language", ""))
        language = asked_language(request) or wished
        headers = {"Vary": "Accept-Language", "Cache-Control": "no-cache"}
        return RedirectResponse(f"/{language.value}{path}", 307, headers)

    @router.get("/")
    def front(request: Request) -> Response:
        return lead(request, "/")

    @router.get("/releases/{programme}/{plan}/r{number:number}")
    def exact(request: Request, programme: str, plan: str, number: int) -> Response:
        _, released = revision(node, programme, plan, number)
        return lead(request, views.exact_place_of(released))

    return router


def pages(node: Served, language: Language) -> APIRouter:
    """Every page in one language."""
    router = APIRouter(
        prefix=f"/{language.value}",
        dependencies=[Depends(only("lang"))],
        include_in_schema=False,
        default_response_class=HTMLResponse,
    )

    @router.get("/")
    def front(request: Request) -> Response:
        return shown(
            node, (request, language), "front.html", "/", {"shelves": _front(node, language)}
        )

    @router.get("/releases/{programme}/{plan}")
    def newest(request: Request, programme: str, plan: str) -> Response:
        return one(request, programme, plan, None)

    @router.get("/releases/{programme}/{plan}/r{number:number}")
    def one(request: Request, programme: str, plan: str, number: int | None) -> Response:
        values = _release(node, (programme, plan, number), language)
        path = f"/releases/{programme}/{plan}" + ("" if number is None else f"/r{number}")
        return shown(node, (request, language), "release.html", path, values)

    @router.get("/releases/{programme}/{plan}/r{number:number}/{picture}")
    def chart(programme: str, plan: str, number: int, picture: str) -> Response:
        _, released = revision(node, programme, plan, number)
        if picture not in _CHARTS or not is_handed_out(released):
            raise NotFound(fault("web.no-such-file"))
        drawn = _drawn(released.release.table, language, _CHARTS[picture])
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(drawn, media_type="image/svg+xml", headers=headers)

    return router


@lru_cache(maxsize=64)
def _drawn(table: Table, language: Language, frame: Frame) -> str:
    return chart_svg(table, language, frame)


def _front(node: Served, language: Language) -> list[dict[str, object]]:
    return [
        {
            "title": shelf.programme.title.said(language),
            "description": shelf.programme.description.said(language),
            "steward": shelf.steward.name.said(language) if shelf.steward else "",
            "basis": shelf.programme.legal_basis.said(language),
            "id": shelf.programme.id,
            "forms": bool(shelf.programme.forms),
            "public": [
                (each.title.said(language), f"/public/{shelf.programme.id}/{each.id}")
                for each in tables_of(node, shelf.programme.id)
            ],
            "timeline": next(
                (
                    each.title.said(language)
                    for each in shelf.programme.lookups
                    if each.timeline is not None
                ),
                "",
            ),
            "releases": [
                {
                    "title": each.release.table.title.said(language),
                    "place": views.place_of(each),
                    "made": moment(each.release.made_at, language),
                    "at": each.release.made_at.isoformat(),
                    "shown": each.release.table.shown,
                    "hidden": each.release.table.hidden,
                    "estimated": each.release.table.is_estimated,
                    "withdrawn": not is_handed_out(each),
                }
                for each in shelf.newest
            ],
        }
        for shelf in shelves(node)
    ]


def _release(
    node: Served, wanted: tuple[str, str, int | None], language: Language
) -> dict[str, object]:
    programme, plan, number = wanted
    shelf, released = revision(node, programme, plan, number)
    editions = revisions(node, programme, plan)[1]
    every = [each.release.revision for each in editions]
    release, table = released.release, released.release.table
    handed_out, proof = is_handed_out(released), node.proof(release.id)
    return {
        "release": release,
        "title": table.title.said(language),
        "programme_title": shelf.programme.title.said(language),
        "measure": views.measure(table, language),
        "made": moment(release.out_at, language),
        "history": history_view(editions, released, language),
        "notice": views.state_sentence(released, every[-1], language),
        "handed_out": handed_out,
        "grids": views.grids(table, language) if handed_out else [],
        "notes": views.notes(table, language),
        "cost": views.cost(release, language),
        "indicators": released_view(released, language) if handed_out else [],
        "p": lambda name, **fields: sentence(f"public.{name}", fields, language),
        "chart_text": chart_description(table, language) if handed_out else "",
        "passages": views.passages(released.explain(language)),
        "proof": proof,
        "witnesses": witness_views(proof.witnesses, language),
        "proof_faults": [full_sentence(each.sentence(language), language) for each in proof.faults],
        "downloads": views.downloads(released) if handed_out else [],
        "papers": views.papers(released),
        "place": views.place_of(released),
        "exact": views.exact_place_of(released),
        "revisions": every,
        "linked": _linked(shelf, release, language),
        "citation": views.citation(shelf, released, node.origin, language),
    }


def _linked(shelf: Shelf, release: Release, language: Language) -> list[dict[str, str]]:
    """The other tables that were protected together with this one."""
    return [
        {"title": each.release.table.title.said(language), "place": views.place_of(each)}
        for each in shelf.newest
        if each.release.plan != release.plan
        and {each.release.plan, each.release.id} & set(release.linked_set)
    ]
