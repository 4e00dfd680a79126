"""Consents that nobody gave, that say more than was asked, or that contradict themselves."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from sekisho.errors import Conflict, NotFound, NotPermitted, Refused, SekishoError, UsageError
from sekisho.gate.records.consents import ConsentRequest, given_act
from sekisho.lanes.record.proofs import Act, act_text
from sekisho.model.actor import Actor
from sekisho.model.consent import ExpressionMethod
from sekisho.model.dossier import FactOnFile
from sekisho.model.facts import Fact, Truth
from sekisho.terms import ConsentState, Language, Role, TransferState
from sekisho.tlog import keys
from tests.lib.records import BERLIN, FLOW, NOON, OSAKA, PROGRAMME, TOKYO, pair, subject_key


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A pair for tests that only try what is refused."""
    return pair(tmp_path_factory.mktemp("shared"))


def codes(error: pytest.ExceptionInfo[SekishoError]) -> list[str]:
    return [each.code.removeprefix("records.") for each in error.value.faults]


# -- widening ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("categories", ("person", "illnesses", "genes")),
        ("categories", ("person", "Illnesses")),
        ("categories", ("person", "illnesses ")),
        ("categories", ("person", "illness\u0435s")),
        ("categories", ("person", "ｉllnesses")),
        ("categories", ("person", "*")),
        ("recipients", ("demo-hospital-os\u0430ka",)),
        ("recipients", ("public",)),
        ("recipients", ("demo-hospital-osaka\u200b",)),
        ("recipients", ("demo-hospital-osaka", "ministry")),
        ("purpose", "dpv:Marketing"),
        ("purpose", "dpv:RequestedServiceProvision\u200b"),
        ("onward", True),
    ],
)
def test_nothing_beyond_the_template_can_be_asked_for_not_even_by_a_look_alike(
    shared, field, value
):
    before = shared.patient.consents()
    with pytest.raises(UsageError) as refused:
        shared.asked(**{field: value})
    assert refused.value.faults
    said = "\n".join(refused.value.sentences() + refused.value.sentences(Language.JA))
    assert "\u0435" not in said
    assert "\u200b" not in said
    assert shared.patient.consents() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("categories", ("person", "illnesses", "medicines")),
        ("recipients", (OSAKA.id, BERLIN.id)),
        ("countries", ("JP", "DE")),
        ("free_text", True),
        ("data_from", None),
        ("data_from", date(2019, 1, 1)),
        ("data_until", None),
        ("purpose", "dpv:Marketing"),
    ],
)
def test_giving_or_narrowing_never_makes_a_consent_wider_than_what_was_asked(shared, field, value):
    asked = shared.asked(data_from=date(2020, 1, 1), data_until=date(2025, 1, 1))
    wider = replace(asked.scope, **{field: value})
    with pytest.raises(Refused):
        shared.staff.give(asked.id, (wider, shared.expression(), asked.valid_until))
    given = shared.staff.give(asked.id, shared.agreed(asked))
    with pytest.raises(Refused) as refused:
        shared.patient.narrow(given.id, wider)
    assert "wider" in codes(refused)
    shared.patient.pause(given.id)
    with pytest.raises(Refused):
        shared.patient.resume(given.id, wider)
    assert shared.sender.records.consent(given.id).state is ConsentState.PAUSED


def test_neither_giving_nor_narrowing_makes_a_consent_last_longer(shared):
    asked = shared.asked()
    later = asked.valid_until + timedelta(seconds=1)
    with pytest.raises(Refused):
        shared.staff.give(asked.id, (asked.scope, shared.expression(), later))
    given = shared.staff.give(asked.id, shared.agreed(asked))
    with pytest.raises(Refused):
        shared.patient.narrow(given.id, given.scope, later)


@pytest.mark.parametrize(
    "wanted",
    [("person", "medicines"), ("person", "illnesses", "allergies")],
)
def test_a_transfer_gets_nothing_that_the_consent_does_not_name(two, wanted):
    consent = two.given()
    with pytest.raises(Refused) as refused:
        two.offered(consent, categories=wanted)
    assert codes(refused) == ["not-covered"]
    with pytest.raises(NotFound):
        two.there.records.request_transfer(two.request(consent, categories=wanted))
    assert two.sender.records.transfers() == []


def test_a_request_for_a_category_that_is_no_ones_names_the_flows_own(two):
    with pytest.raises(UsageError):
        two.there.records.request_transfer(two.request(two.given(), categories=("genes",)))


def test_a_narrower_consent_stops_what_waits_beyond_it_and_keeps_what_does_not(two):
    consent = two.given(categories=("person", "illnesses", "allergies"))
    beyond = two.offered(consent)
    within = two.offered(consent, categories=("person", "illnesses"))
    two.patient.narrow(consent.id, replace(consent.scope, categories=("person", "illnesses")))
    with pytest.raises(Refused):
        two.fetched(beyond)
    assert two.opened(within, two.fetched(within))
    assert two.sender.records.transfer(beyond.id).state is TransferState.ERASED


def test_a_paused_consent_is_not_opened_by_narrowing_it(two):
    consent = two.given(categories=("person", "illnesses", "allergies"))
    two.patient.pause(consent.id)
    smaller = replace(consent.scope, categories=("person", "illnesses"))
    with pytest.raises(Conflict) as refused:
        two.patient.narrow(consent.id, smaller)
    assert codes(refused) == ["paused"]
    assert two.patient.resume(consent.id, smaller).state is ConsentState.NARROWED


# -- forged -----------------------------------------------------------------------------------


def test_who_stole_the_secret_cannot_give_a_consent_that_was_never_signed(two):
    asked = two.asked()
    for method in ExpressionMethod:
        with pytest.raises(Refused) as refused:
            two.patient.give(asked.id, two.agreed(asked, method=method))
        assert "not-signed" in codes(refused)
    assert two.patient.consents()[0].state is ConsentState.REQUESTED


def test_a_digital_signature_counts_only_over_exactly_this_consent(two):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p9", public)
    until = NOON + timedelta(days=30)
    records = two.sender.records
    asked = records.request_consent(
        ConsentRequest(PROGRAMME, FLOW, subject.id, two.scope(), until, age_reached=True)
    )
    other = records.request_consent(
        ConsentRequest(PROGRAMME, FLOW, subject.id, two.scope(), until, age_reached=True)
    )
    blank = two.expression(method=ExpressionMethod.DIGITAL_SIGNATURE, evidence="00")
    agreed = (asked.scope, blank, until)
    forged = [
        keys.signature(keys.new_private_key(), records.consent_text(asked.id, agreed)),
        keys.signature(raw, records.consent_text(other.id, agreed)),
        keys.signature(
            raw,
            records.consent_text(asked.id, (replace(asked.scope, free_text=True), blank, until)),
        ),
        b"",
    ]
    patient = records.by_secret(subject.secret.hex())
    for signature in forged:
        said = replace(blank, evidence=signature.hex() or "00")
        with pytest.raises(Refused) as refused:
            patient.give(asked.id, (asked.scope, said, until))
        assert codes(refused) == ["not-signed"]
    right = keys.signature(raw, records.consent_text(asked.id, agreed)).hex()
    given = patient.give(asked.id, (asked.scope, replace(blank, evidence=right), until))
    assert given.state is ConsentState.GIVEN


def test_a_signed_act_is_worth_nothing_for_another_act_or_a_second_time(two):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p9", public)
    records, until = two.sender.records, NOON + timedelta(days=30)
    request = ConsentRequest(PROGRAMME, FLOW, subject.id, two.scope(), until, age_reached=True)
    consent = records.request_consent(request)
    given = records.for_subject(subject.id).give(consent.id, two.agreed(consent))
    act, challenge = Act("pause", given.id), records.challenge_subject(subject.id)
    text = act_text(two.sender.origin, subject.id, challenge, act)
    signature = keys.signature(raw, text).hex()
    with pytest.raises(NotFound):
        records.by_key(subject.id, challenge, signature, Act("withdraw", given.id))
    patient = records.by_key(subject.id, challenge, signature, act)
    with pytest.raises(Refused) as refused:
        patient.withdraw(given.id)
    assert codes(refused) == ["act-other"]
    with pytest.raises(Refused):
        patient.narrow(given.id, given.scope)
    with pytest.raises(Refused):
        patient.request_erasure()
    assert patient.pause(given.id).state is ConsentState.PAUSED
    with pytest.raises(Conflict) as refused:
        records.by_key(subject.id, challenge, signature, act).pause(given.id)
    assert codes(refused) == ["store.challenge-spent"]


def test_a_key_gives_a_consent_when_both_act_and_consent_are_signed(two):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p9", public)
    records, until = two.sender.records, NOON + timedelta(days=30)
    request = ConsentRequest(PROGRAMME, FLOW, subject.id, two.scope(), until, age_reached=True)
    consent = records.request_consent(request)
    blank = two.expression(method=ExpressionMethod.DIGITAL_SIGNATURE, evidence="00")
    text = records.consent_text(consent.id, (consent.scope, blank, until))
    said = replace(blank, evidence=keys.signature(raw, text).hex())
    agreed = (consent.scope, said, until)
    act, challenge = given_act(consent.id, agreed), records.challenge_subject(subject.id)
    signed = keys.signature(raw, act_text(two.sender.origin, subject.id, challenge, act)).hex()
    patient = records.by_key(subject.id, challenge, signed, act)
    assert patient.give(consent.id, agreed).state is ConsentState.GIVEN


def test_nobody_but_the_holder_acts_for_a_person_not_even_the_owner_of_the_node(two):
    consent = two.given()
    for participant, role in ((OSAKA, Role.DATA_HOLDER), (OSAKA, Role.OWNER)):
        name = f"{participant.id}-{role.value}"
        two.sender.add_actor(Actor(name, participant.id, frozenset({role})))
        other = two.sender.as_(name).records
        with pytest.raises(NotFound):
            other.for_subject(two.subject.id)
        with pytest.raises(NotFound):
            other.consent(consent.id)
        with pytest.raises(NotFound):
            other.identify_anew(two.subject.id)
        with pytest.raises(NotFound):
            other.offer(two.offering(consent))
    for role in (Role.DATA_USER, Role.AUDITOR, Role.STEWARD):
        name = f"{TOKYO.id}-{role.value}"
        two.sender.add_actor(Actor(name, TOKYO.id, frozenset({role})))
        with pytest.raises(NotPermitted):
            two.sender.as_(name).records.for_subject(two.subject.id)


def test_that_a_person_consented_can_be_put_on_no_file_and_stated_with_no_transfer(two):
    consent = two.given()
    two.patient.pause(consent.id)
    for name in ("consent.given", "consent.explicit", "authorisation.signed"):
        fact = FactOnFile(PROGRAMME, FLOW, TOKYO.id, OSAKA.id, name, True, "paper", "clerk")
        with pytest.raises(UsageError) as refused:
            two.sender.records.put_on_file(fact)
        assert "fact-of-consent" in codes(refused)
        with pytest.raises(UsageError) as refused:
            two.offered(consent, stated={name: Fact(Truth.TRUE, "paper", "clerk")})
        assert codes(refused) == ["fact-not-stated"]


def test_a_secret_that_was_replaced_acts_for_nobody(two):
    consent, before = two.given(), two.patient
    two.sender.records.identify_anew(two.subject.id, "Patient/p1")
    with pytest.raises(NotFound):
        two.sender.records.by_secret(two.secret)
    with pytest.raises(NotFound):
        before.withdraw(consent.id)
    assert two.sender.records.consent(consent.id).state is ConsentState.GIVEN


# -- for a child ------------------------------------------------------------------------------


def child(two, *, reached=False):
    until, day = NOON + timedelta(days=30), (NOON + timedelta(days=900)).date()
    asked = ConsentRequest(
        PROGRAMME, FLOW, two.subject.id, two.scope(), until, reached, of_age_on=day
    )
    return two.sender.records.request_consent(asked)


def test_nobody_is_asked_before_the_holder_has_looked_whether_the_age_is_reached(shared):
    asked = ConsentRequest(
        PROGRAMME, FLOW, shared.subject.id, shared.scope(), NOON + timedelta(days=9)
    )
    with pytest.raises(UsageError) as refused:
        shared.sender.records.request_consent(asked)
    assert codes(refused) == ["age-unknown"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"by": "self"}, {"guardian-needed"}),
        ({"by": "proxy", "speaker": "17"}, {"guardian-needed"}),
        ({"by": "guardian"}, {"speaker"}),
        ({"by": "self", "speaker": "17"}, {"guardian-needed", "speaker"}),
        ({"by": "guardian", "speaker": "17", "notice": "patient"}, {"notice-unknown"}),
        ({"by": "guardian", "speaker": "17", "notice_digest": "0" * 64}, {"notice-other"}),
        ({"by": "guardian", "speaker": "17", "evidence": ""}, {"evidence-missing"}),
    ],
)
def test_a_childs_consent_is_given_by_a_guardian_who_read_the_guardians_notice(
    shared, said, expected
):
    consent = child(shared)
    with pytest.raises(Refused) as refused:
        shared.staff.give(consent.id, shared.agreed(consent, **said))
    assert set(codes(refused)) == expected
    with pytest.raises(Refused):
        shared.offered(consent)


def test_a_guardian_consents_for_a_child_and_for_nobody_older(two):
    consent = child(two)
    agreed = two.agreed(consent, by="guardian", speaker="17")
    assert two.staff.give(consent.id, agreed).state is ConsentState.GIVEN
    older = child(two, reached=True)
    with pytest.raises(Refused) as refused:
        two.staff.give(older.id, two.agreed(older, by="guardian", speaker="17"))
    assert codes(refused) == ["guardian-not-needed"]


# -- contradictions and clocks ----------------------------------------------------------------


def test_a_consent_that_contradicts_itself_is_told_all_of_it_at_once(shared):
    scope = shared.scope(
        categories=("illnesses", "illnesses", "unheard-of"),
        recipients=(OSAKA.id, BERLIN.id, BERLIN.id),
        countries=("JP", "JP"),
        data_from=date(2025, 1, 2),
        data_until=date(2025, 1, 1),
        onward=True,
        purpose="dpv:Marketing",
    )
    wanted = ConsentRequest(PROGRAMME, FLOW, shared.subject.id, scope, NOON - timedelta(days=1))
    with pytest.raises(UsageError) as refused:
        shared.sender.records.request_consent(wanted)
    assert codes(refused) == [
        "purpose-other",
        "list-twice",
        "list-unknown",
        "list-twice",
        "list-twice",
        "category-needed",
        "period-backwards",
        "not-in-template",
        "country-missing",
        "period-backwards",
        "age-unknown",
    ]
    for language in Language:
        assert len(refused.value.sentences(language)) == 11


@pytest.mark.parametrize("hours", [-12, -3.5, 9, 14])
def test_the_end_of_a_consent_is_one_moment_whatever_zone_it_was_said_in(two, hours):
    zone = timezone(timedelta(hours=hours))
    until = (NOON + timedelta(hours=1)).astimezone(zone)
    wanted = ConsentRequest(PROGRAMME, FLOW, two.subject.id, two.scope(), until, True)
    asked = two.sender.records.request_consent(wanted)
    given = two.staff.give(asked.id, (asked.scope, two.expression(), until))
    assert given.valid_until == NOON + timedelta(hours=1)
    assert given.valid_until.tzinfo is UTC
    two.clock.pass_by(minutes=59)
    with pytest.raises(Refused) as refused:
        two.offered(given)
    # Rules look at whole days: a consent that ends today does not hold through the day.
    assert codes(refused)[0] == "refused"
    two.clock.pass_by(minutes=1)
    with pytest.raises(Refused) as refused:
        two.offered(given)
    assert codes(refused)[0] == "consent-closed"


def test_a_time_without_a_zone_is_refused_since_it_could_be_two_moments(two):
    naive = datetime(2026, 12, 1, 12)  # noqa: DTZ001 - the attack
    wanted = ConsentRequest(PROGRAMME, FLOW, two.subject.id, two.scope(), naive, True)
    with pytest.raises(UsageError) as refused:
        two.sender.records.request_consent(wanted)
    assert codes(refused) == ["time-without-zone"]
    given = two.given()
    with pytest.raises(UsageError):
        two.patient.narrow(given.id, given.scope, naive)
    asked = two.asked()
    with pytest.raises(UsageError):
        two.staff.give(asked.id, (asked.scope, two.expression(), naive))


def test_nothing_moves_without_what_the_flow_says_is_needed(two):
    consent = two.given()
    with pytest.raises(UsageError) as refused:
        two.offered(consent, categories=("illnesses",))
    assert codes(refused) == ["category-needed"]
    with pytest.raises(UsageError):
        two.there.records.request_transfer(two.request(consent, categories=("illnesses",)))
    two.patient.narrow(consent.id, replace(consent.scope, categories=("illnesses",)))
    with pytest.raises(UsageError):
        two.offered(consent)
