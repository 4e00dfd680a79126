"""What a kill left behind, mended when a node is opened."""

import shutil

from sekisho.gate.handout import finish_all
from sekisho.gate.house import House
from sekisho.gate.locks import held_if_free
from sekisho.gate.notices import take_away
from sekisho.gate.records.sweep import repair_records
from sekisho.gate.sequence import sequence
from sekisho.terms import ReleaseState


def repair(house: House) -> None:
    """Bring committed entries into the log, finish committed releases, clear what never counted.

    Files are cleared only while nobody else works on the node; entries and releases are safe to
    finish at any time.

    Raises: TamperedError before anything is touched when the store is not the log's own.
    """
    sequence(house)
    with held_if_free(house.busy) as alone:
        if alone:
            _clear_deliveries(house)
            _finish(house)
            take_away(house)
            repair_records(house)
            for left in (*house.folder.aside.glob("*"), *house.folder.spill.glob("*")):
                shutil.rmtree(left, ignore_errors=True)
            _clear_releases(house)
    _publish(house)


def _publish(house: House) -> None:
    """Publish what waited for a moment that came while nobody had the node open."""
    now = house.clock.now()
    if any(each.opens_at and each.opens_at <= now for each in house.store.calendar.holds()):
        from sekisho.gate.calendar import publish_due

        publish_due(house)


def _finish(house: House) -> None:
    made = {r.programme for r in house.store.releases() if r.state is ReleaseState.MADE}
    for programme in sorted(made):
        with held_if_free(house.lock_of(programme)) as free:
            if free:
                finish_all(house, programme)


def _clear_deliveries(house: House) -> None:
    """Remove files that were moved into place but never committed."""
    root = house.folder.root / "deliveries"
    for file in sorted(root.glob("*/*/*.parquet")):
        programme, dataset = file.parent.parent.name, file.parent.name
        known = {each.id for each in house.store.deliveries(programme, dataset)}
        if file.stem not in known:
            file.unlink()


def _clear_releases(house: House) -> None:
    """Remove folders of releases that were never committed, and what waited and is out by now."""
    known = {each.id for each in house.store.releases()}
    waiting = {each.release for each in house.store.calendar.holds()}
    for root, kept in (("releases", known), ("embargoed", waiting)):
        for folder in sorted((house.folder.root / root).glob("*")):
            if folder.is_dir() and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
