"""What time and kills leave behind: consents past their end, payloads that nobody may fetch."""

from pathlib import Path

from sekisho.gate.house import House
from sekisho.gate.records.consents import expire
from sekisho.gate.records.entries import transfer_entry
from sekisho.gate.records.offers import finish
from sekisho.gate.records.payloads import clear, erasing
from sekisho.gate.sequence import sequence
from sekisho.lanes.record import transfer as lane
from sekisho.model.dossier import Dossier, DossierChange
from sekisho.model.transfer import Transfer
from sekisho.terms import TransferState


def sweep(house: House) -> int:
    """Write down what has run out, and remove what nobody may fetch any more; how many changed.

    Nothing waits for it: a consent past its end opens nothing, a payload past its time is not
    handed out, swept or not.
    """
    store, now, changed = house.store.records, house.clock.now(), 0
    for consent_id in store.ended_consents(now):
        expire(house, consent_id)
        changed += 1
    for transfer in store.transfers(open_only=True):
        if lane.is_over(transfer, now):
            changed += _run_out(house, transfer)
    return changed


def _run_out(house: House, transfer: Transfer) -> int:
    """Bring a transfer whose time is over to its end, in one step or two, each with its entry."""

    def judge(dossier: Dossier) -> DossierChange:
        now, at = dossier.transfer(transfer.id), house.clock.now()
        if now is None or not lane.is_over(now, at):
            return DossierChange()
        if now.state is TransferState.FETCHED:
            return erasing(house, dossier, [now], "time")
        if now.state is not TransferState.READY:
            return DossierChange()
        over = lane.moved(now, TransferState.EXPIRED, at, "time")
        return DossierChange(
            (transfer_entry(house, dossier.subject, over),), transfers=((over, 0),)
        )

    dossier = house.store.records.change(transfer.consent, judge, transfer.id)
    sequence(house)
    clear(house, dossier)
    return 1


def repair_records(house: House) -> None:
    """What a kill left of transfers: offered ones are finished, files that never counted removed.

    What has run out meanwhile is swept up, too. Only while nobody else works on the node.
    """
    store = house.store.records
    unfinished = store.transfers(open_only=True)
    waiting = {each.id for each in unfinished if each.has_payload}
    for file in _files(house):
        if file.stem not in waiting:
            file.unlink()
    for lock in house.lock_of_transfer("").parent.glob("transfer-*"):
        lock.unlink()
    for transfer in unfinished:
        if transfer.state is TransferState.OFFERED:
            finish(house, transfer)
    sweep(house)


def _files(house: House) -> list[Path]:
    """Every sealed file on the node, whatever its name."""
    folder = house.folder.transfer("any").parent
    return sorted(folder.glob("*")) if folder.is_dir() else []
