"""The demo's record lane: one synthetic patient, three hospitals, two of them with nodes."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sekisho.cli.options import Speaker, said
from sekisho.terms import Language

if TYPE_CHECKING:
    from sekisho.model.actor import Participant
    from sekisho.model.consent import Consent
    from sekisho.model.record_flow import RecordFlow
    from sekisho.model.transfer import Transfer
    from sekisho.node import Node
    from sekisho.node.records import ForSubject

WAYS_SHOWN = 3
CATEGORIES = 3
"""How many of the flow's categories the patient lets go."""


def walk(speaker: Speaker, folder: Path, programme: str) -> dict[str, Any]:
    """Consent, a transfer allowed, a transfer refused, and the withdrawal; what happened."""
    from sekisho.programmes.shipped import shipped_programmes

    sender, allowed, refused = _hospitals()
    here, there = (_node(folder, programme, each) for each in (sender, allowed))
    with here, there:
        flow = here.programme(programme).record_flows[0]
        record = Path(str(shipped_programmes()[programme])) / str(flow.sample)
        _meet((here, sender), (there, allowed))
        patient = _Patient(here, programme, flow, record)
        consent = patient.agrees(allowed, refused)
        speaker.say("demo-consented", what=patient.what(consent, speaker))
        sent = _sent(speaker, patient, consent, allowed)
        _collected(speaker, here, there, sent, folder)
        ways = _refused(speaker, patient, consent, refused)
        patient.own.withdraw(consent.id)
        told = [each for each in here.records.transfers() if each.consent == consent.id]
        speaker.say("demo-withdrawn", count=sum(bool(each.pick_ups) for each in told))
        kept = _kept(patient, folder, speaker)
    return {
        "sent_to": allowed.id,
        "rules": list(sent.decision.rule_ids) if sent.decision else [],
        "refused_to": refused.id,
        "would_open": ways,
        "files": [str(each) for each in kept],
    }


def _hospitals() -> "tuple[Participant, Participant, Participant]":
    from sekisho.model.actor import Participant
    from sekisho.model.text import Text
    from sekisho.terms import ParticipantKind

    tokyo, berlin, boston = (
        Participant(f"demo-hospital-{name}", Text(en, ja), ParticipantKind.HOSPITAL, country)
        for name, en, ja, country in (
            ("tokyo", "Demo Hospital Tokyo (made up)", "デモ東京病院（架空）", "JP"),
            ("berlin", "Demo Hospital Berlin (made up)", "デモ・ベルリン病院（架空）", "DE"),
            ("boston", "Demo Hospital Boston (made up)", "デモ・ボストン病院（架空）", "US"),
        )
    )
    return tokyo, berlin, boston


def _node(folder: Path, programme: str, owner: "Participant") -> "Node":
    """The hospital's node, new or from an earlier run."""
    import sekisho

    place = folder / owner.id
    if (place / "node.toml").exists():
        return sekisho.open(place)
    folder.mkdir(parents=True, exist_ok=True)
    node = sekisho.init(place, owner)
    for each in _hospitals():
        if each.id != owner.id:
            node.add_participant(each)
    node.add_programme(programme)
    for purpose in ("sign", "seal"):
        node.add_key(owner.id, purpose, node.records.make_key(purpose))
    return node


def _meet(*both: "tuple[Node, Participant]") -> None:
    """Register at each node the keys of the other."""
    from base64 import b64encode

    for (home, owner), (abroad, _) in (both, both[::-1]):
        known = [each.fingerprint for each in abroad.keys(owner.id)]
        for key in home.keys(owner.id):
            if key.fingerprint not in known:
                abroad.add_key(owner.id, key.purpose, b64encode(key.public_key).decode())


def _listed(speaker: Speaker, words: Iterable[str]) -> str:
    return ("、" if speaker.language is Language.JA else "; ").join(words)


class _Patient:
    """A synthetic patient at the sender's counter."""

    def __init__(self, node: "Node", programme: str, flow: "RecordFlow", record: Path) -> None:
        import json

        bundle = json.loads(record.read_bytes())
        first = next(
            each for each in bundle["entry"] if each["resource"]["resourceType"] == "Patient"
        )
        self.node, self.programme, self.flow, self.record = node, programme, flow, record
        self.address = str(first["fullUrl"])
        self.subject = node.records.register_subject(self.address)

    @property
    def secret(self) -> str:
        return self.subject.secret.hex() if self.subject.secret else ""

    @property
    def own(self) -> "ForSubject":
        """The patient, acting alone."""
        return self.node.records.by_secret(self.secret)

    def agrees(self, *recipients: "Participant") -> "Consent":
        """A consent asked for and signed at the counter, after the notice."""
        from datetime import UTC, datetime, timedelta

        from sekisho.gate.records.consents import ConsentRequest
        from sekisho.model.consent import Expression, ExpressionMethod, Scope

        scope = Scope(
            self.flow.purpose,
            tuple(each.id for each in self.flow.categories[:CATEGORIES]),
            tuple(each.id for each in recipients),
            tuple(each.jurisdiction for each in recipients),
        )
        until = datetime.now(UTC) + timedelta(days=90)
        records = self.node.records
        asked = records.request_consent(
            ConsentRequest(
                self.programme, self.flow.id, self.subject.id, scope, until, age_reached=True
            )
        )
        notice, _ = records.notice(self.programme, self.flow.id, self.node.language)
        form = "00" * 32
        said_so = Expression(
            ExpressionMethod.SIGNED_FORM, "self", notice.id, notice.digest, notice.language, form
        )
        return records.for_subject(self.subject.id).give(asked.id, (scope, said_so, until))

    def what(self, consent: "Consent", speaker: Speaker) -> str:
        """What the patient lets go, in words."""
        titles = [self.flow.category(each) for each in consent.scope.categories]
        return _listed(speaker, (each.title.said(speaker.language) for each in titles if each))

    def sent_to(self, consent: "Consent", recipient: "Participant") -> "Transfer":
        """The history, sealed and waiting for a recipient."""
        from sekisho.gate.records.offers import Offering

        offering = Offering(consent.id, recipient.id, self.record, self.address)
        return self.node.records.offer(offering)


def _sent(speaker: Speaker, patient: _Patient, consent: "Consent", to: "Participant") -> "Transfer":
    sent = patient.sent_to(consent, to)
    name = to.name.said(speaker.language)
    size = sent.sealed.bytes if sent.sealed else 0
    stayed = sorted({each.what for each in sent.left_out if each.reason == "type"})
    speaker.say("demo-sent", recipient=name, bytes=f"{size:,}")
    for rule in sent.decision.determining if sent.decision else ():
        speaker.line(f"  {rule.id}: {rule.citation.said(speaker.language)}")
    speaker.say("demo-stayed", what=_listed(speaker, stayed))
    return sent


def _collected(
    speaker: Speaker, here: "Node", there: "Node", sent: "Transfer", folder: Path
) -> None:
    """The recipient fetches over its own token and key, opens, and says so."""
    from secrets import token_hex

    from sekisho.gate.records.opening import slip_of
    from sekisho.model.actor import Actor
    from sekisho.terms import Role

    clerk = Actor(f"clerk-{token_hex(4)}", sent.recipient, frozenset({Role.DATA_USER}))
    desk = here.as_token(here.add_actor(clerk)).records
    challenge = desk.challenge(sent.id)
    proof = there.records.answer(here.origin, sent.id, challenge, token_hex(32))
    arrived, opened = folder / "arrived.sealed", folder / "history.json"
    picked = desk.fetch(sent.id, proof)
    with picked.file as sealed:
        arrived.write_bytes(sealed.read())
    opened.unlink(missing_ok=True)
    there.records.open_sealed(arrived, slip_of(picked.transfer), opened)
    arrived.unlink()
    if picked.transfer.sealed is not None:
        desk.acknowledge(sent.id, picked.transfer.sealed.digest)
    speaker.say("demo-opened", file=opened)


def _refused(
    speaker: Speaker, patient: _Patient, consent: "Consent", to: "Participant"
) -> list[str]:
    """The refusal, with what would open the way."""
    from sekisho.errors import Refused

    try:
        patient.sent_to(consent, to)
    except Refused:
        closed = patient.own.mine().transfers[-1]
    language = speaker.language
    articles = _listed(speaker, (rule.citation.said(language) for rule in closed.articles))
    speaker.say("demo-refused", recipient=to.name.said(language), articles=articles)
    ways = [_listed(speaker, (each.ask.said(language) for each in way)) for way in closed.ways]
    for way in ways[:WAYS_SHOWN]:
        speaker.line(f"  - {way}")
    return ways


def _kept(patient: _Patient, folder: Path, speaker: Speaker) -> list[Path]:
    """What the patient takes home: the secret, and everything about them."""
    from sekisho.formats.pdf import pdf_is_installed, write_pdf
    from sekisho.present.mine import document_text, mine_document

    document = mine_document(patient.own.mine(), speaker.language)
    pages = {
        "patient.secret": f"{patient.secret}\n".encode(),
        "patient.txt": document_text(document).encode(),
    }
    if pdf_is_installed():
        pages["patient.pdf"] = write_pdf(document)
    for name, made in pages.items():
        _write(folder / name, made)
    node, secret = patient.node.folder, folder / "patient.secret"
    speaker.line(said("demo-mine", speaker.language, node=node, secret=secret))
    return [folder / name for name in pages]


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)
