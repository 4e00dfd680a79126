"""Indicators as a page shows them: words, a chart, and every figure in a table."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from sekisho.errors import NotFound, fault
from sekisho.model.indicator import Result
from sekisho.present.indicator_chart import NARROW, WIDE, indicator_description, indicator_svg
from sekisho.present.indicators import figure_lines, unit_of, words_of
from sekisho.present.released import ABOUT, results_in
from sekisho.terms import Language
from sekisho.web.pages.views import exact_place_of
from sekisho.web.security import only
from sekisho.web.served import Served, ServedRelease, is_handed_out, refuse_tampered, revision

MOST_FIGURES = 200
CHART = "chart.svg"
NARROW_CHART = "chart-narrow.svg"
FRAMES = {CHART: WIDE, NARROW_CHART: NARROW}


def indicator_view(
    result: Result, label: Callable[[str], str], address: str, language: Language
) -> dict[str, object]:
    """One indicator; its charts lie under `address`."""
    lines = figure_lines(result, label, language)
    indicator = result.indicator
    return {
        "id": indicator.id,
        "title": indicator.title.said(language),
        "description": indicator.description.said(language) if indicator.description else "",
        "unit": unit_of(indicator, language),
        "words": words_of(result, label, language),
        "lines": lines[:MOST_FIGURES],
        "all": len(lines),
        "most": MOST_FIGURES,
        "grouped": any(each.group for each in lines),
        "timed": any(each.at for each in lines),
        "kinds": len({each.what for each in lines}) > 1,
        "chart": f"{address}/{indicator.id}/{CHART}",
        "narrow": f"{address}/{indicator.id}/{NARROW_CHART}",
        "chart_text": indicator_description(result, label, language),
        "drawn": any(not each.reason and each.at for each in lines),
    }


def released_view(released: ServedRelease, language: Language) -> list[dict[str, object]]:
    """The indicators of a release, as its papers hold them.

    Raises: TamperedError when the papers are not those that were released.
    """
    address = f"/{language.value}{exact_place_of(released)}/indicators"
    return [
        indicator_view(each, label_of(released, each, language), address, language)
        for each in results_of(released)
    ]


def results_of(released: ServedRelease) -> tuple[Result, ...]:
    """The indicators in a release's papers, read only when they are the papers that left.

    Raises: TamperedError.
    """
    if ABOUT not in released.files:
        return ()
    digest = hashlib.sha256(released.files[ABOUT].read_bytes()).hexdigest()
    refuse_tampered(released, ABOUT, digest)
    return _kept(_Papers(digest, released))


@dataclass(frozen=True, slots=True)
class _Papers:
    """A release's papers; their digest says all that they hold."""

    digest: str
    released: ServedRelease = field(compare=False, hash=False)


@lru_cache(maxsize=32)
def _kept(papers: _Papers) -> tuple[Result, ...]:
    return results_in(papers.released.files)


def label_of(released: ServedRelease, result: Result, language: Language) -> Callable[[str], str]:
    """What people read for a group of an indicator."""
    by, table = result.indicator.by or "", released.release.table
    return lambda group: table.label(by, group, language)


def indicator_charts(node: Served, language: Language) -> APIRouter:
    """The charts of the indicators of releases in one language."""
    prefix = f"/{language.value}/releases"
    router = APIRouter(prefix=prefix, dependencies=[Depends(only("lang"))], include_in_schema=False)

    @router.get("/{programme}/{plan}/r{number:number}/indicators/{indicator}/{picture}")
    def chart(programme: str, plan: str, number: int, indicator: str, picture: str) -> Response:
        _, released = revision(node, programme, plan, number)
        found = [each for each in results_of(released) if each.indicator.id == indicator]
        drawn = None
        if found and picture in FRAMES and is_handed_out(released):
            label = label_of(released, found[0], language)
            drawn = indicator_svg(found[0], label, language, FRAMES[picture])
        if drawn is None:
            raise NotFound(fault("web.no-such-file"))
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(drawn, media_type="image/svg+xml", headers=headers)

    return router
