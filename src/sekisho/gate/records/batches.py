"""Many records offered in one call, each with a decision, a receipt and an outcome of its own.

The way is that of one offer (`offers`). What is the same for many is found once; the sealed files
are made durable together, and states and entries of a group commit in one transaction, in which
each consent is looked at again. One record that is refused, or faulty, stops no other.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sekisho.errors import CancelledError, NotFound, SekishoError, UsageError, fault, raise_all
from sekisho.gate.files import workshop
from sekisho.gate.house import Call, House
from sekisho.gate.locks import held, held_all
from sekisho.gate.records.judging import WINDOW, judge_counted
from sekisho.gate.records.offers import (
    Offering,
    Work,
    again,
    begun,
    drop,
    needed,
    offering_change,
    opening_change,
    prepared,
    refusal,
    refuse_other_person,
    refuse_uncovered,
    refusing,
    sealing,
)
from sekisho.gate.records.payloads import place_all
from sekisho.gate.records.sealing import SealKeys, seal_keys, seal_record
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import transfer as lane
from sekisho.lanes.record.consent import needed_faults
from sekisho.model.decision import Decision
from sekisho.model.facts import Facts
from sekisho.model.transfer import Transfer
from sekisho.ports import Watch
from sekisho.ports.records import Wanted
from sekisho.terms import TransferState

GROUP = 256
"""So many transfers commit together."""
COUNT_AGAIN = 16
"""After so many groups the store is asked anew how many persons' records went a way."""

Outcome = Transfer | SekishoError
"""The transfer, ready to be fetched, or why there is none."""


@dataclass(slots=True)
class _Batch:
    """One group on its way."""

    call: Call
    watch: Watch
    outcomes: list[Outcome | None]
    works: dict[int, Work] = field(default_factory=dict)
    """By their places among the offerings of the group."""
    decided: dict[int, tuple[Facts, Decision]] = field(default_factory=dict)
    sealed: dict[int, tuple[Path, lane.Offer]] = field(default_factory=dict)
    counted: dict[tuple[str, str], "_Counted"] = field(default_factory=dict)

    @property
    def house(self) -> House:
        return self.call.house

    def fail(self, place: int, error: SekishoError) -> None:
        """Write down why there will be no transfer; the others go on."""
        self.outcomes[place] = error
        self.works.pop(place, None)


def offer_all(call: Call, offerings: Sequence[Offering], watch: Watch) -> list[Outcome]:
    """Send many records on their way; each becomes a transfer, or the error that stopped it.

    Shape: as many outcomes as offerings, in their order. What `offer` raises for one is its outcome
    here. Cancelled, it raises; what was offered until then stays, and asked again is the same.
    """
    found: list[Outcome] = []
    counted: dict[tuple[str, str], _Counted] = {}
    for number, group in enumerate(_groups(offerings)):
        if number % COUNT_AGAIN == 0:
            counted.clear()
        if watch.cancelled():
            raise CancelledError(fault("records.cancelled", done=len(found)))
        batch = _Batch(call, watch, [None] * len(group), counted=counted)
        found += _offer_group(batch, group)
        watch.progress("records.phase-offer", len(found), len(offerings))
    return found


def _groups(offerings: Sequence[Offering]) -> Iterator[list[Offering]]:
    """The offerings in groups; one request is never twice in the same."""
    group: list[Offering] = []
    seen: set[str] = set()
    for each in offerings:
        name = each.transfer or each.request or f"the one at {len(group)}"
        if len(group) == GROUP or name in seen:
            yield group
            group, seen = [], set()
        group.append(each)
        seen.add(name)
    if group:
        yield group


def _offer_group(batch: _Batch, group: Sequence[Offering]) -> list[Outcome]:
    house = batch.house
    _prepare(batch, group)
    locks = [house.lock_of_transfer(each.transfer.id) for each in batch.works.values()]
    with (
        held(house.busy, shared=True),
        held_all(locks, once=True),
        workshop(house.folder.aside) as own,
    ):
        _pass_over_known(batch)
        _judge(batch)
        _seal(batch, own)
        _commit(batch)
    _open(batch)
    missing = NotFound(fault("records.no-transfer"))
    return [each if each is not None else missing for each in batch.outcomes]


# -- step by step -----------------------------------------------------------------------------


def _prepare(batch: _Batch, group: Sequence[Offering]) -> None:
    """What each offer concerns; found once for those under one consent and to one recipient."""
    same: dict[tuple[str, str], Work] = {}
    for place, offering in enumerate(group):
        way = (offering.consent, offering.recipient)
        try:
            known = same.get(way)
            if known is None or offering.stated or offering.transfer is not None:
                batch.works[place] = prepared(batch.call, offering, batch.watch)
                same.setdefault(way, batch.works[place])
            else:
                batch.works[place] = _alike(batch.house, known, offering)
        except SekishoError as error:
            batch.fail(place, error)


def _alike(house: House, known: Work, offering: Offering) -> Work:
    """An offer under the same consent, to the same recipient."""
    transfer = begun(house, known.consent, offering, known.way.flow.purpose)
    raise_all(UsageError, needed_faults(transfer.categories, known.way.flow))
    material = replace(
        known.material,
        source=offering.record,
        address=offering.address,
        encounters=offering.encounters,
    )
    return replace(known, transfer=transfer, material=material)


def _pass_over_known(batch: _Batch) -> None:
    """Let a request that was made before be what it was; refuse what nobody may offer."""
    house = batch.house
    standing = house.store.records.transfers_of([w.transfer.id for w in batch.works.values()])
    for place, work in list(batch.works.items()):
        known = standing.get(work.transfer.id)
        try:
            if known is not None and known.state is not TransferState.REQUESTED:
                batch.outcomes[place] = again(house, work, known)
                del batch.works[place]
                continue
            refuse_other_person(work)
            refuse_uncovered(house, work)
        except SekishoError as error:
            batch.fail(place, error)


def _judge(batch: _Batch) -> None:
    """Decide each; where all facts are the same, the decision is.

    The laws that count persons count those before it in the call, too; one that is let pass and
    whose record then turns out faulty is counted until the store is asked again.
    """
    house, made = batch.house, dict[object, tuple[Facts, Decision]]()
    now = house.clock.now()
    counted, closed = batch.counted, dict[int, Decision]()
    for place, work in batch.works.items():
        way = (work.transfer.sender, work.transfer.recipient)
        if way not in counted:
            counted[way] = _Counted(
                house.store.records.persons(*way, since=now - WINDOW, apart_from="")
            )
        if work.consent.subject not in counted[way].asked:
            counted[way].look_up(house, batch, way, now)
        persons = counted[way].persons(work.consent.subject)
        key = (work.consent.id, way, work.transfer.categories, persons)
        judged = None if work.transfer.stated else made.get(key)
        if judged is None:
            of = (work.consent, work.transfer)
            judged = judge_counted(house, work.programme, work.way, of, persons)
            if not work.transfer.stated:
                made[key] = judged
        batch.decided[place] = judged
        if not judged[1].allowed:
            closed[place] = judged[1]
        else:
            counted[way].add(work.consent.subject)
    _refuse(batch, closed)


@dataclass(slots=True)
class _Counted:
    """How many persons' records went one way, as the group goes on."""

    before: int
    """As the store said."""
    known: set[str] = field(default_factory=set)
    """Those met whose records had gone before."""
    fresh: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    """Those of whom the store was asked."""

    def look_up(self, house: House, batch: _Batch, way: tuple[str, str], now: datetime) -> None:
        """Find out whose records went before, of all subjects in a group."""
        people = {each.consent.subject for each in batch.works.values()} - self.asked
        found = house.store.records.persons_among(sorted(people), *way, since=now - WINDOW)
        self.known |= found
        self.asked |= people

    def persons(self, subject: str) -> int:
        """All of them, with this one."""
        return self.before + len(self.fresh | ({subject} - self.known))

    def add(self, subject: str) -> None:
        """Count one whose record goes."""
        if subject not in self.known:
            self.fresh.add(subject)


def _refuse(batch: _Batch, closed: dict[int, Decision]) -> None:
    """Write refusals down, each with its decision and its entry."""
    works = {place: batch.works[place] for place in closed}
    wanted = [
        Wanted(work.consent.id, work.transfer.id, refusing(batch.house, work, closed[place]))
        for place, work in works.items()
    ]
    if not wanted:
        return
    after = batch.house.store.records.change_all(wanted)
    sequence(batch.house)
    for (place, work), each in zip(works.items(), after, strict=True):
        batch.fail(place, each if isinstance(each, SekishoError) else refusal(work, closed[place]))


def _seal(batch: _Batch, own: Path) -> None:
    house, keys = batch.house, dict[tuple[str, str], SealKeys]()
    for place, work in list(batch.works.items()):
        way = (work.transfer.sender, work.transfer.recipient)
        try:
            if way not in keys:
                keys[way] = seal_keys(house, *way)
            file = own / str(place)
            sealed, left_out = seal_record(house, sealing(work), keys[way], file)
        except SekishoError as error:
            batch.fail(place, error)
            continue
        made = lane.Offer(batch.decided[place][1], sealed, left_out)
        batch.sealed[place] = file, made


def _commit(batch: _Batch) -> None:
    """Sealed files to their places, then all states and entries in one transaction."""
    house, works = batch.house, batch.works
    if not works:
        return
    with ExitStack() as undo:
        for work in works.values():
            undo.callback(drop, house, work.transfer.id)
        place_all(house, {w.transfer.id: batch.sealed[place][0] for place, w in works.items()})
        wanted = []
        for place, work in works.items():
            judge = offering_change(house, work, batch.decided[place][0], batch.sealed[place][1])
            wanted.append(Wanted(work.consent.id, work.transfer.id, judge))
        after = house.store.records.change_all(wanted)
        undo.pop_all()
    for (place, work), each in zip(list(works.items()), after, strict=True):
        if isinstance(each, SekishoError):
            drop(house, work.transfer.id)
            batch.fail(place, each)


def _open(batch: _Batch) -> None:
    """Open to the recipients what is offered, once all entries stand in a checkpoint."""
    house, works = batch.house, batch.works
    if not works:
        return
    sequence(house)
    wanted = [
        Wanted(w.consent.id, w.transfer.id, opening_change(house, w.transfer.id, w.way.flow))
        for w in works.values()
    ]
    after = house.store.records.change_all(wanted)
    for (place, work), each in zip(works.items(), after, strict=True):
        if isinstance(each, SekishoError):
            batch.outcomes[place] = each
        else:
            batch.outcomes[place] = needed(each, work.transfer.id)
