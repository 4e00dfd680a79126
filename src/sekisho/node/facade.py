"""The facade: what a notebook, the command line and the web call.

Lanes are imported where they are called: a command that needs none of them starts in half the time.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, overload

from sekisho import people
from sekisho.errors import Fault, NotFound, fault
from sekisho.gate import admit, members
from sekisho.gate.histories import HistoryFile
from sekisho.gate.house import Call, House
from sekisho.gate.notices import became_of, shown_of
from sekisho.gate.part_checks import SaidOfPart
from sekisho.model.actor import Actor, Participant, RegisteredKey
from sekisho.model.programme import Programme
from sekisho.model.release import Delivery, Release
from sekisho.node.members import Members
from sekisho.node.working import Working
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.present.released import Released
from sekisho.settings import Settings
from sekisho.terms import Language, ReleaseState, Role
from sekisho.wiring import checked_programme, programme_folder, verifiers_of

if TYPE_CHECKING:
    from sekisho.gate.budgets import BudgetState
    from sekisho.gate.holder import HolderView
    from sekisho.node.calendar import Calendar
    from sekisho.node.documents import Documents
    from sekisho.node.duties import Duties
    from sekisho.node.forms import Forms
    from sekisho.node.parts import PartsOf
    from sekisho.node.public import PublicTables
    from sekisho.node.questions import Questions
    from sekisho.node.records import Records
    from sekisho.present.answer import Queried, Quoted

Epsilon = Decimal | str | int
"""How much of a budget a question may cost, as people write it."""


class Node(Working):
    """One node on behalf of one actor; several nodes live side by side in one process."""

    def __init__(self, house: House, settings: Settings, actor: Actor) -> None:
        super().__init__(house, settings, actor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sekisho node of {self._settings.participant} at {self.folder}>"

    @property
    def language(self) -> Language:
        """The language in which the node speaks unless asked otherwise."""
        return self._settings.language

    @property
    def origin(self) -> str:
        """The origin line of the node's log."""
        return self._settings.origin

    @property
    def records(self) -> "Records":
        """The record lane: consents, transfers, and the people whom they are about."""
        from sekisho.node.records import Records

        return Records(self._call)

    @property
    def store_kind(self) -> str:
        """`sqlite` or `postgresql`: where the node's state lies."""
        return self._settings.store_kind

    def close(self) -> None:
        """Give the store back."""
        self._house.store.close()

    def as_(self, actor: str) -> "Node":
        """The same node on behalf of another actor; only the owner may speak for others."""
        if Role.OWNER not in self._actor.roles:
            admit.permit(self._call, Action.ACT_FOR)
        for each in self._house.store.actors():
            if each.id == actor:
                return Node(self._house, self._settings, each)
        raise NotFound(fault("people.no-actor", actor=actor))

    def as_token(self, token: str) -> "Node":
        """The same node on behalf of whom the access token belongs to."""
        actor = people.actor_of_token(self._house.store, token)
        return Node(self._house, self._settings, actor)

    def as_anybody(self) -> "Node":
        """The same node for a reader whom nobody knows: what is public, and nothing else."""
        return Node(self._house, self._settings, people.ANYBODY)

    # -- what comes in ------------------------------------------------------------------------

    def check_programme(self, folder: Path) -> Programme:
        """A programme folder, read and checked whole; ProgrammeError with every fault."""
        return checked_programme(folder, self._house.packs)

    def add_programme(self, source: str | Path) -> Programme:
        """Take in a programme: a folder, or the name of one that comes with Sekisho."""
        folder = programme_folder(Path(source))
        programme = checked_programme(folder, self._house.packs)
        admit.install(self._call, folder, programme)
        return programme

    def programmes(self) -> list[Programme]:
        """The programmes that this node has taken in."""
        self._permit(Action.READ)
        names = [each.id for each in self._house.store.programmes()]
        return [admit.installed(self._house, name) for name in names]

    def programme(self, programme: str) -> Programme:
        """One programme of this node."""
        self._permit(Action.READ)
        return admit.installed(self._house, programme)

    def add_participant(self, participant: Participant) -> None:
        """Take an organisation in."""
        members.add_participant(self._call, participant)

    def participants(self) -> list[Participant]:
        """The organisations that take part."""
        self._permit(Action.READ)
        return self._house.store.participants()

    def add_actor(self, actor: Actor) -> str:
        """Let somebody act on this node; the access token, shown this once."""
        token, token_hash = people.new_token()
        members.add_actor(self._call, actor, token_hash)
        return token

    def add_key(self, participant: str, purpose: str, public_key: str) -> RegisteredKey:
        """Register a participant's public key (PEM, or raw in base64)."""
        raw = people.read_public_key(public_key, purpose)
        key = people.registered_key(participant, purpose, raw, self._house.clock.now())
        members.add_key(self._call, key)
        return key

    def keys(self, participant: str | None = None) -> list[RegisteredKey]:
        """Registered public keys."""
        self._permit(Action.READ)
        return self._house.store.keys(participant)

    def load(
        self,
        programme: str,
        dataset: str,
        file: str | Path,
        watch: Watch | None = None,
        *,
        part: SaidOfPart | None = None,
        opt_outs: str | Path | None = None,
    ) -> Delivery:
        """Bring data for a dataset: validated whole, kept, logged; or nothing changed.

        `part` is said where several holders bring a part each; `opt_outs`, a list of those who
        object, where the rows are made from people's records.
        """
        brought: list[Delivery] = []
        source = HistoryFile(Path(file), Path(opt_outs)) if opt_outs else Path(file)

        def work(inner: Watch) -> Mapping[str, str]:
            delivery = admit.deliver(self._call, programme, dataset, source, inner, part)
            brought.append(delivery)
            return {"delivery": delivery.id}

        self._job("load", {"programme": programme, "dataset": dataset}, work, watch)
        return brought[0]

    # -- what leaves --------------------------------------------------------------------------

    def release(self, programme: str, plan: str, watch: Watch | None = None) -> Released:
        """Release the table of a plan, protected with its linked set and everything before it."""
        from sekisho.gate.release import release as make_release

        made: list[Release] = []

        def work(inner: Watch) -> Mapping[str, str]:
            made.append(make_release(self._call, programme, plan, inner))
            return {"release": made[0].id}

        self._job("release", {"programme": programme, "plan": plan}, work, watch)
        return self._released(made[0])

    @overload
    def query(
        self,
        programme: str,
        sql: str,
        *,
        purpose: str,
        epsilon: Epsilon,
        dry_run: Literal[False] = False,
        contribution: Mapping[str, object] | None = None,
    ) -> "Queried": ...
    @overload
    def query(
        self,
        programme: str,
        sql: str,
        *,
        purpose: str,
        epsilon: Epsilon,
        dry_run: Literal[True],
        contribution: Mapping[str, object] | None = None,
    ) -> "Quoted": ...
    def query(
        self,
        programme: str,
        sql: str,
        *,
        purpose: str,
        epsilon: Epsilon,
        dry_run: bool = False,
        contribution: Mapping[str, object] | None = None,
    ) -> "Queried | Quoted":
        """Answer a question with differential privacy; the budget is charged once, for good.

        Asked again over the same data, a question has the same answer and costs nothing. With
        `dry_run` its cost and the expected errors, without opening a file of data.

        Raises: QueryError with what to write instead; Refused by a rule or the budget.
        """
        put = self.questions.asked
        asked = put(programme, sql, purpose=purpose, epsilon=epsilon, contribution=contribution)
        return self.questions.quote(asked) if dry_run else self.questions.ask(asked)

    @property
    def questions(self) -> "Questions":
        """Questions of analysts, begun and watched as jobs."""
        from sekisho.node.questions import Questions

        return Questions(self._call, self.language, verifiers_of(self.folder))

    def explain(self, programme: str, asked: str) -> "Quoted":
        """Why the answer to a question, or a plan's table, is private: the proof, and its cost."""
        from sekisho.gate.answers import explained
        from sekisho.present.answer import quoted

        found = admit.installed(self._house, programme)
        return quoted(explained(self._call, found, asked, None), self.language)

    def budgets(self, programme: str | None = None) -> "tuple[BudgetState, ...]":
        """Privacy budgets: spent, by whom and for what, left, until when."""
        from sekisho.gate.budgets import budget_states

        programmes = [self.programme(programme)] if programme else self.programmes()
        return budget_states(self._house, programmes)

    def release_folder(self, release_id: str) -> Path:
        """Where the files of a release lie; NotFound when it is not handed out."""
        return self.released(release_id).folder

    def releases(self, programme: str | None = None, plan: str | None = None) -> list[Released]:
        """Releases that are handed out, oldest first."""
        found = self._house.store.releases(programme, plan)
        return [
            self._released(each)
            for each in found
            if each.state is not ReleaseState.MADE and self._may_read(each)
        ]

    def released(self, release_id: str) -> Released:
        """One release by its id; NotFound when it is not handed out."""
        found = self._house.store.release(release_id)
        if found is None or found.state is ReleaseState.MADE or not self._may_read(found):
            raise NotFound(fault("gate.no-release", release=release_id))
        return self._released(found)

    def verify_certificate(self, release_id: str, watch: Watch | None = None) -> list[Fault]:
        """What the verifier finds wrong with a release's pattern; nothing when it is certified.

        Reads the data again, with a verifier that shares no code with the optimiser; a private
        release is made again from its kept draw. For the data holder and the node's owner.
        """
        from sekisho.gate.answers import private_faults
        from sekisho.gate.patterns import edition_faults

        release, deliveries = self._with_data(release_id, Action.DELIVERY_READ)
        if release.cost is not None:
            programme = admit.installed(self._house, release.programme)
            return private_faults(self._call, programme, release)
        asked = watch or Watch()
        return edition_faults(self._house, release.programme, release.edition, deliveries, asked)

    def holder_view(self, release_id: str, watch: Watch | None = None) -> "HolderView":
        """Why each cell of a release is hidden: for an actor of the data holder, nobody else."""
        from sekisho.gate.holder import holder_view

        release, deliveries = self._with_data(release_id, Action.RELEASE_READ_PRIVATE)
        if release.cost is not None:
            raise NotFound(fault("gate.no-pattern", release=release_id))
        return holder_view(self._house, release, deliveries, watch or Watch())

    def _with_data(self, release_id: str, action: Action) -> tuple[Release, list[Delivery]]:
        """A release and all data of its programme, for those whose data it is."""
        shown = self.released(release_id).release
        release = self._house.store.release(release_id) or shown
        programme = admit.installed(self._house, release.programme)
        admit.permit(self._call, action, programme, programme.holders)
        ids = [each.id for each in programme.datasets]
        return release, [d for i in ids for d in self._house.store.deliveries(programme.id, i)]

    @property
    def members(self) -> Members:
        """Access tokens of the actors."""
        return Members(self._call)

    @property
    def documents(self) -> "Documents":
        """Documents: filled forms in and out, comparison, search, timelines."""
        from sekisho.node.documents import Documents

        return Documents(self._call)

    @property
    def calendar(self) -> "Calendar":
        """When releases are published; corrections and withdrawals."""
        from sekisho.node.calendar import Calendar

        return Calendar(self._call, self._released)

    @property
    def public(self) -> "PublicTables":
        """Tables that are out already, with their indicators: no lane, no budget."""
        from sekisho.node.public import PublicTables

        return PublicTables(self._call, self.language)

    @property
    def parts(self) -> "PartsOf":
        """Parts of datasets that several holders bring."""
        from sekisho.node.parts import PartsOf

        return PartsOf(self._call)

    @property
    def duties(self) -> "Duties":
        """What is to be done after flows were let through, and what would be refused today."""
        from sekisho.node.duties import Duties

        return Duties(self._call)

    @property
    def forms(self) -> "Forms":
        """Forms: drafts, submissions, who has answered, requests for data."""
        from sekisho.node.forms import Forms

        return Forms(self._call, lambda: verifiers_of(self.folder))

    # -- within -------------------------------------------------------------------------------

    @property
    def _call(self) -> Call:
        return Call(self._house, self._actor)

    def _permit(self, action: Action) -> None:
        admit.permit(self._call, action)

    def _may_read(self, release: Release) -> bool:
        programme = admit.installed(self._house, release.programme)
        return people.may(self._actor, Action.RELEASE_READ, programme, programme.holders) is None

    def _released(self, release: Release) -> Released:
        folder = self._house.folder.release(release.id)
        if release.state is ReleaseState.MADE and release.held_until is not None:
            folder = self._house.folder.embargoed(release.id)
        became = became_of(self._house, release)
        return Released(shown_of(release, became), folder, self.language, became)
