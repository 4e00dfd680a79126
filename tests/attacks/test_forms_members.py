"""Members against each other: reading, guessing, submitting for another, opening another's."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from sekisho.errors import Conflict, DeliveryError, NotFound, NotPermitted, Refused, UsageError
from sekisho.lanes.open.reference import ALPHABET
from sekisho.lanes.open.written import submission_bytes
from sekisho.model.actor import Actor, Participant
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.submission import SubmissionState
from sekisho.model.text import Text
from sekisho.people import ANYBODY
from sekisho.terms import Language, ParticipantKind, Role
from sekisho.tlog.proof import verify_receipt
from sekisho.wiring import verifiers_of
from tests.lib.forms import FORM, PROGRAMME, SURVEY, answers, make_node, write_programme

CLOSED = datetime(2020, 6, 23, 15, 0, 0, tzinfo=UTC)
"""Midnight in Tokyo."""
PDF = b"%PDF-1.7\n" + b"x" * 100


@pytest.fixture
def house(tmp_path):
    node, clock, tokens = make_node(tmp_path)
    yield node, clock, tokens
    node.close()


def submitted(node, officer, **changed):
    forms = node.as_(officer).forms
    forms.fill(PROGRAMME, FORM, answers(**changed))
    return forms.submit(PROGRAMME, FORM)


def code(raised) -> str:
    return raised.value.faults[0].code


def kinds(node) -> list[str]:
    return [parse_entry(data).kind.value for _, data in node._house.store.outbox(0, 1000)]


# -- reading --------------------------------------------------------------------------------------


def test_a_draft_is_read_by_the_officers_of_its_participant_alone(house):
    node, _, _ = house
    node.as_("carrier-a-1").forms.fill(PROGRAMME, FORM, answers())
    assert node.as_("carrier-a-2").forms.draft(PROGRAMME, FORM).answers["staff"] == 120
    assert node.as_("carrier-b-1").forms.draft(PROGRAMME, FORM).answers == {}
    assert node.forms.draft(PROGRAMME, FORM).answers == {}
    assert node.forms.status(PROGRAMME, FORM).drafting == ("carrier-a",)


def test_members_read_what_was_submitted_when_the_form_says_so(house):
    node, _, _ = house
    made = submitted(node, "carrier-a-1").submission
    for reader in ("carrier-a-2", "carrier-b-1"):
        assert node.as_(reader).forms.submission(made.reference).answers["staff"] == 120
    assert node.forms.submission(made.reference).participant == "carrier-a"


@pytest.mark.parametrize(("visible", "reads"), [("steward", {"office"}), ("self", set())])
def test_a_form_may_keep_submissions_from_members(tmp_path, visible, reads):
    node, _, _ = make_node(
        tmp_path, telework=SURVEY.replace('visible = "members"', f'visible = "{visible}"')
    )
    made = submitted(node, "carrier-a-1").submission
    seen = set()
    for reader, name in ((node.as_("carrier-b-1"), "carrier-b"), (node, "office")):
        try:
            reader.forms.submission(made.reference)
        except NotFound:
            assert reader.forms.submissions(PROGRAMME) == []
        else:
            seen.add(name)
    assert seen == reads
    node.close()


def test_who_is_no_member_reads_nothing_and_cannot_tell_what_there_is(house):
    node, _, _ = house
    made = submitted(node, "carrier-a-1").submission
    stranger = replace_actor(node, ANYBODY)
    guessed = made.reference[:-1] + "0"
    told = []
    for number in (made.reference, next_valid(made.reference)):
        with pytest.raises(NotFound) as raised:
            stranger.forms.submission(number)
        told.append(raised.value.sentences())
    assert told[0] == told[1]
    if guessed != made.reference:
        with pytest.raises(UsageError):
            stranger.forms.submission(guessed)


def replace_actor(node, actor):
    from sekisho.node.facade import Node

    return Node(node._house, node._settings, actor)


def next_valid(reference: str) -> str:
    """Another number that reads as one: what somebody who guesses would try."""
    from sekisho.lanes.open.reference import read_reference

    body = reference[:-6]
    for first in ALPHABET:
        for last in ALPHABET:
            guess = f"{body}{first}{reference[-5:-1]}{last}"
            try:
                if read_reference(guess) != reference:
                    return guess
            except UsageError:
                continue
    raise AssertionError(reference)


def test_reference_numbers_do_not_follow_each_other(house):
    node, _, _ = house
    numbers = [submitted(node, f"carrier-{n}-1").submission.reference for n in "abcd"]
    assert len({number[4:12] for number in numbers}) == 4
    assert all(number.startswith("MUS-") for number in numbers)


# -- for another ----------------------------------------------------------------------------------


def test_nobody_answers_corrects_withdraws_or_opens_for_another(house):
    node, _, _ = house
    made = submitted(node, "carrier-a-1").submission
    other = node.as_("carrier-b-1").forms
    for call in (other.correct, other.withdraw, other.open_to_public, other.receipt):
        with pytest.raises(NotFound):
            call(made.reference)
    for call in (node.forms.withdraw, node.forms.open_to_public, node.forms.correct):
        with pytest.raises(NotFound):
            call(made.reference)
    assert node.forms.submission(made.reference).state is SubmissionState.RECEIVED


def test_who_speaks_for_nobody_or_only_audits_cannot_answer(house):
    node, _, _ = house
    node.add_actor(Actor("auditor", "carrier-a", frozenset({Role.AUDITOR})))
    with pytest.raises(NotPermitted):
        node.as_("auditor").forms.fill(PROGRAMME, FORM, answers())
    with pytest.raises(NotPermitted):
        replace_actor(node, ANYBODY).forms.fill(PROGRAMME, FORM, answers())


def test_who_is_not_asked_cannot_answer(tmp_path):
    changed = SURVEY.replace('participants = ["any-participant"]', 'participants = ["carrier-b"]')
    node, _, _ = make_node(tmp_path, telework=changed)
    with pytest.raises(NotPermitted) as raised:
        node.as_("carrier-a-1").forms.fill(PROGRAMME, FORM, answers())
    assert code(raised) == "forms.may-not-answer"
    submitted(node, "carrier-b-1")
    assert node.forms.status(PROGRAMME, FORM).waiting == ()
    node.close()


def test_anothers_file_cannot_be_had_by_naming_its_digest(house):
    node, _, _ = house
    file = node.as_("carrier-a-1").forms.attach_bytes(
        PROGRAMME, FORM, "report", ("secret.pdf", PDF)
    )
    stolen = {"name": "x.pdf", "media_type": "application/pdf", "sha256": file.digest, "bytes": 1}
    with pytest.raises(DeliveryError) as raised:
        node.as_("carrier-b-1").forms.fill(PROGRAMME, FORM, answers(report=stolen))
    assert code(raised) == "forms.file-unknown"


def test_what_an_answer_says_of_a_file_is_told_again_from_its_bytes(house):
    node, _, _ = house
    forms = node.as_("carrier-a-1").forms
    file = forms.attach_bytes(PROGRAMME, FORM, "report", ("../../報告.pdf", PDF))
    assert file.name == "報告.pdf"
    told = {"name": "../x\u202e.pdf", "media_type": "text/html", "sha256": file.digest, "bytes": 3}
    forms.fill(PROGRAMME, FORM, answers(report=told))
    made = forms.submit(PROGRAMME, FORM).submission
    kept = made.answers["report"]
    assert (kept.name, kept.media_type, kept.bytes) == ("x.pdf", "application/pdf", len(PDF))
    found, place = node.as_("carrier-b-1").forms.file(made, "report")
    assert place.read_bytes() == PDF
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert found == kept


# -- deadlines ------------------------------------------------------------------------------------


def test_the_last_moment_of_the_day_is_in_time_and_the_next_second_is_not(house):
    node, clock, _ = house
    clock.at = CLOSED - timedelta(microseconds=1)
    assert not submitted(node, "carrier-a-1").submission.late
    clock.at = CLOSED
    node.as_("carrier-b-1").forms.fill(PROGRAMME, FORM, answers())
    with pytest.raises(Refused) as raised:
        node.as_("carrier-b-1").forms.submit(PROGRAMME, FORM)
    assert code(raised) == "forms.closed"
    assert node.as_("carrier-b-1").forms.draft(PROGRAMME, FORM).answers["staff"] == 120


def test_a_form_that_takes_late_submissions_marks_them(tmp_path):
    node, clock, _ = make_node(
        tmp_path,
        telework=SURVEY.replace('zone = "Asia/Tokyo"\n', 'zone = "Asia/Tokyo"\nlate = true\n', 1),
    )
    clock.at = CLOSED
    receipt = submitted(node, "carrier-a-1")
    assert receipt.submission.late
    assert json.loads(receipt.paper)["late"] is True
    node.close()


def test_nothing_is_taken_before_the_first_day(tmp_path):
    node, _, _ = make_node(tmp_path, at=datetime(2020, 5, 31, 14, 59, 59, tzinfo=UTC))
    with pytest.raises(Refused) as raised:
        node.as_("carrier-a-1").forms.fill(PROGRAMME, FORM, answers())
    assert code(raised) == "forms.not-open"
    node.close()


# -- rules ----------------------------------------------------------------------------------------


def test_a_rule_of_the_programme_closes_the_way_and_the_refusal_is_logged(house):
    node, _, _ = house
    away = Participant("away", Text("Away", "外"), ParticipantKind.BUSINESS_OPERATOR, "ZZ")
    node.add_participant(away)
    node.add_actor(Actor("away-1", "away", frozenset({Role.DATA_USER})))
    node.as_("away-1").forms.fill(PROGRAMME, FORM, answers())
    with pytest.raises(Refused) as raised:
        node.as_("away-1").forms.submit(PROGRAMME, FORM)
    assert "survey-R3" in raised.value.sentences()[0]
    assert kinds(node)[-1] == "decision-refused"
    assert node.forms.submissions(PROGRAMME) == []


# -- what the log says ----------------------------------------------------------------------------


def test_the_log_names_neither_who_submitted_nor_what_and_the_receipt_proves_both(house):
    node, _, _ = house
    receipt = submitted(node, "carrier-a-1")
    ((_, entry),) = node._house.store.outbox(receipt.submission.entry_index, 1)
    assert parse_entry(entry).kind is EntryKind.SUBMISSION_RECEIVED
    for secret in (
        b"carrier-a",
        receipt.submission.reference.encode(),
        receipt.submission.digest.encode(),
        b"Fax",
    ):
        assert secret not in entry
    proved = verify_receipt(receipt.proof, verifiers_of(node.folder))
    assert proved.opened["submission"] == sha256(receipt.paper).hexdigest()
    assert json.loads(receipt.paper)["reference"] == receipt.submission.reference
    assert node.verify().passed


def test_a_receipt_of_changed_answers_does_not_fit(house):
    node, _, _ = house
    receipt = submitted(node, "carrier-a-1")
    forged = replace(receipt.submission, answers={**receipt.submission.answers, "other_tool": "x"})
    opened = verify_receipt(receipt.proof, verifiers_of(node.folder)).opened["submission"]
    assert sha256(submission_bytes(forged)).hexdigest() != opened


# -- two officers ---------------------------------------------------------------------------------


def test_two_officers_who_save_at_once_lose_no_text_and_one_chooses(house):
    node, _, _ = house
    one, two = (node.as_(f"carrier-a-{n}").forms for n in (1, 2))
    base = one.draft(PROGRAMME, FORM).revision
    one.save(PROGRAMME, FORM, "firm", {"region": "north", "staff": 5}, base)
    draft = two.save(PROGRAMME, FORM, "firm", {"region": "south", "staff": 5}, base)
    assert draft.answers["region"] == "north"
    assert [clash.answers["region"] for clash in draft.clashes] == ["south"]
    with pytest.raises(Conflict) as raised:
        two.submit(PROGRAMME, FORM)
    assert code(raised) == "forms.clash-open"
    settled = two.settle(PROGRAMME, FORM, "firm", {"region": "south", "staff": 5}, draft.revision)
    assert settled.clashes == ()
    one.submit(PROGRAMME, FORM)


def test_officers_who_save_again_and_again_at_once_lose_no_text(house):
    node, _, _ = house
    one, two = (node.as_(f"carrier-a-{n}").forms for n in (1, 2))

    def save(number: int) -> str:
        words = f"text {number}"
        given = {"region": "north", "tools": ["other"], "other_tool": words}
        (one, two)[number % 2].save(PROGRAMME, FORM, "firm", given, 0)
        return words

    with ThreadPoolExecutor(8) as many:
        written = set(many.map(save, range(16)))
    draft = one.draft(PROGRAMME, FORM)
    kept = {clash.answers["other_tool"] for clash in draft.clashes}
    assert kept | {draft.answers["other_tool"]} == written
    assert len(draft.clashes) == 15


def test_answers_from_a_file_never_replace_what_another_officer_wrote(house):
    node, _, _ = house
    one, two = (node.as_(f"carrier-a-{n}").forms for n in (1, 2))
    one.fill(PROGRAMME, FORM, answers(other_tool="by one"))
    draft = two.fill(PROGRAMME, FORM, answers(other_tool="by two"))
    assert draft.answers["other_tool"] == "by one"
    assert [each.answers["other_tool"] for each in draft.clashes] == ["by two"]
    seen = two.fill(PROGRAMME, FORM, answers(other_tool="both"), settles=True)
    assert (seen.answers["other_tool"], seen.clashes) == ("both", ())
    late = one.fill(PROGRAMME, FORM, answers(other_tool="late"), revision=draft.revision)
    assert (late.answers["other_tool"], len(late.clashes)) == ("both", 1)


def test_one_organisation_cannot_fill_the_disk(house, monkeypatch):
    from sekisho.gate.forms import uploads

    node, _, _ = house
    monkeypatch.setattr(uploads, "MOST_KEPT", 300)
    forms = node.as_("carrier-a-1").forms
    for _ in range(3):
        forms.attach_bytes(PROGRAMME, FORM, "report", ("a.pdf", PDF))
    forms.attach_bytes(PROGRAMME, FORM, "report", ("a.pdf", PDF + b"1"))
    with pytest.raises(DeliveryError) as raised:
        forms.attach_bytes(PROGRAMME, FORM, "report", ("a.pdf", PDF + b"2"))
    assert code(raised) == "forms.files-too-many"
    node.as_("carrier-b-1").forms.attach_bytes(PROGRAMME, FORM, "report", ("a.pdf", PDF))


def test_a_draft_that_changed_after_it_was_checked_is_not_submitted(house):
    node, _, _ = house
    one, two = (node.as_(f"carrier-a-{n}").forms for n in (1, 2))
    seen = one.fill(PROGRAMME, FORM, answers()).revision
    two.save(PROGRAMME, FORM, "costs", {}, seen)
    with pytest.raises(Conflict) as raised:
        one.submit(PROGRAMME, FORM, revision=seen)
    assert code(raised) == "forms.draft-changed"


def test_an_organisation_answers_once_and_then_corrects(house):
    node, _, _ = house
    made = submitted(node, "carrier-a-1").submission
    with pytest.raises(Conflict) as raised:
        node.as_("carrier-a-2").forms.draft(PROGRAMME, FORM)
    assert made.reference in raised.value.sentences()[0]
    forms = node.as_("carrier-a-2").forms
    begun = forms.correct(made.reference)
    assert begun.answers == made.answers
    assert forms.correct(made.reference) == begun
    forms.fill(PROGRAMME, FORM, answers(staff=130))
    second = forms.submit(PROGRAMME, FORM).submission
    assert (second.reference, second.revision) == (made.reference, 2)
    states = [(each.revision, each.state.value) for each in forms.history(made.reference)]
    assert states == [(1, "corrected"), (2, "received")]
    assert [each.revision for each in node.forms.submissions(PROGRAMME, FORM)] == [2]
    ((_, entry),) = node._house.store.outbox(second.entry_index, 1)
    assert parse_entry(entry).public["concerns"] == made.entry_index


# -- a form that changed --------------------------------------------------------------------------


def test_a_form_changed_while_drafts_are_open_loses_no_answer(house, tmp_path):
    node, _, _ = house
    forms = node.as_("carrier-a-1").forms
    seen = forms.fill(PROGRAMME, FORM, answers())
    changed = SURVEY.replace("version = 1", "version = 2").replace(
        'title = { en = "Staff", ja = "従業員数" }',
        'title = { en = "Staff on 1 June", ja = "6月1日の従業員数" }',
    )
    node.add_programme(write_programme(tmp_path / "second", telework=changed))
    moved = forms.draft(PROGRAMME, FORM)
    assert moved.version == 2
    assert "staff" not in moved.answers
    assert [(left.question, left.title.en, int(left.answer)) for left in moved.leftovers] == [
        ("staff", "Staff", 120)
    ]
    with pytest.raises(Conflict):
        forms.submit(PROGRAMME, FORM, revision=seen.revision, leftovers_seen=True)
    late = forms.save(PROGRAMME, FORM, "costs", {"since": "2020-05-01"}, seen.revision)
    assert [clash.section for clash in late.clashes] == ["costs"]
    kept = {
        "lessons": late.answers["lessons"],
        "sites": late.answers["sites"],
        "spent": late.answers["spent"],
    }
    forms.settle(PROGRAMME, FORM, "costs", kept, late.revision)
    forms.save(PROGRAMME, FORM, "firm", {"region": "north", "staff": 99}, moved.revision + 2)
    with pytest.raises(Conflict) as raised:
        forms.submit(PROGRAMME, FORM)
    assert code(raised) == "forms.leftovers-open"
    made = forms.submit(PROGRAMME, FORM, leftovers_seen=True).submission
    assert made.version == 2


def test_a_submission_keeps_the_questions_that_it_answered(house, tmp_path):
    node, _, _ = house
    made = submitted(node, "carrier-a-1").submission
    changed = SURVEY.replace("version = 1", "version = 2").replace(
        "Staff who telework", "Teleworkers"
    )
    node.add_programme(write_programme(tmp_path / "second", telework=changed))
    found = node.forms.submission(made.reference)
    assert node.forms.form_of(found).question("teleworkers").title.en == "Staff who telework"
    assert node.forms.form(PROGRAMME, FORM).question("teleworkers").title.en == "Teleworkers"


# -- opened and withdrawn -------------------------------------------------------------------------


def test_only_what_its_maker_opened_is_everyones_and_a_correction_is_closed_again(house):
    node, _, _ = house
    made = submitted(node, "carrier-a-1").submission
    stranger = replace_actor(node, ANYBODY).forms
    forms = node.as_("carrier-a-1").forms
    forms.open_to_public(made.reference)
    assert stranger.submission(made.reference).digest == made.digest
    ((_, entry),) = node._house.store.outbox(node._house.store.entry_count() - 1, 1)
    opened = parse_entry(entry)
    assert opened.kind is EntryKind.PUBLICATION_OPENED
    assert (opened.public["publication"], opened.public["digest"]) == (made.reference, made.digest)
    with pytest.raises(Conflict) as raised:
        forms.open_to_public(made.reference)
    assert "「一般公開」" in raised.value.sentences(Language.JA)[0]
    forms.correct(made.reference)
    forms.fill(PROGRAMME, FORM, answers(staff=130))
    forms.submit(PROGRAMME, FORM)
    assert [each.revision for each in stranger.history(made.reference)] == [1]
    forms.open_to_public(made.reference)
    assert stranger.submission(made.reference).answers["staff"] == 130


def test_what_may_not_be_public_stays_closed(tmp_path):
    node, _, _ = make_node(tmp_path, telework=SURVEY.replace("may_be_public = true\n", ""))
    made = submitted(node, "carrier-a-1").submission
    with pytest.raises(Refused):
        node.as_("carrier-a-1").forms.open_to_public(made.reference)
    node.close()


def test_a_withdrawn_submission_counts_no_more_and_another_may_follow(house):
    node, _, _ = house
    made = submitted(node, "carrier-a-1").submission
    forms = node.as_("carrier-a-1").forms
    forms.open_to_public(made.reference)
    forms.withdraw(made.reference)
    assert node.forms.submissions(PROGRAMME) == []
    assert node.forms.submission(made.reference).state is SubmissionState.WITHDRAWN
    for reader in (node.as_("carrier-b-1"), replace_actor(node, ANYBODY)):
        with pytest.raises(NotFound):
            reader.forms.submission(made.reference)
    again = submitted(node, "carrier-a-1").submission
    assert again.reference != made.reference
    assert kinds(node)[-2:] == ["submission-withdrawn", "submission-received"]
