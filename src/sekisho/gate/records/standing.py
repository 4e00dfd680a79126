"""Who acts for a subject: who has the key, who has the secret, or the holder who knows them.

Whether a person exists, is unknown, or is somebody else's reads the same to everyone who may not
know: the same words, after the same work.
"""

from dataclasses import dataclass

from sekisho.errors import NotFound, Refused, UsageError, fault
from sekisho.gate.house import Call, House
from sekisho.gate.records.challenge import answered, new_challenge
from sekisho.lanes.record.proofs import Act, act_text
from sekisho.model.consent import Subject, secret_hash
from sekisho.model.dossier import SpentChallenge
from sekisho.people import Action, demand, may
from sekisho.tlog import keys
from sekisho.tlog.history import read_secret

_NOBODY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
"""A public key that belongs to nobody here (RFC 8032, test 1): unknown subjects are tried on it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A subject, and by what right somebody acts for them in this one call."""

    subject: Subject
    by: str
    """`holder`, `subject-key` or `subject-secret`."""
    act: Act | None = None
    """All that may be done, when it was signed; None: whatever a subject may do."""
    spent: SpentChallenge | None = None


def _unknown() -> NotFound:
    return NotFound(fault("records.no-subject"))


def by_holder(call: Call, subject_id: str, action: Action = Action.SUBJECT_ACT) -> Standing:
    """The holder's staff, for a subject whom they have identified.

    Raises: NotPermitted to everyone who acts for nobody; NotFound for a subject who is unknown,
    another holder's, or whose link to the log is destroyed.
    """
    demand(call.actor, action, of=(call.actor.participant,))
    subject = call.house.store.records.subject(subject_id)
    if subject is None or subject.secret is None:
        raise _unknown()
    if may(call.actor, action, of=(subject.holder,)) is not None:
        raise _unknown()
    return Standing(subject, "holder")


def by_secret(house: House, secret: str) -> Standing:
    """Whoever has the secret that was handed to the subject.

    Raises: NotFound, the same for a malformed, unknown, replaced and destroyed secret.
    """
    try:
        raw = read_secret(secret)
    except UsageError:
        raise _unknown() from None
    subject = house.store.records.subject_by_secret(secret_hash(raw))
    if subject is None or subject.secret != raw:
        raise _unknown()
    return Standing(subject, "subject-secret")


def challenge_for_subject(house: House, subject_id: str) -> str:
    """A challenge for whoever says to be a subject; anyone gets one for any id."""
    return new_challenge(house, _about(subject_id))


def _about(subject_id: str) -> str:
    return f"act\n{subject_id}"


def by_key(house: House, subject_id: str, challenge: str, signature: str, act: Act) -> Standing:
    """Whoever signs one act with the subject's registered key, over a fresh challenge.

    Raises: NotFound, the same for an unknown subject, one without a key, and a wrong signature;
    Refused for a challenge that is not fresh.
    """
    spent = answered(house, challenge, _about(subject_id))
    subject = house.store.records.subject(subject_id)
    known = subject is not None and subject.secret is not None and subject.public_key is not None
    public = subject.public_key if subject and subject.public_key and known else _NOBODY
    signed = hexadecimal(signature)
    right = keys.is_signed(public, signed, act_text(house.origin, subject_id, challenge, act))
    if subject is None or not known or not right:
        raise _unknown()
    return Standing(subject, "subject-key", act, spent)


def hexadecimal(text: str) -> bytes:
    """The bytes of hexadecimal text; none when it is something else."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def demand_act(standing: Standing, act: Act) -> None:
    """Let a subject's act go on; Refused when another one was signed."""
    if standing.act is not None and standing.act != act:
        raise Refused(fault("records.act-other"))
