"""The node's state in SQLite or PostgreSQL, behind the Store port.

Every change commits together with its log entry, in one transaction, or leaves no trace. The
entry's index is given out inside that transaction, so the order of the log is the order of the
changes. Many threads and processes may use one store at once.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from threading import Lock

from sqlalchemy import Connection, Engine

from sekisho.errors import StorageError, UsageError, fault
from sekisho.model.actor import Actor, Participant, RegisteredKey
from sekisho.model.budget import BudgetCharge, Spent
from sekisho.model.duty import Brought
from sekisho.model.entry import Entry
from sekisho.model.release import Delivery, Job, Release
from sekisho.ports import InstalledProgramme
from sekisho.stores import charge_rows, duty_rows, flow_rows, job_rows, log_rows, people_rows
from sekisho.stores.calendar import SqlCalendar
from sekisho.stores.database import WRITES, open_engine
from sekisho.stores.duties import SqlDuties
from sekisho.stores.faults import translated
from sekisho.stores.forms import SqlForms
from sekisho.stores.parts import SqlParts
from sekisho.stores.records import SqlRecords
from sekisho.stores.search import SqlSearch
from sekisho.stores.shred import shred
from sekisho.stores.tables import charges as charge_table
from sekisho.stores.tables import releases
from sekisho.terms import JobState, ReleaseState


def open_store(url: str, *, create: bool = False) -> "SqlStore":
    """The store at `sqlite:////folder/file` or `postgresql://user@host/name`.

    With `create` an absent or empty one is made; one of an older version is migrated.

    Raises: UsageError for another address; StorageError when there is no store, it is somebody
    else's or a newer version's; Conflict when others keep it busy for 30 s.
    """
    return SqlStore(open_engine(url, create=create))


class SqlStore:
    """A store; open one with `open_store`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**WRITES)
        # Threads take turns here; waiting inside SQLite would let some of them starve.
        self._turn = Lock()
        self._closed = False
        shredded = partial(shred, engine, "subject_secrets")
        self._records = SqlRecords(self._change, self._look, shredded)
        self._forms = SqlForms(self._change, self._look)
        self._search = SqlSearch(self._change, self._look)
        self._duties = SqlDuties(self._change, self._look)
        self._calendar = SqlCalendar(self._change, self._look)
        self._parts = SqlParts(self._change, self._look)

    @property
    def records(self) -> SqlRecords:
        """The state of the record lane."""
        return self._records

    @property
    def search(self) -> SqlSearch:
        """The words of submissions."""
        return self._search

    @property
    def duties(self) -> SqlDuties:
        """Duties that allowed flows brought."""
        return self._duties

    @property
    def calendar(self) -> SqlCalendar:
        """Releases that wait for their moment, and notices."""
        return self._calendar

    @property
    def parts(self) -> SqlParts:
        """Parts of datasets that several holders bring."""
        return self._parts

    @property
    def forms(self) -> SqlForms:
        """The state of forms."""
        return self._forms

    @contextmanager
    def _change(self, taken: str = "store.exists") -> Iterator[Connection]:
        """A transaction that writes; `taken` is said when a row of that name exists."""
        self._check_open()
        with self._turn, translated(taken), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _look(self) -> Iterator[Connection]:
        self._check_open()
        with translated(), self._engine.begin() as connection:
            yield connection

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError(fault("store.closed"))

    def install_programme(self, programme: InstalledProgramme, entry: Entry) -> int:
        """Take in a programme or a new version of it; Conflict when it is this very version."""
        with self._change("store.programme-exists") as connection:
            index = log_rows.append(connection, entry)
            flow_rows.insert_programme(connection, programme, index)
        return index

    def programmes(self) -> list[InstalledProgramme]:
        """The version in use of each programme, in order of id."""
        with self._look() as connection:
            return flow_rows.current_programmes(connection)

    def add_delivery(self, delivery: Delivery, entry: Entry) -> int:
        """Make a delivery visible; Conflict when its dataset has the same file already."""
        with self._change("store.delivery-exists") as connection:
            index = log_rows.append(connection, entry)
            flow_rows.insert_delivery(connection, delivery, index)
        return index

    def deliveries(self, programme: str, dataset: str, *, ever: bool = False) -> list[Delivery]:
        """What was brought, in that order; with `ever` also what was taken back."""
        with self._look() as connection:
            return flow_rows.find_deliveries(connection, programme, dataset, ever=ever)

    def add_releases(
        self,
        releases: Sequence[Release],
        entries: Sequence[Entry],
        brought: Sequence[Brought] = (),
    ) -> list[int]:
        """All of a linked set or none; what one corrects turns `corrected` with it.

        Raises: UsageError without one entry a release; Conflict when a revision exists or a state
        forbids it; NotFound when `corrects` is not there.
        """
        if not releases or len(releases) != len(entries):
            raise UsageError(fault("store.entry-each"))
        indices = []
        with self._change("store.release-exists") as connection:
            for release, entry in zip(releases, entries, strict=True):
                index = log_rows.append(connection, entry)
                flow_rows.insert_release(connection, release, index)
                indices.append(index)
            for each in brought:
                duty_rows.keep(connection, each)
        return indices

    def set_release_state(
        self, release_id: str, state: ReleaseState, entry: Entry | None = None
    ) -> None:
        """Bring a release into another state; only opening it needs no entry of its own.

        Raises: NotFound; Conflict when RELEASE_TRANSITIONS forbids it; UsageError without entry.
        """
        if entry is None and state is not ReleaseState.OPEN:
            raise UsageError(fault("store.entry-each"))
        with self._change() as connection:
            if entry is not None:
                log_rows.append(connection, entry)
            flow_rows.move_release(connection, release_id, state)

    def release(self, release_id: str) -> Release | None:
        """The release of that id."""
        with self._look() as connection:
            found = flow_rows.find_releases(connection, releases.c.id == release_id)
        return found[0] if found else None

    def releases(self, programme: str | None = None, plan: str | None = None) -> list[Release]:
        """Releases in the order in which they were logged."""
        where = []
        if programme is not None:
            where.append(releases.c.programme == programme)
        if plan is not None:
            where.append(releases.c.plan == plan)
        with self._look() as connection:
            return flow_rows.find_releases(connection, *where)

    def charge(
        self,
        charges: Sequence[BudgetCharge],
        entries: Sequence[Entry],
        admit: Callable[[Spent, BudgetCharge], Spent],
    ) -> bool:
        """Charge one request to its ledgers, all or none; False when it was charged before.

        Every other change waits meanwhile, so what `admit` is told is what was spent.

        Raises: whatever `admit` raises, and then nothing is charged; UsageError without one entry
        a charge.
        """
        if not charges or len(charges) != len(entries):
            raise UsageError(fault("store.entry-each"))
        with self._change("store.charge-exists") as connection:
            log_rows.lock(connection)
            if charge_rows.is_charged(connection, charges[0].request):
                return False
            for charge, entry in zip(charges, entries, strict=True):
                place = (charge.programme, charge.dataset, charge.period)
                after = admit(charge_rows.find_spent(connection, *place), charge)
                index = log_rows.append(connection, entry)
                charge_rows.insert_charge(connection, charge, after, index)
        return True

    def spent(self, programme: str, dataset: str, period: str) -> Spent:
        """What was spent of a ledger."""
        with self._look() as connection:
            return charge_rows.find_spent(connection, programme, dataset, period)

    def charges(
        self, programme: str | None = None, request: str | None = None
    ) -> list[BudgetCharge]:
        """Charges in the order in which they were logged."""
        where = []
        if programme is not None:
            where.append(charge_table.c.programme == programme)
        if request is not None:
            where.append(charge_table.c.request == request)
        with self._look() as connection:
            return charge_rows.find_charges(connection, *where)

    def save_draw(self, request: str, draw: bytes) -> bytes:
        """Keep the first draw of a charged request; the one that is kept.

        Raises: NotFound when the request was never charged.
        """
        with self._change("store.draw-exists") as connection:
            log_rows.lock(connection)
            return charge_rows.keep_draw(connection, request, draw)

    def drawn(self, request: str) -> bytes | None:
        """The draw that is kept for a request."""
        with self._look() as connection:
            return charge_rows.find_draw(connection, request)

    def append_entry(self, entry: Entry) -> int:
        """An entry without any other change."""
        with self._change() as connection:
            return log_rows.append(connection, entry)

    def outbox(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Entries from an index on, in order; TamperedError when one is missing."""
        with self._look() as connection:
            return log_rows.read(connection, start, limit)

    def entry_count(self) -> int:
        """How many entries there are."""
        with self._look() as connection:
            return log_rows.count(connection)

    def add_participant(self, participant: Participant, entry: Entry) -> int:
        """Take in a participant; Conflict when the id is in use."""
        with self._change("store.participant-exists") as connection:
            index = log_rows.append(connection, entry)
            people_rows.insert_participant(connection, participant, index)
        return index

    def participants(self) -> list[Participant]:
        """Every participant, in order of id."""
        with self._look() as connection:
            return people_rows.all_participants(connection)

    def add_actor(self, actor: Actor, token_hash: bytes | None, entry: Entry) -> int:
        """Take in an actor; NotFound without its participant, Conflict when the id is in use."""
        with self._change("store.actor-exists") as connection:
            index = log_rows.append(connection, entry)
            people_rows.insert_actor(connection, actor, token_hash, index)
        return index

    def set_token(self, actor_id: str, token_hash: bytes | None, entry: Entry) -> int:
        """Give an actor another token, or none: the one before opens nothing from now on."""
        with self._change("store.actor-exists") as connection:
            index = log_rows.append(connection, entry)
            people_rows.set_token(connection, actor_id, token_hash)
        return index

    def actors(self) -> list[Actor]:
        """Every actor, in order of id."""
        with self._look() as connection:
            return people_rows.all_actors(connection)

    def actor_by_token(self, token_hash: bytes) -> Actor | None:
        """The actor whose token has this hash."""
        with self._look() as connection:
            return people_rows.actor_of(connection, token_hash)

    def add_key(self, key: RegisteredKey, entry: Entry) -> int:
        """Take in a public key; Conflict when it is registered, by whomever."""
        with self._change("store.key-exists") as connection:
            index = log_rows.append(connection, entry)
            people_rows.insert_key(connection, key, index)
        return index

    def revoke_key(self, fingerprint: str, at: datetime, entry: Entry) -> int:
        """Mark a key as revoked; Conflict when it is already."""
        with self._change() as connection:
            index = log_rows.append(connection, entry)
            people_rows.revoke_key(connection, fingerprint, at)
        return index

    def keys(self, participant: str | None = None) -> list[RegisteredKey]:
        """Keys, revoked ones too, in the order in which they were registered."""
        with self._look() as connection:
            return people_rows.find_keys(connection, participant)

    def add_job(self, job: Job) -> None:
        """Write a new job; Conflict when the id is in use."""
        with self._change("store.job-exists") as connection:
            job_rows.insert_job(connection, job)

    def job(self, job_id: str) -> Job | None:
        """The job of that id."""
        with self._look() as connection:
            return job_rows.find_job(connection, job_id)

    def jobs(self, state: JobState | None = None) -> list[Job]:
        """Jobs, oldest first."""
        with self._look() as connection:
            return job_rows.find_jobs(connection, state)

    def claim_job(self, job_id: str, lease_until: datetime, now: datetime) -> bool:
        """True when the job was queued, or running with a lease that has run out."""
        with self._change() as connection:
            return job_rows.claim_job(connection, job_id, lease_until, now)

    def report_job(self, job: Job) -> None:
        """Write where a job stands; Conflict when another attempt than `job.attempts` holds it."""
        with self._change() as connection:
            job_rows.report_job(connection, job)

    def ask_cancel(self, job_id: str) -> None:
        """Ask to stop a job; one that waits is cancelled at once. Conflict when it is over."""
        with self._change() as connection:
            job_rows.ask_cancel(connection, job_id)

    def cancel_asked(self, job_id: str) -> bool:
        """Whether somebody asked to stop the job."""
        with self._look() as connection:
            return job_rows.cancel_asked(connection, job_id)

    def close(self) -> None:
        """Let go of every connection; a closed store refuses all calls."""
        self._closed = True
        with translated():
            self._engine.dispose()
