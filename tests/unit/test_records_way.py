"""The way of one record between two nodes in one process, and what may come back to it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from sekisho.errors import Conflict, NotFound, NotPermitted, Refused, StorageError, UsageError
from sekisho.gate.records import offers
from sekisho.gate.records.opening import read_slip, slip_of, slip_text
from sekisho.lanes.record.private_keys import private_pem, public_pem, read_private_pem
from sekisho.model.actor import Actor
from sekisho.model.dossier import FactOnFile
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.facts import Fact, Truth
from sekisho.model.transfer import RecallKind
from sekisho.terms import ConsentState, Role, TransferState
from sekisho.tlog.history import concerns
from sekisho.tlog.proof import verify_receipt
from sekisho.wiring import verifiers_of
from tests.lib.postgres import new_database
from tests.lib.records import (
    ADDRESS,
    BERLIN,
    BOSTON,
    FLOW,
    NOON,
    OSAKA,
    PROGRAMME,
    TOKYO,
    history,
    open_node,
    pair,
)


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A pair for tests that only try what is refused."""
    return pair(tmp_path_factory.mktemp("shared"))


def kinds(two) -> list[str]:
    """Kinds of the entries that concern the patient, in order."""
    bodies = two.sender._house.store.outbox(0, 10**6)
    entries = [parse_entry(body) for _, body in bodies]
    return [each.kind.value for each in entries if concerns(each, two.subject.secret)]


def whole_way(two) -> None:
    consent = two.given()
    assert consent.state is ConsentState.GIVEN
    transfer = two.offered(consent)
    assert transfer.state is TransferState.READY
    sealed = two.fetched(transfer)
    read = two.opened(transfer, sealed)
    found = {each["resource"]["resourceType"] for each in read["entry"]}
    assert found == {"Patient", "Condition"}
    assert b"38341003" not in sealed
    done = two.there.records.acknowledge(transfer.id, transfer.sealed.digest)
    assert done.state is TransferState.ERASED
    assert not list((two.sender.folder / "transfers").iterdir())
    assert two.sender.verify().passed
    assert kinds(two) == [
        "subject-changed",
        "consent-requested",
        "consent-given",
        "transfer-offered",
        *["duty-due"] * kinds(two).count("duty-due"),
        "transfer-fetched",
        "transfer-delivered",
        "transfer-erased",
    ]


def test_a_consented_history_reaches_the_other_hospital_and_nobody_else_reads_it(two):
    whole_way(two)


@pytest.mark.postgres
def test_the_whole_way_over_postgresql(tmp_path):
    two = pair(tmp_path, store=new_database())
    whole_way(two)
    two.patient.withdraw(two.sender.records.consents()[0].id)
    two.patient.destroy_link()
    assert two.sender._house.store.records.subject(two.subject.id).secret is None
    assert two.sender.verify().passed
    two.sender.close()
    two.recipient.close()


def test_both_laws_and_the_programme_decide_and_the_decision_stays_with_the_transfer(tmp_path):
    two = pair(tmp_path, BERLIN)
    transfer = two.offered()
    rules = transfer.decision.rule_ids
    assert {rule.split("-")[0] for rule in rules} >= {"health", "JP", "EU"}
    assert transfer.decision.duties
    kept = two.sender.records.transfer(transfer.id)
    assert kept.decision == transfer.decision


def test_a_way_that_is_closed_says_what_would_open_it_and_is_logged(tmp_path):
    two = pair(tmp_path, BOSTON)
    consent = two.given()
    with pytest.raises(Refused) as refused:
        two.offered(consent, request="asked-once-1")
    assert refused.value.faults[0].code == "records.refused"
    (transfer,) = two.sender.records.transfers()
    assert transfer.state is TransferState.REFUSED
    assert transfer.decision.openings
    assert transfer.sealed is None
    assert kinds(two)[-1] == "transfer-refused"
    with pytest.raises(Refused) as again:
        two.offered(consent, request="asked-once-1")
    assert again.value.faults == refused.value.faults
    assert len(two.sender.records.transfers()) == 1


def test_a_fact_on_file_opens_a_way_until_it_runs_out(tmp_path):
    two = pair(tmp_path, BOSTON)
    consent = two.given()
    with pytest.raises(Refused):
        two.offered(consent)
    openings = two.sender.records.transfers()[0].decision.openings
    facts = [[change.fact for change in opening.changes] for opening in openings]
    names = next(f for f in facts if not any(n.startswith("consent.") for n in f))
    until = NOON + timedelta(days=10)
    for name in names:
        fact = FactOnFile(PROGRAMME, FLOW, TOKYO.id, BOSTON.id, name, True, "file 7", "desk", until)
        two.sender.records.put_on_file(fact)
    assert two.offered(consent).state is TransferState.READY
    two.clock.pass_by(days=10)
    with pytest.raises(Refused):
        two.offered(consent)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": "consent.given"}, "records.fact-of-consent"),
        ({"name": "contract.unheard_of"}, "rules.unknown-fact"),
        ({"source": " "}, "records.fact-source"),
        ({"answers": ""}, "records.fact-source"),
        ({"until": NOON.replace(tzinfo=None)}, "records.time-without-zone"),
    ],
)
def test_a_fact_on_file_needs_a_name_that_rules_know_a_source_and_a_zone(shared, changed, code):
    fields = ("contract.equivalent_measures", True, "contract 7", "legal desk")
    fact = replace(FactOnFile(PROGRAMME, FLOW, TOKYO.id, OSAKA.id, *fields), **changed)
    with pytest.raises(UsageError) as refused:
        shared.sender.records.put_on_file(fact)
    assert code in [each.code.removesuffix("-meant") for each in refused.value.faults]


def test_facts_of_one_case_are_stated_with_the_request_and_the_offer(two):
    consent = two.given()
    treatment = Fact(Truth.TRUE, "referral letter", "doctor")
    request = two.there.records.request_transfer(
        two.request(consent, stated={"basis.treatment": treatment})
    )
    transfer = two.offered(consent, transfer=request.id)
    assert transfer.stated["basis.treatment"] == replace(treatment, answers=OSAKA.id)
    bare = Fact(Truth.TRUE, " ", "somebody else")
    with pytest.raises(UsageError):
        two.there.records.request_transfer(two.request(consent, stated={"basis.vital": bare}))
    spoken = {"basis.treatment": Fact(Truth.FALSE, "letter"), "task.other_body": treatment}
    request = two.there.records.request_transfer(two.request(consent, stated=spoken))
    offered = two.offered(consent, transfer=request.id, stated={"basis.treatment": treatment})
    assert offered.stated["basis.treatment"].answers == TOKYO.id
    assert offered.stated["task.other_body"].answers == OSAKA.id
    with pytest.raises(UsageError):
        two.there.records.request_transfer(two.request(consent, stated={"contract.scc": treatment}))


# -- asked again ------------------------------------------------------------------------------


def test_the_same_request_twice_is_the_same_consent_and_the_same_transfer(two):
    first, second = two.asked("my-request-1"), two.asked("my-request-1")
    assert first == second
    given = two.staff.give(first.id, two.agreed(first))
    assert two.staff.give(first.id, two.agreed(first)) == given
    count = len(kinds(two))
    request = two.request(given, request="my-request-2")
    asked = two.there.records.request_transfer(request)
    assert two.there.records.request_transfer(request) == asked
    assert len(kinds(two)) == count + 1
    one = two.offered(given, request="my-request-3")
    assert two.offered(given, request="my-request-3") == one
    assert two.offered(given, transfer=asked.id).id == asked.id
    assert two.offered(given, transfer=asked.id).id == asked.id
    assert kinds(two).count("transfer-offered") == 2


def test_a_request_id_that_asked_for_something_else_is_refused(two):
    two.asked("my-request-1")
    with pytest.raises(Conflict):
        two.asked("my-request-1", categories=("person", "allergies"))
    consent, other = two.given(), two.given()
    two.offered(consent, request="my-request-2")
    for changed in ({"categories": ("person",)}, {}):
        with pytest.raises(Conflict):
            two.offered(consent if changed else other, request="my-request-2", **changed)
    two.there.records.request_transfer(two.request(consent, request="my-request-2"))
    with pytest.raises(Conflict):
        two.there.records.request_transfer(two.request(other, request="my-request-2"))


@pytest.mark.parametrize(
    "request_id", ["short", "x" * 65, "with space", "new\nline", "ｆｕｌｌwidth"]
)
def test_a_request_id_has_one_plain_form(shared, request_id):
    with pytest.raises(UsageError):
        shared.asked(request_id)
    with pytest.raises(UsageError):
        shared.offered(request=request_id)


def test_withdrawing_twice_is_once_and_pausing_twice_too(two):
    consent = two.given()
    two.patient.pause(consent.id)
    two.patient.pause(consent.id)
    two.patient.withdraw(consent.id)
    count = len(kinds(two))
    assert two.patient.withdraw(consent.id).state is ConsentState.WITHDRAWN
    assert len(kinds(two)) == count
    with pytest.raises(Conflict):
        two.patient.resume(consent.id)


# -- called back ------------------------------------------------------------------------------


def received(two):
    transfer = two.offered()
    two.fetched(transfer)
    return transfer


def test_a_withdrawal_reaches_every_past_recipient_and_their_answer_is_kept(two):
    transfer = received(two)
    two.patient.withdraw(transfer.consent)
    (recall,) = two.there.records.recalls()
    assert (recall.kind, recall.transfer) == (RecallKind.WITHDRAWN, transfer.id)
    assert recall.acknowledged_at is None
    for answer in ("", "perhaps"):
        with pytest.raises(UsageError):
            two.there.records.acknowledge_recall(recall.id, answer)
    two.clock.pass_by(hours=5)
    done = two.there.records.acknowledge_recall(recall.id, "erased")
    assert done.acknowledged_at == NOON + timedelta(hours=5)
    assert two.there.records.acknowledge_recall(recall.id, "erased") == done
    with pytest.raises(Conflict):
        two.there.records.acknowledge_recall(recall.id, "kept-by-law")
    assert two.there.records.recalls() == [done]
    assert kinds(two)[-1] == "duty-done"


def test_a_notice_is_nobody_elses(two):
    transfer = received(two)
    two.patient.withdraw(transfer.consent)
    (recall,) = two.there.records.recalls()
    two.sender.add_actor(Actor("clerk-b", BERLIN.id, frozenset({Role.DATA_USER})))
    other = two.sender.as_("clerk-b").records
    assert other.recalls() == []
    with pytest.raises(NotFound):
        other.acknowledge_recall(recall.id, "erased")
    two.sender.add_actor(Actor("auditor", BERLIN.id, frozenset({Role.AUDITOR})))
    with pytest.raises(NotPermitted):
        two.sender.as_("auditor").records.recalls()


def test_a_narrower_consent_recalls_only_what_went_beyond_it(two):
    consent = two.given(categories=("person", "illnesses", "allergies"))
    beyond = two.offered(consent)
    within = two.offered(consent, categories=("person", "illnesses"))
    for each in (beyond, within):
        two.fetched(each)
    two.patient.narrow(consent.id, replace(consent.scope, categories=("person", "illnesses")))
    (recall,) = two.there.records.recalls()
    assert (recall.kind, recall.transfer) == (RecallKind.NARROWED, beyond.id)


def test_a_request_for_erasure_reaches_everyone_once_and_names_what_the_law_keeps(two):
    first = received(two)
    ended = received(two)
    two.patient.withdraw(ended.consent)
    waiting = two.offered()
    erasure = two.patient.request_erasure()
    assert set(erasure.withdrawn) == {first.consent, waiting.consent}
    assert {each.transfer for each in erasure.recalls} == {first.id, ended.id}
    assert {each.kind for each in erasure.recalls} == {RecallKind.ERASE}
    kept = {duty.id for duty in erasure.kept}
    assert kept == {duty.id for duty in first.decision.duties if duty.keeps}
    assert "JP-DUTY-29" in kept
    assert len(kept) < len(first.decision.duties)
    assert not list((two.sender.folder / "transfers").iterdir())
    again = two.patient.request_erasure()
    assert again.withdrawn == ()
    assert {each.id for each in again.recalls} == {each.id for each in erasure.recalls}
    recalls = [each for each in two.there.records.recalls() if each.kind is RecallKind.ERASE]
    assert len(recalls) == 2
    assert two.sender.verify().passed


# -- receipts ---------------------------------------------------------------------------------


def read(two, text: str):
    return verify_receipt(text, verifiers_of(two.sender.folder))


def test_each_party_and_the_patient_get_a_receipt_that_opens_what_is_theirs(two):
    transfer = received(two)
    two.there.records.acknowledge(transfer.id, transfer.sealed.digest)
    for records in (two.sender.records, two.there.records):
        got = read(two, records.receipt(transfer.id, "fetched"))
        assert got.entry.kind is EntryKind.TRANSFER_FETCHED
        assert got.opened == {"request": transfer.id, "payload": transfer.sealed.digest}
    mine = read(two, two.patient.receipt(transfer.id, "offered"))
    assert mine.opened["consent"] == transfer.consent
    assert mine.opened["facts"] == transfer.decision.facts_hash
    said = read(two, two.sender.records.receipt(transfer.id, "acknowledged"))
    assert said.entry.kind is EntryKind.TRANSFER_DELIVERED
    consent = read(two, two.patient.consent_receipt(transfer.consent)).opened["consent"]
    assert json.loads(consent)["scope"]["recipients"] == [OSAKA.id]
    for kind in ("stopped", "ready", "nothing"):
        with pytest.raises(NotFound):
            two.sender.records.receipt(transfer.id, kind)


def test_a_receipt_of_what_a_withdrawal_stopped_is_that_of_the_withdrawal(two):
    transfer = two.offered()
    two.patient.withdraw(transfer.consent)
    got = read(two, two.sender.records.receipt(transfer.id, "stopped"))
    assert got.entry.kind is EntryKind.CONSENT_WITHDRAWN
    assert got.opened == {}


# -- time -------------------------------------------------------------------------------------


def test_what_ran_out_is_swept_up_with_an_entry_for_each_step(two):
    transfer = two.offered()
    two.clock.pass_by(hours=71)
    assert two.sender.records.sweep() == 0
    two.clock.pass_by(hours=1)
    assert two.sender.records.sweep() == 1
    assert two.sender.records.transfer(transfer.id).state is TransferState.ERASED
    assert kinds(two)[-2:] == ["transfer-expired", "transfer-erased"]
    assert not list((two.sender.folder / "transfers").iterdir())
    two.clock.pass_by(days=30)
    assert two.sender.records.sweep() == 1
    assert two.sender.records.consents()[0].state is ConsentState.EXPIRED
    assert kinds(two)[-1] == "consent-expired"
    assert two.sender.records.sweep() == 0


def test_what_was_fetched_and_never_acknowledged_vanishes_when_its_time_is_over(two):
    transfer = received(two)
    two.clock.pass_by(hours=1)
    assert two.sender.records.sweep() == 0
    two.clock.pass_by(hours=71)
    assert two.sender.records.sweep() == 1
    assert two.sender.records.transfer(transfer.id).state is TransferState.ERASED


def test_a_payload_never_waits_longer_than_the_consent_holds(two):
    asked = two.asked()
    until = NOON + timedelta(days=2)
    given = two.staff.give(asked.id, (asked.scope, two.expression(), until))
    assert two.offered(given).ready_until == until


def test_a_recipient_learns_until_when_it_may_keep_what_it_received(two):
    transfer = received(two)
    kept = two.sender.records.transfer(transfer.id)
    assert kept.delete_by == NOON + timedelta(days=1826)


def test_a_request_for_consent_that_nobody_answers_runs_out(two):
    asked = two.asked()
    two.clock.pass_by(days=31)
    with pytest.raises(Conflict):
        two.staff.give(asked.id, two.agreed(asked))
    two.sender.records.sweep()
    assert two.sender.records.consent(asked.id).state is ConsentState.EXPIRED


# -- bad input and keys -----------------------------------------------------------------------


def test_a_record_with_many_faults_is_refused_with_all_of_them_and_nothing_is_left(two):
    from sekisho.errors import DeliveryError

    bad = history()
    bad["entry"] += [
        {"resource": {"resourceType": "Condition", "id": f"b{n}", "subject": 7}} for n in range(20)
    ]
    file = two.folder / "bad.json"
    file.write_text(json.dumps(bad), encoding="utf-8")
    with pytest.raises(DeliveryError) as refused:
        two.offered(record=file)
    assert len(refused.value.faults) >= 20
    assert two.sender.records.transfers() == []
    assert not list((two.sender.folder / "aside").glob("*"))
    assert not list((two.sender.folder / "spill").glob("*"))


def test_a_period_of_the_consent_cuts_the_record(two):
    consent = two.given(data_from=date(2026, 1, 1))
    transfer = two.offered(consent)
    read_ = two.opened(transfer, two.fetched(transfer))
    found = {each["resource"]["resourceType"] for each in read_["entry"]}
    assert found == {"Patient"}
    assert "period" in {each.reason for each in transfer.left_out}


def test_a_replaced_key_still_opens_what_was_sealed_for_it(two):
    before = two.offered()
    sealed = two.fetched(before)
    pem, key = two.recipient.records.new_key("seal", replace=True)
    two.sender.add_key(OSAKA.id, "seal", pem)
    after = two.offered()
    assert after.sealed.sealed_to == key.fingerprint
    assert two.opened(before, sealed)
    assert two.opened(after, two.fetched(after))
    with pytest.raises(Conflict):
        two.recipient.records.make_key("seal")


def test_a_private_key_that_others_can_read_is_not_used(two):
    file = two.sender.folder / "keys" / f"{TOKYO.id}.sign.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(StorageError) as refused:
        two.offered()
    assert refused.value.faults[0].code == "records.key-file-readable"
    file.chmod(0o600)
    file.write_text("no key", encoding="utf-8")
    with pytest.raises(StorageError) as refused:
        two.offered()
    assert refused.value.faults[0].code == "records.key-file-form"


def test_a_sender_whose_key_nobody_registered_seals_nothing(two):
    two.sender.records.make_key("sign", replace=True)
    with pytest.raises(Refused) as refused:
        two.offered()
    assert refused.value.faults[0].code == "records.key-unregistered"


def test_a_key_file_reads_back_and_is_what_other_tools_read():
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
        load_pem_public_key,
    )

    from sekisho.lanes.record.private_keys import new_private_key, public_key

    for purpose, other in (("sign", "seal"), ("seal", "sign")):
        raw = new_private_key(purpose)
        text = private_pem(raw, purpose)
        assert read_private_pem(text, purpose) == raw
        assert read_private_pem(text, other) is None
        assert read_private_pem(text[:-40], purpose) is None
        loaded = load_pem_private_key(text.encode(), None)
        assert loaded.private_bytes_raw() == raw
        public = load_pem_public_key(public_pem(public_key(raw, purpose), purpose).encode())
        assert public.public_bytes_raw() == loaded.public_key().public_bytes_raw()


def test_a_slip_reads_back_and_a_bent_one_is_refused(shared):
    slip = slip_of(shared.offered())
    assert read_slip(slip_text(slip)) == slip
    bent = [
        "",
        "[]",
        "{}",
        "null",
        '{"transfer": 1}',
        slip_text(slip).replace('"bytes": ', '"bytes": "x'),
    ]
    for text in bent:
        with pytest.raises(UsageError):
            read_slip(text)


def test_a_node_opened_again_goes_on_where_it_was(two):
    transfer = two.offered()
    two.sender.close()
    two.sender = open_node(two.folder / "sender", two.clock)
    assert two.opened(transfer, two.fetched(transfer))
    assert two.sender.records.for_subject(two.subject.id).consents()[0].id == transfer.consent


def test_two_patients_share_no_mark(two):
    other = two.sender.records.register_subject("Patient/p2")
    two.given()
    bodies = [parse_entry(b) for _, b in two.sender._house.store.outbox(0, 10**6)]
    mine = {n for n, e in enumerate(bodies) if concerns(e, two.subject.secret)}
    theirs = {n for n, e in enumerate(bodies) if concerns(e, other.secret)}
    assert not mine & theirs
    marks = [mark for each in bodies for mark in each.subjects]
    assert len(set(marks)) == len(marks)
    assert ADDRESS not in json.dumps([each.public for each in bodies], default=str)


def test_opening_a_node_sweeps_up_what_ran_out_meanwhile(two):
    transfer = two.offered()
    two.sender.close()
    two.clock.pass_by(days=40)
    two.sender = open_node(two.folder / "sender", two.clock)
    assert two.sender.records.transfer(transfer.id).state is TransferState.ERASED
    assert two.sender.records.consents()[0].state is ConsentState.EXPIRED
    assert not list((two.sender.folder / "transfers").iterdir())
    assert two.sender.records.sweep() == 0


def test_a_program_that_stays_sweeps_up_by_itself(two):
    transfer = two.offered()
    two.clock.pass_by(hours=73)
    file = two.sender.folder / "transfers" / f"{transfer.id}.sealed"
    with two.sender.records.sweeping(every_s=0.01):
        until = time.monotonic() + 30
        while file.exists() and time.monotonic() < until:
            time.sleep(0.01)
    assert not file.exists()
    assert two.sender.records.transfer(transfer.id).state is TransferState.ERASED


def test_a_request_ends_with_its_consent_and_is_not_answered_any_more(two):
    consent = two.given()
    request = two.there.records.request_transfer(two.request(consent))
    two.patient.pause(consent.id)
    assert two.there.records.transfer(request.id).state is TransferState.REQUESTED
    with pytest.raises(Refused):
        two.offered(consent, transfer=request.id)
    assert two.there.records.transfer(request.id).state is TransferState.REQUESTED
    two.patient.withdraw(consent.id)
    assert two.there.records.transfer(request.id).state is TransferState.REFUSED
    with pytest.raises(Refused) as refused:
        two.offered(consent, transfer=request.id)
    assert refused.value.faults[0].code == "records.transfer-state"


def test_nothing_is_sealed_for_a_consent_that_ended_while_the_record_was_read(two, monkeypatch):

    consent, sealing = two.given(), offers.seal_record

    def withdrawn_meanwhile(*arguments):
        made = sealing(*arguments)
        two.patient.withdraw(consent.id)
        return made

    monkeypatch.setattr(offers, "seal_record", withdrawn_meanwhile)
    with pytest.raises(Refused) as refused:
        two.offered(consent)
    assert refused.value.faults[0].code == "records.consent-closed"
    assert two.sender.records.transfers() == []
    assert not list((two.sender.folder / "transfers").iterdir())
    assert "transfer-offered" not in kinds(two)


def test_the_same_offer_from_many_threads_is_one_transfer_with_one_sealed_file(two):
    consent = two.given()
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: two.offered(consent, request="at-once-1"), range(6)))
    assert len({each.id for each in made}) == 1
    assert kinds(two).count("transfer-offered") == 1
    assert len(list((two.sender.folder / "transfers").iterdir())) == 1
    assert two.opened(made[0], two.fetched(made[0]))
