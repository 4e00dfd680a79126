"""The pattern of a linked set: made once, certified, kept on the data holder's side, verified anew.

An edition is one linked set over certain data under certain parameters. Its pattern and certificate
lie in the node's private folder before any of its releases is committed; releasing another member
later takes the kept pattern, checked by the verifier, and never a new one.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from sekisho.errors import Fault, Refused, StorageError, TamperedError, fault, raise_all
from sekisho.gate.admit import read_copy
from sekisho.gate.files import move_into_place, workshop, write_whole
from sekisho.gate.holdings import holdings_file, holdings_in_use
from sekisho.gate.house import House
from sekisho.gate.judge import refuse_changed_data
from sekisho.lanes.statistics.admissible import (
    admissible_query,
    dataset_read,
    datasets_read,
    dimension_faults,
)
from sekisho.lanes.statistics.disclosure.cells import Bools
from sekisho.lanes.statistics.disclosure.certificate import Certificate, from_bytes, to_bytes
from sekisho.lanes.statistics.editions import Earlier
from sekisho.lanes.statistics.release import (
    LinkedSet,
    Pattern,
    Problem,
    Work,
    kept_pattern,
    pattern_faults,
    pattern_of,
    problem_of,
)
from sekisho.lanes.statistics.sensitive import LARGEST
from sekisho.lanes.statistics.tables import PlanCells, published_table, refuse_other_reading
from sekisho.model.canonical import canonical
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Delivery
from sekisho.model.table import Table
from sekisho.ports import Sources, Watch

PATTERN = "pattern.json"
CERTIFICATE = "certificate.npz"


@dataclass(frozen=True, slots=True)
class Edition:
    """One linked set over certain data under certain parameters, protected."""

    key: str
    tables: Mapping[str, Table]
    """Plan id -> the table that people get."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of an edition."""

    programme: str
    plans: tuple[str, ...]
    deliveries: tuple[str, ...]
    hidden: Mapping[str, frozenset[tuple[str | None, ...]]]
    """Plan id -> group values of each hidden cell."""
    every: Bools
    """The merged cells that are hidden, as the certificate numbers them."""
    certificate: bytes
    holdings: str


def protected_set(
    house: House,
    programme: Programme,
    plan: ReleasePlan,
    deliveries: Sequence[Delivery],
    watch: Watch,
) -> Edition:
    """The protected tables of a plan's linked set, over what the deliveries hold.

    Raises: Refused when the set cannot be protected together with what left before;
    TamperedError when a kept pattern no longer agrees with its certificate.
    """
    plans = programme.linked_set(plan.id)
    key = edition_key(house, programme, plans, deliveries)
    folder = house.folder.private(programme.id) / key
    begun = _begun(house, programme.id).get(key)
    watch.progress("gate.phase-read", 0, 0)
    reading = _Reading(house, programme, watch, holdings_in_use(house, programme))
    cells = reading.cells(programme, plans, deliveries)
    problem = _problem(reading, cells, key, deliveries, begun)
    if begun is not None:
        pattern = _kept_pattern(programme, problem, folder)
    else:
        pattern = _new_pattern(house, problem, watch)
        kept = _Kept(
            programme.digest,
            tuple(each.id for each in plans),
            tuple(sorted(each.id for each in deliveries)),
            {each.plan.id: _groups(each, pattern.hidden[each.name]) for each in cells},
            pattern.every,
            to_bytes(pattern.certificate),
            reading.holdings,
        )
        _keep(house, folder, kept)
    tables = {
        each.plan.id: published_table(each.plan, each.cells, pattern.hidden[each.name])
        for each in cells
    }
    return Edition(key, tables)


def edition_faults(
    house: House, programme_id: str, key: str, deliveries: Sequence[Delivery], watch: Watch
) -> list[Fault]:
    """What the verifier, without the optimiser, finds wrong with an edition that left, read again.

    Raises: StorageError when pattern, programme or data are gone.
    """
    held = held_edition(house, programme_id, key, deliveries, watch)
    watch.progress("gate.phase-certify", 0, 0)
    return pattern_faults(held.problem, held.every, held.certificate)


@dataclass(frozen=True, slots=True)
class Held:
    """An edition as the data holder has it: the data's cells, the problem, what was kept."""

    cells: tuple[PlanCells, ...]
    hidden: Mapping[str, Bools]
    """Plan id -> (n,) mask over the plan's cells."""
    problem: Problem
    every: Bools
    certificate: Certificate


def held_edition(
    house: House, programme_id: str, key: str, deliveries: Sequence[Delivery], watch: Watch
) -> Held:
    """An edition that left, read again from the data that it had.

    Raises: StorageError when pattern, programme or data are gone.
    """
    kept = _read_kept(house.folder.private(programme_id) / key, programme_id)
    programme = read_copy(house.folder.programme(programme_id, kept.programme), kept.programme)
    had = [each for each in deliveries if each.id in kept.deliveries]
    refuse_changed_data(house, had)
    plans = [plan for name in kept.plans if (plan := programme.plan(name))]
    reading = _Reading(house, programme, watch, kept.holdings)
    cells = reading.cells(programme, plans, had)
    problem = _problem(reading, cells, key, had, _begun(house, programme_id).get(key))
    hidden = {each.plan.id: _mask(each, kept, programme_id) for each in cells}
    return Held(cells, hidden, problem, kept.every, from_bytes(kept.certificate))


def _new_pattern(house: House, problem: Problem, watch: Watch) -> Pattern:
    watch.progress("gate.phase-protect", 0, 0)
    return pattern_of(problem, Work(house.threads, house.rounds, watch.progress, watch.cancelled))


def _problem(
    reading: "_Reading",
    cells: tuple[PlanCells, ...],
    key: str,
    deliveries: Sequence[Delivery],
    begun: datetime | None,
) -> Problem:
    """The linked set together with the editions before it: all, or those before it began."""
    plans = [each.plan for each in cells]
    own = [(reading.programme, plan) for plan in plans]
    raise_all(Refused, dimension_faults(own, own))
    refuse_other_reading(cells, cells)
    earlier = _earlier(reading, _Now(key, plans, deliveries, begun))
    private = reading.house.private.of(reading.programme.id)
    return problem_of(LinkedSet(cells, private, earlier))


def _begun(house: House, programme: str) -> dict[str, datetime]:
    """When the first release of each edition was made."""
    found: dict[str, datetime] = {}
    for each in house.store.releases(programme):
        if each.edition:
            found[each.edition] = min(found.get(each.edition, each.made_at), each.made_at)
    return found


def edition_key(
    house: House,
    programme: Programme,
    plans: Sequence[ReleasePlan],
    deliveries: Sequence[Delivery],
) -> str:
    """The name of an edition: a keyed hash of everything that its pattern follows from."""
    private = house.private.of(programme.id)
    said = [
        programme.digest,
        [each.id for each in plans],
        sorted(each.digest for each in deliveries),
        [str(getattr(private, name)) for name in type(private).__slots__],
        *([held] if (held := holdings_in_use(house, programme)) else []),
    ]
    return hmac.digest(house.secret, b"sekisho/edition/v1\n" + canonical(said), sha256).hex()[:32]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads cells of a programme from the engine."""

    house: House
    programme: Programme
    watch: Watch
    holdings: str

    def cells(
        self,
        programme: Programme,
        plans: Sequence[ReleasePlan],
        deliveries: Sequence[Delivery],
        prefix: str = "",
    ) -> tuple[PlanCells, ...]:
        """The cells of plans over what the deliveries hold; `prefix` tells editions apart."""
        kept = holdings_file(self.house, programme.id, self.holdings)
        sources = replace(_sources(self.house, programme, deliveries), holdings=kept)
        found = []
        for plan in plans:
            query = admissible_query(programme, plan)
            contributor = dataset_read(programme, query).contributor or ""
            engine = self.house.engine
            cells = engine.contributions(query, sources, contributor, LARGEST, self.watch)
            found.append(PlanCells(prefix + plan.id, plan, cells))
        return tuple(found)


def _sources(house: House, programme: Programme, deliveries: Sequence[Delivery]) -> Sources:
    files: dict[str, list[Path]] = {each.id: [] for each in programme.datasets}
    for each in deliveries:
        files[each.dataset].append(house.folder.delivery(programme.id, each.dataset, each.id))
    folder = house.folder.programme(programme.id, programme.digest)
    return Sources(
        datasets={each.id: (each, tuple(files[each.id])) for each in programme.datasets},
        lookups={each.id: (each, folder / each.file) for each in programme.lookups},
    )


@dataclass(frozen=True, slots=True)
class _Now:
    """The edition that is being made or looked at."""

    key: str
    plans: Sequence[ReleasePlan]
    deliveries: Sequence[Delivery]
    begun: datetime | None


def _earlier(reading: _Reading, now: _Now) -> tuple[Earlier, ...]:
    """The editions of which something left before, read again from the data that each had.

    One that left after this one began already took this one's whole set as published; one of
    other datasets says nothing about these.
    """
    house, name = reading.house, reading.programme.id
    by_id = {each.id: each for each in now.deliveries}
    found, read = [], {}
    for other, first in sorted(_begun(house, name).items()):
        if other == now.key or (now.begun is not None and first > now.begun):
            continue
        kept = _read_kept(house.folder.private(name) / other, name)
        old = read_copy(house.folder.programme(name, kept.programme), kept.programme)
        plans = [plan for plan_id in kept.plans if (plan := old.plan(plan_id)) is not None]
        if datasets_read(old, plans).isdisjoint(each.dataset for each in now.deliveries):
            if not set(by_id).isdisjoint(kept.deliveries):
                raise Refused(fault("gate.data-elsewhere", programme=name))
            continue
        if not set(kept.deliveries) <= set(by_id):
            raise Refused(fault("gate.data-withdrawn", programme=name))
        had = [by_id[each] for each in kept.deliveries]
        cells = reading.cells(old, plans, had, prefix=f"{other}/")
        _refuse_other_reading(reading, now, (old, plans, had), cells)
        since = [each for each in now.deliveries if each.id not in kept.deliveries]
        change = reading.cells(old, plans, since) if since else ()
        hidden = {each.name: _mask(each, kept, name) for each in cells}
        read[other] = (old, plans, frozenset(kept.deliveries))
        found.append(Earlier(other, cells, hidden, change))
    return tuple(replace(each, between=_between(reading, read, each.name, by_id)) for each in found)


def _between(
    reading: _Reading,
    read: Mapping[str, tuple[Programme, Sequence[ReleasePlan], frozenset[str]]],
    name: str,
    by_id: Mapping[str, Delivery],
) -> dict[str, tuple[PlanCells, ...]]:
    """For each earlier edition over more data than this one: the cells of what it had more."""
    programme, plans, had = read[name]
    return {
        other: reading.cells(programme, plans, [by_id[each] for each in sorted(later - had)])
        for other, (_, _, later) in read.items()
        if had < later < set(by_id)
    }


def _refuse_other_reading(
    reading: _Reading,
    now: _Now,
    before: tuple[Programme, Sequence[ReleasePlan], Sequence[Delivery]],
    cells: tuple[PlanCells, ...],
) -> None:
    """Refuse when today's plans read the data of an earlier edition otherwise than it did."""
    old, plans, had = before
    today = reading.programme
    own = [(today, plan) for plan in now.plans]
    raise_all(Refused, dimension_faults(own, [(old, plan) for plan in plans]))
    for plan in now.plans:
        dataset = datasets_read(today, [plan])
        same = [each for each in cells if datasets_read(old, [each.plan]) == dataset]
        if same:
            refuse_other_reading(same, reading.cells(today, [plan], had))


def _keep(house: House, folder: Path, kept: _Kept) -> None:
    """Write pattern and certificate whole, before anything of the edition is committed."""
    said = {
        "schema": 1,
        "programme": kept.programme,
        "plans": list(kept.plans),
        "deliveries": list(kept.deliveries),
        "hidden": {plan: sorted(map(list, rows), key=str) for plan, rows in kept.hidden.items()},
        "merged": [int(cell) for cell in np.flatnonzero(kept.every)],
        "cells": int(kept.every.size),
        "holdings": kept.holdings,
    }
    with workshop(house.folder.aside) as own:
        whole = own / "edition"
        whole.mkdir(mode=0o700)
        write_whole(whole / PATTERN, json.dumps(said, ensure_ascii=False).encode())
        write_whole(whole / CERTIFICATE, kept.certificate)
        private = house.folder.root / "private"
        private.mkdir(exist_ok=True, mode=0o700)
        folder.parent.mkdir(exist_ok=True, mode=0o700)
        if folder.exists():
            # Kept by a call that was killed before anything was committed: nobody has seen it.
            folder.rename(own / "unseen")
        move_into_place(whole, folder)


def _read_kept(folder: Path, programme: str) -> _Kept:
    """What was kept of an edition.

    Raises: StorageError when it is gone; TamperedError when it cannot be read.
    """
    try:
        said = json.loads((folder / PATTERN).read_bytes())
        every = np.zeros(int(said["cells"]), dtype=bool)
        every[np.array(said["merged"], dtype=np.int64)] = True
        return _Kept(
            str(said["programme"]),
            tuple(said["plans"]),
            tuple(said["deliveries"]),
            {plan: frozenset(map(tuple, rows)) for plan, rows in said["hidden"].items()},
            every,
            (folder / CERTIFICATE).read_bytes(),
            str(said.get("holdings", "")),
        )
    except FileNotFoundError:
        raise StorageError(fault("gate.pattern-missing", programme=programme)) from None
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise TamperedError(fault("gate.certificate-wrong", programme=programme)) from error


def _kept_pattern(programme: Programme, problem: Problem, folder: Path) -> Pattern:
    """The edition's own pattern, once the verifier has found its certificate sound."""
    kept = _read_kept(folder, programme.id)
    certificate = from_bytes(kept.certificate)
    if pattern_faults(problem, kept.every, certificate):
        raise TamperedError(fault("gate.certificate-wrong", programme=programme.id))
    pattern = kept_pattern(problem, kept.every, certificate)
    for each in problem.plans:
        if not np.array_equal(pattern.hidden[each.name], _mask(each, kept, programme.id)):
            raise TamperedError(fault("gate.certificate-wrong", programme=programme.id))
    return pattern


def _mask(each: PlanCells, kept: _Kept, programme: str) -> Bools:
    """Which cells of a plan an edition hid; TamperedError when it names one that there is not."""
    hidden = kept.hidden.get(each.plan.id, frozenset())
    mask = np.array([groups in hidden for groups in each.cells.groups], dtype=bool)
    if int(mask.sum()) != len(hidden):
        raise TamperedError(fault("gate.certificate-wrong", programme=programme))
    return mask


def _groups(each: PlanCells, mask: Bools) -> frozenset[tuple[str | None, ...]]:
    return frozenset(each.cells.groups[row] for row in np.flatnonzero(mask))
