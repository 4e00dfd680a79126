"""The log's pages: what it is, its entries in plain words, one entry with all that proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from sekisho.gate.logbook import LogBook
from sekisho.model.decision import CitedRule
from sekisho.model.entry import Entry
from sekisho.present.entry import entry_details, entry_words
from sekisho.rules.compiled import cited_rule
from sekisho.rules.explain import citation
from sekisho.rules.packs import installed
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.tlog.receipt_page import FILE_NAME, receipt_page_digest
from sekisho.tlog.testimony import Testimony
from sekisho.web.pages.render import day, full_sentence, moment
from sekisho.web.pages.shown import shown
from sekisho.web.security import only
from sekisho.web.served import Served, shelves

FIRST = 10
"""Entries that the log's own page shows."""
A_PAGE = 50

Before = Annotated[int | None, Query(ge=1, lt=2**53)]


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as a line of the list."""

    index: int
    words: str
    at: str
    iso: str
    rules: tuple[str, ...]
    """Each with its citation, where the rule is one that this node knows."""


@dataclass(frozen=True, slots=True)
class WitnessView:
    """How a witness stands."""

    name: str
    key: str
    words: str
    faults: tuple[str, ...]


def log_pages(node: Served, language: Language) -> APIRouter:
    """The pages of the log in one language."""
    router = APIRouter(
        prefix=f"/{language.value}/log",
        include_in_schema=False,
        default_response_class=HTMLResponse,
    )

    @router.get("", dependencies=[Depends(only("lang"))])
    def front(request: Request) -> Response:
        book = node.log_book
        page = book.page(None, FIRST)
        values = {
            "size": page.size,
            "entries": _entries(node, page.entries, language),
            "more": page.older is not None,
            "witnesses": _standing(book, language),
        }
        return shown(node, (request, language), "log.html", "/log", values)

    @router.get("/entries", dependencies=[Depends(only("lang", "before"))])
    def entries(request: Request, before: Before = None) -> Response:
        page = node.log_book.page(before, A_PAGE)
        newer = None if before is None or before >= page.size else before + A_PAGE
        values = {
            "current": "/log",
            "size": page.size,
            "entries": _entries(node, page.entries, language),
            "older": page.older,
            "newer": newer,
            "newest": newer is not None and newer >= page.size,
        }
        path = "/log/entries" + ("" if before is None else f"?before={before}")
        return shown(node, (request, language), "log_entries.html", path, values)

    @router.get("/entries/{index:number}", dependencies=[Depends(only("lang"))])
    def one(request: Request, index: int) -> Response:
        path = f"/log/entries/{index}"
        return shown(node, (request, language), "log_entry.html", path, _one(node, index, language))

    return router


def _one(node: Served, index: int, language: Language) -> dict[str, object]:
    found = node.log_book.shown(index)
    (line,) = _entries(node, [(index, found.entry)], language)
    return {
        "current": "/log",
        "entry": line,
        "details": entry_details(found.entry, language),
        "raw": found.data.decode(),
        "leaf": found.leaf,
        "checkpoint": found.checkpoint.note,
        "size": found.checkpoint.size,
        "witnesses": [_view(each, (), language) for each in found.witnesses],
        "receipt": f"/receipts/{index}.tlog-proof",
        "verifier": f"/receipts/{FILE_NAME}",
        "verifier_digest": receipt_page_digest(),
    }


def _entries(
    node: Served, entries: Sequence[tuple[int, Entry]], language: Language
) -> list[EntryView]:
    known = _known_rules(node) if any(entry.rules for _, entry in entries) else {}
    return [
        EntryView(
            index,
            entry_words(entry, language),
            _time(entry.time, language),
            _iso(entry.time),
            tuple(
                citation(known[rule], language) if rule in known else rule for rule in entry.rules
            ),
        )
        for index, entry in entries
    ]


def _time(at: datetime | date, language: Language) -> str:
    return moment(at, language) if isinstance(at, datetime) else day(at, language)


def _iso(at: datetime | date) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(at, datetime) else f"{at}"


def _known_rules(node: Served) -> Mapping[str, CitedRule]:
    """Rules by id: those of the law packs, and of the programmes that everyone may see."""
    packs = installed().packs.values()
    found = {rule.cited.id: rule.cited for pack in packs for rule in pack.rules}
    for shelf in shelves(node):
        found |= {each.id: cited_rule(each) for each in shelf.programme.access_rules}
    return found


def _standing(book: LogBook, language: Language) -> list[WitnessView]:
    """Every witness: who is asked, who has cosigned, and what went wrong last."""
    words = {each.name: each for each in book.testimonies()}
    asked = {each.name: each for each in book.asked()}
    keys = {each.verifier.name: each.verifier.vkey for each in book.witnesses}
    found = []
    for name in dict.fromkeys([*keys, *words, *asked]):
        last = asked.get(name)
        fault = (last.fault,) if last and last.fault else ()
        told = tuple(full_sentence(each.sentence(language), language) for each in fault)
        if name in words:
            found.append(_view(words[name], told, language))
        else:
            silent = sentence("web.witness-silent", language=language)
            found.append(WitnessView(name, keys.get(name, ""), silent, told))
    return found


def _view(said: Testimony, faults: tuple[str, ...], language: Language) -> WitnessView:
    fields = {"at": moment(said.at, language), "size": f"{said.checkpoint.size:,}"}
    words = sentence("web.witness-cosigned", fields, language)
    return WitnessView(said.name, said.witness.vkey, words, faults)


def witness_views(witnesses: Sequence[Testimony], language: Language) -> list[WitnessView]:
    """The witnesses of a release as its page shows them."""
    return [_view(each, (), language) for each in witnesses]
