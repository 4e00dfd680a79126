"""Small real values to put into a store, and the stores to put them into."""

import atexit
import itertools
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from sekisho.model.actor import Actor, Participant
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.release import Delivery, Job, Release
from sekisho.model.text import Text
from sekisho.stores.sql import SqlStore, open_store
from sekisho.terms import JobState, Lane, ParticipantKind, ReleaseState, Role
from tests.lib import releases as examples
from tests.lib.postgres import new_database

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
BACKENDS = ("sqlite", "postgres")
_numbers = itertools.count()


class StillClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def address(backend: str, folder: Path) -> str:
    """The address of a store that does not exist yet."""
    if backend == "postgres":
        return new_database()
    return f"sqlite:///{folder / f'node-{next(_numbers)}.sqlite'}"


@cache
def _model(backend: str) -> str:
    """An empty store that others are copied from: migrating each would take most of the time."""
    folder = Path(tempfile.mkdtemp(prefix="sekisho-model-"))
    atexit.register(shutil.rmtree, folder)
    where = address(backend, folder)
    open_store(where, create=True).close()
    return where


def new_address(backend: str, folder: Path) -> str:
    """The address of an empty store."""
    model = _model(backend)
    if backend == "postgres":
        return new_database(like=make_url(model).database)
    where = address(backend, folder)
    shutil.copy(str(make_url(model).database), str(make_url(where).database))
    return where


def new_store(backend: str, folder: Path) -> SqlStore:
    """An empty store."""
    return open_store(new_address(backend, folder))


def entry() -> Entry:
    """Some entry."""
    return Entry(
        EntryKind.PARTICIPANT_CHANGED, NOW, public={"participant": "somebody", "change": "added"}
    )


def release_entry(release: Release) -> Entry:
    return Entry(
        EntryKind.RELEASE_MADE,
        NOW,
        programme=release.programme,
        lane=Lane.STATISTICS,
        public={"release": release.id, "plan": release.plan, "digest": "0" * 64},
    )


def release(plan: str, revision: int = 1, **changed: object) -> Release:
    """A small release of that plan, newly made, in a set of its own."""
    release_id = f"trade.{plan}.{revision}"
    fields: dict[str, object] = {
        "id": release_id,
        "programme": "trade",
        "plan": plan,
        "linked_set": (release_id,),
        "revision": revision,
        "state": ReleaseState.MADE,
        "table": examples.small(7, 3, 4),
        "entry_index": None,
    }
    return examples.release(**{**fields, **changed})


def linked_pair(revision: int = 1) -> tuple[Release, Release]:
    """Two releases that protect each other."""
    ids = tuple(f"trade.{plan}.{revision}" for plan in ("by-country", "by-product"))
    first, second = (release(plan, revision) for plan in ("by-country", "by-product"))
    return replace(first, linked_set=ids), replace(second, linked_set=ids)


def delivery(digest: str = "ab" * 32, **changed: object) -> Delivery:
    fields: dict[str, object] = {
        "id": f"delivery-{digest[:8]}",
        "programme": "trade",
        "dataset": "lines",
        "holder": "holder",
        "digest": digest,
        "rows": 12,
        "bytes": 3456,
        "delivered_at": NOW,
    }
    return Delivery(**{**fields, **changed})  # type: ignore[arg-type]


def participant(name: str = "holder") -> Participant:
    return Participant(
        name, Text("A holder", "ある保有者"), ParticipantKind.BUSINESS_OPERATOR, "JP"
    )


def actor(name: str = "clerk", of: str = "holder", *roles: Role) -> Actor:
    return Actor(name, of, frozenset(roles or (Role.DATA_HOLDER,)))


def job(name: str = "job-1", **changed: object) -> Job:
    fields: dict[str, object] = {
        "id": name,
        "kind": "load",
        "actor": "clerk",
        "request": {"dataset": "lines"},
        "state": JobState.QUEUED,
        "created_at": NOW,
    }
    return Job(**{**fields, **changed})  # type: ignore[arg-type]


def count_of_everything(store: SqlStore) -> int:
    """How many changes a store holds, counted from its rows, not from its log."""
    return sum(
        map(
            len,
            (
                store.programmes(),
                store.deliveries("trade", "lines"),
                store.releases(),
                store.participants(),
                store.actors(),
                store.keys(),
            ),
        )
    )
