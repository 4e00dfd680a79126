"""The way of one transfer: which step follows which, what is asked again, who may fetch and when.

Pure: nothing here knows a store, a file or a clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sekisho.errors import Conflict, Fault, Refused, fault, raise_all
from sekisho.lanes.record.consent import is_open, is_within, state_at
from sekisho.model.consent import Consent, Scope
from sekisho.model.decision import Decision
from sekisho.model.record_flow import RecordFlow
from sekisho.model.transfer import (
    LeftOut,
    PickUp,
    Recall,
    RecallKind,
    SealedPayload,
    Transfer,
    TransferEvent,
)
from sekisho.terms import TRANSFER_TRANSITIONS, ConsentState, TransferState

RESUME = timedelta(hours=1)
"""How long a fetch that broke off can be taken up again, by the same fetcher with its ticket."""

RECEIVED = frozenset({TransferState.FETCHED, TransferState.ERASED})


def transfer_id(requested_by: str, request: str) -> str:
    """The id of what a participant asked for: the same request is the same transfer."""
    said = f"sekisho/transfer/v1\n{requested_by}\n{request}".encode()
    return sha256(said).hexdigest()[:32]


def same_request(known: Transfer, again: Transfer) -> bool:
    """Whether a transfer is what another request of the same id asked for."""

    def what(one: Transfer) -> tuple[object, ...]:
        parties = (one.consent, one.sender, one.recipient)
        return (one.programme, one.flow, *parties, one.purpose, sorted(one.categories))

    return what(known) == what(again)


# -- steps ------------------------------------------------------------------------------------


def moved(transfer: Transfer, to: TransferState, at: datetime, reason: str = "") -> Transfer:
    """The transfer in another state; Conflict when TRANSFER_TRANSITIONS forbids it."""
    if to not in TRANSFER_TRANSITIONS[transfer.state]:
        raise Conflict(fault("records.transfer-state", state=transfer.state.value))
    return replace(
        transfer, state=to, events=(*transfer.events, TransferEvent(to, at, None, reason))
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """What the way has made of a request once the payload is sealed."""

    decision: Decision
    sealed: SealedPayload
    left_out: tuple[LeftOut, ...]


def offered(transfer: Transfer, offer: Offer, scope: Scope, at: datetime) -> Transfer:
    """The transfer with its sealed payload; it can be fetched once its entry is in a checkpoint."""
    return replace(
        moved(transfer, TransferState.OFFERED, at),
        decision=offer.decision,
        sealed=offer.sealed,
        left_out=offer.left_out,
        scope=scope,
    )


def ready(transfer: Transfer, flow: RecordFlow, consent: Consent, at: datetime) -> Transfer:
    """The transfer open to its recipient, no longer than the consent itself holds."""
    until = at + timedelta(hours=flow.pick_up_hours)
    if consent.valid_until is not None:
        until = min(until, consent.valid_until)
    return replace(moved(transfer, TransferState.READY, at), ready_until=until)


# -- pick-up ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetch:
    """One try to fetch: when, proved by which key, under which ticket of the fetcher's own."""

    at: datetime
    key: str
    """Fingerprint."""
    ticket: str
    """SHA-256, hexadecimal."""


def fetched(
    transfer: Transfer, flow: RecordFlow, consent: Consent, fetch: Fetch
) -> Transfer | None:
    """The transfer as fetched; None when this fetch counted already and only goes on.

    Raises: Refused with the reason when nothing may be fetched.
    """
    raise_all(Refused, _closed(transfer, consent, fetch.at))
    last = transfer.pick_ups[-1] if transfer.pick_ups else None
    if last is not None and last.ticket == fetch.ticket:
        if fetch.key != last.key or fetch.at >= last.resumable_until:
            raise Refused(fault("records.fetched-already"))
        return None
    if last is not None and flow.pick_up_once:
        raise Refused(fault("records.fetched-already"))
    if transfer.ready_until is None or fetch.at >= transfer.ready_until:
        raise Refused(fault("records.pick-up-over"))
    again = transfer.state is TransferState.FETCHED
    event = TransferEvent(TransferState.FETCHED, fetch.at, None, "again")
    on = (
        replace(transfer, events=(*transfer.events, event))
        if again
        else moved(transfer, TransferState.FETCHED, fetch.at)
    )
    pick_up = PickUp(fetch.at, fetch.key, fetch.ticket, fetch.at + RESUME)
    keep = timedelta(days=flow.keep_days)
    delete_by = fetch.at + keep if flow.keep_days else None
    return replace(
        on,
        pick_ups=(*transfer.pick_ups, pick_up),
        delete_by=on.delete_by or delete_by,
    )


def _closed(transfer: Transfer, consent: Consent, at: datetime) -> list[Fault]:
    """Why nothing of the transfer may be fetched, if so; the consent comes first."""
    if not is_open(consent, at):
        return [fault("records.consent-closed", state=state_at(consent, at).value)]
    if transfer.state in (TransferState.READY, TransferState.FETCHED):
        return []
    if transfer.state is TransferState.ERASED and transfer.pick_ups:
        return [fault("records.fetched-already")]
    return [fault("records.transfer-state", state=transfer.state.value)]


def is_over(transfer: Transfer, at: datetime) -> bool:
    """Whether nobody can fetch a sealed payload any more, so that it must vanish."""
    if transfer.state is TransferState.READY:
        return transfer.ready_until is not None and at >= transfer.ready_until
    if transfer.state is not TransferState.FETCHED:
        return transfer.state in (TransferState.STOPPED, TransferState.EXPIRED)
    waits = transfer.ready_until is not None and at < transfer.ready_until
    goes_on = bool(transfer.pick_ups) and at < transfer.pick_ups[-1].resumable_until
    return not waits and not goes_on


def erased(transfer: Transfer, at: datetime, reason: str = "") -> Transfer:
    """The transfer without its sealed payload."""
    return moved(transfer, TransferState.ERASED, at, reason)


# -- when a consent ends or shrinks -----------------------------------------------------------

_CLOSED_BY: Mapping[TransferState, TransferState] = {
    TransferState.REQUESTED: TransferState.REFUSED,
    TransferState.OFFERED: TransferState.STOPPED,
    TransferState.READY: TransferState.STOPPED,
    TransferState.FETCHED: TransferState.ERASED,
}
"""What becomes of a transfer whose consent no longer covers it; what ended stays as it is."""


def closed(
    transfers: Iterable[Transfer], consent: Consent, at: datetime, reason: str
) -> tuple[Transfer, ...]:
    """Those transfers that a changed consent no longer covers, each in the state that follows."""
    ended = [t for t in transfers if t.state in _CLOSED_BY and not still_covered(t, consent)]
    return tuple(moved(each, _CLOSED_BY[each.state], at, reason) for each in ended)


def still_covered(transfer: Transfer, consent: Consent) -> bool:
    """Whether a consent that is not at rest covers all that a transfer asked for or sealed."""
    if consent.at_rest:
        return False
    if transfer.scope is not None:
        return is_within(transfer.scope, consent.scope)
    scope = consent.scope
    return transfer.recipient in scope.recipients and set(transfer.categories) <= set(
        scope.categories
    )


def recalled(
    transfers: Sequence[Transfer], consent: Consent, at: datetime, kind: RecallKind
) -> tuple[Recall, ...]:
    """A notice to everyone who received what the consent no longer covers, or what is to go."""
    return tuple(
        Recall(recall_id(each.id, kind, at), each.id, each.recipient, kind, at)
        for each in transfers
        if each.pick_ups and (kind is not RecallKind.NARROWED or not still_covered(each, consent))
    )


def recall_id(transfer: str, kind: RecallKind, at: datetime) -> str:
    """The id of a notice: the same notice about the same moment is the same."""
    said = f"sekisho/recall/v1\n{transfer}\n{kind.value}\n{at.isoformat()}".encode()
    return sha256(said).hexdigest()[:32]


RECALL_OF: Mapping[ConsentState, RecallKind] = {
    ConsentState.WITHDRAWN: RecallKind.WITHDRAWN,
    ConsentState.NARROWED: RecallKind.NARROWED,
}
