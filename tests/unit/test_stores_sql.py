from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from sekisho.errors import Conflict, NotFound, StorageError, UsageError
from sekisho.model.actor import RegisteredKey
from sekisho.model.entry import entry_bytes
from sekisho.ports import InstalledProgramme
from sekisho.stores.sql import SqlStore, open_store
from sekisho.terms import (
    JOB_TRANSITIONS,
    RELEASE_TRANSITIONS,
    JobState,
    ReleaseState,
    Role,
)
from tests.lib.stores import (
    NOW,
    actor,
    address,
    delivery,
    entry,
    job,
    linked_pair,
    new_store,
    participant,
    release,
    release_entry,
)

KEY = RegisteredKey("ab" * 32, "holder", "sign", bytes(range(32)), NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request, tmp_path):
    made = new_store(request.param, tmp_path)
    yield made
    made.close()


def add(store: SqlStore, *releases):
    return store.add_releases(releases, [release_entry(each) for each in releases])


def code(raised) -> str:
    return raised.value.faults[0].code


def test_entries_are_numbered_from_zero_without_a_gap(store):
    written = [entry() for _ in range(5)]
    assert [store.append_entry(each) for each in written] == [0, 1, 2, 3, 4]
    assert store.entry_count() == 5
    assert store.outbox(0, 100) == list(enumerate(map(entry_bytes, written)))


def test_the_outbox_is_read_in_parts(store):
    for _ in range(5):
        store.append_entry(entry())
    assert [index for index, _ in store.outbox(1, 3)] == [1, 2, 3]
    assert [index for index, _ in store.outbox(4, 3)] == [4]
    assert store.outbox(5, 3) == []
    assert store.outbox(99, 3) == []
    with pytest.raises(UsageError):
        store.outbox(-1, 3)


def test_a_change_that_fails_gives_its_index_back(store):
    store.add_participant(participant(), entry())
    with pytest.raises(Conflict) as raised:
        store.add_participant(participant(), entry())
    assert code(raised) == "store.participant-exists"
    assert store.append_entry(entry()) == 1
    assert [index for index, _ in store.outbox(0, 9)] == [0, 1]


def test_a_programme_keeps_its_newest_version_in_use(store):
    first = InstalledProgramme("trade", "11" * 32, NOW)
    second = InstalledProgramme("trade", "22" * 32, NOW + timedelta(days=1))
    other = InstalledProgramme("health", "33" * 32, NOW)
    assert [store.install_programme(each, entry()) for each in (first, other, second)] == [0, 1, 2]
    assert store.programmes() == [other, second]
    with pytest.raises(Conflict) as raised:
        store.install_programme(second, entry())
    assert code(raised) == "store.programme-exists"
    store.install_programme(first, entry())
    assert store.programmes() == [other, first]


def test_deliveries_come_back_in_their_order_with_their_entry(store):
    later = delivery("cd" * 32, delivered_at=NOW - timedelta(days=9))
    store.add_delivery(delivery(), entry())
    store.add_delivery(later, entry())
    store.add_delivery(delivery(dataset="other"), entry())
    assert store.deliveries("trade", "lines") == [
        replace(delivery(), entry_index=0),
        replace(later, entry_index=1),
    ]
    assert store.deliveries("trade", "nothing") == []


def test_the_same_file_is_not_delivered_twice(store):
    store.add_delivery(delivery(), entry())
    with pytest.raises(Conflict) as raised:
        store.add_delivery(delivery(id="another"), entry())
    assert code(raised) == "store.delivery-exists"
    assert store.entry_count() == 1


def test_a_linked_set_comes_back_as_it_went_in(store):
    pair = linked_pair()
    assert add(store, *pair) == [0, 1]
    assert store.releases() == [replace(each, entry_index=n) for n, each in enumerate(pair)]
    assert store.release(pair[1].id) == replace(pair[1], entry_index=1)
    assert store.release("nothing") is None
    assert [each.plan for each in store.releases("trade", "by-product")] == ["by-product"]
    assert store.releases("other") == []


def test_a_linked_set_is_written_whole_or_not_at_all(store):
    first, second = linked_pair()
    add(store, release("by-product"))
    with pytest.raises(Conflict) as raised:
        add(store, first, second)
    assert code(raised) == "store.release-exists"
    assert store.release(first.id) is None
    assert store.entry_count() == 1


def test_every_release_needs_its_own_entry(store):
    first, second = linked_pair()
    with pytest.raises(UsageError):
        store.add_releases([first, second], [release_entry(first)])
    with pytest.raises(UsageError):
        store.add_releases([], [])
    assert store.entry_count() == 0


def test_a_release_begins_as_made(store):
    for state in set(ReleaseState) - {ReleaseState.MADE}:
        with pytest.raises(Conflict):
            add(store, release("by-country", state=state))


def test_a_correction_and_the_end_of_what_it_corrects_are_one_change(store):
    add(store, release("by-country"))
    fixed = release("by-country", 2, corrects="trade.by-country.1")
    with pytest.raises(Conflict):
        add(store, fixed)
    assert store.release("trade.by-country.1").state is ReleaseState.MADE
    store.set_release_state("trade.by-country.1", ReleaseState.OPEN)
    add(store, fixed)
    assert store.release("trade.by-country.1").state is ReleaseState.CORRECTED
    with pytest.raises(Conflict):
        add(store, release("by-country", 3, corrects="trade.by-country.1"))
    with pytest.raises(NotFound):
        add(store, release("by-country", 3, corrects="nothing"))


WAYS = {
    ReleaseState.MADE: [],
    ReleaseState.OPEN: [ReleaseState.OPEN],
    ReleaseState.CORRECTED: [ReleaseState.OPEN, ReleaseState.CORRECTED],
    ReleaseState.WITHDRAWN: [ReleaseState.OPEN, ReleaseState.WITHDRAWN],
}


def test_a_release_moves_as_the_transitions_say(store):
    for number, (old, new) in enumerate(product(ReleaseState, ReleaseState)):
        one = release(f"plan-{number}")
        add(store, one)
        for step in WAYS[old]:
            store.set_release_state(one.id, step, entry())
        count = store.entry_count()
        if new in RELEASE_TRANSITIONS[old]:
            store.set_release_state(one.id, new, entry())
            assert store.release(one.id).state is new
        else:
            with pytest.raises(Conflict):
                store.set_release_state(one.id, new, entry())
            assert store.release(one.id).state is old
            assert store.entry_count() == count


def test_withdrawing_without_an_entry_is_refused(store):
    add(store, release("by-country"))
    store.set_release_state("trade.by-country.1", ReleaseState.OPEN)
    with pytest.raises(UsageError):
        store.set_release_state("trade.by-country.1", ReleaseState.WITHDRAWN)
    with pytest.raises(NotFound):
        store.set_release_state("nothing", ReleaseState.OPEN)


def test_people_come_back_as_they_went_in(store):
    clerk, reader = actor(), actor("reader", "holder", Role.AUDITOR, Role.DATA_USER)
    assert store.add_participant(participant(), entry()) == 0
    assert store.add_actor(clerk, b"h" * 32, entry()) == 1
    assert store.add_actor(reader, None, entry()) == 2
    assert store.participants() == [participant()]
    assert store.actors() == [clerk, reader]
    assert store.actor_by_token(b"h" * 32) == clerk
    assert store.actor_by_token(b"x" * 32) is None


def test_an_actor_belongs_to_a_participant_that_is_there(store):
    with pytest.raises(NotFound) as raised:
        store.add_actor(actor(), None, entry())
    assert code(raised) == "store.no-participant"
    with pytest.raises(NotFound):
        store.add_key(KEY, entry())
    assert store.entry_count() == 0


def test_a_replaced_token_opens_nothing(store):
    store.add_participant(participant(), entry())
    store.add_actor(actor(), b"1" * 32, entry())
    store.set_token("clerk", b"2" * 32, entry())
    assert store.actor_by_token(b"1" * 32) is None
    assert store.actor_by_token(b"2" * 32) == actor()
    store.set_token("clerk", None, entry())
    assert store.actor_by_token(b"2" * 32) is None
    with pytest.raises(NotFound):
        store.set_token("nobody", None, entry())
    assert store.entry_count() == 4


def test_a_key_is_registered_once_and_revoked_once(store):
    store.add_participant(participant(), entry())
    store.add_participant(participant("other"), entry())
    store.add_key(KEY, entry())
    with pytest.raises(Conflict) as raised:
        store.add_key(replace(KEY, participant="other"), entry())
    assert code(raised) == "store.key-exists"
    assert store.keys() == store.keys("holder") == [KEY]
    assert store.keys("other") == []
    store.revoke_key(KEY.fingerprint, NOW, entry())
    assert store.keys() == [replace(KEY, revoked_at=NOW)]
    with pytest.raises(Conflict):
        store.revoke_key(KEY.fingerprint, NOW + timedelta(days=1), entry())
    with pytest.raises(NotFound):
        store.revoke_key("cd" * 32, NOW, entry())
    assert store.keys() == [replace(KEY, revoked_at=NOW)]


def test_a_job_comes_back_as_it_went_in(store):
    whole = job(
        state=JobState.RUNNING,
        phase="load.read",
        done=3,
        total=9,
        result={"rows": "12"},
        fault="[]",
        lease_until=NOW,
        attempts=2,
    )
    store.add_job(whole)
    store.add_job(job("job-2", created_at=NOW - timedelta(days=1)))
    assert store.job("job-1") == whole
    assert store.job("nothing") is None
    assert [each.id for each in store.jobs()] == ["job-2", "job-1"]
    assert [each.id for each in store.jobs(JobState.QUEUED)] == ["job-2"]
    with pytest.raises(Conflict):
        store.add_job(job())
    assert store.entry_count() == 0


def test_a_job_is_claimed_when_it_waits_or_its_lease_has_run_out(store):
    minute = timedelta(minutes=1)
    store.add_job(job())
    assert store.claim_job("job-1", NOW + minute, NOW)
    assert not store.claim_job("job-1", NOW + 2 * minute, NOW + minute / 2)
    assert not store.claim_job("job-1", NOW + 2 * minute, NOW + minute)
    assert store.claim_job("job-1", NOW + 3 * minute, NOW + minute + timedelta(microseconds=1))
    assert store.job("job-1").attempts == 2
    assert not store.claim_job("nothing", NOW, NOW)


def test_only_the_attempt_that_holds_a_job_reports_on_it(store):
    store.add_job(job())
    store.claim_job("job-1", NOW, NOW)
    mine = store.job("job-1")
    store.claim_job("job-1", NOW + timedelta(minutes=1), NOW + timedelta(seconds=1))
    with pytest.raises(Conflict) as raised:
        store.report_job(replace(mine, state=JobState.DONE))
    assert code(raised) == "store.job-not-held"
    assert store.job("job-1").state is JobState.RUNNING
    with pytest.raises(NotFound):
        store.report_job(job("nothing"))


JOB_WAYS = {
    JobState.QUEUED: [],
    JobState.RUNNING: [],
    JobState.DONE: [JobState.DONE],
    JobState.FAILED: [JobState.FAILED],
    JobState.CANCELLED: [JobState.CANCELLED],
}


def test_a_job_moves_as_the_transitions_say(store):
    for old, new in product(JobState, JobState):
        name = f"{old}-{new}"
        store.add_job(job(name))
        if old is not JobState.QUEUED:
            store.claim_job(name, NOW, NOW)
        for step in JOB_WAYS[old]:
            store.report_job(replace(store.job(name), state=step))
        asked = replace(store.job(name), state=new, phase="changed")
        progress = old is new is JobState.RUNNING
        if progress or (new in JOB_TRANSITIONS[old] and new is not JobState.RUNNING):
            store.report_job(asked)
            assert store.job(name) == asked
        else:
            with pytest.raises(Conflict):
                store.report_job(asked)
            assert store.job(name).state is old


def test_a_job_that_waits_is_cancelled_at_once_and_one_that_runs_is_asked(store):
    store.add_job(job())
    store.ask_cancel("job-1")
    assert store.job("job-1").state is JobState.CANCELLED
    with pytest.raises(Conflict):
        store.ask_cancel("job-1")
    store.add_job(job("job-2"))
    store.claim_job("job-2", NOW, NOW)
    assert not store.cancel_asked("job-2")
    store.ask_cancel("job-2")
    assert store.cancel_asked("job-2")
    assert store.job("job-2").state is JobState.RUNNING
    for call in (store.ask_cancel, store.cancel_asked):
        with pytest.raises(NotFound):
            call("nothing")


def test_a_job_that_is_tried_again_forgets_that_it_was_cancelled(store):
    store.add_job(job())
    store.ask_cancel("job-1")
    store.report_job(replace(store.job("job-1"), state=JobState.QUEUED))
    assert not store.cancel_asked("job-1")


def test_any_text_is_kept_as_it_is(store):
    said = {"日本語 ・ 関所": "' ; DROP TABLE entries; --", "\u2028": "\U0001f6a7\0"}
    store.add_job(job(request=said))
    assert store.job("job-1").request == said


def test_text_that_is_not_unicode_is_refused(store):
    with pytest.raises(UsageError):
        store.add_job(job(kind="\ud800"))


def test_a_number_too_large_for_a_row_is_refused(store):
    with pytest.raises(UsageError):
        store.add_delivery(delivery(rows=2**63), entry())
    assert store.entry_count() == 0


def test_a_time_without_zone_is_refused(store):
    with pytest.raises(UsageError):
        store.add_delivery(delivery(delivered_at=NOW.replace(tzinfo=None)), entry())
    assert store.entry_count() == 0


def test_a_closed_store_refuses_every_call(tmp_path):
    store = new_store("sqlite", tmp_path)
    store.close()
    store.close()
    with pytest.raises(StorageError) as raised:
        store.append_entry(entry())
    assert code(raised) == "store.closed"
    with pytest.raises(StorageError):
        store.programmes()


@pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def test_what_was_written_is_there_after_opening_again(backend, tmp_path: Path):
    where = address(backend, tmp_path)
    store = open_store(where, create=True)
    add(store, *linked_pair())
    store.close()
    again = open_store(where)
    assert len(again.releases()) == again.entry_count() == 2
    again.close()
