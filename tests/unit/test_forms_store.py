"""Forms in the store, SQLite and PostgreSQL: what counts commits with its entry or not at all."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import Conflict, NotFound, SekishoError, TamperedError
from sekisho.model.data_request import DataRequest, RequestState
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.submission import (
    BothText,
    Clash,
    FileRef,
    Leftover,
    Money,
    SubmissionState,
)
from sekisho.model.text import Text
from sekisho.stores.form_codec import read_answers as read_kept
from sekisho.stores.form_codec import write_answers
from sekisho.terms import Lane, Outcome
from tests.lib.forms_submissions import AT, draft, read, submission
from tests.lib.stores import entry, new_store, participant

BOTH = pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def store(request, tmp_path):
    opened = new_store(request.param, tmp_path)
    for name in ("carrier-a", "carrier-b"):
        opened.add_participant(participant(name), entry())
    yield opened
    opened.close()


def received() -> Entry:
    return Entry(EntryKind.SUBMISSION_RECEIVED, AT, lane=Lane.OPEN, public={"form": "telework"})


def full_draft(**changed):
    file = FileRef("報告.pdf", "application/pdf", "ab" * 32, 12)
    return draft(
        answers={**read(), "report": file},
        revision=3,
        section_revisions={"firm": 2, "costs": 3},
        clashes=(Clash("firm", {"region": "south"}, "carrier-a-2", AT, 3),),
        leftovers=(Leftover("old", Text("Old", "旧"), "what was written"),),
        **changed,
    )


def code(raised) -> str:
    return raised.value.faults[0].code


@BOTH
def test_a_draft_comes_back_as_it_went_in(store):
    begun = full_draft()
    store.forms.add_draft(begun)
    assert store.forms.draft("made-up-survey", "telework", "carrier-a") == begun
    assert store.forms.draft("made-up-survey", "telework", "carrier-b") is None
    assert store.forms.drafts("made-up-survey", "telework") == [begun]


@BOTH
def test_of_two_saves_over_one_revision_one_comes_first(store):
    store.forms.add_draft(draft())
    with pytest.raises(Conflict) as raised:
        store.forms.add_draft(draft())
    assert code(raised) == "forms.draft-exists"
    store.forms.save_draft(draft(revision=1), 0)
    with pytest.raises(Conflict) as raised:
        store.forms.save_draft(draft(revision=1, changed_by="other"), 0)
    assert code(raised) == "forms.draft-changed"


@BOTH
def test_a_submission_takes_its_draft_and_comes_with_its_entry(store):
    before = store.entry_count()
    store.forms.add_draft(full_draft())
    made = submission()
    index = store.forms.add_submission(made, full_draft(), "slot", received())
    assert store.forms.history(made.reference) == [replace(made, entry_index=index)]
    assert store.forms.draft("made-up-survey", "telework", "carrier-a") is None
    assert store.entry_count() == before + 1


@BOTH
def test_a_submission_without_its_draft_leaves_nothing(store):
    before = store.entry_count()
    store.forms.add_draft(draft(revision=1))
    with pytest.raises(Conflict):
        store.forms.add_submission(submission(), draft(), None, received())
    assert store.entry_count() == before
    assert store.forms.submissions() == []


@BOTH
def test_two_submissions_cannot_stand_in_one_slot_until_one_is_withdrawn(store):
    store.forms.add_draft(draft())
    store.forms.add_submission(submission(), draft(), "slot", received())
    store.forms.add_draft(draft())
    with pytest.raises(Conflict) as raised:
        store.forms.add_submission(submission("MUS-2"), draft(), "slot", received())
    assert code(raised) == "forms.submission-exists"
    withdrawn = Entry(EntryKind.SUBMISSION_WITHDRAWN, AT, lane=Lane.OPEN, public={"form": "x"})
    store.forms.move_submission(submission().id, SubmissionState.WITHDRAWN, withdrawn)
    store.forms.add_submission(submission("MUS-2"), draft(), "slot", received())


@BOTH
def test_a_correction_keeps_the_history_and_only_the_newest_can_be_corrected(store):
    first = submission()
    store.forms.add_draft(draft())
    store.forms.add_submission(first, draft(), "slot", received())
    second = submission(id="r2", revision=2)
    store.forms.add_draft(draft())
    store.forms.add_submission(second, draft(), "slot", received())
    states = [each.state for each in store.forms.history(first.reference)]
    assert states == [SubmissionState.CORRECTED, SubmissionState.RECEIVED]
    store.forms.add_draft(draft())
    with pytest.raises(Conflict):
        store.forms.add_submission(submission(id="r2b", revision=2), draft(), "slot", received())
    assert [each.participant for each in store.forms.submissions("made-up-survey")] == [
        "carrier-a"
    ] * 2


@BOTH
def test_a_submission_moves_only_as_the_table_says(store):
    store.forms.add_draft(draft())
    store.forms.add_submission(submission(), draft(), None, received())
    opened = Entry(
        EntryKind.PUBLICATION_OPENED,
        AT,
        lane=Lane.OPEN,
        public={"publication": "x", "digest": "0" * 64},
    )
    store.forms.move_submission(submission().id, SubmissionState.OPENED, opened, AT)
    (found,) = store.forms.history(submission().reference)
    assert (found.state, found.opened_at) == (SubmissionState.OPENED, AT)
    before = store.entry_count()
    with pytest.raises(Conflict):
        store.forms.move_submission(submission().id, SubmissionState.OPENED, opened, AT)
    with pytest.raises(NotFound):
        store.forms.move_submission("nothing", SubmissionState.OPENED, opened, AT)
    assert store.entry_count() == before


def asked(participant_id="carrier-a", **changed) -> DataRequest:
    fields = {
        "id": f"r1.{participant_id}",
        "programme": "made-up-survey",
        "form": "traffic",
        "dataset": "volumes",
        "round": 1,
        "participant": participant_id,
        "due": date(2020, 6, 30),
        "state": RequestState.ASKED,
        "asked_at": AT,
        "changed_at": AT,
    }
    return DataRequest(**{**fields, **changed})


@BOTH
def test_a_round_of_requests_is_sent_once_and_each_answer_has_its_entry(store):
    due = Entry(EntryKind.DUTY_DUE, AT, public={"duty": "traffic"})
    indices = store.forms.add_requests(
        [asked(), asked("carrier-b")], [due, replace(due, nonce="0" * 32)]
    )
    assert indices == [2, 3]
    with pytest.raises(Conflict) as raised:
        store.forms.add_requests([asked(id="again")], [due])
    assert code(raised) == "forms.request-exists"
    refused = asked(state=RequestState.REFUSED, reason="no such data")
    done = Entry(EntryKind.DECISION_REFUSED, AT, lane=Lane.OPEN, outcome=Outcome.REFUSED)
    store.forms.change_request(refused, done)
    found = store.forms.requests(participant="carrier-a")
    assert [(each.state, each.reason, each.entry_index) for each in found] == [
        (RequestState.REFUSED, "no such data", 2)
    ]
    with pytest.raises(Conflict):
        store.forms.change_request(asked(state=RequestState.DELIVERED), due)
    assert len(store.forms.requests("made-up-survey", "traffic")) == 2


@BOTH
def test_batches_of_submissions_are_numbered_and_finished(store):
    assert store.forms.add_batch("p", "f", ["a", "b"]) == 1
    assert store.forms.add_batch("p", "f", ["c"]) == 2
    store.forms.finish_batch("p", "f", 1, "delivery")
    assert store.forms.batches("p", "f") == [(1, ("a", "b"), "delivery"), (2, ("c",), None)]


@BOTH
def test_of_officers_who_submit_at_once_one_comes_first_for_everybody(store):
    store.forms.add_draft(draft())

    def submit(number: int) -> bool:
        try:
            store.forms.add_submission(submission(f"MUS-{number}"), draft(), "slot", received())
        except SekishoError:
            return False
        return True

    with ThreadPoolExecutor(6) as many:
        assert sorted(many.map(submit, range(6))) == [False] * 5 + [True]
    assert len(store.forms.submissions()) == 1


words = st.text(max_size=20)
numbers = st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
)
cells = (
    words
    | numbers
    | st.dates()
    | st.lists(words, max_size=3).map(tuple)
    | st.builds(Money, numbers, st.just("JPY"))
    | st.builds(BothText, words, words)
    | st.builds(FileRef, words, words, words, st.integers(0, 9))
)
rows = st.lists(st.dictionaries(words, cells, min_size=1, max_size=3), min_size=1, max_size=3)


@given(st.dictionaries(words, cells | rows.map(tuple), max_size=5))
def test_answers_come_back_exactly_from_what_is_kept(answers):
    assert read_kept(json.loads(json.dumps(write_answers(answers)))) == answers


def test_a_row_that_was_written_over_is_told(tmp_path):
    from sqlalchemy import text

    store = new_store("sqlite", tmp_path)
    store.forms.add_draft(draft())
    with store._writer.begin() as connection:
        connection.execute(text("UPDATE form_drafts SET body = '{\"id\": 1}'"))
    with pytest.raises(TamperedError):
        store.forms.drafts("made-up-survey", "telework")
    store.close()
