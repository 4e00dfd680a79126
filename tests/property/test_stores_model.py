"""Any order of changes leaves the store as a plain model says, with one entry for each."""

import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sekisho.errors import Conflict, NotFound
from sekisho.model.entry import entry_bytes
from sekisho.terms import JOB_TRANSITIONS, RELEASE_TRANSITIONS, JobState, ReleaseState
from tests.lib.stores import (
    NOW,
    actor,
    delivery,
    entry,
    job,
    new_store,
    participant,
    release,
    release_entry,
)

names = st.sampled_from(["a", "b", "c"])
seconds = st.integers(0, 3).map(lambda n: NOW + timedelta(seconds=n))


class StoreAgainstModel(RuleBasedStateMachine):
    """Every change is made twice: in the store and in dictionaries."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sekisho-property-"))
        self.store = new_store("sqlite", self.folder)
        self.log: list[bytes] = []
        self.people: dict[str, object] = {}
        self.actors: dict[str, object] = {}
        self.deliveries: dict[str, object] = {}
        self.releases: dict[tuple[str, int], object] = {}
        self.jobs: dict[str, object] = {}

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)

    def change(self, allowed, call, said=None):
        """The store accepts what the model allows, and only then the log grows."""
        said = said or entry()
        try:
            index = call(said)
        except (Conflict, NotFound):
            assert not allowed
            return None
        assert allowed
        self.log.append(entry_bytes(said))
        return index

    @rule(name=names)
    def add_participant(self, name):
        new = participant(name)
        allowed = name not in self.people
        if self.change(allowed, lambda said: self.store.add_participant(new, said)) is not None:
            self.people[name] = new

    @rule(name=names, of=names)
    def add_actor(self, name, of):
        new = actor(name, of)
        allowed = name not in self.actors and of in self.people
        if self.change(allowed, lambda said: self.store.add_actor(new, None, said)) is not None:
            self.actors[name] = new

    @rule(digit=st.sampled_from("0123"))
    def add_delivery(self, digit):
        new = delivery(digit * 64)
        allowed = digit not in self.deliveries
        index = self.change(allowed, lambda said: self.store.add_delivery(new, said))
        if index is not None:
            self.deliveries[digit] = replace(new, entry_index=index)

    @rule(plan=names, revision=st.integers(1, 3), corrects=st.booleans())
    def add_release(self, plan, revision, corrects):
        before = (plan, revision - 1)
        old = f"trade.{plan}.{revision - 1}" if corrects else None
        new = release(plan, revision, corrects=old)
        allowed = (plan, revision) not in self.releases
        if corrects:
            known = self.releases.get(before)
            allowed &= known is not None and known.state is ReleaseState.OPEN
        index = self.change(
            allowed, lambda said: self.store.add_releases([new], [said])[0], release_entry(new)
        )
        if index is not None:
            self.releases[plan, revision] = replace(new, entry_index=index)
            if corrects:
                known = self.releases[before]
                self.releases[before] = replace(known, state=ReleaseState.CORRECTED)

    @rule(plan=names, revision=st.integers(1, 3), state=st.sampled_from(ReleaseState))
    def move_release(self, plan, revision, state):
        known = self.releases.get((plan, revision))
        allowed = known is not None and state in RELEASE_TRANSITIONS[known.state]
        name = f"trade.{plan}.{revision}"
        self.change(allowed, lambda said: self.store.set_release_state(name, state, said))
        if allowed:
            self.releases[plan, revision] = replace(known, state=state)

    @rule(name=names)
    def add_job(self, name):
        new = job(name)
        try:
            self.store.add_job(new)
            assert name not in self.jobs
            self.jobs[name] = new
        except Conflict:
            assert name in self.jobs

    @rule(name=names, now=seconds, until=seconds)
    def claim_job(self, name, now, until):
        known = self.jobs.get(name)
        free = known is not None and (
            known.state is JobState.QUEUED
            or (known.state is JobState.RUNNING and known.lease_until < now)
        )
        assert self.store.claim_job(name, until, now) == free
        if free:
            self.jobs[name] = replace(
                known, state=JobState.RUNNING, lease_until=until, attempts=known.attempts + 1
            )

    @rule(name=names, state=st.sampled_from(JobState), stale=st.integers(0, 1), until=seconds)
    def report_job(self, name, state, stale, until):
        known = self.jobs.get(name, job(name))
        said = replace(
            known, state=state, lease_until=until, attempts=known.attempts - stale, phase="x"
        )
        running = known.state is JobState.RUNNING
        moves = running if state is JobState.RUNNING else state in JOB_TRANSITIONS[known.state]
        try:
            self.store.report_job(said)
            assert name in self.jobs
            assert moves
            assert not stale
            self.jobs[name] = said
        except (Conflict, NotFound):
            assert not moves or stale or name not in self.jobs

    @rule()
    def open_again(self):
        where = self.store._engine.url.render_as_string()
        self.store.close()
        from sekisho.stores.sql import open_store

        self.store = open_store(where)

    @invariant()
    def the_store_is_as_the_model_says(self):
        assert self.store.outbox(0, 999) == list(enumerate(self.log))
        assert self.store.entry_count() == len(self.log)
        assert self.store.participants() == [self.people[name] for name in sorted(self.people)]
        assert self.store.actors() == [self.actors[name] for name in sorted(self.actors)]
        by_entry = sorted(self.deliveries.values(), key=lambda each: each.entry_index)
        assert self.store.deliveries("trade", "lines") == by_entry
        by_entry = sorted(self.releases.values(), key=lambda each: each.entry_index)
        assert self.store.releases() == by_entry
        assert self.store.jobs() == [self.jobs[name] for name in sorted(self.jobs)]


StoreAgainstModel.TestCase.settings = settings(
    max_examples=settings().max_examples // 4, stateful_step_count=30
)
test_any_order_of_changes_leaves_the_store_as_the_model_says = StoreAgainstModel.TestCase
