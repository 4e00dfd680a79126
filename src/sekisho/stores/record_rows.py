"""Rows of consents, transfers, recalls and facts on file."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from sekisho.errors import Conflict, NotFound, TamperedError, fault
from sekisho.model.consent import Consent
from sekisho.model.dossier import Dossier, FactOnFile, SpentChallenge
from sekisho.model.transfer import Recall, Transfer
from sekisho.stores import subject_rows
from sekisho.stores.codec import from_json, to_json, write_instant
from sekisho.stores.record_tables import (
    consents,
    facts_on_file,
    recalls,
    spent_challenges,
    subjects,
    transfers,
)
from sekisho.terms import TransferState

OPEN = (
    TransferState.OFFERED,
    TransferState.READY,
    TransferState.FETCHED,
    TransferState.STOPPED,
    TransferState.EXPIRED,
)
"""States from which something is still to be removed, or to be handed out."""

_MOST_FRESH = 512
_fresh: dict[str, Transfer] = {}
"""What this process has just written of new transfers, by its text, until it is read: a group that
joins is read again at once, and reading its text costs more than all else that the store does."""


# -- consents ---------------------------------------------------------------------------------


def insert_consent(connection: Connection, consent: Consent, at: datetime) -> None:
    """Write a new consent."""
    connection.execute(
        insert(consents).values(
            id=consent.id,
            subject=consent.subject,
            holder=consent.holder,
            requested_by=consent.requested_by,
            request=consent.request,
            created_at=write_instant(at),
            **_consent(consent),
        )
    )


def _consent(consent: Consent) -> dict[str, str | None]:
    ends = None if consent.at_rest else consent.valid_until
    return {
        "state": consent.state.value,
        "ends_at": write_instant(ends) if ends is not None else None,
        "body": to_json(consent, Consent),
    }


def update_consent(connection: Connection, consent: Consent) -> None:
    """Write a consent as it stands now."""
    this = consents.c.id == consent.id
    connection.execute(update(consents).where(this).values(**_consent(consent)))


def find_consents(connection: Connection, *where: ColumnElement[bool]) -> list[Consent]:
    """Consents in the order in which they were asked for."""
    asked = select(consents).where(*where).order_by(consents.c.created_at, consents.c.id)
    return [_read(row, Consent) for row in connection.execute(asked)]


def ended_consents(connection: Connection, at: datetime) -> list[str]:
    """Ids of consents whose end has come and is not written down yet."""
    asked = select(consents.c.id).where(consents.c.ends_at <= write_instant(at))
    return [row.id for row in connection.execute(asked.order_by(consents.c.ends_at))]


def find_consent(connection: Connection, consent_id: str) -> Consent | None:
    """The consent of that id."""
    found = find_consents(connection, consents.c.id == consent_id)
    return found[0] if found else None


def _read(row: Row[Any], kind: Any) -> Any:
    value = _fresh.pop(row.body, None) if kind is Transfer else None
    value = value or from_json(row.body, kind)
    if value.id != row.id or value.state.value != row.state:
        raise TamperedError(fault("store.row-unreadable"))
    return value


# -- transfers --------------------------------------------------------------------------------


def write_transfer(connection: Connection, transfer: Transfer) -> None:
    """Write a transfer as it stands now; a new one joins."""
    values = {"state": transfer.state.value, "body": to_json(transfer, Transfer)}
    this = transfers.c.id == transfer.id
    if connection.execute(update(transfers).where(this).values(**values)).rowcount == 1:
        return
    connection.execute(insert(transfers).values(**_new_transfer(transfer)))


def _new_transfer(transfer: Transfer) -> dict[str, str]:
    return {
        "id": transfer.id,
        "consent": transfer.consent,
        "subject": transfer.subject,
        "sender": transfer.sender,
        "recipient": transfer.recipient,
        "requested_by": transfer.requested_by,
        "request": transfer.request,
        "created_at": write_instant(transfer.requested_at),
        "state": transfer.state.value,
        "body": to_json(transfer, Transfer),
    }


def write_transfers(
    connection: Connection, new: Sequence[Transfer], known: Sequence[Transfer]
) -> None:
    """Write many transfers as they stand now: those that join, and those that are there."""
    if new:
        rows = [_new_transfer(each) for each in new]
        connection.execute(insert(transfers), rows)
        _fresh.clear()
        _fresh.update(
            (row["body"], each) for row, each in zip(rows, new[:_MOST_FRESH], strict=False)
        )
    if known:
        this = transfers.c.id == bindparam("this")
        changed = update(transfers).where(this).values(state=bindparam("to"), body=bindparam("as"))
        moved = [
            {"this": each.id, "to": each.state.value, "as": to_json(each, Transfer)}
            for each in known
        ]
        connection.execute(changed, moved)


def find_transfers(connection: Connection, *where: ColumnElement[bool]) -> list[Transfer]:
    """Transfers in the order in which they were begun."""
    asked = select(transfers).where(*where).order_by(transfers.c.created_at, transfers.c.id)
    return [_read(row, Transfer) for row in connection.execute(asked)]


def chosen_transfers(
    connection: Connection, subject: str | None, party: str | None, *, open_only: bool
) -> list[Transfer]:
    """Transfers of a subject, of a sender or recipient, or that are not over yet."""
    where: list[ColumnElement[bool]] = []
    if subject is not None:
        where.append(transfers.c.subject == subject)
    if party is not None:
        where.append(or_(transfers.c.sender == party, transfers.c.recipient == party))
    if open_only:
        where.append(transfers.c.state.in_([each.value for each in OPEN]))
    return find_transfers(connection, *where)


def count_subjects(
    connection: Connection, *where: ColumnElement[bool], since: datetime, apart_from: str
) -> int:
    """How many subjects, one apart, transfers since then concern that were not refused."""
    asked = select(func.count(transfers.c.subject.distinct())).where(
        *where,
        transfers.c.created_at >= write_instant(since),
        transfers.c.subject != apart_from,
        transfers.c.state != TransferState.REFUSED.value,
    )
    return int(connection.execute(asked).scalar_one())


def subjects_among(
    connection: Connection, ids: Sequence[str], *where: ColumnElement[bool], since: datetime
) -> set[str]:
    """Those of some subjects whom transfers since then concern that were not refused.

    `where` must look up nothing by an index of its own, so that one subject's rows are looked at
    and not all of a recipient's.
    """
    one = select(transfers.c.id).where(
        *where,
        transfers.c.subject == subjects.c.id,
        transfers.c.created_at >= write_instant(since),
        transfers.c.state != TransferState.REFUSED.value,
    )
    asked = select(subjects.c.id).where(subjects.c.id.in_(ids), one.exists())
    return set(connection.execute(asked).scalars())


# -- recalls and challenges -------------------------------------------------------------------


def write_recall(connection: Connection, recall: Recall) -> None:
    """Write a recall as it stands now; a new one joins."""
    body = to_json(recall, Recall)
    this = recalls.c.id == recall.id
    if connection.execute(update(recalls).where(this).values(body=body)).rowcount == 1:
        return
    connection.execute(
        insert(recalls).values(
            id=recall.id,
            transfer=recall.transfer,
            recipient=recall.recipient,
            sent_at=write_instant(recall.sent_at),
            body=body,
        )
    )


def find_recalls(connection: Connection, *where: ColumnElement[bool]) -> list[Recall]:
    """Recalls in the order in which they were sent."""
    asked = select(recalls).where(*where).order_by(recalls.c.sent_at, recalls.c.id)
    return [from_json(row.body, Recall) for row in connection.execute(asked)]


def spend(connection: Connection, challenge: SpentChallenge) -> None:
    """Remember that a challenge was answered, and forget those that ran out.

    Raises: Conflict when it was answered before.
    """
    connection.execute(
        delete(spent_challenges).where(spent_challenges.c.until < write_instant(challenge.at))
    )
    known = select(spent_challenges.c.digest).where(spent_challenges.c.digest == challenge.digest)
    if connection.execute(known).first() is not None:
        raise Conflict(fault("store.challenge-spent"))
    connection.execute(
        insert(spent_challenges).values(
            digest=challenge.digest, until=write_instant(challenge.until)
        )
    )


# -- what hangs together ----------------------------------------------------------------------


def find_dossier(connection: Connection, consent_id: str, transfer: str | None = None) -> Dossier:
    """A consent with all that hangs on it, or with what hangs on one of its transfers.

    Raises: NotFound.
    """
    consent = find_consent(connection, consent_id)
    subject = subject_rows.find_subject(connection, consent.subject) if consent else None
    if consent is None or subject is None:
        raise NotFound(fault("store.no-consent"))
    where = [transfers.c.consent == consent_id]
    where += [transfers.c.id == transfer] if transfer is not None else []
    own = find_transfers(connection, *where)
    ids = [each.id for each in own]
    sent = find_recalls(connection, recalls.c.transfer.in_(ids)) if ids else []
    return Dossier(subject, consent, tuple(own), tuple(sent))


def unlink(connection: Connection, subject_id: str) -> None:
    """Erase from a subject's rows every number of an entry."""
    for consent in find_consents(connection, consents.c.subject == subject_id):
        update_consent(connection, replace(consent, events=_bare(consent.events)))
    own = find_transfers(connection, transfers.c.subject == subject_id)
    for transfer in own:
        write_transfer(connection, replace(transfer, events=_bare(transfer.events)))
    ids = [each.id for each in own]
    for recall in find_recalls(connection, recalls.c.transfer.in_(ids)) if ids else []:
        write_recall(connection, replace(recall, index=None))


def _bare(events: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(replace(each, index=None) for each in events)


# -- facts on file ----------------------------------------------------------------------------


def insert_fact(connection: Connection, fact: FactOnFile, index: int) -> None:
    """Write a statement; earlier ones of the same fact stay in the history."""
    connection.execute(
        insert(facts_on_file).values(
            entry_index=index,
            programme=fact.programme,
            flow=fact.flow,
            sender=fact.sender,
            recipient=fact.recipient,
            name=fact.name,
            body=to_json(fact, FactOnFile),
        )
    )


def current_facts(connection: Connection, *way: str) -> list[FactOnFile]:
    """The newest statement of each fact about (programme, flow, sender, recipient)."""
    columns = (
        facts_on_file.c.programme,
        facts_on_file.c.flow,
        facts_on_file.c.sender,
        facts_on_file.c.recipient,
    )
    where = [column == value for column, value in zip(columns, way, strict=True)]
    asked = select(facts_on_file).where(*where).order_by(facts_on_file.c.entry_index)
    newest = {row.name: row.body for row in connection.execute(asked)}
    return [from_json(newest[name], FactOnFile) for name in sorted(newest)]
