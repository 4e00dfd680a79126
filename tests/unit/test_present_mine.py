"""A subject reads everything about their records in plain words, and takes it home."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from pypdf import PdfReader

from sekisho.formats.pdf import write_pdf
from sekisho.model.mine import Mine, MyConsent, MyEntry, MyTransfer
from sekisho.model.transfer import (
    LeftOut,
    PickUp,
    Recall,
    RecallKind,
    Transfer,
    TransferEvent,
)
from sekisho.present.mine import document_text, mine_document
from sekisho.present.mine_json import mine_json
from sekisho.rules.decide import decide
from sekisho.rules.packs import installed
from sekisho.terms import ConsentState, Language, TransferState
from tests.lib.consents import FLOW, NOON, PARTIES, PROGRAMME, SUBJECT, asked, given, then

CASES = {case.id: case for case in PROGRAMME.cases}
CHOSEN = tuple(FLOW.category(name) for name in ("person", "illnesses"))
SEALED_AWAY = ("guardian-17", "ab" * 32)
"""What the view never shows: who spoke for the subject, and the evidence of it."""


def decision(case):
    return decide(CASES[case].facts, PROGRAMME.access_rules, installed(), CASES[case].on)


def transfer(state, to="berlin", case="to-berlin-with-consent"):
    fetched = state in (TransferState.FETCHED, TransferState.ERASED)
    steps = [TransferState.REQUESTED, TransferState.OFFERED, TransferState.READY, state]
    return Transfer(
        id=f"t-{state.value}",
        programme=PROGRAMME.id,
        flow=FLOW.id,
        consent="4b1d6c2e9a",
        subject=SUBJECT,
        sender=PARTIES["tokyo"].id,
        recipient=PARTIES[to].id,
        state=state,
        purpose=FLOW.purpose,
        categories=("person", "illnesses"),
        request="request-1",
        requested_by=PARTIES[to].id,
        requested_at=NOON,
        decision=decision(case),
        left_out=(
            LeftOut("Procedure", "type", "10-99"),
            LeftOut("Patient.address", "field", "1-9"),
        ),
        ready_until=NOON + timedelta(hours=72),
        pick_ups=(PickUp(NOON, "aa", "bb", NOON),) if fetched else (),
        delete_by=NOON + timedelta(days=1826) if fetched else None,
        events=tuple(
            TransferEvent(step, NOON + timedelta(minutes=n), 10 + n)
            for n, step in enumerate(dict.fromkeys(steps))
        ),
    )


def told(moved, to="berlin", **more):
    found = moved.decision
    return MyTransfer(
        transfer=moved,
        title=FLOW.title,
        sender=PARTIES["tokyo"],
        recipient=PARTIES[to],
        categories=CHOSEN,
        declared=FLOW.categories,
        outcome=found.outcome,
        articles=found.determining,
        duties=found.duties,
        standing=more.get("standing", {}),
        ways=tuple(each.changes for each in found.openings if each.changeable)[:3],
        recalls=more.get("recalls", ()),
        can=more.get("can", ()),
    )


def consented(consent, *can):
    return MyConsent(
        consent=consent,
        state=consent.state,
        title=FLOW.title,
        purpose=FLOW.description,
        categories=CHOSEN,
        recipients=(PARTIES["berlin"],),
        can=can,
    )


def view(**more):
    recall = Recall(
        "r1", "t-fetched", PARTIES["berlin"].id, RecallKind.WITHDRAWN, NOON + timedelta(days=2)
    )
    whole = Mine(
        subject=SUBJECT,
        holder=PARTIES["tokyo"],
        at=NOON + timedelta(days=3),
        consents=(
            consented(given(), "pause", "narrow", "withdraw"),
            consented(then(given(by="guardian"), ConsentState.WITHDRAWN)),
            consented(asked(), "give", "withdraw"),
        ),
        transfers=(
            told(transfer(TransferState.FETCHED), recalls=(recall,), can=("erase",)),
            told(transfer(TransferState.READY), can=("stop",)),
            told(transfer(TransferState.REFUSED, "boston", "to-boston-with-consent"), "boston"),
        ),
        entries=(MyEntry(4, "consent-given", NOON.date(), "receipt"),),
        log="demo-hospital-tokyo.example/log",
    )
    return replace(whole, **more)


def printed(mine, language):
    read = PdfReader(io.BytesIO(write_pdf(mine_document(mine, language))))
    return "".join("".join(page.extract_text() for page in read.pages).split())


@pytest.mark.parametrize("language", list(Language))
def test_who_received_what_when_and_by_which_article_stands_on_the_page(language):
    text = document_text(mine_document(view(), language))
    assert PARTIES["berlin"].name.said(language) in text
    for category in CHOSEN:
        assert category.title.said(language) in text
    for rule in decision("to-berlin-with-consent").determining:
        assert rule.citation.said(language) in text
    day = (
        "2026年11月22日 12:03（UTC）" if language is Language.JA else "22 November 2026, 12:03 UTC"
    )
    assert day in text


@pytest.mark.parametrize("language", list(Language))
def test_what_others_must_do_and_until_when_stands_on_the_page(language):
    text = document_text(mine_document(view(), language))
    for duty in decision("to-berlin-with-consent").duties:
        assert duty.text.said(language) in text
    assert ("22 November 2031" if language is Language.EN else "2031年11月22日") in text


def test_a_refused_way_says_what_would_open_it_and_by_which_article_it_closed():
    text = document_text(mine_document(view(), Language.EN))
    assert "It was refused. Nothing left." in text
    assert "tell the person the country, its data-protection system" in text
    closed = decision("to-boston-with-consent").determining[0]
    assert f"- {closed.citation.en}: {closed.text.en}" in text


def test_what_can_still_be_done_stands_beside_each_thing_and_nowhere_else():
    text = document_text(mine_document(view(), Language.EN))
    assert text.count("pause it; narrow it; withdraw it") == 1
    assert text.count("You can: nothing any more") == 2
    assert "You can: ask for erasure" in text
    assert "You can: stop it by withdrawing or pausing the consent" in text


def test_an_unanswered_notice_is_counted_and_shown_as_unanswered():
    text = document_text(mine_document(view(), Language.EN))
    assert "Notices to recipients that are not answered yet: 1" in text
    assert "the recipient was told that you withdrew the consent. No answer yet." in text


def test_what_stayed_is_told_by_kind_and_reason_and_never_by_value_or_number():
    text = document_text(mine_document(view(), Language.EN))
    assert "Your treatments and vaccinations (Procedure) | not among what you allowed" in text
    beside = "other details beside “Your name, sex, date of birth and language” (Patient.address)"
    assert f"{beside} | not needed" in text
    assert "10-99" not in text


def test_a_kind_of_record_that_the_programme_never_moves_is_named_in_words():
    moved = transfer(TransferState.FETCHED)
    moved = replace(moved, left_out=(LeftOut("ExplanationOfBenefit", "type"),))
    text = document_text(mine_document(view(transfers=(told(moved),)), Language.JA))
    assert "保険の支払いの明細（ExplanationOfBenefit）" in text


@pytest.mark.parametrize("language", list(Language))
def test_neither_who_spoke_for_the_subject_nor_the_evidence_leaves(language):
    said = document_text(mine_document(view(), language)) + json.dumps(mine_json(view()))
    assert not [secret for secret in SEALED_AWAY if secret in said]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("state", list(TransferState))
def test_every_state_of_a_transfer_has_its_sentence(state, language):
    text = document_text(mine_document(view(transfers=(told(transfer(state)),)), language))
    assert text


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("state", list(ConsentState))
def test_every_state_of_a_consent_has_its_sentence(state, language):
    text = document_text(mine_document(view(consents=(consented(then(given(), state)),)), language))
    assert text


@pytest.mark.parametrize("language", list(Language))
def test_nobody_asked_and_nothing_shared_is_said_so(language):
    text = document_text(mine_document(view(consents=(), transfers=(), entries=()), language))
    assert ("nothing was shared" if language is Language.EN else "渡されたものもありません") in text


@pytest.mark.parametrize("language", list(Language))
def test_the_same_stands_on_paper(language):
    text = printed(view(), language)
    assert "".join(PARTIES["berlin"].name.said(language).split()) in text
    assert SUBJECT in text


def test_the_file_for_programs_holds_both_languages_and_every_receipt():
    said = json.loads(json.dumps(mine_json(view())))
    assert [each["state"] for each in said["transfers"]] == ["fetched", "ready", "refused"]
    assert said["transfers"][0]["recipient"]["name"] == {
        "en": "Demo Hospital Berlin",
        "ja": "デモ・ベルリン病院",
    }
    assert said["entries"] == [
        {"index": 4, "kind": "consent-given", "on": "2026-11-22", "receipt": "receipt"}
    ]
    assert said["consents"][0]["can"] == ["pause", "narrow", "withdraw"]
