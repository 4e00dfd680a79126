"""The closed lists of words that code, store, log and pages share.

Each enumeration's value is what is written down; a value is never renamed, only added.
"""

from enum import StrEnum


class Language(StrEnum):
    """Languages in which people are spoken to."""

    EN = "en"
    JA = "ja"


class Lane(StrEnum):
    """The three ways through the checkpoint."""

    RECORD = "record"
    STATISTICS = "statistics"
    OPEN = "open"


class Role(StrEnum):
    """What an actor may be for a node; `people.py` says what each may do."""

    OWNER = "owner"
    STEWARD = "steward"
    DATA_HOLDER = "data-holder"
    DATA_USER = "data-user"
    AUDITOR = "auditor"


class ParticipantKind(StrEnum):
    """Kinds of organisation, as the laws distinguish them."""

    BUSINESS_OPERATOR = "business-operator"
    PUBLIC_BODY = "public-body"
    HOSPITAL = "hospital"
    RESEARCHER = "researcher"
    INTERNATIONAL_BODY = "international-body"


class Method(StrEnum):
    """How the statistics lane protects a dataset."""

    DISCLOSURE_CONTROL = "disclosure-control"
    DIFFERENTIAL_PRIVACY = "differential-privacy"


class ColumnType(StrEnum):
    """Types of Table Schema that a dataset may use."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"


class Outcome(StrEnum):
    """How a decision ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"


class JobState(StrEnum):
    """Where a piece of long work stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReleaseState(StrEnum):
    """Where a release stands; `made` is committed and logged, `open` is handed out."""

    MADE = "made"
    OPEN = "open"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class ConsentState(StrEnum):
    """Where a consent stands; `withdrawn` and `expired` are final."""

    REQUESTED = "requested"
    GIVEN = "given"
    PAUSED = "paused"
    NARROWED = "narrowed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class TransferState(StrEnum):
    """Where a transfer stands; from `offered` on it is logged, from `ready` on it can be fetched.

    `refused` and `erased` are final: no sealed payload of it exists any more.
    """

    REQUESTED = "requested"
    OFFERED = "offered"
    REFUSED = "refused"
    READY = "ready"
    FETCHED = "fetched"
    STOPPED = "stopped"
    EXPIRED = "expired"
    ERASED = "erased"


JOB_TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {JobState.QUEUED, JobState.DONE, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}

RELEASE_TRANSITIONS: dict[ReleaseState, frozenset[ReleaseState]] = {
    ReleaseState.MADE: frozenset({ReleaseState.OPEN, ReleaseState.WITHDRAWN}),
    ReleaseState.OPEN: frozenset({ReleaseState.CORRECTED, ReleaseState.WITHDRAWN}),
    ReleaseState.CORRECTED: frozenset({ReleaseState.WITHDRAWN}),
    ReleaseState.WITHDRAWN: frozenset(),
}

CONSENT_TRANSITIONS: dict[ConsentState, frozenset[ConsentState]] = {
    ConsentState.REQUESTED: frozenset(
        {ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.EXPIRED}
    ),
    ConsentState.GIVEN: frozenset(
        {
            ConsentState.PAUSED,
            ConsentState.NARROWED,
            ConsentState.WITHDRAWN,
            ConsentState.EXPIRED,
        }
    ),
    ConsentState.PAUSED: frozenset(
        {
            ConsentState.GIVEN,
            ConsentState.NARROWED,
            ConsentState.WITHDRAWN,
            ConsentState.EXPIRED,
        }
    ),
    ConsentState.NARROWED: frozenset(
        {
            ConsentState.PAUSED,
            ConsentState.NARROWED,
            ConsentState.WITHDRAWN,
            ConsentState.EXPIRED,
        }
    ),
    ConsentState.WITHDRAWN: frozenset(),
    ConsentState.EXPIRED: frozenset(),
}

TRANSFER_TRANSITIONS: dict[TransferState, frozenset[TransferState]] = {
    TransferState.REQUESTED: frozenset({TransferState.OFFERED, TransferState.REFUSED}),
    TransferState.OFFERED: frozenset(
        {TransferState.READY, TransferState.REFUSED, TransferState.STOPPED}
    ),
    TransferState.REFUSED: frozenset(),
    TransferState.READY: frozenset(
        {TransferState.FETCHED, TransferState.STOPPED, TransferState.EXPIRED}
    ),
    TransferState.FETCHED: frozenset({TransferState.ERASED}),
    TransferState.STOPPED: frozenset({TransferState.ERASED}),
    TransferState.EXPIRED: frozenset({TransferState.ERASED}),
    TransferState.ERASED: frozenset(),
}
