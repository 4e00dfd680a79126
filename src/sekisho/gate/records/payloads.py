"""Sealed payloads on the node: one file a transfer while somebody may fetch it, none afterwards."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sekisho.gate.files import sync_file, sync_folder
from sekisho.gate.house import House
from sekisho.gate.records.entries import transfer_entry
from sekisho.gate.sequence import sequence
from sekisho.lanes.record.transfer import erased
from sekisho.model.dossier import Dossier, DossierChange
from sekisho.model.transfer import Transfer
from sekisho.terms import TransferState

_WAIT_FOR_ERASURE = (TransferState.STOPPED, TransferState.EXPIRED)
_NO_PAYLOAD = (*_WAIT_FOR_ERASURE, TransferState.ERASED, TransferState.REFUSED)


def clear(house: House, dossier: Dossier) -> None:
    """Remove the files of transfers that nobody may fetch any more, and log that they are gone.

    A kill in between leaves a file at most, which the next opening removes.
    """
    for transfer in dossier.transfers:
        if transfer.state in _NO_PAYLOAD:
            remove(house, transfer.id)
    if any(each.state in _WAIT_FOR_ERASURE for each in dossier.transfers):

        def judge(now: Dossier) -> DossierChange:
            return erasing(house, now, [t for t in now.transfers if t.state in _WAIT_FOR_ERASURE])

        only = dossier.transfers[0].id if len(dossier.transfers) == 1 else None
        house.store.records.change(dossier.consent.id, judge, only)
        sequence(house)


def erasing(
    house: House, dossier: Dossier, transfers: Iterable[Transfer], reason: str = ""
) -> DossierChange:
    """The change that writes down, an entry each, that sealed payloads are gone."""
    gone = [erased(each, house.clock.now(), reason) for each in transfers]
    return DossierChange(
        entries=tuple(transfer_entry(house, dossier.subject, each) for each in gone),
        transfers=tuple((each, place) for place, each in enumerate(gone)),
    )


def remove(house: House, transfer_id: str) -> None:
    """Remove a transfer's sealed file, durably; one that is not there is no fault."""
    file = house.folder.transfer(transfer_id)
    try:
        file.unlink()
    except FileNotFoundError:
        return
    sync_folder(file.parent)


def place(house: House, aside: Path, transfer_id: str) -> None:
    """Move a sealed file to where it is fetched from; one that a killed call left is replaced."""
    place_all(house, {transfer_id: aside})


def place_all(house: House, aside: Mapping[str, Path]) -> None:
    """The same for many transfers; their folder is made durable once."""
    folder = house.folder.transfer("any").parent
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in aside.values():
        sync_file(file)
    for transfer_id, file in aside.items():
        file.replace(house.folder.transfer(transfer_id))
    sync_folder(folder)
