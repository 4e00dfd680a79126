"""A record that moves, or is refused, with all that happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sekisho.model.consent import Scope
from sekisho.model.decision import Decision
from sekisho.model.facts import Fact
from sekisho.terms import TransferState


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What minimisation left out, by kind, never by value."""

    what: str
    """A resource type or a path, e.g. `Procedure`, `Patient.name`."""
    reason: str
    """A word for a machine; `text/` has its sentence."""
    count_class: str = ""
    """About how many: `1-9`, `10-99` and so on."""


@dataclass(frozen=True, slots=True)
class SealedPayload:
    """What was sealed: enough to hand it out, nothing of what is inside."""

    digest: str
    """SHA-256 of the sealed file, hexadecimal."""
    bytes: int
    size_class: int
    content_type: str
    sealed_to: str
    """Fingerprint of the recipient's sealing key."""
    signed_by: str
    """Fingerprint of the sender's signing key."""


@dataclass(frozen=True, slots=True)
class PickUp:
    """How a sealed payload was fetched."""

    at: datetime
    key: str
    """Fingerprint of the key that proved who fetched."""
    ticket: str
    """SHA-256 of the fetcher's own random ticket: with it the same fetch can be resumed."""
    resumable_until: datetime


@dataclass(frozen=True, slots=True)
class TransferEvent:
    """One change of a transfer."""

    kind: TransferState
    at: datetime
    index: int | None = None
    """Of its entry; None for `ready`, before it is stored, and once the link was erased."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One record's way from a sender to a recipient under one consent."""

    id: str
    """From the request: the same request is the same transfer. It appears in no entry."""
    programme: str
    flow: str
    consent: str
    subject: str
    sender: str
    recipient: str
    state: TransferState
    purpose: str
    categories: tuple[str, ...]
    """What this transfer asks for, within what the consent covers."""
    request: str
    """The caller's own id of the request, random."""
    requested_by: str
    """The participant who began it: the recipient asks, or the sender offers."""
    requested_at: datetime
    scope: Scope | None = None
    """What the consent allowed when it was sealed; a consent narrowed below it stops it."""
    stated: Mapping[str, Fact] = field(default_factory=dict)
    """Facts that the requester or sender answers for in this one case, e.g. `basis.treatment`."""
    decision: Decision | None = None
    sealed: SealedPayload | None = None
    left_out: tuple[LeftOut, ...] = ()
    ready_until: datetime | None = None
    """The first moment at which it cannot be fetched any more."""
    pick_ups: tuple[PickUp, ...] = ()
    """How often it was fetched; once, unless the flow lets it wait until a time."""
    acknowledged_at: datetime | None = None
    """When the recipient said that it opened whole."""
    delete_by: datetime | None = None
    """When the recipient must have deleted what it received; None: as its law says."""
    events: tuple[TransferEvent, ...] = ()

    @property
    def has_payload(self) -> bool:
        """Whether a sealed payload may lie on the node."""
        return self.state in (TransferState.OFFERED, TransferState.READY, TransferState.FETCHED)


class RecallKind(StrEnum):
    """What a past recipient is told."""

    WITHDRAWN = "withdrawn"
    NARROWED = "narrowed"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Recall:
    """A notice to one who received a record: the consent ended or shrank, or it is to be erased."""

    id: str
    transfer: str
    recipient: str
    kind: RecallKind
    sent_at: datetime
    acknowledged_at: datetime | None = None
    answer: str = ""
    """What the recipient did: `erased`, `kept-by-law`, `not-found`."""
    index: int | None = None
    """Of the entry with which it was sent; None once the link was erased."""
