"""Erasing the link between a person and the log; swapping one person for another."""

import pytest

from sekisho.errors import Conflict, NotFound, Refused, SekishoError, UsageError
from sekisho.model.entry import commit, parse_entry
from sekisho.terms import TransferState
from sekisho.tlog.history import concerns, salt_of
from tests.lib.records import ADDRESS, pair, write_history


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def entries(two):
    return [parse_entry(body) for _, body in two.sender._house.store.outbox(0, 10**6)]


def gone_through(two):
    """A consent given, a transfer fetched, everything withdrawn."""
    consent = two.given()
    transfer = two.offered(consent)
    two.fetched(transfer)
    two.patient.withdraw(consent.id)
    return consent, transfer


def test_after_the_link_is_destroyed_nobody_finds_the_entries_and_the_log_still_verifies(two):
    _consent, transfer = gone_through(two)
    before = two.sender.verify()
    secret, about = two.subject.secret, entries(two)
    own = [each for each in about if concerns(each, secret)]
    assert len(own) == 9  # three of them are duties of the transfer
    two.patient.destroy_link()
    after = two.sender.verify()
    assert before.passed
    assert after.passed
    house = two.sender._house
    subject = house.store.records.subject(two.subject.id)
    assert subject.secret is None
    assert subject.former == ()
    kept = house.store.records.transfer(transfer.id)
    indices = [each.index for each in kept.events]
    indices += [e.index for c in house.store.records.consents() for e in c.events]
    indices += [each.index for each in house.store.records.recalls()]
    assert set(indices) == {None}
    # Every secret that is still on the node, as a salt: the node's own, and all other files.
    salts = [house.secret, *candidates(two)]
    for entry in own:
        for mark in entry.subjects:
            assert not any(
                mark
                in (commit(s, b"subject"), commit(salt_of(s, entry.nonce, "subject"), b"subject"))
                for s in salts
            )
    with pytest.raises(NotFound):
        two.sender.records.by_secret(two.secret)
    with pytest.raises(NotFound):
        two.sender.records.for_subject(two.subject.id)
    with pytest.raises(NotFound):
        two.sender.records.receipt(transfer.id, "fetched")


def candidates(two) -> list[bytes]:
    """Every 32 bytes that stand in the files of keys, raw or as hexadecimal text."""
    found = []
    for file in sorted((two.sender.folder / "keys").iterdir()):
        for line in file.read_text(encoding="utf-8").split():
            try:
                raw = bytes.fromhex(line)
            except ValueError:
                continue
            found += [raw] if len(raw) == 32 else []
    return found


def test_nothing_of_a_destroyed_secret_is_left_in_the_nodes_files(two):
    gone_through(two)
    first = two.subject.secret
    second = two.sender.records.identify_anew(two.subject.id, ADDRESS).secret
    assert any(held(two, secret) for secret in (first, second))
    two.staff.destroy_link()
    assert not held(two, first)
    assert not held(two, second)
    two.sender.close()
    assert not held(two, first)


def held(two, secret: bytes) -> list[str]:
    return [
        file.name
        for file in two.sender.folder.rglob("*")
        if file.is_file()
        and any(form in file.read_bytes() for form in (secret, secret.hex().encode()))
    ]


def test_the_link_is_not_destroyed_while_a_consent_holds_and_not_twice(two):
    consent = two.given()
    with pytest.raises(Refused) as refused:
        two.patient.destroy_link()
    assert refused.value.faults[0].code == "records.still-open"
    two.patient.withdraw(consent.id)
    patient = two.patient
    patient.destroy_link()
    with pytest.raises(Conflict):
        patient.destroy_link()


def test_a_destroyed_link_is_never_tied_anew(two):
    two.patient.destroy_link()
    with pytest.raises(NotFound):
        two.sender.records.identify_anew(two.subject.id, ADDRESS)
    assert two.sender._house.store.records.subject(two.subject.id).secret is None


def test_after_the_link_is_destroyed_a_past_recipient_can_still_answer(two):
    gone_through(two)
    two.patient.destroy_link()
    recall = two.there.records.recalls()[0]
    assert two.there.records.acknowledge_recall(recall.id, "erased").acknowledged_at
    assert two.sender.verify().passed


def test_what_stays_of_a_provision_names_neither_entry_nor_secret(two):
    _consent, transfer = gone_through(two)
    two.patient.destroy_link()
    kept = two.sender.records.transfer(transfer.id)
    assert kept.state is TransferState.ERASED
    assert [duty.id for duty in kept.decision.duties]
    assert two.sender.records.transfers() == [kept]


# -- a lost secret ----------------------------------------------------------------------------


def test_a_new_secret_is_logged_and_tied_to_the_former_one_for_nobody_else(two):
    two.given()
    former = two.subject.secret
    anew = two.sender.records.identify_anew(two.subject.id, ADDRESS)
    newest = entries(two)[-1]
    # Whoever has the former secret sees that it was replaced, also when nobody asked for it.
    assert concerns(newest, former)
    assert concerns(newest, anew.secret)
    assert newest.public == {"reason": "replaced"}
    consent = two.asked()
    with_new = [each for each in entries(two) if concerns(each, anew.secret)]
    assert len(with_new) == 2
    assert not concerns(entries(two)[-1], former)
    assert two.sender.records.by_secret(anew.secret.hex()).withdraw(consent.id)


def test_the_former_secret_still_finds_and_opens_what_was_logged_under_it(two):
    consent = two.given()
    two.sender.records.identify_anew(two.subject.id, ADDRESS)
    own = [each for each in entries(two) if concerns(each, two.subject.secret)]
    assert len(own) == 4
    receipt = two.staff.consent_receipt(consent.id)
    assert consent.id in read_receipt(two, receipt).opened["consent"]


def read_receipt(two, text: str):
    from sekisho.tlog.proof import verify_receipt
    from sekisho.wiring import verifiers_of

    return verify_receipt(text, verifiers_of(two.sender.folder))


def test_a_key_does_not_outlive_the_secret_unless_it_is_registered_again(two):
    from tests.lib.records import subject_key

    _raw, public = subject_key()
    keyed = two.sender.records.register_subject("Patient/p7", public)
    assert two.sender.records.identify_anew(keyed.id, "Patient/p7").public_key is None
    again = two.sender.records.identify_anew(keyed.id, "Patient/p7", public)
    assert again.public_key == keyed.public_key


# -- another person's record ------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["Patient/p2", "patient/p1", "Patient/p1 ", "Patient/p1/", "Patient/р1", "", "x" * 201],
)
def test_a_record_of_another_person_is_not_sent_under_this_persons_consent(two, address):
    other = write_history(two.folder, "p2")
    with pytest.raises((Refused, UsageError)) as refused:
        two.offered(address=address, record=other)
    assert refused.value.faults[0].code in ("records.other-person", "records.record-form")
    assert two.sender.records.transfers() == []


def test_a_file_that_holds_another_person_under_the_right_address_sends_nothing_of_them(two):
    import json

    from tests.lib.records import history

    mixed = history()
    mixed["entry"] += history("p2")["entry"]
    for number, each in enumerate(mixed["entry"][3:]):
        if each["resource"]["resourceType"] != "Patient":
            each["resource"]["id"] = f"other-{number}"
    file = two.folder / "mixed.json"
    file.write_text(json.dumps(mixed), encoding="utf-8")
    transfer = two.offered(record=file)
    read = json.dumps(two.opened(transfer, two.fetched(transfer)))
    assert "p2" not in read
    assert "other-" not in read
    assert "other-subject" in {each.reason for each in transfer.left_out}


def test_a_person_whose_place_in_the_records_nobody_registered_can_be_sent_for_nobody(two):
    bare = two.sender.records.register_subject()
    two.subject = bare
    with pytest.raises(Refused) as refused:
        two.offered()
    assert refused.value.faults[0].code == "records.no-record-address"


def test_a_request_cannot_be_answered_with_another_persons_consent(two):
    consent = two.given()
    request = two.there.records.request_transfer(two.request(consent))
    two.subject = two.sender.records.register_subject("Patient/p2")
    other = two.given()
    with pytest.raises(SekishoError) as refused:
        two.offered(
            other,
            transfer=request.id,
            address="Patient/p2",
            record=write_history(two.folder, "p2"),
        )
    assert refused.value.faults[0].code == "records.no-transfer"
