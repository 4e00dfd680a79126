"""Duties are written with the flow that brings them, listed until done, and due again."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sekisho.errors import Conflict, NotFound, NotPermitted
from sekisho.gate.duties import Passing, duties_for
from sekisho.model.actor import Actor
from sekisho.model.dossier import DossierChange
from sekisho.model.duty import DutyState
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.rules.decide import decide
from sekisho.terms import Role
from tests.lib.records import NOON, pair


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def kinds(node):
    house = node._house
    rows = house.store.outbox(0, house.store.entry_count())
    return [parse_entry(body).kind for _index, body in rows]


def test_an_offered_transfer_brings_its_duties_in_the_same_transaction(two):
    transfer = two.offered(two.given())
    listed = two.sender.duties.listed()
    assert {each.kept.duty.id for each in listed} == {each.id for each in transfer.decision.duties}
    assert {each.kept.flow for each in listed} == {transfer.id}
    assert kinds(two.sender).count(EntryKind.DUTY_DUE) == len(listed) > 0
    assert two.sender.verify().passed


def test_entries_of_duties_in_the_record_lane_name_no_day_and_no_flow(two):
    two.offered(two.given())
    house = two.sender._house
    rows = house.store.outbox(0, house.store.entry_count())
    due = [e for e in (parse_entry(b) for _, b in rows) if e.kind is EntryKind.DUTY_DUE]
    assert all(set(each.public) == {"duty"} for each in due)
    assert all(each.kept.index is None for each in two.sender.duties.listed())


def test_a_duty_that_is_done_leaves_the_list_and_stands_in_the_log(two):
    two.offered(two.given())
    first = two.sender.duties.listed()[0].kept
    done = two.sender.duties.done(first.id, " file 7 ")
    assert (done.note, done.done_by) == ("file 7", "owner")
    assert first.id not in {each.kept.id for each in two.sender.duties.listed()}
    every = {each.kept.id: each.state for each in two.sender.duties.listed(every=True)}
    assert every[first.id] is DutyState.DONE
    assert kinds(two.sender)[-1] is EntryKind.DUTY_DONE
    with pytest.raises(Conflict, match="done before"):
        two.sender.duties.done(first.id)


def test_a_duty_is_overdue_from_the_day_after(two):
    two.offered(two.given())
    dated = next(each for each in two.sender.duties.listed() if each.kept.duty.due)
    due = dated.kept.duty.due
    on_the_day = {e.kept.id: e.state for e in two.sender.duties.listed(on=due)}
    after = {e.kept.id: e.state for e in two.sender.duties.listed(on=due + timedelta(days=1))}
    assert on_the_day[dated.kept.id] is DutyState.DUE
    assert after[dated.kept.id] is DutyState.OVERDUE


def recurring(two):
    """Another flow, of the same facts, with a duty that is due every year."""
    transfer = two.offered(two.given())
    house = two.sender._house
    (flow,) = house.store.duties.flows()
    duty = replace(transfer.decision.duties[0], every_months=12, due=date(2027, 11, 22))
    decision = replace(transfer.decision, duties=(duty,))
    passing = Passing("other", flow.programme, flow.holder, flow.facts, decision)
    brought = duties_for(house, passing)
    house.store.records.change(transfer.consent, lambda _d: DossierChange(brought=(brought,)))
    return f"other.{duty.id}."


def test_a_refusal_brings_no_duties(two):
    two.offered(two.given())
    house = two.sender._house
    (flow,) = house.store.duties.flows()
    refused = decide(replace(flow.facts, on_file={}), (), house.packs, flow.on)
    with pytest.raises(Conflict, match="refused flow"):
        duties_for(house, Passing("x", flow.programme, flow.holder, flow.facts, refused))


def test_a_recurring_duty_is_due_again_a_year_after_it_was_due(two):
    name = recurring(two)
    two.sender.duties.done(f"{name}1")
    (again,) = [e.kept for e in two.sender.duties.listed() if e.kept.id == f"{name}2"]
    assert again.duty.due == date(2028, 11, 22)
    assert kinds(two.sender)[-2:] == [EntryKind.DUTY_DONE, EntryKind.DUTY_DUE]


def test_a_recurring_duty_done_years_late_is_due_after_the_day_it_was_done(two):
    name = recurring(two)
    two.clock.pass_by(days=365 * 4)
    two.sender.duties.done(f"{name}1")
    (again,) = [e.kept for e in two.sender.duties.listed() if e.kept.id == f"{name}2"]
    assert again.duty.due == date(2031, 11, 21)


def test_duties_of_a_transfer_that_never_went_lapse(two):
    consent = two.given()
    two.offered(consent)
    two.patient.withdraw(consent.id)
    assert two.sender.duties.listed() == []
    assert {each.state for each in two.sender.duties.listed(every=True)} == {DutyState.LAPSED}


def test_others_see_no_duty_and_cannot_say_that_it_is_done(two):
    two.offered(two.given())
    first = two.sender.duties.listed()[0].kept
    two.sender.add_actor(Actor("user", two.sender._house.participant, frozenset({Role.DATA_USER})))
    two.sender.add_actor(Actor("eye", two.sender._house.participant, frozenset({Role.AUDITOR})))
    with pytest.raises(NotPermitted):
        two.sender.as_("user").duties.listed()
    with pytest.raises(NotFound):
        two.sender.as_("user").duties.done(first.id)
    assert two.sender.as_("eye").duties.listed()
    with pytest.raises(NotPermitted):
        two.sender.as_("eye").duties.done(first.id)
    with pytest.raises(NotFound):
        two.sender.duties.done("no-such-duty")


def test_a_permission_that_would_be_refused_today_is_listed_with_what_would_open_it(two):
    transfer = two.offered(two.given())
    assert two.sender.duties.redecide() == []
    later = two.sender.duties.redecide(on=NOON.date() + timedelta(days=4000))
    assert [each.permission.id for each in later] == [transfer.id]
    (lapsed,) = later
    assert not lapsed.rules_changed
    assert not lapsed.decision.allowed
    two.fetched(transfer)
    assert two.sender.duties.redecide(on=NOON.date() + timedelta(days=4000)) == []


def test_a_stored_flow_gives_its_decision_again(two):
    transfer = two.offered(two.given())
    house = two.sender._house
    (flow,) = house.store.duties.flows()
    programme = two.sender.programme(flow.programme)
    again = decide(flow.facts, programme.access_rules, house.packs, flow.on)
    assert again.facts_hash == transfer.decision.facts_hash
    assert again == transfer.decision
