"""Forms, as a notebook, the command line and the web call them: `node.forms`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sekisho.errors import DeliveryError, Fault, UsageError, fault, raise_all
from sekisho.gate.files import workshop, write_whole
from sekisho.gate.forms import drafts, publish, reading, uploads
from sekisho.gate.forms import requests as asking
from sekisho.gate.forms import submit as submitting
from sekisho.gate.forms.asked import answering, asked_form
from sekisho.gate.house import Call, salt
from sekisho.lanes.open.deadlines import Reminder, Standing, standing
from sekisho.lanes.open.drafts import Status
from sekisho.lanes.open.read_answers import read_answers
from sekisho.lanes.open.schema import answers_schema
from sekisho.lanes.open.validate import validate
from sekisho.lanes.open.written import submission_bytes
from sekisho.model.data_request import DataRequest
from sekisho.model.entry import parse_entry
from sekisho.model.form import Form
from sekisho.model.release import Delivery
from sekisho.model.submission import Draft, FileRef, Submission
from sekisho.ports import Watch
from sekisho.tlog.note import Verifier
from sekisho.tlog.proof import Opening, write_receipt

MOST_UPLOAD = 50 * 1024 * 1024
"""Bytes of any file that comes with an answer; a question may allow less."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What whoever submitted keeps: the submission as a file, and the proof that the log has it."""

    submission: Submission
    paper: bytes
    """`submission.json`; its SHA-256 is what the proof opens."""
    proof: str
    """A proof file that anyone can check offline, for ever."""


class Forms:
    """Every call on forms, on behalf of one actor."""

    def __init__(self, call: Call, verifiers: Callable[[], Sequence[Verifier]]) -> None:
        self._call = call
        self._verifiers = verifiers

    @property
    def participant(self) -> str:
        """The participant for which the actor speaks."""
        return self._call.actor.participant

    # -- what is asked ------------------------------------------------------------------------

    def form(self, programme: str, form: str) -> Form:
        """A form as it is declared today."""
        return asked_form(self._call, programme, form)[1]

    def standing(self, programme: str, form: str) -> Standing:
        """Whether a form takes submissions now."""
        return standing(self.form(programme, form), self._call.house.clock.now())

    def schema(self, programme: str, form: str) -> dict[str, object]:
        """The JSON Schema of a form's answers."""
        return answers_schema(self.form(programme, form))

    def faults(self, programme: str, form: str, answers: object) -> list[Fault]:
        """Everything that keeps answers, as JSON gives them, from being submitted."""
        asked = self.form(programme, form)
        found, wrong = read_answers(asked, answers)
        unread = {each.place.file for each in wrong if each.place}
        missed = [
            each
            for each in validate(asked, found)
            if not each.place or each.place.file not in unread
        ]
        return [*wrong, *missed]

    # -- answering ----------------------------------------------------------------------------

    def draft(self, programme: str, form: str) -> Draft:
        """The draft that the actor's participant has, or a new one; looking changes nothing."""
        return drafts.look(self._call, programme, form)

    def save(
        self,
        programme: str,
        form: str,
        section: str,
        answers: Mapping[str, object],
        base: int,
    ) -> Draft:
        """Save one section, written against revision `base` of the draft; nobody's text is lost."""
        return drafts.save(self._call, (programme, form, section), answers, base)

    def settle(
        self,
        programme: str,
        form: str,
        section: str,
        answers: Mapping[str, object],
        base: int,
    ) -> Draft:
        """Save one section with the waiting versions in view; those are gone afterwards."""
        where = (programme, form, section)
        return drafts.save(self._call, where, answers, base, settles=True)

    def fill(
        self,
        programme: str,
        form: str,
        answers: object,
        *,
        revision: int | None = None,
        settles: bool = False,
    ) -> Draft:
        """Save answers to a whole form, as JSON gives them.

        They replace one's own last save. What another officer saved stands, and these wait beside
        it, unless `revision` says that it was seen, or `settles` that nothing shall wait any more.

        Raises: DeliveryError with every answer that cannot be read; then nothing was saved.
        """
        _, asked = answering(self._call, programme, form)
        found, wrong = read_answers(asked, answers)
        raise_all(DeliveryError, wrong)
        filling = drafts.Filling(found, revision, settles)
        return drafts.fill(self._call, programme, form, filling)

    def attach(self, programme: str, form: str, question: str, file: str | Path) -> FileRef:
        """Take a file in; save what comes back as the answer to its question."""
        path = Path(file)
        if path.stat().st_size > MOST_UPLOAD:
            raise DeliveryError(fault("forms.file-too-large", most=f"{MOST_UPLOAD // 1024**2} MiB"))
        return self.attach_bytes(programme, form, question, (path.name, path.read_bytes()))

    def attach_bytes(
        self, programme: str, form: str, question: str, named: tuple[str, bytes]
    ) -> FileRef:
        """As `attach`, for a file that came over the net: its name and its bytes."""
        return uploads.attach(self._call, (programme, form, question), *named)

    def drop(self, programme: str, form: str) -> None:
        """Throw the participant's draft away."""
        drafts.drop(self._call, programme, form)

    def submit(
        self,
        programme: str,
        form: str,
        *,
        revision: int | None = None,
        leftovers_seen: bool = False,
    ) -> Receipt:
        """Submit the draft. With `revision`, only when it is still the one that was seen."""
        seen = submitting.Seen(revision, leftovers_seen)
        return self._receipt(submitting.submit(self._call, programme, form, seen))

    def correct(self, reference: str) -> Draft:
        """Begin to correct a submission: a draft with its answers, to be saved and submitted."""
        return drafts.correct(self._call, reading.own_submission(self._call, reference))

    def withdraw(self, reference: str) -> Submission:
        """Take a submission back."""
        return publish.withdraw(self._call, reference)

    def open_to_public(self, reference: str) -> Submission:
        """Let everyone read a submission, as it stands."""
        return publish.open_to_public(self._call, reference)

    # -- reading ------------------------------------------------------------------------------

    def submission(self, reference: str) -> Submission:
        """The newest revision of a submission; NotFound when it is not the actor's to read."""
        return reading.newest(self._call, reference)

    def history(self, reference: str) -> list[Submission]:
        """Every revision of a submission that the actor may read, oldest first."""
        return reading.history(self._call, reference)

    def submissions(self, programme: str, form: str | None = None) -> list[Submission]:
        """What has been submitted, counts, and may be read by the actor."""
        return reading.submissions(self._call, programme, form)

    def form_of(self, submission: Submission) -> Form:
        """The form as it stood when somebody submitted."""
        return reading.form_of_submission(self._call, submission)

    def file(self, submission: Submission, question: str) -> tuple[FileRef, Path]:
        """A file of a submission, and where it lies."""
        found = self._revision(submission)
        return reading.submitted_file(self._call, found, question)

    def receipt(self, reference: str, revision: int | None = None) -> Receipt:
        """The receipt of one's own submission, of the newest revision when none is given."""
        newest = reading.own_submission(self._call, reference)
        if revision is None:
            return self._receipt(newest)
        for each in reading.history(self._call, reference):
            if each.revision == revision:
                return self._receipt(each)
        raise UsageError(fault("forms.no-submission"))

    def _revision(self, submission: Submission) -> Submission:
        """A submission as the store has it, when the actor may read it."""
        found = reading.history(self._call, submission.reference)
        return next((each for each in found if each.id == submission.id), found[-1])

    def _receipt(self, made: Submission) -> Receipt:
        house, index = self._call.house, made.entry_index or 0
        ((_, entry),) = house.store.outbox(index, 1)
        known = salt(house, parse_entry(entry).nonce, "submission")
        opening = Opening("submission", known, made.digest)
        proof = write_receipt(house.storage, index, self._verifiers(), (opening,))
        return Receipt(made, submission_bytes(made), proof)

    # -- answering for a programme ------------------------------------------------------------

    def status(self, programme: str, form: str) -> Status:
        """Who has answered, who has begun, who has not."""
        return reading.status(self._call, programme, form)

    def reminders(self, programme: str) -> list[Reminder]:
        """Whom to remind today."""
        return reading.reminders(self._call, programme)

    def count(self, programme: str, form: str, watch: Watch | None = None) -> Delivery:
        """Deliver answers that came in since the last time to the form's dataset."""
        return publish.count(self._call, programme, form, watch or Watch())

    # -- requests for data --------------------------------------------------------------------

    def request_data(self, programme: str, form: str) -> list[DataRequest]:
        """Send the next round of a declared request to its holders."""
        return asking.send(self._call, programme, form)

    def requests(self, programme: str | None = None) -> list[DataRequest]:
        """Requests: all of a programme for whoever answers for it, else one's own."""
        return asking.requests(self._call, programme)

    def form_of_request(self, request: DataRequest) -> Form:
        """The declaration of a request as it stood when it was sent."""
        return asking.form_of_request(self._call, request)

    def accept(self, request: str) -> DataRequest:
        """Say that a delivery will come."""
        return asking.accept(self._call, request)

    def decline(self, request: str, reason: str) -> DataRequest:
        """Say that no delivery will come, and why."""
        return asking.decline(self._call, request, reason)

    def deliver(
        self, request: str, file: str | Path, watch: Watch | None = None
    ) -> asking.Delivered:
        """Bring the data that were asked for."""
        return asking.deliver(self._call, request, Path(file), watch or Watch())

    def deliver_bytes(self, request: str, named: tuple[str, bytes]) -> asking.Delivered:
        """As `deliver`, for a file that came over the net; of its name only the suffix counts."""
        name, data = named
        suffix = ".parquet" if name.lower().endswith(".parquet") else ".csv"
        with workshop(self._call.house.folder.aside) as own:
            source = own / f"delivery{suffix}"
            write_whole(source, data)
            return self.deliver(request, source)
