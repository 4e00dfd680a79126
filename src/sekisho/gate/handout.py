"""The papers of a release: written whole, proved, and moved to where they are handed out."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from sekisho.errors import Refused, StorageError, fault
from sekisho.gate.bound_papers import bound_document, interval_of
from sekisho.gate.files import digest_of, move_into_place, sync_folder, write_whole
from sekisho.gate.house import House, salt
from sekisho.gate.indicators import indicators_about
from sekisho.gate.sequence import sequence
from sekisho.model.budget import Cost
from sekisho.model.decision import CitedRule
from sekisho.model.entry import Entry, manifest_digest, parse_entry
from sekisho.model.programme import Programme
from sekisho.model.release import Release
from sekisho.model.table import Table
from sekisho.model.text import Text
from sekisho.terms import Method, ReleaseState
from sekisho.tlog.proof import Opening

PROOF = "proof.tlog-proof"
ENTRY = "entry.json"
MANIFEST = "manifest.json"
ABOUT = "release.json"
EMBARGO = "embargo.tlog-proof"
"""Receipt of the entry that committed to the files of a release before its planned moment."""
OUTSIDE_MANIFEST = frozenset({PROOF, ENTRY, MANIFEST})
"""Files that the manifest cannot hold: they are written after, or hold, its digest."""


def manifest_digest_of(release: Release) -> str:
    """The one digest that the release's entry holds for all of its files."""
    return manifest_digest(release.files)


def manifest_bytes(files: Mapping[str, str]) -> bytes:
    """The manifest file: one line a file, sorted, so that two of the same are equal."""
    return _json(dict(files))


def write_papers(house: House, programme: Programme, release: Release, own: Path) -> Release:
    """Write every published file of a release, in a folder made ready to be handed out.

    The folder waits by the release's name until the entry that lets it out stands in the log; a
    folder left there by a killed call is replaced, since its release was never committed.

    Raises: Refused when a title or a group holds characters that no reader could be shown.
    """
    refuse_unshowable(release.table)
    papers = own / "papers"
    papers.mkdir()
    about = about_release(programme, release) | _about_house(house, programme, release)
    formats = house.formats()
    about["files"] = sorted(f"{release.plan}{each.suffix}" for each in formats)
    for each in formats:
        each.write(release.table, papers / f"{release.plan}{each.suffix}", about)
    write_whole(papers / ABOUT, _json(about))
    files = {file.name: digest_of(file) for file in sorted(papers.iterdir())}
    write_whole(papers / MANIFEST, manifest_bytes(files))
    waiting = waiting_place(house, release)
    waiting.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if waiting.exists():
        waiting.rename(own / "left-by-a-killed-call")
    move_into_place(papers, waiting)
    return replace(release, files=files)


def _about_house(house: House, programme: Programme, release: Release) -> dict[str, object]:
    """Who publishes, in which log, and whose parts: what a citation needs."""
    names = {each.id: _both(each.name) for each in house.store.participants()}
    publisher: dict[str, object] = {"id": programme.steward}
    if programme.steward in names:
        publisher["name"] = names[programme.steward]
    about: dict[str, object] = {"publisher": publisher, "origin": house.origin}
    if release.parts is not None:
        held = (release.parts.present, release.parts.missing)
        about["holders"] = {
            "present": list(held[0]),
            "missing": list(held[1]),
            "names": {each: names[each] for each in sorted({*held[0], *held[1]} & set(names))},
        }
    return about


_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""What commands a terminal, turns the direction of text, or cannot stand in XML."""


def refuse_unshowable(table: Table) -> None:
    """Refuse a table whose words would command a terminal or break a file; whose, is named.

    Raises: Refused naming the column, or the table's own titles.
    """
    for where, text in _words(table):
        if _UNSHOWABLE.search(text):
            raise Refused(fault("gate.unshowable", plan=table.id, column=where))


def _words(table: Table) -> Iterator[tuple[str, str]]:
    own = [table.title, table.measure_title, table.unit_of_measure]
    for each in table.dimensions:
        own += [each.title, each.total, *each.column_titles]
    for said in own:
        yield from ((table.measure, text) for text in (said.en, said.ja))
    for column, value, label in table.labels:
        yield from ((column, text) for text in (value, label.en, label.ja))
    for place, column in enumerate(table.group_columns):
        yield from ((column, group) for group in {row.groups[place] for row in table} if group)


def waiting_place(house: House, release: Release) -> Path:
    """Where the papers of a release wait for the entry that lets it out to stand in the log."""
    if release.held_until is not None:
        return house.folder.embargoed(release.id)
    return house.folder.aside / "waiting" / release.id


def embargo_value(release: Release) -> str:
    """What the entry of a release that waits commits to: the digest of its files."""
    return manifest_digest_of(release)


def finish_all(house: House, programme_id: str) -> None:
    """Open every release of a programme that is committed and logged but not yet handed out.

    The caller holds the programme's lock. Safe to repeat: a kill at any point is finished here.
    """
    waiting = {each.release for each in house.store.calendar.holds(programme_id)}
    made = [
        each
        for each in house.store.releases(programme_id)
        if each.state is ReleaseState.MADE and each.id not in waiting
    ]
    if made:
        sequence(house)
    for each in made:
        _open(house, each)


def _open(house: House, release: Release) -> None:
    waiting, place = waiting_place(house, release), house.folder.release(release.id)
    if waiting.exists() and not place.exists():
        _prove(house, release, waiting)
        move_into_place(waiting, place)
    if not place.exists():
        raise StorageError(fault("gate.release-incomplete", release=release.id, file=MANIFEST))
    house.store.set_release_state(release.id, ReleaseState.OPEN)


def _prove(house: House, release: Release, folder: Path) -> None:
    index = release.entry_index or 0
    ((_, entry),) = house.store.outbox(index, 1)
    papers = {ENTRY: entry, PROOF: house.log.prove(index).encode()}
    if release.held_until is not None:
        papers[EMBARGO] = _opened_embargo(house, release, parse_entry(entry)).encode()
    for name, data in papers.items():
        (folder / name).unlink(missing_ok=True)
        write_whole(folder / name, data)
    sync_folder(folder)


def _opened_embargo(house: House, release: Release, entry: Entry) -> str:
    """The receipt that shows to what the entry of a release that waited had committed."""
    first = int(entry.public["concerns"])
    ((_, earlier),) = house.store.outbox(first, 1)
    key = salt(house, parse_entry(earlier).nonce, "release")
    return house.log.prove(first, [Opening("release", key, embargo_value(release))])


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "ja": text.ja}


def _rule(rule: CitedRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "citation": _both(rule.citation),
        "text": _both(rule.text),
        "jurisdiction": rule.jurisdiction,
        "status": rule.status.value,
        "reviewed_by": rule.reviewer or None,
    }


def method_of(release: Release) -> Method:
    """How a release was protected."""
    return Method.DIFFERENTIAL_PRIVACY if release.cost else Method.DISCLOSURE_CONTROL


def _cost(cost: Cost, *, has_intervals: bool) -> dict[str, object]:
    """What it cost, and how to read the numbers: every one of them is an estimate."""
    return {
        "epsilon": f"{cost.epsilon:f}",
        "delta": str(cost.delta),
        "periods": list(cost.periods),
        "interval": interval_of(cost.limits, known=has_intervals),
        "bounds": [bound_document(each) for each in cost.limits],
        "scaled_down": [
            {
                "measures": list(each.measures),
                "missing_percent": _said(each.missing),
                "missing_standard_error": _said(each.missing_error),
                "units_percent": _said(each.units),
                "units_standard_error": _said(each.units_error),
            }
            for each in cost.scaled_down
        ],
    }


def _said(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _planned(release: Release) -> dict[str, object]:
    """For which moment it was made, and what it takes the place of."""
    said: dict[str, object] = {}
    if release.planned is not None:
        said["planned"] = f"{release.planned:%Y-%m-%dT%H:%M:%SZ}"
    if release.correction is not None:
        said["correction"] = {
            "corrects": release.corrects,
            "error": release.correction.error.value,
            "reason": _both(release.correction.reason),
        }
    return said


def about_release(programme: Programme, release: Release) -> dict[str, object]:
    """What stands beside the numbers: which table, under which decision, how much is hidden."""
    decision, table = release.decision, release.table
    from sekisho.lanes.statistics.admissible import datasets_read

    names = datasets_read(
        programme, [plan for plan in programme.release_plans if plan.id == release.plan]
    )
    read = [each for each in programme.datasets if each.id in names]
    about: dict[str, object] = {
        "schema": 1,
        "release": release.id,
        "programme": {"id": programme.id, "title": _both(programme.title)},
        "plan": release.plan,
        "revision": release.revision,
        "made": f"{release.made_at:%Y-%m-%dT%H:%M:%SZ}",
        "title": _both(table.title),
        "purpose": programme.purpose,
        "method": method_of(release).value,
        "protected_together_with": list(release.linked_set),
        "cells": {"shown": table.shown, "hidden": table.hidden},
        "decision": {
            "outcome": decision.outcome.value,
            "at": decision.at.isoformat(),
            "rules": [_rule(rule) for rule in decision.determining],
            "pack": decision.pack_hash,
            "not_legal_advice": True,
        },
        "licences": sorted({each.licence for each in read if each.licence}),
        "sources": sorted({each.source for each in read if each.source}),
    }
    about |= _planned(release)
    if release.cost is not None:
        about["privacy"] = _cost(release.cost, has_intervals=table.has_intervals)
    return about | indicators_about(programme, release)
