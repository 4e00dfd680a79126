"""What a subject agreed to, how it was said, and what became of it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from sekisho.model.record_flow import ExpressedBy
from sekisho.terms import ConsentState, Language


class ExpressionMethod(StrEnum):
    """How a consent may be expressed."""

    SIGNED_FORM = "signed-form"
    DIGITAL_SIGNATURE = "digital-signature"
    RECORDED_ORAL = "recorded-oral"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a consent covers; what it does not name, it does not cover."""

    purpose: str
    """A DPV term, e.g. `dpv:Healthcare`."""
    categories: tuple[str, ...]
    """Ids of the flow's record categories."""
    recipients: tuple[str, ...]
    """Participants, one by one."""
    countries: tuple[str, ...]
    """Where the record may go: ISO 3166-1 alpha-2."""
    data_from: date | None = None
    """Records before this day stay; None: from the first one on."""
    data_until: date | None = None
    """Records after this day stay; None: up to the last one."""
    free_text: bool = False
    """Whether narratives and other free text may go."""
    onward: bool = False
    """Whether a recipient may pass the record on."""


@dataclass(frozen=True, slots=True)
class Expression:
    """How a consent was expressed, by whom, and what was shown before."""

    method: ExpressionMethod
    by: ExpressedBy
    notice: str
    """Id of the notice that was shown."""
    notice_digest: str
    """SHA-256 of what was shown, hexadecimal."""
    language: Language
    evidence: str
    """SHA-256 of the signed form or recording, or the signature itself; hexadecimal."""
    speaker: str = ""
    """The holder's own reference of a guardian or proxy; empty for the subject. Never logged."""


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One change of a consent."""

    kind: ConsentState
    at: datetime
    index: int | None = None
    """Of its entry; None before it is stored, and once the link was erased."""
    reason: str = ""
    """A word for a machine, e.g. `resumed`, `asked-by-subject`."""
    acted: str = ""
    """Who brought it about: `holder`, `subject-key`, `subject-secret`, `time`."""
    scope: Scope | None = None
    """What it covered from then on; None when the change did not touch that."""
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """One subject's consent to one flow, from the request on."""

    id: str
    """Random; it appears in no entry."""
    programme: str
    flow: str
    subject: str
    """Local random id; it appears in no entry."""
    holder: str
    """The participant who knows the subject and holds the records."""
    state: ConsentState
    scope: Scope
    """As asked for until it is given, then as given, then as narrowed."""
    expression: Expression | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """The first moment at which it covers nothing any more."""
    events: tuple[ConsentEvent, ...] = ()
    age_reached: bool | None = None
    """Whether the holder found the flow's age of consent reached; no date of birth is kept."""
    of_age_on: date | None = None
    """For one who is younger: the day from which they decide themselves, as the holder found."""
    requested_by: str = ""
    """The participant who asked for it."""
    request: str = ""
    """The caller's own id of the request: asked again with it, the answer is the same consent."""

    @property
    def at_rest(self) -> bool:
        """Whether nothing can change any more."""
        return self.state in (ConsentState.WITHDRAWN, ConsentState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom records are about, as the node knows them: by a random id and what proves who acts.

    Neither a name nor a number of the holder's is kept; the holder keeps which of its patients or
    clients has which id.
    """

    id: str
    holder: str
    secret: bytes | None = field(repr=False)
    """32 bytes from which marks and salts of the subject's entries come; None once destroyed."""
    public_key: bytes | None = None
    """Ed25519, raw; None: the subject acts by the secret, or through the holder."""
    record_mark: bytes | None = field(default=None, repr=False)
    """Keyed hash, under the secret, of where the subject stands in the holder's records."""
    former: tuple[bytes, ...] = field(default=(), repr=False)
    """Secrets that were lost and replaced: they open older entries and act for nobody."""
    registered_at: datetime | None = None
    destroyed_at: datetime | None = None


def secret_hash(secret: bytes) -> bytes:
    """What a subject is found by: SHA-256 of a heading and the secret, never the secret."""
    return sha256(b"sekisho/subject/v1\n" + secret).digest()
