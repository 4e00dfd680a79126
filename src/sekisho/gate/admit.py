"""What comes in: programmes, participants, and the data that holders bring."""

import shutil
from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from sekisho.errors import Conflict, DeliveryError, NotFound, StorageError, fault
from sekisho.gate.files import move_into_place, workshop
from sekisho.gate.histories import HistoryFile, rows_of
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.locks import held
from sekisho.gate.part_checks import (
    SaidOfPart,
    check_days,
    check_said,
    own_before,
    same_before,
)
from sekisho.gate.sequence import sequence
from sekisho.model.dataset import Dataset
from sekisho.model.entry import EntryKind
from sekisho.model.programme import Programme
from sekisho.model.release import Delivery
from sekisho.people import Action, demand, may
from sekisho.ports import InstalledProgramme, Watch
from sekisho.programmes.read import read_programme


def permit(
    call: Call, action: Action, programme: Programme | None = None, of: Collection[str] = ()
) -> None:
    """Let the actor go on, or raise NotPermitted; `of` are those whose things the call touches."""
    demand(call.actor, action, programme, of)


def read_copy(folder: Path, digest: str) -> Programme:
    """A programme from the node's own copy of its folder; StorageError when it was changed."""
    programme = read_programme(folder)
    if programme.digest != digest:
        raise StorageError(fault("gate.programme-changed", programme=programme.id))
    return programme


read_once = lru_cache(maxsize=64)(read_copy)
"""As `read_copy`, remembered: a folder that the node took in does not change."""


def installed(house: House, programme_id: str, *, afresh: bool = False) -> Programme:
    """A programme as this node took it in; `afresh` compares every file of its copy again.

    Raises: NotFound when it did not; ProgrammeError or StorageError when its copy was changed.
    """
    for each in house.store.programmes():
        if each.id == programme_id:
            read = read_copy if afresh else read_once
            return read(house.folder.programme(each.id, each.digest), each.digest)
    raise NotFound(fault("gate.no-programme", programme=programme_id))


def _programme_for(call: Call, action: Action, programme_id: str) -> Programme:
    """A programme, without telling who may not do the action anywhere whether it exists."""
    holder = (call.actor.participant,)
    if may(call.actor, action, None, holder) is not None:
        permit(call, action)
    return installed(call.house, programme_id, afresh=True)


def dataset_of(programme: Programme, dataset_id: str) -> Dataset:
    """A dataset of a programme; NotFound when it declares none of that id."""
    dataset = programme.dataset(dataset_id)
    if dataset is None:
        known = ", ".join(f"`{each.id}`" for each in programme.datasets)
        raise NotFound(
            fault("gate.no-dataset", programme=programme.id, dataset=dataset_id, known=known)
        )
    return dataset


def install(call: Call, source: Path, programme: Programme) -> InstalledProgramme:
    """Take a checked programme in: copy its folder, log its digest.

    The same folder twice is one programme. A folder changed since takes the older one's place;
    what was released under the older stays as it was.
    """
    permit(call, Action.PROGRAMME_ADD, programme)
    house = call.house
    for each in house.store.programmes():
        if each.id == programme.id and each.digest == programme.digest:
            return each
    target = house.folder.programme(programme.id, programme.digest)
    with held(house.busy, shared=True), workshop(house.folder.aside) as own:
        copied = own / "programme"
        shutil.copytree(source, copied)
        if read_programme(copied).digest != programme.digest:
            raise Conflict(fault("gate.programme-moving", programme=programme.id))
        move_into_place(copied, target)
        new = InstalledProgramme(programme.id, programme.digest, house.clock.now())
        said = Said(programme=programme.id, public=(("digest", programme.digest),))
        house.store.install_programme(new, entry_of(house, EntryKind.PROGRAMME_CHANGED, said))
    sequence(house)
    return new


def deliver(
    call: Call,
    programme_id: str,
    dataset_id: str,
    source: Path | HistoryFile,
    watch: Watch,
    said: SaidOfPart | None = None,
) -> Delivery:
    """Take in what a holder brings; `said` of a part, where several holders bring one each.

    Raises: as `bring`; NotPermitted.
    """
    programme = _programme_for(call, Action.LOAD, programme_id)
    dataset = dataset_of(programme, dataset_id)
    holder = call.actor.participant
    mine = {holder} if dataset.parts and holder in dataset.parts.holders else None
    permit(call, Action.LOAD, programme, of=mine or dataset.holders(programme.steward))
    return bring(call, programme, dataset, (source, said), watch)


def bring(
    call: Call,
    programme: Programme,
    dataset: Dataset,
    brought: tuple[Path | HistoryFile, SaidOfPart | None],
    watch: Watch,
) -> Delivery:
    """Validate what comes in, keep it, log that it came; the same bytes twice are one.

    The caller has let the actor pass.

    Raises: DeliveryError with every fault of the data; then nothing was kept.
    """
    house, programme_id, dataset_id = call.house, programme.id, dataset.id
    source, said = brought
    check_said(dataset, call.actor.participant, said)
    with held(house.busy, shared=True), workshop(house.folder.aside) as own:
        aside = own / "delivery.parquet"
        rows, listed = rows_of(house, dataset, source, own, watch)
        facts = house.engine.deliver(rows, dataset.brought, aside, watch)
        check_days(house, dataset, said, (aside, watch))
        new = Delivery(
            id=facts.digest[:16],
            programme=programme_id,
            dataset=dataset_id,
            holder=call.actor.participant,
            digest=facts.digest,
            rows=facts.rows,
            bytes=facts.bytes,
            delivered_at=house.clock.now(),
        )
        with held(house.lock_of_dataset(programme_id, dataset_id)):
            known = same_before(house, new)
            if known is not None:
                return known
            _refuse_repeated_rows(house, new, dataset.brought, (aside, watch))
            move_into_place(aside, house.folder.delivery(programme_id, dataset_id, new.id))
            delivered = _record(house, new, said, listed)
    sequence(house)
    return delivered


def _refuse_repeated_rows(
    house: House, new: Delivery, dataset: Dataset, brought: tuple[Path, Watch]
) -> None:
    """Refuse rows that an earlier delivery holds already: every table would count them twice.

    A whole file brought again after a correction is the usual case.
    """
    aside, watch = brought
    before = own_before(house, new.programme, dataset, new.holder)
    files = [house.folder.delivery(new.programme, dataset.id, each.id) for each in before]
    count = house.engine.repeats([*files, aside], dataset, watch)
    if count:
        key = ", ".join(f"`{name}`" for name in dataset.primary_key)
        raise DeliveryError(
            fault("delivery.repeats-earlier", dataset=dataset.id, count=count, key=key)
        )


def _record(
    house: House, delivery: Delivery, part: SaidOfPart | None, listed: bytes | None
) -> Delivery:
    """Keep what came with its entry; `listed` is the digest of the list of those left out."""
    facts = () if listed is None else (("facts", listed),)
    said = Said(
        programme=delivery.programme,
        public=(("dataset", delivery.dataset),),
        committed=(("delivery", delivery.digest.encode()), *facts),
    )
    try:
        entry = entry_of(house, EntryKind.DATA_DELIVERED, said)
        if part is None:
            index = house.store.add_delivery(delivery, entry)
        else:
            index = house.store.parts.bring(delivery, part.days, entry)
        return replace(delivery, entry_index=index)
    except Conflict:
        # Two calls brought the same file at once; the other one's commit stands for both.
        known = same_before(house, delivery)
        if known is None:
            raise
        return known
