"""The pages of public tables: the table first, then what follows from it, then whose it is."""

import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import Protocol, runtime_checkable

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from sekisho.errors import NotFound, fault
from sekisho.model.indicator import Result
from sekisho.model.public import PublicTable
from sekisho.node.public import PublicTables
from sekisho.present.indicator_chart import indicator_svg
from sekisho.present.public import NUMBERS, PublicData
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.languages import asked_language, wished_language
from sekisho.web.pages.indicators import FRAMES, indicator_view
from sekisho.web.pages.render import size_text
from sekisho.web.pages.shown import shown
from sekisho.web.security import only
from sekisho.web.served import PUBLIC, Served

MOST_ROWS = 200
_SAVED = "attachment; filename*=UTF-8''{}"


@runtime_checkable
class Publishing(Protocol):
    """A node with public tables."""

    @property
    def public(self) -> PublicTables: ...


def tables_of(node: Served, programme: str) -> tuple[PublicTable, ...]:
    """The public tables of a programme, in order; none where the node has none."""
    return node.public.tables(programme) if isinstance(node, Publishing) else ()


def _opened(node: Served, programme: str, table: str, language: Language) -> PublicData:
    """One public table of a programme that is for everyone.

    Raises: NotFound.
    """
    everyones = [each.id for each in node.programmes() if PUBLIC in each.recipients]
    if not isinstance(node, Publishing) or programme not in everyones:
        raise NotFound(fault("web.no-such-page"))
    return replace(node.public.open(programme, table), language=language)


def public_pages(node: Served, language: Language) -> APIRouter:
    """Every page of public tables in one language."""
    prefix = f"/{language.value}/public"
    plain = [Depends(only("lang"))]
    router = APIRouter(prefix=prefix, dependencies=plain, include_in_schema=False)

    @router.get("/{programme}/{table}")
    def one(request: Request, programme: str, table: str) -> Response:
        data = _opened(node, programme, table, language)
        path = f"/public/{programme}/{table}"
        values = _values(node, data, language)
        return shown(node, (request, language), "public.html", path, values)

    @router.get("/{programme}/{table}/{indicator}/{picture}")
    def chart(programme: str, table: str, indicator: str, picture: str) -> Response:
        data = _opened(node, programme, table, language)
        drawn = None
        if picture in FRAMES:
            drawn = _drawn(_Picture(data, data.result(indicator), picture))
        if drawn is None:
            raise NotFound(fault("web.no-such-file"))
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(drawn, media_type="image/svg+xml", headers=headers)

    return router


class _Picture:
    """A chart that was asked for; two of the same table, indicator and language are one."""

    def __init__(self, data: PublicData, result: Result, picture: str) -> None:
        self.data, self.result, self.picture = data, result, picture
        self._same = (data.digest, data.id, result.indicator.id, data.language, picture)

    def __hash__(self) -> int:
        return hash(self._same)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Picture) and self._same == other._same


@lru_cache(maxsize=64)
def _drawn(asked: _Picture) -> str | None:
    data, result = asked.data, asked.result
    return indicator_svg(result, data.label(result), data.language, FRAMES[asked.picture])


def public_files(node: Served) -> APIRouter:
    """`/public/<programme>/<table>.csv` and `.json`; without a suffix the way to the page."""
    router = APIRouter(prefix="/public", include_in_schema=False)

    @router.get("/{programme}/{name}", dependencies=[Depends(only("lang"))])
    def file(request: Request, programme: str, name: str) -> Response:
        table, dot, kind = name.rpartition(".")
        if not dot:
            wished = wished_language(request.headers.get("accept-language", ""))
            language = asked_language(request) or wished
            data = _opened(node, programme, name, language)
            place = f"/{language.value}/public/{data.programme}/{data.table.id}"
            return RedirectResponse(place, 307, {"Vary": "Accept-Language"})
        data = _opened(node, programme, table, Language.EN)
        if kind == "csv":
            return _file(data.file.read_bytes(), "text/csv; charset=utf-8", name)
        if kind == "json":
            return _file(data.to_json().encode(), "application/json", "")
        raise NotFound(fault("web.no-such-file"))

    return router


def _file(data: bytes, media_type: str, saved_as: str) -> Response:
    headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "Cache-Control": "no-cache"}
    if saved_as:
        headers["Content-Disposition"] = _SAVED.format(saved_as)
    return Response(data, media_type=media_type, headers=headers)


def _values(node: Served, data: PublicData, language: Language) -> dict[str, object]:
    table = data.table
    address = f"/public/{data.programme}/{table.id}"
    titles = {each.id: each.title.said(language) for each in node.programmes()}
    return {
        "p": lambda name, **fields: sentence(f"public.{name}", fields, language),
        "current": "",
        "title": table.title.said(language),
        "programme_title": titles.get(data.programme, data.programme),
        "description": table.description.said(language),
        "address": address,
        "columns": [_head(table, each.name, language) for each in table.columns],
        "rows": [_row(table, row, language) for row in data.rows[:MOST_ROWS]],
        "all_rows": len(data.rows),
        "most_rows": MOST_ROWS,
        "indicators": [
            indicator_view(each, data.label(each), f"/{language.value}{address}", language)
            for each in data.results
        ],
        "corrections": [
            (each.said.said(language), each.published.said(language), each.source)
            for each in table.corrections
        ],
        "licence": table.licence,
        "source": table.source,
        "dated": table.dated,
        "digest": data.digest,
        "size": size_text(data.file.stat().st_size),
    }


def _head(table: PublicTable, name: str, language: Language) -> tuple[str, str, bool]:
    column, unit = table.column(name), table.unit(name)
    title = column.title.said(language) if column else name
    return title, unit.said(language) if unit else "", column is not None and column.type in NUMBERS


def _row(table: PublicTable, row: dict[str, str], language: Language) -> list[tuple[str, bool]]:
    return [
        (table.label(each.name, row[each.name], language), each.type in NUMBERS)
        for each in table.columns
    ]
