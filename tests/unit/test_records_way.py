"""The way of one record between two nodes in one process."""

import pytest

from sekisho.terms import ConsentState, TransferState
from tests.lib.records import pair


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def test_a_consented_history_reaches_the_other_hospital_and_nobody_else_reads_it(two):
    consent = two.given()
    assert consent.state is ConsentState.GIVEN
    transfer = two.offered(consent)
    assert transfer.state is TransferState.READY
    sealed = two.fetched(transfer)
    read = two.opened(transfer, sealed)
    kinds = {each["resource"]["resourceType"] for each in read["entry"]}
    assert kinds == {"Patient", "Condition"}
    assert b"38341003" not in sealed
    done = two.there.records.acknowledge(transfer.id, transfer.sealed.digest)
    assert done.state is TransferState.ERASED
    assert not list((two.sender.folder / "transfers").iterdir())
    assert two.sender.verify().passed
