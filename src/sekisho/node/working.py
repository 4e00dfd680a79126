"""Long work of a node: begun, watched, cancelled."""

from collections.abc import Mapping

from sekisho import people
from sekisho.errors import NotFound, fault
from sekisho.gate.house import House
from sekisho.jobs import Work, run_job, showing
from sekisho.model.actor import Actor
from sekisho.model.release import Job
from sekisho.node.logged import Logged
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.settings import Settings
from sekisho.terms import JobState


class Working(Logged):
    """The part of a node that does long work as jobs."""

    def __init__(self, house: House, settings: Settings, actor: Actor) -> None:
        super().__init__(house, settings)
        self._actor = actor

    def jobs(self, state: JobState | None = None) -> list[Job]:
        """Long work of the actor's participant, oldest first; the owner sees everybody's."""
        actors = {each.id: each.participant for each in self._house.store.actors()}
        return [
            each
            for each in self._house.store.jobs(state)
            if self._may_see(Action.JOB_READ, actors.get(each.actor, ""))
        ]

    def cancel(self, job_id: str) -> None:
        """Ask a running job to stop; nothing of it stays."""
        actors = {each.id: each.participant for each in self._house.store.actors()}
        for each in self._house.store.jobs():
            if each.id == job_id and self._may_see(Action.JOB_CANCEL, actors.get(each.actor, "")):
                self._house.store.ask_cancel(job_id)
                return
        raise NotFound(fault("job.none"))

    def _may_see(self, action: Action, participant: str) -> bool:
        return people.may(self._actor, action, None, (participant,)) is None

    def _job(self, kind: str, request: Mapping[str, str], work: Work, watch: Watch | None) -> None:
        house = self._house
        shown = showing(work, watch or Watch())
        run_job(house.store, house.clock, kind, self._actor.id, request, shown)
