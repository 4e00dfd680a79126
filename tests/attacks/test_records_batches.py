"""Many records in one call pass by the same gate as each by itself; none takes another along."""

import json
from dataclasses import replace

import pytest

from sekisho.errors import (
    CancelledError,
    Conflict,
    DeliveryError,
    NotFound,
    NotPermitted,
    Refused,
    UsageError,
)
from sekisho.gate.records import batches
from sekisho.model.actor import Actor
from sekisho.model.transfer import Transfer
from sekisho.ports import Watch
from sekisho.stores.records import SqlRecords
from sekisho.terms import Role, TransferState
from tests.lib.records import BOSTON, OSAKA, history, pair, write_history


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return pair(tmp_path_factory.mktemp("batch"))


@pytest.fixture
def consent(two):
    return two.given()


def named(two, consent, *names, **changed):
    return [
        two.offering(consent, request=f"request-{name}-{consent.id}", **changed) for name in names
    ]


def files(two):
    return {file.stem for file in (two.folder / "sender" / "transfers").glob("*")}


def test_each_record_has_a_decision_a_receipt_and_a_payload_of_its_own(two, consent):
    alone = two.offered(consent, request=f"alone-{consent.id}")
    left = two.opened(alone, two.fetched(alone))
    found = two.sender.records.offer_all(named(two, consent, "a", "b", "c"))
    assert len({each.id for each in found}) == len({each.sealed.digest for each in found}) == 3
    assert len({each.events[-2].index for each in found}) == 3
    for each in found:
        for name in ("state", "categories", "purpose", "decision", "scope", "left_out"):
            assert getattr(each, name) == getattr(alone, name), name
        assert each.sealed.size_class == alone.sealed.size_class
        kinds = [event.kind for event in each.events]
        assert kinds == [event.kind for event in alone.events]
        assert two.sender.records.receipt(each.id, "offered")
        assert two.sender.records.transfer(each.id) == each
        assert two.opened(each, two.fetched(each)) == left
    payload = two.folder / "sender" / "transfers"
    assert {oct(file.stat().st_mode & 0o777) for file in payload.glob("*")} <= {"0o600"}


def test_the_subject_sees_every_one_and_the_log_verifies(two, consent):
    found = two.sender.records.offer_all(named(two, consent, *"abcd"))
    mine = two.patient.mine()
    seen = {each.transfer.id: each for each in mine.transfers}
    assert {each.id for each in found} <= seen.keys()
    indices = {event.index for each in found for event in each.events if event.index is not None}
    assert indices <= {each.index for each in mine.entries}
    assert all(seen[each.id].duties == each.decision.duties for each in found)


def test_what_is_wrong_with_one_stops_no_other(two, consent, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(history()).replace("female", "SECRET"))
    ended = two.given()
    two.staff.withdraw(ended.id)
    good = named(two, consent, "1", "2", "3")
    bad = [
        (named(two, consent, "4", record=broken)[0], DeliveryError),
        (named(two, ended, "5")[0], Refused),
        (
            named(two, consent, "6", address="Patient/p2", record=write_history(tmp_path, "p2"))[0],
            Refused,
        ),
        (named(two, consent, "7", recipient=BOSTON.id)[0], Refused),
        (named(two, consent, "8", categories=("person", "treatments"))[0], Refused),
        (replace(good[0], consent="0" * 32, request="request-9"), NotFound),
        (named(two, consent, "10", transfer="0" * 32)[0], NotFound),
        (replace(good[0], request="x"), UsageError),
    ]
    before = files(two)
    found = two.sender.records.offer_all([good[0], *(each for each, _ in bad), *good[1:]])
    assert [type(each) for each in found[1:-2]] == [kind for _, kind in bad]
    sent = [found[0], *found[-2:]]
    assert all(each.state is TransferState.READY for each in sent)
    assert files(two) - before == {each.id for each in sent}
    assert not list((two.folder / "sender" / "aside").glob("*"))


def test_asked_again_each_is_the_same_transfer_and_another_request_under_its_id_is_refused(
    two, consent
):
    offerings = named(two, consent, "a", "b")
    first = two.sender.records.offer_all(offerings)
    again = two.sender.records.offer_all([*offerings, offerings[0]])
    assert [each.id for each in again] == [first[0].id, first[1].id, first[0].id]
    assert [each.sealed for each in again[:2]] == [each.sealed for each in first]
    (other,) = two.sender.records.offer_all([replace(offerings[0], categories=("person",))])
    assert isinstance(other, Conflict)


def test_the_same_request_twice_in_one_call_is_one_transfer(two, consent):
    (offering,) = named(two, consent, "same")
    first, second = two.sender.records.offer_all([offering, offering])
    assert first.id == second.id
    assert first.sealed == second.sealed


def test_who_may_not_offer_one_may_not_offer_many(two, consent):
    stranger = Actor("stranger-1", OSAKA.id, frozenset({Role.DATA_USER}))
    two.sender.add_actor(stranger)
    found = two.sender.as_("stranger-1").records.offer_all(named(two, consent, "a", "b"))
    assert {type(each) for each in found} == {NotPermitted}


def test_a_consent_withdrawn_while_the_group_is_sealed_lets_nothing_of_it_pass(
    two, consent, monkeypatch
):
    other, sealing, sealed = two.given(), batches.seal_record, []

    def withdrawn_meanwhile(*args):
        made = sealing(*args)
        if not sealed:
            two.patient.withdraw(consent.id)
        sealed.append(made)
        return made

    monkeypatch.setattr(batches, "seal_record", withdrawn_meanwhile)
    before = files(two)
    found = two.sender.records.offer_all([*named(two, consent, "a", "b"), *named(two, other, "c")])
    assert len(sealed) == 3
    assert [type(each) for each in found] == [Refused, Refused, Transfer]
    assert files(two) - before == {found[2].id}


def test_a_group_that_cannot_be_committed_leaves_no_payload(two, consent, monkeypatch):
    def full(*_args):
        raise Conflict(None)

    before = files(two)
    with monkeypatch.context() as patch:
        patch.setattr(SqlRecords, "change_all", full)
        with pytest.raises(Conflict):
            two.sender.records.offer_all(named(two, consent, "a", "b"))
    assert files(two) == before
    found = two.sender.records.offer_all(named(two, consent, "a", "b"))
    assert [each.state for each in found] == [TransferState.READY] * 2


def test_cancelled_it_keeps_what_was_offered(two, consent, monkeypatch):
    monkeypatch.setattr(batches, "GROUP", 2)
    seen = []
    watch = Watch(
        progress=lambda *said: seen.append(said),
        cancelled=lambda: ("records.phase-offer", 2, 5) in seen,
    )
    offerings = named(two, consent, *"abcde")
    with pytest.raises(CancelledError):
        two.sender.records.offer_all(offerings, watch)
    known = {each.request for each in two.sender.records.transfers()}
    assert {each.request for each in offerings[:2]} <= known
    assert not {each.request for each in offerings[2:]} & known
    assert len(two.sender.records.offer_all(offerings)) == 5


@pytest.mark.parametrize("group", [3, 256])
def test_persons_are_counted_as_one_after_the_other(tmp_path, monkeypatch, group):
    monkeypatch.setattr(batches, "GROUP", group)
    one, many = pair(tmp_path / "one"), pair(tmp_path / "many")
    told = []
    for which in (one, many):
        people = [
            which.subject,
            *(which.sender.records.register_subject(f"Patient/q{n}") for n in range(3)),
        ]
        offerings = []
        for number, subject in enumerate(people):
            at = which.folder / f"r{number}"
            at.mkdir()
            person = "p1" if not number else f"q{number - 1}"
            mine = replace(which, subject=subject, record=write_history(at, person))
            consent = mine.given()
            offerings += named(mine, consent, "x", "y", address=f"Patient/{person}")
        which.sender.records.offer(offerings[2])
        records = which.sender.records
        found = (
            [records.offer(e) for e in offerings] if which is one else records.offer_all(offerings)
        )
        told.append([each.decision.facts_hash for each in found])
    assert told[0] == told[1]
    assert len(set(told[0])) > 1
