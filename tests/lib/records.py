"""Two hospitals with nodes of their own, one patient, and a small history: for the record lane."""

import atexit
import json
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import sekisho
from sekisho import wiring
from sekisho.gate.records.consents import ConsentRequest
from sekisho.gate.records.offers import Offering
from sekisho.gate.records.opening import slip_of
from sekisho.gate.records.requests import TransferRequest
from sekisho.model.actor import Actor, Participant
from sekisho.model.consent import Consent, Expression, ExpressionMethod, Scope, Subject
from sekisho.model.text import Text
from sekisho.model.transfer import Transfer
from sekisho.node import Node
from sekisho.terms import Language, ParticipantKind, Role
from sekisho.tlog import keys

PROGRAMME, FLOW = "health-referral", "referral"
PURPOSE = "dpv:RequestedServiceProvision"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADDRESS = "Patient/p1"
TOKYO, OSAKA, BERLIN, BOSTON = (
    Participant(f"demo-hospital-{name}", Text(en, ja), ParticipantKind.HOSPITAL, country)
    for name, en, ja, country in (
        ("tokyo", "Demo Hospital Tokyo", "デモ東京病院", "JP"),
        ("osaka", "Demo Hospital Osaka", "デモ大阪病院", "JP"),
        ("berlin", "Demo Hospital Berlin", "デモ・ベルリン病院", "DE"),
        ("boston", "Demo Hospital Boston", "デモ・ボストン病院", "US"),
    )
)


class StillClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **much: float) -> None:
        self.at += timedelta(**much)


def history(person: str = "p1") -> dict[str, object]:
    """A small FHIR bundle: a patient, an illness, an allergy and a note that nobody asked for."""

    def about(kind: str, number: str, **fields: object) -> dict[str, object]:
        return {"resource": {"resourceType": kind, "id": number, **fields}}

    subject = {"reference": f"Patient/{person}"}
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            about("Patient", person, name=[{"family": "Made-up"}], gender="female"),
            about("Condition", "c1", subject=subject, code=code, recordedDate="2025-03-01"),
            about("AllergyIntolerance", "a1", patient=subject, code=code),
        ],
    }


def write_history(folder: Path, person: str = "p1") -> Path:
    """The bundle in a file."""
    file = folder / f"{person}.json"
    file.write_text(json.dumps(history(person)), encoding="utf-8")
    return file


def new_node(folder: Path, owner: Participant, clock: StillClock, store: str | None = None) -> Node:
    """A hospital's node that knows the others, with the programme of referrals."""
    sekisho.init(folder, owner, store=store).close()
    node = open_node(folder, clock)
    for each in (TOKYO, OSAKA, BERLIN, BOSTON):
        if each.id != owner.id:
            node.add_participant(each)
    node.add_programme(PROGRAMME)
    return node


def open_node(folder: Path, clock: StillClock | None = None) -> Node:
    """A node again, by another clock: what opening it mends goes by that one, too."""
    own = wiring.SystemClock
    wiring.SystemClock = (lambda: clock) if clock is not None else own
    try:
        return sekisho.open(folder)
    finally:
        wiring.SystemClock = own


@dataclass
class Pair:
    """A sender's and a recipient's node, a patient at the sender's, and the same clock."""

    folder: Path
    clock: StillClock
    sender: Node
    recipient: Node
    subject: Subject
    record: Path
    receiver: Participant
    seen: int = 0

    @property
    def secret(self) -> str:
        return self.subject.secret.hex()

    @property
    def patient(self):
        """The patient, acting by the secret."""
        return self.sender.records.by_secret(self.secret)

    @property
    def staff(self):
        """The sender's staff, acting for the patient."""
        return self.sender.records.for_subject(self.subject.id)

    @property
    def there(self) -> Node:
        """The sender's node on behalf of the recipient's clerk."""
        return self.sender.as_(f"clerk-{self.receiver.id}")

    def scope(self, **changed: object) -> Scope:
        fields = {
            "purpose": PURPOSE,
            "categories": ("person", "illnesses"),
            "recipients": (self.receiver.id,),
            "countries": (self.receiver.jurisdiction,),
        }
        return Scope(**{**fields, **changed})

    def asked(self, request: str | None = None, **changed: object) -> Consent:
        """A consent that is asked for."""
        until = self.clock.at + timedelta(days=30)
        wanted = ConsentRequest(
            PROGRAMME, FLOW, self.subject.id, self.scope(**changed), until, True, request
        )
        return self.sender.records.request_consent(wanted)

    def agreed(self, consent: Consent, **changed: object) -> tuple[Scope, Expression, datetime]:
        """What the patient says to it on paper."""
        return consent.scope, self.expression(**changed), consent.valid_until

    def expression(self, **changed: object) -> Expression:
        flow = self.sender.programme(PROGRAMME).record_flow(FLOW)
        by, language = changed.get("by", "self"), changed.get("language", Language.JA)
        notice = flow.notice(language, by)
        fields = {
            "method": ExpressionMethod.SIGNED_FORM,
            "by": by,
            "notice": notice.id,
            "notice_digest": notice.digest,
            "language": language,
            "evidence": "ab" * 32,
        }
        return Expression(**{**fields, **changed})

    def given(self, **changed: object) -> Consent:
        """A consent that was given on paper."""
        consent = self.asked(**changed)
        return self.staff.give(consent.id, self.agreed(consent))

    def offering(self, consent: Consent, **changed: object) -> Offering:
        fields = {
            "consent": consent.id,
            "recipient": self.receiver.id,
            "record": self.record,
            "address": ADDRESS,
        }
        return Offering(**{**fields, **changed})

    def offered(self, consent: Consent | None = None, **changed: object) -> Transfer:
        """A transfer that is ready."""
        return self.sender.records.offer(self.offering(consent or self.given(), **changed))

    def request(self, consent: Consent, **changed: object) -> TransferRequest:
        fields = {
            "programme": PROGRAMME,
            "flow": FLOW,
            "consent": consent.id,
            "categories": ("person", "illnesses"),
        }
        return TransferRequest(**{**fields, **changed})

    def proof(self, transfer: Transfer, ticket: str | None = None):
        """What the recipient's own node answers to a challenge."""
        challenge = self.there.records.challenge(transfer.id)
        chosen = ticket or secrets.token_hex(32)
        return self.recipient.records.answer(self.sender.origin, transfer.id, challenge, chosen)

    def fetched(self, transfer: Transfer, ticket: str | None = None) -> bytes:
        """The sealed bytes, fetched by the recipient."""
        picked = self.there.records.fetch(transfer.id, self.proof(transfer, ticket))
        with picked.file as file:
            return file.read()

    def opened(self, transfer: Transfer, sealed: bytes) -> dict[str, object]:
        """What the recipient reads."""
        file = self.folder / f"{transfer.id}.sealed"
        file.write_bytes(sealed)
        target = self.folder / f"{transfer.id}.json"
        self.recipient.records.open_sealed(file, slip_of(transfer), target)
        return json.loads(target.read_text(encoding="utf-8"))


def pair(
    folder: Path,
    receiver: Participant = OSAKA,
    store: str | None = None,
    clock: StillClock | None = None,
) -> Pair:
    """Two nodes that know each other's keys, and a patient at the first.

    With `store` the sender's state lies in that empty PostgreSQL database.
    """
    clock = clock or StillClock()
    if store is not None:
        subject = _found(folder, receiver, store)
    else:
        model, subject = _model(receiver.id)
        for name in ("sender", "recipient"):
            shutil.copytree(model / name, folder / name)
    sender, recipient = (open_node(folder / name, clock) for name in ("sender", "recipient"))
    return Pair(folder, clock, sender, recipient, subject, write_history(folder), receiver)


@cache
def _model(receiver_id: str) -> tuple[Path, Subject]:
    """The pair that others are copied from: founding two nodes takes most of the time."""
    folder = Path(tempfile.mkdtemp(prefix="sekisho-pair-"))
    atexit.register(shutil.rmtree, folder)
    receiver = next(each for each in (OSAKA, BERLIN, BOSTON) if each.id == receiver_id)
    return folder, _found(folder, receiver, None)


def _found(folder: Path, receiver: Participant, store: str | None) -> Subject:
    clock = StillClock()
    sender = new_node(folder / "sender", TOKYO, clock, store)
    recipient = new_node(folder / "recipient", receiver, clock)
    for home, abroad in ((sender, recipient), (recipient, sender)):
        for purpose in ("sign", "seal"):
            pem = home.records.make_key(purpose)
            owner = TOKYO.id if home is sender else receiver.id
            home.add_key(owner, purpose, pem)
            abroad.add_key(owner, purpose, pem)
    clerk = Actor(f"clerk-{receiver.id}", receiver.id, frozenset({Role.DATA_USER}))
    sender.add_actor(clerk)
    subject = sender.records.register_subject(ADDRESS)
    sender.close()
    recipient.close()
    return subject


def subject_key() -> tuple[bytes, str]:
    """A subject's key pair: raw private key, public key as base64."""
    import base64

    raw = keys.new_private_key()
    return raw, base64.b64encode(keys.public_key(raw)).decode()


def fingerprint_of(node: Node, participant: str, purpose: str) -> str:
    """The newest registered key of a participant."""
    return [k for k in node.keys(participant) if k.purpose == purpose][-1].fingerprint
