"""Analysts' own questions: priced, asked here and now, or begun as jobs that others may watch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sekisho.errors import Fault, NotFound, fault
from sekisho.gate.answer_papers import answer_faults, place_of, write_answer
from sekisho.gate.answers import Answered, Asked, answer, quote
from sekisho.gate.bounds_asked import bounds_of, epsilon_of
from sekisho.gate.house import Call
from sekisho.jobs import Order, queue_job, resume_job, run_job, showing, waiting
from sekisho.model.release import Job
from sekisho.people import Action, may
from sekisho.ports import Watch
from sekisho.present.answer import Queried, Quoted, queried, quoted
from sekisho.terms import JobState, Language
from sekisho.tlog.note import Verifier

KIND = "query"
"""What the jobs of questions are called."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions of one actor to a node."""

    call: Call
    language: Language
    verifiers: tuple[Verifier, ...]

    def asked(
        self,
        programme: str,
        sql: str,
        *,
        purpose: str,
        epsilon: Decimal | str | int,
        contribution: Mapping[str, object] | None = None,
    ) -> Asked:
        """A question as it was put; `contribution` names what of the declared one is another.

        Raises: UsageError when epsilon or a part of the contribution is no number.
        """
        bounds = bounds_of(contribution or {})
        return Asked(programme, sql, purpose, epsilon_of(epsilon), bounds)

    def quote(self, asked: Asked) -> Quoted:
        """What a question would cost and how exact its answer would be; nothing is read or spent.

        Raises: QueryError with what to write instead; Refused when a dataset has no budget.
        """
        return quoted(quote(self.call, asked), self.language)

    def ask(self, asked: Asked, watch: Watch | None = None) -> Queried:
        """The answer, as a job that others can see and cancel; charged once, for good.

        Raises: QueryError with what to write instead; Refused by a rule or the budget.
        """
        got: list[tuple[Answered, Path]] = []

        def work(inner: Watch) -> Mapping[str, str]:
            got.append(self._answer(asked, inner))
            return _result(got[0][0])

        house, shown = self.call.house, showing(work, watch or Watch())
        run_job(house.store, house.clock, KIND, self.call.actor.id, _request(asked), shown)
        return queried(*got[0], self.language)

    def begin(self, asked: Asked, key: str | None = None) -> Job:
        """A job that will answer a question; the same key from the same actor is the same job.

        Raises: what `quote` raises, so that no job is made for what cannot be asked.
        """
        quote(self.call, asked)
        house = self.call.house
        order = Order(KIND, self.call.actor.id, _request(asked), key)
        return queue_job(house.store, house.clock, order)

    def carry_on(self, job_id: str) -> None:
        """Do the work of a waiting job, unless another does; how it ended stands in the job.

        Raises: what `ask` raises, after it is written to the job; NotFound.
        """
        job, house = self.job(job_id), self.call.house
        asked = _asked(job.request)

        def work(inner: Watch) -> Mapping[str, str]:
            return _result(self._answer(asked, inner)[0])

        resume_job(house.store, house.clock, job_id, work)

    def job(self, job_id: str) -> Job:
        """The job of a question; NotFound alike when there is none and when it is not theirs."""
        return self._seen(job_id, Action.JOB_READ)

    def waits(self, job: Job) -> bool:
        """Whether nobody works on a job: it is queued, or its process died."""
        house = self.call.house
        return any(each.id == job.id for each in waiting(house.store, house.clock))

    def cancel(self, job_id: str) -> Job:
        """Ask a question's job to stop; what was charged by then stays charged."""
        self._seen(job_id, Action.JOB_CANCEL)
        self.call.house.store.ask_cancel(job_id)
        return self.job(job_id)

    def papers(self, job: Job) -> Path:
        """The folder of a finished job's answer.

        Raises: NotFound while there is none.
        """
        place = place_of(self.call.house, job.result.get("answer", "-"))
        if job.state is not JobState.DONE or not place.exists():
            raise NotFound(fault("job.none"))
        return place

    def faults(self, folder: Path) -> list[Fault]:
        """What is wrong with the proofs of an answer's papers; nothing when they hold."""
        return answer_faults(folder, self.verifiers)

    def _answer(self, asked: Asked, watch: Watch) -> tuple[Answered, Path]:
        answered = answer(self.call, asked, watch)
        return answered, write_answer(self.call.house, answered)

    def _seen(self, job_id: str, action: Action) -> Job:
        store = self.call.house.store
        job = store.job(job_id)
        actors = {each.id: each.participant for each in store.actors()}
        if job is None or job.kind != KIND:
            raise NotFound(fault("job.none"))
        if may(self.call.actor, action, None, (actors.get(job.actor, ""),)) is not None:
            raise NotFound(fault("job.none"))
        return job


def _result(answered: Answered) -> Mapping[str, str]:
    entries = " ".join(str(each.entry_index) for each in answered.charges)
    return {"answer": answered.priced.request, "entries": entries}


def _request(asked: Asked) -> Mapping[str, str]:
    return {
        "programme": asked.programme,
        "sql": asked.sql,
        "purpose": asked.purpose,
        "epsilon": str(asked.epsilon),
        "bounds": json.dumps({n: str(v) for n, v in asked.bounds.items()}, sort_keys=True),
    }


def _asked(request: Mapping[str, str]) -> Asked:
    said = dict(request)
    bounds = bounds_of(json.loads(said["bounds"]))
    epsilon = epsilon_of(said["epsilon"])
    return Asked(said["programme"], said["sql"], said["purpose"], epsilon, bounds)
