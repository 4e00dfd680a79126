"""What a signature of a subject is worth: one act, once, by the subject alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sekisho.errors import Conflict, Refused
from sekisho.gate.records.consents import ConsentRequest, given_act
from sekisho.gate.records.mine import READ
from sekisho.lanes.record.proofs import Act, act_text
from sekisho.model.consent import ExpressionMethod
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.terms import ConsentState
from sekisho.tlog import keys
from tests.lib.records import FLOW, NOON, PROGRAMME, pair, subject_key


@pytest.fixture
def two(tmp_path):
    found = pair(tmp_path)
    yield found
    found.sender.close()
    found.recipient.close()


def codes(raised) -> list[str]:
    return [each.code.removeprefix("records.") for each in raised.value.faults]


def by_key(two, raw, subject, act):
    records = two.sender.records
    challenge = records.challenge_subject(subject.id)
    signed = keys.signature(raw, act_text(two.sender.origin, subject.id, challenge, act)).hex()
    return lambda: records.by_key(subject.id, challenge, signed, act)


def asked(two, subject, *, age_reached=True):
    until = NOON + timedelta(days=30)
    day = None if age_reached else date(2030, 1, 1)
    wanted = ConsentRequest(
        PROGRAMME, FLOW, subject.id, two.scope(), until, age_reached, of_age_on=day
    )
    return two.sender.records.request_consent(wanted)


@pytest.mark.parametrize("act", [READ, Act("erase"), Act("pause", "0" * 32)])
def test_a_link_is_destroyed_by_no_other_signed_act(two, act):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p9", public)
    with pytest.raises(Refused) as refused:
        by_key(two, raw, subject, act)().destroy_link()
    assert codes(refused) == ["act-other"]
    assert two.sender.records.for_subject(subject.id).consents() == []


def test_a_signature_to_destroy_the_link_destroys_it(two):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p9", public)
    assert by_key(two, raw, subject, Act("forget"))().destroy_link() > 0


def test_a_signature_for_another_act_reads_nothing(two):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p9", public)
    consent = asked(two, subject)
    patient = by_key(two, raw, subject, Act("withdraw", consent.id))()
    calls = (
        patient.consents,
        patient.transfers,
        lambda: patient.consent_paper(consent.id, "dpv"),
        lambda: patient.consent_receipt(consent.id),
        lambda: patient.receipt("0" * 32, "offered"),
    )
    for call in calls:
        with pytest.raises(Refused) as refused:
            call()
        assert codes(refused) == ["act-other"]


def test_a_signature_to_read_is_worth_nothing_a_second_time(two):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p9", public)
    consent = asked(two, subject)
    again = by_key(two, raw, subject, READ)
    assert [each.id for each in again().consents()] == [consent.id]
    for call in (lambda: again().consents(), lambda: again().transfers(), lambda: again().mine()):
        with pytest.raises(Conflict) as spent:
            call()
        assert spent.value.faults[0].code == "store.challenge-spent"


@pytest.mark.parametrize("vouched", [False, True])
def test_a_child_does_not_consent_with_its_own_key_under_a_guardians_name(two, vouched):
    raw, public = subject_key()
    child = two.sender.records.register_subject("Patient/p9", public)
    consent = asked(two, child, age_reached=False)
    blank = two.expression(
        method=ExpressionMethod.DIGITAL_SIGNATURE, by="guardian", speaker="17", evidence="00"
    )
    until = consent.valid_until
    text = two.sender.records.consent_text(consent.id, (consent.scope, blank, until))
    said = replace(blank, evidence=keys.signature(raw, text).hex())
    agreed = (consent.scope, said, until)
    if vouched:
        acting = two.sender.records.for_subject(child.id)
    else:
        acting = by_key(two, raw, child, given_act(consent.id, agreed))()
    with pytest.raises(Refused) as refused:
        acting.give(consent.id, agreed)
    assert codes(refused) == ["signed-for-another"]
    assert two.sender.records.consent(consent.id).state is ConsentState.REQUESTED


def test_the_log_shows_no_words_of_whoever_withdraws(two):
    consent = two.given()
    with pytest.raises(TypeError):
        two.patient.withdraw(consent.id, "Taro-has-left")
    two.patient.withdraw(consent.id)
    store = two.sender._house.store
    ((_, entry),) = store.outbox(store.entry_count() - 1, 1)
    assert (parse_entry(entry).kind, parse_entry(entry).public) == (
        EntryKind.CONSENT_WITHDRAWN,
        {},
    )
