"""Learning that a person exists: by the words of a refusal, its time, its size, or the log."""

import json
import statistics
import time
from dataclasses import replace

import pytest

from sekisho.errors import NotFound, SekishoError
from sekisho.gate.records.consents import ConsentRequest
from sekisho.lanes.record.proofs import Act, act_text
from sekisho.model.actor import Actor
from sekisho.model.entry import parse_entry
from sekisho.terms import Language, Role
from sekisho.tlog import keys
from sekisho.tlog.history import concerns, new_secret
from tests.lib.records import BERLIN, FLOW, OSAKA, PROGRAMME, pair, subject_key


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def said(call) -> tuple[object, ...]:
    """Everything that a caller sees of a refusal."""
    with pytest.raises(SekishoError) as refused:
        call()
    error = refused.value
    return (
        type(error),
        error.exit_code,
        error.http_status,
        *error.sentences(),
        *error.sentences(Language.JA),
    )


def logged_since(two, count: int) -> list[tuple[object, ...]]:
    """The form of each entry since then: everything in it but what is random, and its length."""
    found = []
    for _, body in two.sender._house.store.outbox(count, 10**6):
        entry = json.loads(body)
        form = {
            name: (sorted(value) if isinstance(value, dict) else len(value))
            if name in ("commitments", "subjects", "nonce")
            else value
            for name, value in entry.items()
        }
        found.append((len(body), json.dumps(form, sort_keys=True)))
    return found


def turned_away(two):
    """Consents that cover nothing for the recipient, each for another reason."""
    withdrawn, paused, asked = two.given(), two.given(), two.asked()
    two.patient.withdraw(withdrawn.id)
    two.patient.pause(paused.id)
    abroad = two.asked(recipients=(BERLIN.id,), countries=("DE",))
    for_berlin = two.staff.give(abroad.id, two.agreed(abroad))
    lost = two.given()
    two.patient.narrow(lost.id, two.scope(categories=("person",)))
    return {
        "unknown": "f" * 32,
        "withdrawn": withdrawn.id,
        "paused": paused.id,
        "only asked for": asked.id,
        "for another hospital": for_berlin.id,
        "of less than is asked": lost.id,
        "no id at all": "nobody",
    }


def test_a_recipient_hears_the_same_of_every_consent_that_covers_nothing_for_it(two):
    consents = turned_away(two)
    heard, logged = set(), set()
    for consent in consents.values():
        wanted, after = two.request(two.given()), two.sender._house.store.entry_count()

        heard.add(said(lambda c=consent, w=wanted: ask(two, replace(w, consent=c))))
        logged.add(tuple(logged_since(two, after)))
    assert len(heard) == 1
    assert len(logged) == 1
    assert len(next(iter(logged))) == 1


def ask(two, wanted):
    return two.there.records.request_transfer(wanted)


def test_who_is_concerned_finds_the_attempt_and_nobody_else_does(two):

    consent = two.given()
    two.patient.pause(consent.id)
    before = two.sender._house.store.entry_count()
    for asked in (consent.id, "f" * 32):
        with pytest.raises(NotFound):
            ask(two, replace(two.request(consent), consent=asked))
    entries = [parse_entry(b) for _, b in two.sender._house.store.outbox(before, 10)]
    assert [concerns(each, two.subject.secret) for each in entries] == [True, False]
    assert not any(concerns(each, new_secret()) for each in entries)


def test_an_unknown_person_and_another_holders_read_the_same_to_staff(two):
    two.sender.add_actor(Actor("desk", OSAKA.id, frozenset({Role.DATA_HOLDER})))
    desk = two.sender.as_("desk").records
    mine = desk.register_subject("Patient/1")
    until = two.given().valid_until

    def ask_for(subject: str):
        return desk.request_consent(
            ConsentRequest(PROGRAMME, FLOW, subject, two.scope(), until, age_reached=True)
        )

    heard = {said(lambda i=i: desk.for_subject(i)) for i in (two.subject.id, "f" * 32, "", "x" * 9)}
    heard |= {said(lambda i=i: ask_for(i)) for i in (two.subject.id, "f" * 32)}
    heard |= {said(lambda i=i: desk.identify_anew(i)) for i in (two.subject.id, "f" * 32)}
    assert len(heard) == 1
    assert desk.for_subject(mine.id)


def test_a_wrong_secret_an_old_one_and_none_read_the_same(two):
    old = two.secret
    two.sender.records.identify_anew(two.subject.id)
    tries = (old, "f" * 64, "f" * 63, "", "not hexadecimal", "\u0661" * 64)
    heard = {said(lambda t=t: two.sender.records.by_secret(t)) for t in tries}
    assert len(heard) == 1


def test_a_wrong_key_a_person_without_one_and_nobody_read_the_same(two):
    raw, public = subject_key()
    keyed = two.sender.records.register_subject("Patient/p9", public)
    act = Act("withdraw", "f" * 32)
    heard = set()
    for subject in (keyed.id, two.subject.id, "f" * 32):
        challenge = two.sender.records.challenge_subject(subject)
        text = act_text(two.sender.origin, subject, challenge, act)
        for signer in (keys.new_private_key(), *([] if subject == keyed.id else [raw])):
            signature = keys.signature(signer, text).hex()
            heard.add(
                said(
                    lambda s=subject, c=challenge, g=signature: two.sender.records.by_key(
                        s, c, g, act
                    )
                )
            )
    assert len(heard) == 1


def test_anothers_consent_reads_like_one_that_is_not_there(two):
    other = two.sender.records.register_subject("Patient/p2")
    theirs = two.given()
    me = two.sender.records.by_secret(other.secret.hex())
    calls = (me.withdraw, me.pause, me.resume, me.consent_receipt)
    heard = {said(lambda c=c, i=i: c(i)) for c in calls for i in (theirs.id, "f" * 32)}
    assert len(heard) == 1
    assert me.transfers() == []
    assert me.consents() == []


def test_a_challenge_is_given_for_anybody_and_has_one_form(two):
    found = {
        tuple(map(len, two.sender.records.challenge_subject(each).split(".")))
        for each in (two.subject.id, "f" * 32, "", "somebody")
    }
    assert len(found) == 1


def test_the_refusal_of_an_unknown_consent_takes_the_same_time_as_of_a_known_one(two):
    known = two.given()
    two.patient.pause(known.id)

    def measured(consent: str) -> float:
        begun = time.perf_counter()
        with pytest.raises(NotFound):
            ask(two, replace(two.request(known), consent=consent))
        return time.perf_counter() - begun

    pairs = [(measured(known.id), measured("f" * 32)) for _ in range(25)]
    first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
    # One class of time: both look up, write one entry, sign one checkpoint.
    assert 0.5 < first / second < 2.0


def test_sealed_sizes_come_in_classes_so_that_a_little_more_history_weighs_the_same(two):
    consent = two.given(categories=("person", "illnesses", "allergies"))
    large = two.offered(consent)
    small = two.offered(consent, categories=("person", "illnesses"))
    assert large.sealed.bytes == small.sealed.bytes
    assert large.sealed.size_class == small.sealed.size_class


def test_the_entries_of_the_lane_name_nobody_and_tell_no_time_of_day(two):
    consent = two.given()
    transfer = two.offered(consent)
    two.fetched(transfer)
    two.there.records.acknowledge(transfer.id, transfer.sealed.digest)
    two.patient.withdraw(consent.id)
    recall = two.there.records.recalls()[0]
    two.there.records.acknowledge_recall(recall.id, "erased")
    bodies = [b.decode() for _, b in two.sender._house.store.outbox(0, 10**6)]
    lane = [json.loads(b) for b in bodies if '"lane":"record"' in b]
    assert sum(each["kind"] != "duty-due" for each in lane) == 9
    secret_words = (
        *(two.subject.id, consent.id, transfer.id, recall.id, transfer.sealed.digest),
        *("hospital-", two.secret, transfer.decision.facts_hash, transfer.sealed.sealed_to),
    )
    for entry in lane:
        said_ = json.dumps(entry)
        assert not [word for word in secret_words if word in said_]
        assert len(entry["time"]) == len("2026-11-22")
        assert set(entry.get("public", {})) <= {"reason", "duty"}
