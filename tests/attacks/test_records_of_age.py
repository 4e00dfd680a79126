"""What a guardian agreed to for a child does not run on once the child decides itself."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from sekisho.errors import Conflict, Refused, UsageError
from sekisho.gate.records.consents import ConsentRequest
from sekisho.present.mine import document_text, mine_document
from sekisho.terms import ConsentState, Language, TransferState
from tests.lib.records import FLOW, PROGRAMME, pair

DAY = date(2026, 12, 1)
THEN = datetime(2026, 11, 30, 10, tzinfo=UTC)
"""When it is that day in the first place on earth."""


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def asked(two, **changed):
    fields = {"age_reached": False, "of_age_on": DAY, **changed}
    until = two.clock.at + timedelta(days=30)
    wanted = ConsentRequest(PROGRAMME, FLOW, two.subject.id, two.scope(), until, **fields)
    return two.sender.records.request_consent(wanted)


def given_by_guardian(two, **changed):
    consent = asked(two, **changed)
    return two.staff.give(consent.id, two.agreed(consent, by="guardian", speaker="mother-17"))


def codes(caught):
    return [each.code.removeprefix("records.") for each in caught.value.faults]


@pytest.mark.parametrize(
    ("day", "code"), [(None, "of-age-unknown"), (date(2026, 11, 22), "of-age-past")]
)
def test_who_asks_about_a_child_says_until_when_it_is_one(two, day, code):
    with pytest.raises(UsageError) as caught:
        asked(two, of_age_on=day)
    assert codes(caught) == [code]


def test_on_that_day_nothing_passes_any_more_and_it_is_said_what_would_open_the_way(two):
    consent = given_by_guardian(two)
    assert consent.valid_until == THEN
    waiting = two.offered(consent)
    assert waiting.ready_until <= THEN
    two.clock.at = THEN - timedelta(days=1)
    two.offered(consent, request="the-last-one")
    two.clock.at = THEN
    for name in ("a-new-one", "another-one"):
        with pytest.raises(Refused) as caught:
            two.sender.records.offer(two.offering(consent, request=name))
        assert codes(caught) == ["of-age"]
    with pytest.raises(Refused):
        two.fetched(two.sender.records.transfer(waiting.id))
    two.sender.records.sweep()
    assert two.sender.records.consent(consent.id).state is ConsentState.EXPIRED
    again = two.given()
    assert two.offered(again).state is TransferState.READY


def test_pausing_over_that_day_does_not_carry_it_on(two):
    consent = given_by_guardian(two)
    two.staff.pause(consent.id)
    two.clock.at = THEN + timedelta(days=1)
    with pytest.raises(Conflict):
        two.staff.resume(consent.id)


def test_the_grown_child_is_told(two):
    given_by_guardian(two)
    before = document_text(mine_document(two.patient.mine(), Language.EN))
    assert "age at which you decide yourself" not in before
    two.clock.at = THEN
    (seen,) = two.patient.mine().consents
    assert (seen.of_age, seen.state, seen.can) == (True, ConsentState.EXPIRED, ())
    assert "age at which you decide yourself" in document_text(
        mine_document(two.patient.mine(), Language.EN)
    )
    assert "ご自身で決められる年齢" in document_text(mine_document(two.patient.mine(), Language.JA))


def test_a_stored_consent_that_would_last_longer_is_over_on_that_day_all_the_same(two):
    from sekisho.lanes.record.consent import is_open, state_at

    consent = given_by_guardian(two)
    longer = replace(consent, valid_until=THEN + timedelta(days=100))
    assert is_open(longer, THEN - timedelta(seconds=1))
    assert state_at(longer, THEN) is ConsentState.EXPIRED
    assert not is_open(longer, THEN)
