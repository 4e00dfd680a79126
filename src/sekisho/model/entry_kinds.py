"""The closed list of entry kinds and what each may hold.

A kind's value is what is written down; it is never renamed. What is not listed here cannot be
logged: no free text, no count of rows, no name of a person, no fact of a decision.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from sekisho.terms import Lane


class EntryKind(StrEnum):
    """What an entry of the log can say."""

    PROGRAMME_CHANGED = "programme-changed"
    DATA_DELIVERED = "data-delivered"
    DELIVERY_WITHDRAWN = "delivery-withdrawn"
    DECISION_ALLOWED = "decision-allowed"
    DECISION_REFUSED = "decision-refused"
    CONSENT_REQUESTED = "consent-requested"
    CONSENT_GIVEN = "consent-given"
    CONSENT_PAUSED = "consent-paused"
    CONSENT_RESUMED = "consent-resumed"
    CONSENT_NARROWED = "consent-narrowed"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_EXPIRED = "consent-expired"
    BUDGET_CHARGED = "budget-charged"
    RELEASE_EMBARGOED = "release-embargoed"
    RELEASE_MADE = "release-made"
    RELEASE_CORRECTED = "release-corrected"
    RELEASE_WITHDRAWN = "release-withdrawn"
    CALENDAR_CHANGED = "calendar-changed"
    TRANSFER_REQUESTED = "transfer-requested"
    TRANSFER_OFFERED = "transfer-offered"
    TRANSFER_DELIVERED = "transfer-delivered"
    TRANSFER_FETCHED = "transfer-fetched"
    TRANSFER_REFUSED = "transfer-refused"
    TRANSFER_EXPIRED = "transfer-expired"
    TRANSFER_ERASED = "transfer-erased"
    SUBJECT_CHANGED = "subject-changed"
    PUBLICATION_OPENED = "publication-opened"
    SUBMISSION_RECEIVED = "submission-received"
    SUBMISSION_WITHDRAWN = "submission-withdrawn"
    DUTY_DUE = "duty-due"
    DUTY_DONE = "duty-done"
    PARTICIPANT_CHANGED = "participant-changed"
    KEY_CHANGED = "key-changed"
    SETTINGS_CHANGED = "settings-changed"


class FieldType(StrEnum):
    """What a public field's value must look like."""

    IDENTIFIER = "identifier"
    DIGEST = "digest"
    DECIMAL = "decimal"
    DAY = "day"
    INDEX = "index"


PUBLIC_FIELDS: dict[str, FieldType] = {
    "change": FieldType.IDENTIFIER,
    "concerns": FieldType.INDEX,
    "dataset": FieldType.IDENTIFIER,
    "delta": FieldType.DECIMAL,
    "digest": FieldType.DIGEST,
    "due": FieldType.DAY,
    "duty": FieldType.IDENTIFIER,
    "epsilon": FieldType.DECIMAL,
    "form": FieldType.IDENTIFIER,
    "key": FieldType.DIGEST,
    "method": FieldType.IDENTIFIER,
    "participant": FieldType.IDENTIFIER,
    "period": FieldType.IDENTIFIER,
    "plan": FieldType.IDENTIFIER,
    "publication": FieldType.IDENTIFIER,
    "purpose": FieldType.IDENTIFIER,
    "reason": FieldType.IDENTIFIER,
    "release": FieldType.IDENTIFIER,
    "revision": FieldType.INDEX,
    "rho": FieldType.DECIMAL,
    "setting": FieldType.IDENTIFIER,
}
"""Names that may be public, with the form of their value. `text/` says what each means."""

COMMITMENTS = frozenset(
    {
        "consent",
        "delivery",
        "duty",
        "facts",
        "payload",
        "release",
        "request",
        "settings",
        "submission",
    }
)
"""What may be committed to with a salt; only who holds the salt can say what was meant."""

RECORD_PUBLIC = frozenset({"duty", "reason"})
"""All that an entry of the record lane may say openly beside programme, rules and pack."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """What entries of one kind must and may hold."""

    lanes: frozenset[Lane | None] = frozenset({None})
    needs: frozenset[str] = frozenset()
    """Public fields that must stand."""
    may: frozenset[str] = frozenset()
    """Public fields that may stand."""
    commits: frozenset[str] = field(default=frozenset())
    """Commitments that may stand."""
    has_subjects: bool = False
    """Whether the entry may concern persons or firms, as marks only they can recognise."""


_RECORD: frozenset[Lane | None] = frozenset({Lane.RECORD})
_STATISTICS: frozenset[Lane | None] = frozenset({Lane.STATISTICS})
_OPEN: frozenset[Lane | None] = frozenset({Lane.OPEN})
_ANY: frozenset[Lane | None] = frozenset({*Lane, None})
_NO_PERSON: frozenset[Lane | None] = _ANY - {Lane.RECORD}

_COST = frozenset({"delta", "epsilon", "method", "period", "rho"})
_CONSENT = KindRule(
    _RECORD,
    may=frozenset({"reason"}),
    commits=frozenset({"consent", "facts", "request"}),
    has_subjects=True,
)
_TRANSFER = KindRule(
    _RECORD,
    may=frozenset({"reason"}),
    commits=frozenset({"consent", "facts", "payload", "request"}),
    has_subjects=True,
)
_RELEASE = frozenset({"release", "plan"})
_DECISION = KindRule(
    _ANY,
    may=frozenset({"concerns", "dataset", "form", "plan", "publication", "purpose", "reason"}),
    commits=frozenset({"consent", "facts", "request"}),
    has_subjects=True,
)
_DUTY = KindRule(
    _ANY,
    needs=frozenset({"duty"}),
    may=frozenset({"concerns", "due", "reason"}),
    commits=frozenset({"duty", "facts"}),
    has_subjects=True,
)

RULES: dict[EntryKind, KindRule] = {
    EntryKind.PROGRAMME_CHANGED: KindRule(
        needs=frozenset({"digest"}), may=frozenset({"change", "concerns", "reason"})
    ),
    EntryKind.DATA_DELIVERED: KindRule(
        _NO_PERSON,
        needs=frozenset({"dataset"}),
        may=frozenset({"period"}),
        commits=frozenset({"delivery", "facts"}),
    ),
    EntryKind.DELIVERY_WITHDRAWN: KindRule(
        _NO_PERSON,
        needs=frozenset({"dataset"}),
        may=frozenset({"concerns", "period", "reason"}),
        commits=frozenset({"delivery"}),
    ),
    EntryKind.DECISION_ALLOWED: _DECISION,
    EntryKind.DECISION_REFUSED: _DECISION,
    EntryKind.CONSENT_REQUESTED: _CONSENT,
    EntryKind.CONSENT_GIVEN: _CONSENT,
    EntryKind.CONSENT_PAUSED: _CONSENT,
    EntryKind.CONSENT_RESUMED: _CONSENT,
    EntryKind.CONSENT_NARROWED: _CONSENT,
    EntryKind.CONSENT_WITHDRAWN: _CONSENT,
    EntryKind.CONSENT_EXPIRED: _CONSENT,
    EntryKind.BUDGET_CHARGED: KindRule(
        _STATISTICS,
        needs=frozenset({"dataset"}),
        may=_COST | {"concerns", "plan", "purpose", "release"},
        commits=frozenset({"facts", "request"}),
    ),
    EntryKind.RELEASE_EMBARGOED: KindRule(
        _STATISTICS,
        needs=_RELEASE,
        may=frozenset({"due", "method", "revision"}),
        commits=frozenset({"delivery", "facts", "release", "request"}),
    ),
    EntryKind.RELEASE_MADE: KindRule(
        _STATISTICS,
        needs=_RELEASE | {"digest"},
        may=_COST | {"concerns", "dataset", "purpose", "revision"},
        commits=frozenset({"delivery", "facts", "request", "settings"}),
    ),
    EntryKind.RELEASE_CORRECTED: KindRule(
        _STATISTICS,
        needs=_RELEASE | {"digest", "reason"},
        may=_COST | {"concerns", "dataset", "purpose", "revision"},
        commits=frozenset({"delivery", "facts", "request", "settings"}),
    ),
    EntryKind.RELEASE_WITHDRAWN: KindRule(
        _STATISTICS,
        needs=_RELEASE | {"reason"},
        may=frozenset({"change", "concerns", "digest", "revision"}),
    ),
    EntryKind.CALENDAR_CHANGED: KindRule(
        _STATISTICS,
        needs=frozenset({"change", "digest", "plan"}),
        may=frozenset({"concerns", "due", "release"}),
    ),
    EntryKind.TRANSFER_REQUESTED: _TRANSFER,
    EntryKind.TRANSFER_OFFERED: _TRANSFER,
    EntryKind.TRANSFER_DELIVERED: _TRANSFER,
    EntryKind.TRANSFER_FETCHED: _TRANSFER,
    EntryKind.TRANSFER_REFUSED: _TRANSFER,
    EntryKind.TRANSFER_EXPIRED: _TRANSFER,
    EntryKind.TRANSFER_ERASED: _TRANSFER,
    EntryKind.SUBJECT_CHANGED: KindRule(
        _RECORD, may=frozenset({"reason"}), commits=frozenset({"request"}), has_subjects=True
    ),
    EntryKind.PUBLICATION_OPENED: KindRule(
        _OPEN,
        needs=frozenset({"publication", "digest"}),
        may=frozenset({"concerns", "form", "reason", "revision"}),
        commits=frozenset({"facts", "request", "submission"}),
    ),
    EntryKind.SUBMISSION_RECEIVED: KindRule(
        _OPEN,
        needs=frozenset({"form"}),
        may=frozenset({"concerns", "period", "revision"}),
        commits=frozenset({"facts", "submission"}),
        has_subjects=True,
    ),
    EntryKind.SUBMISSION_WITHDRAWN: KindRule(
        _OPEN,
        needs=frozenset({"form"}),
        may=frozenset({"concerns", "reason", "revision"}),
        commits=frozenset({"submission"}),
        has_subjects=True,
    ),
    EntryKind.DUTY_DUE: _DUTY,
    EntryKind.DUTY_DONE: _DUTY,
    EntryKind.PARTICIPANT_CHANGED: KindRule(
        needs=frozenset({"participant", "change"}), may=frozenset({"concerns", "reason"})
    ),
    EntryKind.KEY_CHANGED: KindRule(
        needs=frozenset({"key", "change"}),
        may=frozenset({"concerns", "participant", "purpose", "reason"}),
    ),
    EntryKind.SETTINGS_CHANGED: KindRule(
        needs=frozenset({"setting"}),
        may=frozenset({"change", "concerns", "dataset", "reason"}),
        commits=frozenset({"settings"}),
    ),
}
"""Every kind with its rule; a test holds that none is missing."""
