"""The two tables of states, and the pure rules of consents and transfers."""

from dataclasses import replace
from datetime import date, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import Conflict, Refused
from sekisho.lanes.record import consent as lane
from sekisho.lanes.record import transfer as ways
from sekisho.lanes.record.consent import Acted, Asked
from sekisho.model.consent import Consent, Scope
from sekisho.model.transfer import PickUp, RecallKind, Transfer
from sekisho.terms import (
    CONSENT_TRANSITIONS,
    TRANSFER_TRANSITIONS,
    ConsentState,
    TransferState,
)
from tests.lib.consents import NOON
from tests.lib.consents import given as consent_of

CONSENTS = """
requested  given withdrawn expired
given      paused narrowed withdrawn expired
paused     given narrowed withdrawn expired
narrowed   paused narrowed withdrawn expired
withdrawn
expired
"""
TRANSFERS = """
requested  offered refused
offered    ready refused stopped
refused
ready      fetched stopped expired
fetched    erased
stopped    erased
expired    erased
erased
"""


def table(text: str) -> dict[str, set[str]]:
    return {line.split()[0]: set(line.split()[1:]) for line in text.strip().splitlines()}


@pytest.mark.parametrize(
    ("expected", "transitions"),
    [(CONSENTS, CONSENT_TRANSITIONS), (TRANSFERS, TRANSFER_TRANSITIONS)],
)
def test_the_states_go_on_as_written_here_and_no_other_way(expected, transitions):
    found = {old.value: {each.value for each in new} for old, new in transitions.items()}
    assert found == table(expected)


def a_transfer(state: TransferState, **changed: object) -> Transfer:
    fields = {
        "id": "t",
        "programme": "p",
        "flow": "f",
        "consent": "c",
        "subject": "s",
        "sender": "tokyo",
        "recipient": "osaka",
        "state": state,
        "purpose": "dpv:RequestedServiceProvision",
        "categories": ("illnesses",),
        "request": "00000000",
        "requested_by": "tokyo",
        "requested_at": NOON,
    }
    return Transfer(**{**fields, **changed})


@pytest.mark.parametrize("state", ConsentState)
@pytest.mark.parametrize("to", ConsentState)
def test_a_consent_moves_only_along_its_table(state, to):
    consent = replace(consent_of(), state=state)
    acted = Acted(NOON, "holder")
    if to in CONSENT_TRANSITIONS[state]:
        assert lane.moved(consent, to, acted).events[-1].kind is to
    else:
        with pytest.raises(Conflict):
            lane.moved(consent, to, acted)


@pytest.mark.parametrize("state", TransferState)
@pytest.mark.parametrize("to", TransferState)
def test_a_transfer_moves_only_along_its_table(state, to):
    if to in TRANSFER_TRANSITIONS[state]:
        assert ways.moved(a_transfer(state), to, NOON).state is to
    else:
        with pytest.raises(Conflict):
            ways.moved(a_transfer(state), to, NOON)


@pytest.mark.parametrize("state", [s for s in ConsentState if CONSENT_TRANSITIONS[s]])
def test_a_consent_past_its_end_can_only_expire(state):
    consent = replace(consent_of(), state=state, valid_until=NOON)
    for to in CONSENT_TRANSITIONS[state] - {ConsentState.EXPIRED}:
        with pytest.raises(Conflict):
            lane.moved(consent, to, Acted(NOON, "holder"))
    assert lane.moved(consent, ConsentState.EXPIRED, Acted(NOON, "time"))
    assert not lane.is_open(consent, NOON)


@pytest.mark.parametrize("state", sorted(set(ConsentState) - lane.COVERING))
def test_a_consent_that_is_not_open_covers_nothing(state):
    consent = replace(consent_of(to=("osaka",)), state=state)
    scope = consent.scope
    asked = Asked(scope.recipients[0], scope.countries[0], scope.purpose, scope.categories)
    assert lane.uncovered(consent, asked, NOON + timedelta(seconds=1))
    open_one = replace(consent, state=ConsentState.GIVEN)
    assert not lane.uncovered(open_one, asked, open_one.valid_from)


def test_before_it_was_given_a_consent_covers_nothing():
    consent = consent_of(to=("osaka",))
    assert not lane.is_open(consent, consent.valid_from - timedelta(microseconds=1))


words = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, min_size=1).map(tuple)
days = st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 9))
scopes = st.builds(
    Scope,
    purpose=st.sampled_from(["dpv:A", "dpv:B"]),
    categories=words,
    recipients=words,
    countries=words,
    data_from=days,
    data_until=days,
    free_text=st.booleans(),
    onward=st.booleans(),
)


def lets_pass(scope: Scope) -> set[tuple[object, ...]]:
    """Everything that a scope lets pass, spelled out: the oracle of `is_within`."""
    first = scope.data_from or date(2019, 12, 31)
    last = scope.data_until or date(2020, 1, 10)
    period = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        (scope.purpose, category, recipient, country, day, text, onward)
        for category in scope.categories
        for recipient in scope.recipients
        for country in scope.countries
        for day in period
        for text in {False, scope.free_text}
        for onward in {False, scope.onward}
    }


@given(scopes, scopes)
def test_a_scope_within_another_lets_pass_nothing_that_the_other_stops(new, old):
    if lane.is_within(new, old):
        assert lets_pass(new) <= lets_pass(old)
    elif lets_pass(new):
        assert not lets_pass(new) <= lets_pass(old)


@given(scopes)
def test_a_scope_is_within_itself(scope):
    assert lane.is_within(scope, scope)


def test_what_is_signed_is_the_same_whatever_order_or_zone_it_was_said_in():

    consent, said = consent_of(to=("osaka", "berlin")), consent_of().expression
    there = consent.valid_until.astimezone(timezone(timedelta(hours=9)))
    turned = replace(
        consent.scope,
        categories=consent.scope.categories[::-1],
        recipients=consent.scope.recipients[::-1],
    )
    first = lane.consent_text(consent, consent.scope, said, consent.valid_until)
    assert lane.consent_text(consent, turned, said, there) == first
    other = replace(consent.scope, free_text=not consent.scope.free_text)
    assert lane.consent_text(consent, other, said, there) != first


def test_the_same_request_is_the_same_transfer_and_another_asker_has_another():
    assert ways.transfer_id("osaka", "12345678") == ways.transfer_id("osaka", "12345678")
    assert ways.transfer_id("osaka", "12345678") != ways.transfer_id("berlin", "12345678")


@pytest.mark.parametrize(
    ("state", "then"),
    [
        (TransferState.REQUESTED, TransferState.REFUSED),
        (TransferState.OFFERED, TransferState.STOPPED),
        (TransferState.READY, TransferState.STOPPED),
        (TransferState.FETCHED, TransferState.ERASED),
    ],
)
def test_what_waits_ends_with_its_consent_and_what_ended_stays(state, then):
    over = replace(consent_of(), state=ConsentState.WITHDRAWN)
    (closed,) = ways.closed([a_transfer(state)], over, NOON, "withdrawn")
    assert closed.state is then
    ended = [a_transfer(s) for s in (TransferState.REFUSED, TransferState.ERASED)]
    assert ways.closed(ended, over, NOON, "withdrawn") == ()


def test_a_notice_goes_to_everyone_who_received_and_to_nobody_else():
    got = PickUp(NOON, "k", "t", NOON)
    sent = a_transfer(TransferState.ERASED, pick_ups=(got,))
    never = a_transfer(TransferState.ERASED, id="u")
    over: Consent = replace(consent_of(), state=ConsentState.WITHDRAWN)
    recalls = ways.recalled([sent, never], over, NOON, RecallKind.WITHDRAWN)
    assert [each.transfer for each in recalls] == ["t"]


def test_whoever_received_within_a_narrowed_consent_gets_no_notice():
    consent = consent_of(categories=("illnesses", "medicines"), to=("osaka",))
    got = PickUp(NOON, "k", "t", NOON)
    small = replace(consent.scope, categories=("illnesses",))
    within = a_transfer(TransferState.FETCHED, pick_ups=(got,), scope=small)
    beyond = replace(within, id="u", scope=consent.scope)
    narrower = replace(consent, scope=small)
    recalls = ways.recalled([within, beyond], narrower, NOON, RecallKind.NARROWED)
    assert [each.transfer for each in recalls] == ["u"]


def test_narrowing_to_nothing_or_to_the_same_is_refused():
    consent = consent_of(to=("osaka",))
    for scope in (replace(consent.scope, categories=()), consent.scope):
        with pytest.raises(Refused):
            lane.narrowed(consent, scope, None, Acted(consent.valid_from, "holder"))
