"""Everything about me: what a patient sees of their own records, by secret, by key, at the desk."""

import json

import pytest

from sekisho.errors import NotFound, Refused, TamperedError
from sekisho.gate.records.mine import READ
from sekisho.lanes.record.proofs import Act, act_text
from sekisho.present.mine import document_text, mine_document
from sekisho.present.mine_json import mine_json
from sekisho.terms import Language, Outcome
from sekisho.tlog import keys
from sekisho.tlog.proof import verify_receipt
from sekisho.wiring import verifiers_of
from tests.lib.records import BERLIN, BOSTON, pair, subject_key


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path, BERLIN)


def test_a_stranger_sees_nothing_and_learns_nothing(two):
    two.given()
    for secret in ("00" * 32, "nonsense", two.secret[:-2] + "00"):
        with pytest.raises(NotFound) as raised:
            two.sender.records.by_secret(secret)
        assert raised.value.faults[0].code == "records.no-subject"


def test_another_patients_view_holds_nothing_of_mine(two):
    two.offered()
    other = two.sender.records.register_subject("Patient/p2")
    seen = two.sender.records.by_secret(other.secret.hex()).mine()
    assert (seen.consents, seen.transfers) == ((), ())
    assert [each.kind for each in seen.entries] == ["subject-changed"]
    assert two.subject.id not in json.dumps(mine_json(seen))


def test_i_see_who_received_what_by_which_article_and_what_they_must_do(two):
    transfer = two.offered()
    two.fetched(transfer)
    seen = two.patient.mine()
    (mine,) = seen.shared
    assert (mine.sender.id, mine.recipient.id) == ("demo-hospital-tokyo", BERLIN.id)
    assert mine.outcome is Outcome.ALLOWED
    assert {"JP-APPI-27", "EU-GDPR-9"} <= {rule.id for rule in mine.articles}
    assert mine.duties
    assert [each.id for each in mine.categories] == ["person", "illnesses"]
    assert mine.can == ("erase",)


def test_what_stayed_is_named_and_none_of_its_values(two):
    two.fetched(two.offered())
    said = json.dumps(mine_json(two.patient.mine()))
    assert "AllergyIntolerance" in said
    assert "Made-up" not in said
    assert "38341003" not in said


def test_a_refusal_tells_me_what_would_open_the_way(tmp_path):
    two = pair(tmp_path, BOSTON)
    consent = two.given()
    with pytest.raises(Refused):
        two.offered(consent)
    (mine,) = two.patient.mine().transfers
    assert mine.outcome is Outcome.REFUSED
    assert [rule.id for rule in mine.articles] == ["JP-APPI-28"]
    assert ("consent.informed_country",) in [tuple(c.fact for c in way) for way in mine.ways]


def test_each_of_my_entries_comes_with_a_receipt_that_anyone_can_check(two):
    two.fetched(two.offered())
    seen = two.patient.mine()
    verifiers = verifiers_of(two.sender.folder)
    kinds = []
    for each in seen.entries:
        receipt = verify_receipt(each.receipt, verifiers)
        assert receipt.proven.index == each.index
        kinds.append(receipt.entry.kind.value)
    assert kinds == [each.kind for each in seen.entries]
    assert kinds[:3] == ["subject-changed", "consent-requested", "consent-given"]
    assert "transfer-fetched" in kinds


def test_my_receipt_opens_what_exactly_i_agreed_to(two):
    consent = two.given()
    entry = next(each for each in two.patient.mine().entries if each.kind == "consent-given")
    opened = verify_receipt(entry.receipt, verifiers_of(two.sender.folder)).opened
    assert json.loads(opened["consent"])["scope"]["recipients"] == [BERLIN.id]
    assert consent.id in opened["consent"]


def test_at_the_desk_i_see_the_numbers_of_my_entries_and_keep_the_receipts_for_myself(two):
    two.given()
    seen = two.staff.mine()
    assert seen.entries
    assert not any(each.receipt for each in seen.entries)


def test_after_a_lost_secret_the_old_one_shows_nothing_and_the_new_one_everything(two):
    two.given()
    before = {each.index for each in two.patient.mine().entries}
    anew = two.sender.records.identify_anew(two.subject.id)
    with pytest.raises(NotFound):
        two.sender.records.by_secret(two.secret)
    seen = two.sender.records.by_secret(anew.secret.hex()).mine()
    assert before < {each.index for each in seen.entries}


def test_a_signature_for_something_else_does_not_show_my_records(two):
    raw, public = subject_key()
    subject = two.sender.records.register_subject("Patient/p3", public)
    for act, works in ((READ, True), (Act("pause", "c"), False)):
        challenge = two.sender.records.challenge_subject(subject.id)
        text = act_text(two.sender.origin, subject.id, challenge, act)
        signed = keys.signature(raw, text).hex()
        standing = two.sender.records.by_key(subject.id, challenge, signed, act)
        if works:
            assert standing.mine().subject == subject.id
        else:
            with pytest.raises(Refused):
                standing.mine()


def test_withdrawing_shows_at_once_and_says_who_was_told(two):
    consent = two.given()
    two.fetched(two.offered(consent))
    two.patient.withdraw(consent.id)
    seen = two.patient.mine()
    assert seen.consents[0].can == ()
    assert [recall.kind.value for _, recall in seen.unanswered] == ["withdrawn"]
    text = document_text(mine_document(seen, Language.EN))
    assert "You withdrew it. Nothing more is shared." in text
    assert "No answer yet." in text
    (recall,) = two.there.records.recalls()
    two.there.records.acknowledge_recall(recall.id, "erased")
    assert two.patient.mine().unanswered == ()


def test_a_waiting_transfer_can_be_stopped_and_then_reads_so(two):
    consent = two.given()
    two.offered(consent)
    assert two.patient.mine().transfers[0].can == ("stop",)
    two.patient.pause(consent.id)
    seen = two.patient.mine()
    assert seen.consents[0].can == ("resume", "withdraw")


def test_a_log_that_was_changed_is_not_shown_as_mine(two):
    two.given()
    bundle = next((two.sender.folder / "log" / "tile" / "entries").rglob("*.p"), None) or next(
        each
        for each in (two.sender.folder / "log" / "tile" / "entries").rglob("*")
        if each.is_file()
    )
    file = next(each for each in [bundle, *bundle.rglob("*")] if each.is_file())
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(bytes(data))
    with pytest.raises(TamperedError):
        two.patient.mine()


def test_i_see_whether_a_duty_is_done_or_late_and_may_ask_why(two):
    two.fetched(two.offered())
    two.clock.pass_by(days=40)
    late = document_text(mine_document(two.patient.mine(), Language.EN))
    assert "OVERDUE since 22 December 2026; ask why" in late
    duty = next(
        each.kept.id
        for each in two.patient.mine().shared[0].standing.values()
        if each.kept.duty.due is not None and each.state == "overdue"
    )
    two.sender.duties.done(duty)
    assert "done on 1 January 2027" in document_text(mine_document(two.patient.mine(), Language.EN))
