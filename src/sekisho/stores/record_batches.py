"""Many dossiers changed in one transaction, each by its own judge; rows go in all at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from sekisho.errors import NotFound, SekishoError, UsageError, fault
from sekisho.model.consent import Consent, Subject
from sekisho.model.dossier import Dossier, DossierChange
from sekisho.model.entry import Entry
from sekisho.model.transfer import Recall, Transfer
from sekisho.ports.records import Wanted
from sekisho.stores import duty_rows, log_rows, record_rows, subject_rows
from sekisho.stores.record_tables import consents, recalls, transfers

Check = Callable[[Dossier, DossierChange], None]
Stamp = Callable[[Transfer, int], Transfer]


@dataclass(frozen=True, slots=True)
class _Known:
    """What stands before anything changes."""

    consents: Mapping[str, Consent]
    subjects: Mapping[str, Subject]
    transfers: Mapping[str, Transfer]
    recalls: Mapping[str, list[Recall]]

    def dossier(self, wanted: Wanted) -> Dossier:
        consent = self.consents.get(wanted.consent)
        subject = self.subjects.get(consent.subject) if consent else None
        if consent is None or subject is None:
            raise NotFound(fault("store.no-consent"))
        own = self.transfers.get(wanted.transfer)
        if own is None or own.consent != consent.id:
            return Dossier(subject, consent)
        return Dossier(subject, consent, (own,), tuple(self.recalls.get(own.id, ())))


@dataclass(slots=True)
class _Made:
    """One change with the place of its first entry among all of them."""

    before: Dossier
    asked: DossierChange
    first: int
    after: list[Transfer] = field(default_factory=list)


def change_all(
    connection: Connection, wanted: Sequence[Wanted], check: Check, stamp: Stamp
) -> list[Dossier | SekishoError]:
    """The dossiers after their changes; where a judge refused, what it raised instead.

    Raises: UsageError when a transfer is wanted twice, or more than transfers would change.
    """
    if len({each.transfer for each in wanted}) != len(wanted):
        raise UsageError(fault("store.value-form"))
    known, entries = _known(connection, wanted), list[Entry]()
    outcomes: list[_Made | SekishoError] = []
    for each in wanted:
        try:
            before = known.dossier(each)
            asked = each.judge(before)
            check(before, asked)
        except SekishoError as error:
            outcomes.append(error)
            continue
        if asked.consent is not None or asked.recalls or asked.spent is not None:
            raise UsageError(fault("store.value-form"))
        outcomes.append(_Made(before, asked, len(entries)))
        entries += asked.entries
        entries += [duty.entry for brought in asked.brought for duty in brought.duties]
    made = [each for each in outcomes if isinstance(each, _Made)]
    _write(connection, made, log_rows.append_all(connection, entries), stamp)
    return [_after(each) if isinstance(each, _Made) else each for each in outcomes]


def _known(connection: Connection, wanted: Sequence[Wanted]) -> _Known:
    ids = sorted({each.consent for each in wanted})
    standing = {
        each.id: each for each in record_rows.find_consents(connection, consents.c.id.in_(ids))
    }
    people = sorted({each.subject for each in standing.values()})
    names = [each.transfer for each in wanted]
    sent: dict[str, list[Recall]] = {}
    for each in record_rows.find_recalls(connection, recalls.c.transfer.in_(names)):
        sent.setdefault(each.transfer, []).append(each)
    begun = record_rows.find_transfers(connection, transfers.c.id.in_(names))
    return _Known(
        standing,
        subject_rows.subjects_of(connection, people),
        {each.id: each for each in begun},
        sent,
    )


def _write(connection: Connection, made: Sequence[_Made], base: int, stamp: Stamp) -> None:
    new: list[Transfer] = []
    there: list[Transfer] = []
    brought = []
    for each in made:
        first = base + each.first
        for transfer, place in each.asked.transfers:
            kept = transfer if place is None else stamp(transfer, first + place)
            each.after.append(kept)
            (there if each.before.transfer(kept.id) else new).append(kept)
        first += len(each.asked.entries)
        for one in each.asked.brought:
            brought.append((one, first))
            first += len(one.duties)
    record_rows.write_transfers(connection, new, there)
    duty_rows.keep_all(connection, brought)


def _after(made: _Made) -> Dossier:
    before, changed = made.before, {each.id: each for each in made.after}
    kept = tuple(changed.pop(each.id, each) for each in before.transfers)
    return Dossier(before.subject, before.consent, (*kept, *changed.values()), before.recalls)
