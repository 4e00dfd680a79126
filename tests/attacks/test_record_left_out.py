"""What stayed behind tells what there is: the recipient learns nothing from it."""

import pytest

from tests.lib.records import pair


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def test_only_the_sender_and_the_subject_see_what_stayed_behind(two):
    consent = two.given()
    transfer = two.offered(consent)
    assert ("AllergyIntolerance", "type") in {(e.what, e.reason) for e in transfer.left_out}
    assert two.sender.records.transfer(transfer.id).left_out == transfer.left_out
    assert two.patient.transfers()[0].left_out == transfer.left_out
    assert two.there.records.transfer(transfer.id).left_out == ()
    assert [each.left_out for each in two.there.records.transfers()] == [()]
    picked = two.there.records.fetch(transfer.id, two.proof(transfer))
    with picked.file:
        assert picked.transfer.left_out == ()
    done = two.there.records.acknowledge(transfer.id, transfer.sealed.digest)
    assert done.left_out == ()
    assert two.sender.records.transfer(transfer.id).left_out == transfer.left_out
