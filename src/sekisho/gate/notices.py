"""What became of releases: notices as everybody reads them, and the history of a release."""

import shutil
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from sekisho.errors import Refused, fault
from sekisho.gate.files import sync_folder
from sekisho.gate.house import House
from sekisho.model.calendar import Notice, NoticeKind
from sekisho.model.canonical import canonical
from sekisho.model.release import Became, Release
from sekisho.model.table import SUPPRESSED, Row
from sekisho.terms import ReleaseState

_PAPERS = frozenset({"manifest.json", "entry.json"})
"""What stays of a release whose figures are taken down, beside its receipts."""


def notice_about(notice: Notice) -> dict[str, object]:
    """A notice for programs; its canonical bytes have the digest that the log shows."""
    said: dict[str, object] = {
        "schema": 1,
        "kind": notice.kind.value,
        "programme": notice.programme,
        "plan": notice.plan,
        "at": _second(notice.at),
        "reason": {"en": notice.reason.en, "ja": notice.reason.ja},
    }
    if notice.release is not None and notice.kind is NoticeKind.WITHDRAWN:
        said["release"] = notice.release
        said["figures"] = "taken-down" if notice.taken_down else "marked"
    if notice.error is not None:
        said["error"] = notice.error.value
    for name, moment in (("planned", notice.moment), ("until", notice.until)):
        if moment is not None:
            said[name] = _second(moment)
    if notice.rules:
        said["rules"] = list(notice.rules)
    return said


def notice_digest(notice: Notice) -> str:
    """SHA-256 of a notice in RFC 8785 form, hexadecimal."""
    return sha256(canonical(notice_about(notice))).hexdigest()


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def became_of(house: House, release: Release) -> Became:
    """What became of a release; asks the store only when something did."""
    if release.state not in (ReleaseState.CORRECTED, ReleaseState.WITHDRAWN):
        return Became()
    later = house.store.releases(release.programme, release.plan)
    notices = house.store.calendar.notices(release=release.id)
    return Became(
        next((each for each in later if each.corrects == release.id), None),
        next((each for each in notices if each.kind is NoticeKind.WITHDRAWN), None),
    )


def refuse_taken_down(house: House, programme: str, request: str) -> None:
    """Refuse a question whose answer would be the figures of a release that were taken down.

    Raises: Refused.
    """
    for each in house.store.releases(programme):
        if each.request == request and became_of(house, each).taken_down:
            raise Refused(fault("calendar.was-withdrawn", release=each.id))


def shown_of(release: Release, became: Became) -> Release:
    """A release as it may be shown: without its figures once those are taken down."""
    if not became.taken_down:
        return release
    table = release.table
    rows = tuple(Row(row.groups, SUPPRESSED) for row in table.rows)
    return replace(release, table=replace(table, rows=rows))


def take_away(house: House, programme_id: str | None = None) -> None:
    """Remove the figures of withdrawn releases that may no longer be read; safe to repeat.

    What proves that they once stood there stays: manifest, entry and proof.
    """
    for notice in house.store.calendar.notices(programme_id):
        if notice.kind is not NoticeKind.WITHDRAWN or not notice.taken_down or not notice.release:
            continue
        shutil.rmtree(house.folder.embargoed(notice.release), ignore_errors=True)
        folder = house.folder.release(notice.release)
        gone = [file for file in folder.glob("*") if not _stays(file.name)]
        for file in gone:
            file.unlink(missing_ok=True)
        if gone:
            sync_folder(folder)


def _stays(name: str) -> bool:
    return name in _PAPERS or name.endswith(".tlog-proof")
