"""Addresses of the API, all under `/api/v1`."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Path as InPath

from sekisho.errors import NotFound, fault
from sekisho.present.history import history_about
from sekisho.present.testimony import testimony_about
from sekisho.web.api.answers import both
from sekisho.web.pages.public import tables_of
from sekisho.web.pages.views import downloads, exact_place_of, papers, place_of
from sekisho.web.security import only
from sekisho.web.served import Served, ServedRelease, is_handed_out, shelves

ReleaseId = Annotated[str, InPath(description="`programme.plan.rN`", max_length=200)]


def api(node: Served) -> APIRouter:
    """Programmes and releases, read only."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(only("lang"))], tags=["releases"])

    @router.get("/programmes", summary="Programmes that release to everyone")
    def programmes() -> dict[str, object]:
        return {
            "programmes": [
                {
                    "id": shelf.programme.id,
                    "title": both(shelf.programme.title),
                    "description": both(shelf.programme.description),
                    "purpose": shelf.programme.purpose,
                    "legal_basis": both(shelf.programme.legal_basis),
                    "steward": shelf.programme.steward,
                    "releases": [each.release.id for each in shelf.newest],
                    "public": [
                        f"/public/{shelf.programme.id}/{each.id}.json"
                        for each in tables_of(node, shelf.programme.id)
                    ],
                }
                for shelf in shelves(node)
            ]
        }

    @router.get("/releases", summary="Every release, oldest first")
    def releases() -> dict[str, object]:
        return {"releases": [_short(each) for each in _all(node)]}

    @router.get("/releases/{release}", summary="One release: decision, proof, files")
    def one(release: ReleaseId) -> dict[str, object]:
        for each in _all(node):
            if each.release.id == release:
                return {**_short(each), **_whole(node, each)}
        raise NotFound(fault("web.no-such-release"))

    return router


def _all(node: Served) -> list[ServedRelease]:
    return [each for shelf in shelves(node) for each in node.releases(shelf.programme.id)]


def _short(released: ServedRelease) -> dict[str, object]:
    release = released.release
    return {
        "id": release.id,
        "programme": release.programme,
        "plan": release.plan,
        "revision": release.revision,
        "state": release.state.value,
        "made_at": release.made_at.isoformat(),
        "title": both(release.table.title),
        "cells": {"shown": release.table.shown, "hidden": release.table.hidden},
        "address": place_of(released),
        "exact_address": exact_place_of(released),
    }


def _whole(node: Served, released: ServedRelease) -> dict[str, object]:
    release, proof = released.release, node.proof(released.release.id)
    files = (downloads(released) if is_handed_out(released) else []) + papers(released)
    return {
        **history_about(release, released.became),
        "protected_together_with": list(release.linked_set),
        "decision": {
            "outcome": release.decision.outcome.value,
            "at": release.decision.at.isoformat(),
            "rules": [
                {"id": rule.id, "citation": both(rule.citation), "text": both(rule.text)}
                for rule in release.decision.determining
            ],
        },
        "log": {
            "origin": proof.origin,
            "entry": proof.index,
            "size": proof.size,
            "verified": proof.verified,
            "faults": [each.code for each in proof.faults],
            "witnesses": [testimony_about(each) for each in proof.witnesses],
        },
        "files": [
            {"name": f.name, "address": f.address, "exact_address": f.exact, "sha256": f.digest}
            for f in files
        ],
    }
