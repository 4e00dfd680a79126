"""Consents of the shipped referral, as values, for tests of what is made of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sekisho.model.actor import Participant
from sekisho.model.consent import Consent, ConsentEvent, Expression, ExpressionMethod, Scope
from sekisho.model.text import Text
from sekisho.programmes.read import read_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.terms import ConsentState, Language, ParticipantKind

FOLDER = shipped_programmes()["health-referral"]
PROGRAMME = read_programme(FOLDER)
FLOW = PROGRAMME.record_flow("referral")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBJECT = "9f0c2f5be4d14b0f8c55"

PARTIES = {
    name: Participant(f"demo-hospital-{name}", Text(en, ja), ParticipantKind.HOSPITAL, country)
    for name, en, ja, country in (
        ("tokyo", "Demo Hospital Tokyo", "デモ東京病院", "JP"),
        ("osaka", "Demo Hospital Osaka", "デモ大阪病院", "JP"),
        ("berlin", "Demo Hospital Berlin", "デモ・ベルリン病院", "DE"),
        ("boston", "Demo Hospital Boston", "デモ・ボストン病院", "US"),
    )
}
HOSPITALS = {party.id: party for party in PARTIES.values()}


def expression(by="self", language=Language.JA):
    notice = FLOW.notice(language, by)
    return Expression(
        method=ExpressionMethod.SIGNED_FORM,
        by=by,
        notice=notice.id,
        notice_digest=notice.digest,
        language=language,
        evidence="ab" * 32,
        speaker="" if by == "self" else "guardian-17",
    )


def given(*, by="self", categories=("illnesses", "medicines"), to=("berlin",)) -> Consent:
    """A consent that was asked for and given."""
    return Consent(
        id="4b1d6c2e9a",
        programme=PROGRAMME.id,
        flow=FLOW.id,
        subject=SUBJECT,
        holder="demo-hospital-tokyo",
        state=ConsentState.GIVEN,
        scope=Scope(
            purpose=FLOW.purpose,
            categories=tuple(categories),
            recipients=tuple(PARTIES[name].id for name in to),
            countries=tuple(PARTIES[name].jurisdiction for name in to),
            data_from=date(2024, 1, 1),
        ),
        expression=expression(by),
        valid_from=NOON,
        valid_until=NOON + timedelta(days=90),
        events=(
            ConsentEvent(ConsentState.REQUESTED, NOON - timedelta(hours=1), 3, acted="holder"),
            ConsentEvent(ConsentState.GIVEN, NOON, 4, acted="subject-key"),
        ),
        age_reached=by == "self",
        requested_by="demo-hospital-tokyo",
    )


def asked() -> Consent:
    """A consent that was asked for and not yet answered."""
    whole = given()
    return replace(
        whole,
        state=ConsentState.REQUESTED,
        expression=None,
        valid_from=None,
        valid_until=None,
        events=whole.events[:1],
    )


def then(consent: Consent, kind: ConsentState) -> Consent:
    """The consent after one more event."""
    event = ConsentEvent(kind, NOON + timedelta(days=1), 9, acted="subject-secret")
    return replace(consent, state=kind, events=(*consent.events, event))
