"""Several holders of one dataset: who brings which part, who takes it back, who is missing.

Noise protects people, also from a holder who subtracts its own part. It does not protect a holder:
two releases of one period that differ by a whole part would show that part's size. So what was
once released of a period is released again from the same holders' parts alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sekisho.errors import Conflict, NotPermitted, Refused, UsageError, fault
from sekisho.gate.admit import dataset_of, installed, permit
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.locks import held, held_all
from sekisho.gate.sequence import sequence
from sekisho.lanes.statistics.periods import period_ends, periods_overlap
from sekisho.model.dataset import Dataset
from sekisho.model.entry import EntryKind
from sekisho.model.part import Part, Parts
from sekisho.model.programme import Programme
from sekisho.model.release import Delivery
from sekisho.people import Action


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What a holder sees: its own part, and who else has brought one."""

    dataset: str
    parts: tuple[Part, ...]
    present: tuple[str, ...]
    missing: tuple[str, ...]


def parts_of(
    house: House,
    programme: Programme,
    ledgers: Sequence[tuple[Dataset, str]],
    deliveries: Sequence[Delivery],
) -> Parts | None:
    """Whose parts a release of datasets and periods is made from; None where nobody shares one.

    `deliveries` are what was read, whatever came or was taken back since.
    """
    read = {each.digest for each in deliveries}
    present: set[str] = set()
    missing: set[str] = set()
    for dataset, period in ledgers:
        if dataset.parts is not None:
            every = _in_period(house, programme, dataset, period)
            there = {each.holder for each in every if each.digest in read}
            present |= there
            missing |= set(dataset.parts.holders) - there
    return Parts(tuple(sorted(present)), tuple(sorted(missing))) if present else None


def refuse_other_parts(
    house: House,
    programme: Programme,
    ledgers: Sequence[tuple[Dataset, str]],
    deliveries: Sequence[Delivery],
) -> None:
    """Refuse a charge while parts are too few, unequal, or other ones than of an earlier charge.

    `ledgers` are dataset and period, `deliveries` what is to be read; the caller holds its locks.

    Raises: Refused saying whose part is missing, and what would open the way; Conflict when a part
    came or was taken back since the deliveries were looked up.
    """
    for dataset, period in ledgers:
        # A programme that no longer speaks of parts does not make one whole of those it has.
        if dataset.parts is None and not house.store.parts.parts(programme.id, dataset.id):
            continue
        known = house.store.deliveries(programme.id, dataset.id)
        read = {each.digest for each in deliveries if each.dataset == dataset.id}
        if {each.digest for each in known} != read:
            raise Conflict(fault("parts.changed-meanwhile", dataset=dataset.id))
        counting = _counting(house, programme, dataset, period)
        present = {each.holder for each in counting}
        if dataset.parts is not None and len(present) < dataset.parts.least:
            missing = _named(set(dataset.parts.holders) - present)
            least = dataset.parts.least
            raise Refused(fault("parts.too-few", dataset=dataset.id, missing=missing, least=least))
        _refuse_unequal(dataset, period, counting)
        _refuse_others(house, programme, (dataset, period), present)


def _refuse_others(
    house: House, programme: Programme, ledger: tuple[Dataset, str], present: set[str]
) -> None:
    """Refuse what differs from an earlier charge of the same period by a whole part."""
    dataset, period = ledger
    known = _in_period(house, programme, dataset, period)
    for charge in house.store.charges(programme.id):
        if charge.dataset != dataset.id or not periods_overlap(charge.period, period):
            continue
        before = {each.holder for each in known if each.counted_at(charge.entry_index or 0)}
        if before != present:
            named = _named(before ^ present)
            raise Refused(fault("parts.others-before", dataset=dataset.id, holders=named))


def _refuse_unequal(dataset: Dataset, period: str, counting: Sequence[Part]) -> None:
    """Refuse parts that cover other days: a day without a holder would show the holder's size."""
    if dataset.parts is None or dataset.parts.days is None:
        return
    begin, end = _ends(dataset, period)
    covered: dict[str, set[int]] = {}
    for each in counting:
        if each.first and each.last:
            first, last = max(each.first, begin).toordinal(), min(each.last, end).toordinal()
            covered.setdefault(each.holder, set()).update(range(first, last + 1))
    every = set[int]().union(*covered.values())
    short = {holder for holder, days in covered.items() if days != every}
    if short:
        raise Refused(fault("parts.other-days", dataset=dataset.id, holders=_named(short)))


def _counting(house: House, programme: Programme, dataset: Dataset, period: str) -> list[Part]:
    """Parts with rows of a period that nobody took back."""
    found = _in_period(house, programme, dataset, period)
    return [each for each in found if each.withdrawn_index is None]


def _in_period(house: House, programme: Programme, dataset: Dataset, period: str) -> list[Part]:
    begin, end = _ends(dataset, period)
    return [
        each
        for each in house.store.parts.parts(programme.id, dataset.id)
        if each.first is None or each.last is None or (each.first <= end and each.last >= begin)
    ]


def _ends(dataset: Dataset, period: str) -> tuple[date, date]:
    """First and last day of a period; every day where parts and budget go by other columns."""
    last = period_ends(period)
    by = dataset.parts.days if dataset.parts else None
    if last is None or dataset.budget is None or dataset.budget.column != by:
        return date.min, date.max
    return last.replace(month=1, day=1) if "-" not in period else last.replace(day=1), last


def _named(holders: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in sorted(holders))


def own_part(call: Call, programme_id: str, dataset_id: str) -> OwnPart:
    """The caller's own part of a dataset; nothing of another holder's but that it stands there.

    Raises: NotPermitted for all but its holders and the owner of the node.
    """
    programme, dataset, mine = _shared(call, programme_id, dataset_id)
    known = call.house.store.parts.parts(programme.id, dataset.id)
    present = {each.holder for each in known if each.withdrawn_index is None}
    missing = set(dataset.parts.holders if dataset.parts else ()) - present
    return OwnPart(
        dataset.id,
        tuple(each for each in known if each.holder == mine),
        tuple(sorted(present)),
        tuple(sorted(missing)),
    )


def take_back(call: Call, programme_id: str, dataset_id: str) -> int:
    """Take the caller's own part back: no later release reads it, and its files are removed.

    Gives the index of the entry. What was released stays as it is.

    Raises: Conflict when nothing of the caller's counts; NotPermitted for all but its holder.
    """
    programme, dataset, mine = _shared(call, programme_id, dataset_id)
    house = call.house
    known = house.store.parts.parts(programme.id, dataset.id)
    own = [each for each in known if each.holder == mine and each.withdrawn_index is None]
    if not own:
        raise Conflict(fault("parts.none", dataset=dataset.id))
    said = Said(
        programme=programme.id,
        public=(("dataset", dataset.id), ("reason", "holder")),
        committed=(("delivery", ",".join(each.digest for each in own).encode()),),
    )
    with (
        held(house.lock_of_dataset(programme.id, dataset.id)),
        held_all(house.lock_of_data(each.digest) for each in own),
    ):
        entry = entry_of(house, EntryKind.DELIVERY_WITHDRAWN, said)
        index = house.store.parts.take_back(programme.id, dataset.id, mine, entry)
        # A kill before this leaves files that no delivery names: repair removes those.
        for each in own:
            house.folder.delivery(programme.id, dataset.id, each.delivery).unlink(missing_ok=True)
    sequence(house)
    return index


def _shared(call: Call, programme_id: str, dataset_id: str) -> tuple[Programme, Dataset, str]:
    programme = installed(call.house, programme_id)
    dataset = dataset_of(programme, dataset_id)
    known = call.house.store.parts.parts(programme.id, dataset.id)
    if dataset.parts is None and not known:
        raise UsageError(fault("parts.one-holder", dataset=dataset.id))
    mine = call.actor.participant
    # Who brought a part may take it back, whatever the programme says of holders by now.
    holders = dataset.parts.holders if dataset.parts else ()
    if mine not in {*holders, *(each.holder for each in known)}:
        raise NotPermitted(fault("parts.not-a-holder", dataset=dataset.id))
    permit(call, Action.LOAD, programme, of=(mine,))
    return programme, dataset, mine
