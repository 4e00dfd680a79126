"""Fetching what one may not, or not any more: every try ends in a refusal, and nothing leaves."""

import base64
import secrets
from dataclasses import replace

import pytest

from sekisho.errors import Conflict, NotFound, NotPermitted, Refused, SekishoError, TamperedError
from sekisho.gate.records.opening import slip_of
from sekisho.lanes.record.private_keys import new_private_key
from sekisho.lanes.record.proofs import PickUpProof, pick_up_text
from sekisho.model.actor import Actor
from sekisho.terms import Role, TransferState
from sekisho.tlog import keys
from tests.lib.records import BERLIN, OSAKA, fingerprint_of, pair


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A pair for tests that only try what is refused."""
    return pair(tmp_path_factory.mktemp("shared"))


def code_of(error: pytest.ExceptionInfo[SekishoError]) -> str:
    return error.value.faults[0].code


def payloads(two) -> list[str]:
    folder = two.sender.folder / "transfers"
    return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


def fetches_logged(two) -> int:
    bodies = two.sender._house.store.outbox(0, 10**6)
    return sum(b'"kind":"transfer-fetched"' in body for _, body in bodies)


def test_nothing_is_fetched_after_the_consent_is_withdrawn(two):
    transfer = two.offered()
    proof = two.proof(transfer)
    two.patient.withdraw(transfer.consent)
    with pytest.raises(Refused) as refused:
        two.there.records.fetch(transfer.id, proof)
    assert code_of(refused) == "records.consent-closed"
    assert payloads(two) == []
    assert fetches_logged(two) == 0


def test_nothing_is_fetched_while_the_consent_is_paused_and_again_once_it_is_resumed(two):
    transfer = two.offered()
    two.patient.pause(transfer.consent)
    with pytest.raises(Refused):
        two.fetched(transfer)
    two.patient.resume(transfer.consent)
    assert two.opened(transfer, two.fetched(transfer))


@pytest.mark.parametrize(("hours", "code"), [(72, "pick-up-over"), (24 * 31, "consent-closed")])
def test_nothing_is_fetched_after_its_time_swept_up_or_not(two, hours, code):
    transfer = two.offered()
    two.clock.pass_by(hours=hours)
    with pytest.raises(Refused) as refused:
        two.fetched(transfer)
    assert code_of(refused) == f"records.{code}"
    two.sender.records.sweep()
    with pytest.raises(Refused):
        two.fetched(transfer)
    assert payloads(two) == []
    assert fetches_logged(two) == 0


def test_a_second_fetch_is_refused_with_another_ticket(two):
    transfer = two.offered()
    two.fetched(transfer)
    with pytest.raises(Refused) as refused:
        two.fetched(transfer)
    assert code_of(refused) == "records.fetched-already"
    assert fetches_logged(two) == 1


def test_a_fetch_that_broke_off_goes_on_with_its_ticket_for_an_hour_and_counts_once(two):
    transfer, ticket = two.offered(), secrets.token_hex(32)
    first = two.fetched(transfer, ticket)
    assert two.fetched(transfer, ticket) == first
    assert fetches_logged(two) == 1
    two.clock.pass_by(hours=1)
    with pytest.raises(Refused):
        two.fetched(transfer, ticket)


def test_a_fetch_that_broke_off_does_not_go_on_after_a_withdrawal(two):
    transfer, ticket = two.offered(), secrets.token_hex(32)
    two.fetched(transfer, ticket)
    two.patient.withdraw(transfer.consent)
    with pytest.raises(Refused):
        two.fetched(transfer, ticket)
    assert payloads(two) == []


def test_a_stolen_token_opens_nothing_without_the_recipients_key(two):
    transfer = two.offered()
    challenge, ticket = two.there.records.challenge(transfer.id), secrets.token_hex(32)
    text = pick_up_text(two.sender.origin, transfer.id, OSAKA.id, challenge, ticket)
    thief = keys.signature(new_private_key("sign"), text).hex()
    for signature in (thief, "", "00" * 64, "not hexadecimal"):
        with pytest.raises(Refused) as refused:
            two.there.records.fetch(transfer.id, PickUpProof(challenge, ticket, signature))
        assert code_of(refused) == "records.proof-wrong"
    assert fetches_logged(two) == 0


def test_a_challenge_opens_once(two):
    transfer, ticket = two.offered(), secrets.token_hex(32)
    proof = two.proof(transfer, ticket)
    two.there.records.fetch(transfer.id, proof).file.close()
    with pytest.raises(Conflict) as refused:
        two.there.records.fetch(transfer.id, proof)
    assert code_of(refused) == "store.challenge-spent"


@pytest.mark.parametrize(
    "bend",
    [
        lambda _c: "",
        lambda c: c.replace(".", ",", 1),
        lambda c: "9" * 11 + c[c.index(".") :],
        lambda c: str(int(c.split(".")[0]) + 1) + c[c.index(".") :],
        lambda c: c[:-1] + ("0" if c[-1] != "0" else "1"),
        lambda _c: "9" * 10**5,
        lambda c: c + ".x",
        lambda c: "\u0661" + c,
    ],
)
def test_a_challenge_that_is_not_the_nodes_own_opens_nothing(shared, bend):
    transfer, ticket = shared.offered(), secrets.token_hex(32)
    challenge = bend(shared.there.records.challenge(transfer.id))
    proof = shared.recipient.records.answer(shared.sender.origin, transfer.id, challenge, ticket)
    with pytest.raises(Refused) as refused:
        shared.there.records.fetch(transfer.id, proof)
    assert code_of(refused) == "records.challenge-wrong"


def test_a_challenge_runs_out_and_fits_one_transfer_only(two):
    first, second = two.offered(), two.offered()
    proof = two.proof(first)
    with pytest.raises(Refused) as refused:
        two.there.records.fetch(second.id, proof)
    assert code_of(refused) == "records.challenge-wrong"
    two.clock.pass_by(minutes=5)
    with pytest.raises(Refused):
        two.there.records.fetch(first.id, proof)


def test_an_answer_for_another_node_or_another_ticket_is_worth_nothing(two):
    transfer, ticket = two.offered(), secrets.token_hex(32)
    challenge = two.there.records.challenge(transfer.id)
    elsewhere = two.recipient.records.answer("evil.example/log", transfer.id, challenge, ticket)
    with pytest.raises(Refused):
        two.there.records.fetch(transfer.id, elsewhere)
    mine = two.recipient.records.answer(two.sender.origin, transfer.id, challenge, ticket)
    with pytest.raises(Refused):
        two.there.records.fetch(transfer.id, replace(mine, ticket=secrets.token_hex(32)))


def test_another_participants_clerk_finds_no_transfer_with_a_proof_of_its_own(two, tmp_path):
    transfer = two.offered()
    raw = new_private_key("sign")

    public = base64.b64encode(keys.public_key(raw)).decode()
    two.sender.add_key(BERLIN.id, "sign", public)
    two.sender.add_actor(Actor("clerk-b", BERLIN.id, frozenset({Role.DATA_USER})))
    berlin = two.sender.as_("clerk-b")
    for asked in (transfer.id, "0" * 32):
        challenge, ticket = berlin.records.challenge(asked), secrets.token_hex(32)
        text = pick_up_text(two.sender.origin, asked, BERLIN.id, challenge, ticket)
        proof = PickUpProof(challenge, ticket, keys.signature(raw, text).hex())
        with pytest.raises(NotFound) as refused:
            berlin.records.fetch(asked, proof)
        assert code_of(refused) == "records.no-transfer"
        with pytest.raises(NotFound):
            berlin.records.transfer(asked)
        with pytest.raises(NotFound):
            berlin.records.acknowledge(asked, "0" * 64)
    assert berlin.records.transfers() == []


def test_who_has_no_part_in_records_may_not_even_ask(two):
    two.sender.add_actor(Actor("auditor", OSAKA.id, frozenset({Role.AUDITOR})))
    with pytest.raises(NotPermitted):
        two.sender.as_("auditor").records.challenge("0" * 32)


def test_the_senders_own_staff_cannot_fetch_for_the_recipient(two):
    transfer = two.offered()
    proof = two.proof(transfer)
    with pytest.raises((Refused, NotFound)):
        two.sender.records.fetch(transfer.id, proof)
    assert fetches_logged(two) == 0


def test_nothing_sealed_for_a_revoked_key_is_handed_out(two):
    transfer = two.offered()
    two.sender.records.revoke_key(fingerprint_of(two.sender, OSAKA.id, "seal"))
    with pytest.raises(Refused) as refused:
        two.fetched(transfer)
    assert code_of(refused) == "records.key-revoked"
    with pytest.raises(Refused) as refused:
        two.offered()
    assert code_of(refused) == "records.no-seal-key"


def test_a_revoked_signing_key_fetches_nothing(two):
    transfer = two.offered()
    two.sender.records.revoke_key(fingerprint_of(two.sender, OSAKA.id, "sign"))
    with pytest.raises(Refused) as refused:
        two.fetched(transfer)
    assert code_of(refused) == "records.proof-wrong"


def test_a_sealed_file_opens_as_no_other_transfer_and_by_no_other_sender(two):
    first, second = two.offered(), two.offered()
    sealed = two.fetched(first)
    file = two.folder / "sealed"
    file.write_bytes(sealed)
    target = two.folder / "opened.json"
    for slip in (
        slip_of(second),
        replace(slip_of(first), sender=OSAKA.id),
        replace(slip_of(first), programme="another"),
    ):
        with pytest.raises((TamperedError, Refused)):
            two.recipient.records.open_sealed(file, slip, target)
        assert not target.exists()


def test_a_payload_that_was_changed_on_the_disk_is_not_handed_out_or_not_opened(two):
    transfer = two.offered()
    file = two.sender.folder / "transfers" / f"{transfer.id}.sealed"
    data = bytearray(file.read_bytes())
    file.write_bytes(bytes(data[:-1]))
    with pytest.raises(TamperedError):
        two.fetched(transfer)
    assert fetches_logged(two) == 0
    data[-10] ^= 1
    file.write_bytes(bytes(data))
    sealed = two.fetched(transfer)
    with pytest.raises(TamperedError):
        two.opened(transfer, sealed)


def test_a_payload_that_is_gone_is_not_counted_as_fetched(two):
    transfer = two.offered()
    (two.sender.folder / "transfers" / f"{transfer.id}.sealed").unlink()
    with pytest.raises(SekishoError) as refused:
        two.fetched(transfer)
    assert code_of(refused) == "records.payload-missing"
    assert fetches_logged(two) == 0
    assert two.sender.records.transfer(transfer.id).state is TransferState.READY


def test_what_was_received_is_acknowledged_by_its_own_digest_alone(two):
    transfer = two.offered()
    with pytest.raises(Refused):
        two.there.records.acknowledge(transfer.id, transfer.sealed.digest)
    two.fetched(transfer)
    with pytest.raises(Refused) as refused:
        two.there.records.acknowledge(transfer.id, "0" * 64)
    assert code_of(refused) == "records.digest-other"


def test_an_answer_that_was_refused_once_is_not_kept_for_a_better_moment(two):
    transfer = two.offered()
    two.patient.pause(transfer.consent)
    proof = two.proof(transfer)
    with pytest.raises(Refused):
        two.there.records.fetch(transfer.id, proof)
    two.patient.resume(transfer.consent)
    with pytest.raises(Conflict):
        two.there.records.fetch(transfer.id, proof)
    assert fetches_logged(two) == 0


def test_a_secret_is_handed_over_once_and_shows_itself_nowhere_else(two):
    made = two.sender.records.register_subject("Patient/p3")
    assert made.secret.hex() not in repr(made)
    assert str(made.secret) not in repr(made)
    for each in two.sender.records.subjects():
        assert (each.secret, each.former, each.record_mark) == (None, (), None)
