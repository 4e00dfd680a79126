"""Who keeps asking in vain is not heard for a while; a fetch that cannot be is none."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from sekisho.errors import Conflict, NotFound, Refused, UsageError
from sekisho.gate.records import restraint
from sekisho.gate.records.restraint import MOST
from sekisho.lanes.record.proofs import PickUpProof
from sekisho.terms import TransferState
from tests.lib.records import fingerprint_of, pair


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def entries(two):
    return two.sender._house.store.entry_count()


def test_requests_in_vain_come_to_an_end_and_with_them_their_entries(two, monkeypatch):
    monkeypatch.setattr(restraint, "MOST", 5)
    consent = two.given()
    asked = replace(two.request(consent), consent="0" * 32)
    before = entries(two)
    for _ in range(5):
        with pytest.raises(NotFound):
            two.there.records.request_transfer(asked)
    assert entries(two) == before + 5
    for each in (asked, two.request(consent)):
        with pytest.raises(Refused) as caught:
            two.there.records.request_transfer(each)
        assert caught.value.faults[0].code == "records.asked-too-often"
    assert entries(two) == before + 5
    two.clock.at += timedelta(hours=1)
    assert two.there.records.request_transfer(two.request(consent)).state is TransferState.REQUESTED


def test_what_is_remembered_of_who_asked_in_vain_is_bounded(two, monkeypatch):
    monkeypatch.setattr(restraint, "MOST_PARTICIPANTS", 5)
    for number in range(50):
        for _ in range(3):
            restraint.note_turned_away(two.sender._house, f"participant-{number}")
    assert len(restraint._turned_away) <= 5
    assert all(len(each) <= MOST for each in restraint._turned_away.values())


def test_asking_for_a_place_beyond_the_end_counts_as_no_fetch(two):
    transfer = two.offered()
    for offset in (transfer.sealed.bytes, transfer.sealed.bytes + 1, 1 << 60, -1):
        with pytest.raises(UsageError):
            two.there.records.fetch(transfer.id, two.proof(transfer), offset)
        assert two.sender.records.transfer(transfer.id).state is TransferState.READY
    assert len(two.fetched(transfer)) == transfer.sealed.bytes


def test_an_answer_refused_for_a_revoked_key_opens_nothing_later(two):
    transfer = two.offered()
    proof = two.proof(transfer, secrets.token_hex(32))
    two.sender.records.revoke_key(fingerprint_of(two.sender, two.receiver.id, "seal"))
    codes = []
    for _ in range(2):
        with pytest.raises((Refused, Conflict)) as caught:
            two.there.records.fetch(
                transfer.id, PickUpProof(proof.challenge, proof.ticket, proof.signature)
            )
        codes.append(caught.value.faults[0].code)
    assert codes == ["records.key-revoked", "store.challenge-spent"]
