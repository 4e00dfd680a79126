"""The log as JSON: the same entries, proofs and witnesses as on the pages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as InPath

from sekisho.gate.logbook import MOST_SHOWN, Shown
from sekisho.model.entry import Entry
from sekisho.present.entry import entry_about, entry_words
from sekisho.present.testimony import asked_about, testimony_about
from sekisho.terms import Language
from sekisho.tlog.proof import SUFFIX
from sekisho.web.languages import reader_language
from sekisho.web.security import only
from sekisho.web.served import Served

Index = Annotated[int, InPath(description="index of the entry", ge=0, lt=2**53)]
Before = Annotated[int | None, Query(description="only entries below this index", ge=0, lt=2**53)]
Most = Annotated[int, Query(description="how many at most", ge=1, le=MOST_SHOWN)]


def log_api(node: Served) -> APIRouter:
    """The transparency log, read only."""
    router = APIRouter(prefix="/api/v1/log", tags=["log"])

    @router.get(
        "",
        summary="The log: origin, public key, static files, witnesses",
        dependencies=[Depends(only("lang"))],
    )
    def log(request: Request) -> dict[str, object]:
        return _about(node, reader_language(request))

    @router.get(
        "/entries",
        summary="Entries, newest first, each proved",
        dependencies=[Depends(only("lang", "before", "most"))],
    )
    def entries(request: Request, before: Before = None, most: Most = 50) -> dict[str, object]:
        found, language = node.log_book.page(before, most), reader_language(request)
        shown = [_entry(at, entry, language) for at, entry in found.entries]
        return {"size": found.size, "entries": shown, "older": found.older}

    @router.get(
        "/entries/{index}",
        summary="One entry: proved, with its receipt and who has witnessed it",
        dependencies=[Depends(only("lang"))],
    )
    def one(request: Request, index: Index) -> dict[str, object]:
        return _shown(node.log_book.shown(index), reader_language(request))

    return router


def _about(node: Served, language: Language) -> dict[str, object]:
    book = node.log_book
    standing = book.standing()
    return {
        "origin": node.origin,
        "verifier_key": node.verifier_key,
        "size": standing.size if standing else 0,
        "checkpoint": "/log/checkpoint",
        "tiles": "/log/tile/",
        "witnesses": [testimony_about(each) for each in book.testimonies()],
        "asked": [asked_about(each, language) for each in book.asked()],
    }


def _entry(index: int, entry: Entry, language: Language) -> dict[str, object]:
    return {"index": index, "says": entry_words(entry, language), **entry_about(entry)}


def _shown(shown: Shown, language: Language) -> dict[str, object]:
    return {
        **_entry(shown.index, shown.entry, language),
        "leaf": shown.leaf,
        "size": shown.checkpoint.size,
        "witnesses": [testimony_about(each) for each in shown.witnesses],
        "receipt": f"/receipts/{shown.index}{SUFFIX}",
    }
